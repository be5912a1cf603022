//! The making of an answer, at the engine's pace.

use std::sync::Arc;
use std::time::Duration;

use http::StatusCode;

use super::State;
use super::answer::{Answer, Piece};
use super::completion::{Endpoint, Identity, done, id, seconds};
use super::context::Context;
use super::generation::Generation;
use super::prompt::Prompt;
use super::refusal::refusal;
use super::routes::Arrival;
use super::server::pause;
use super::span::Call;
use super::switches::Switches;

/// How many choices a request gets at most.
const CHOICES: u32 = 16;

/// A chat completion or a completion.
pub(super) async fn generate(
    state: &Arc<State>,
    arrival: &Arrival<'_>,
    switches: &Switches,
    endpoint: Endpoint,
    prompt: Result<Prompt, String>,
) -> Answer {
    let prompt = match prompt {
        Ok(prompt) => prompt,
        Err(reason) => return refusal(StatusCode::BAD_REQUEST, &reason),
    };
    let model = match state.options.model(prompt.model.as_deref()) {
        Ok(model) => switches.model.clone().unwrap_or(model),
        Err(refused) => return refused,
    };
    let generation = Generation::new(&state.options.name, &model, &prompt, switches);
    let identity = Identity {
        id: id(endpoint.id_prefix(), arrival.request),
        created: seconds(arrival.at),
        model,
        fingerprint: switches.fingerprint.clone(),
    };
    let call = Call {
        arrived: arrival.at,
        started: arrival.started,
        id: identity.id.clone(),
        parent: Context::extract(&arrival.request.headers),
        queued: switches.delay,
        prefill: state.options.first_token,
        usage: generation.usage.clone(),
        sampling: prompt.sampling.clone(),
    };
    let pace = switches.token_delay.unwrap_or(state.options.token_time());
    let work = Work { endpoint, identity, generation, prefill: call.prefill, pace };
    work.answer(&prompt, !switches.no_usage).await.on_finish(trace(state, call))
}

/// An answer in the making.
struct Work {
    endpoint: Endpoint,
    identity: Identity,
    generation: Generation,
    prefill: Duration,
    pace: Duration,
}

impl Work {
    async fn answer(&self, prompt: &Prompt, usage: bool) -> Answer {
        let n = prompt.sampling.n.unwrap_or(1).clamp(1, CHOICES);
        if prompt.stream {
            return Answer::events(self.events(n, usage && prompt.include_usage));
        }
        let tokens = u32::try_from(self.generation.words.len()).unwrap_or(u32::MAX);
        pause(self.prefill + self.pace * tokens.saturating_sub(1)).await;
        let body = self.endpoint.whole(&self.identity, &self.generation, n, usage);
        Answer::whole(StatusCode::OK, body)
    }

    /// The events of a stream, each at its time.
    fn events(&self, n: u32, usage: bool) -> Vec<Piece> {
        let (endpoint, identity) = (self.endpoint, &self.identity);
        let opening = endpoint.opening(identity, n);
        let mut waits = std::iter::once(self.prefill).chain(std::iter::repeat(self.pace));
        let words = self.generation.words.iter();
        let words = words.map(|word| endpoint.word(identity, word, n));
        let mut pieces: Vec<_> =
            words.map(|bytes| Piece { wait: waits.next().unwrap_or_default(), bytes }).collect();
        // The role is told together with the first token, and not before.
        if let (Some(opening), Some(first)) = (opening, pieces.first_mut()) {
            let wait = std::mem::take(&mut first.wait);
            pieces.insert(0, Piece { wait, bytes: opening });
        }
        let closing = self.generation.finish.as_deref();
        let closing = closing.map(|finish| endpoint.closing(identity, finish, n));
        let counts = usage.then(|| endpoint.usage(identity, &self.generation.usage));
        pieces.extend(closing.into_iter().chain(counts).chain([done()]).map(Piece::now));
        pieces
    }
}

/// What to do when the request has been answered; nothing without a collector.
fn trace(state: &Arc<State>, call: Call) -> Option<Box<dyn FnOnce() + Send>> {
    state.exporter.as_ref()?;
    let state = Arc::clone(state);
    Some(Box::new(move || {
        if let (Some(exporter), Some(span)) = (&state.exporter, call.finish()) {
            exporter.offer(span);
        }
    }))
}
