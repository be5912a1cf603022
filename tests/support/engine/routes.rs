//! What the engine answers where.

use std::sync::Arc;
use std::time::{Instant, SystemTime};

use bytes::Bytes;
use http::StatusCode;
use serde_json::json;

use super::State;
use super::answer::Answer;
use super::completion::{Endpoint, seconds};
use super::embedding::embeddings;
use super::prompt::Prompt;
use super::record::Recorded;
use super::refusal::{not_found, refusal};
use super::span::CONTEXT_TOKENS;
use super::switches::Switches;
use super::work::generate;

/// A request that has arrived, and when.
pub(super) struct Arrival<'a> {
    pub(super) request: &'a Recorded,
    pub(super) at: SystemTime,
    pub(super) started: Instant,
}

/// Whether a request comes from whoever looks after the engine, not from a user.
pub(super) fn is_private(request: &Recorded) -> bool {
    matches!(path(request), "/health" | "/requests")
}

/// The answer to a request.
pub(super) async fn answer(
    state: &Arc<State>,
    arrival: &Arrival<'_>,
    switches: &Switches,
) -> Answer {
    let request = arrival.request;
    if let Some(status) = switches.status.filter(|status| status.as_u16() >= 400) {
        return refusal(status, &format!("simulated status {}", status.as_u16()));
    }
    let answer = match (request.method.as_str(), path(request)) {
        ("POST", "/v1/chat/completions") => {
            let prompt = Prompt::chat(&request.body);
            generate(state, arrival, switches, Endpoint::Chat, prompt).await
        }
        ("POST", "/v1/completions") => {
            let prompt = Prompt::text(&request.body);
            generate(state, arrival, switches, Endpoint::Text, prompt).await
        }
        ("POST", "/v1/embeddings") => embeddings(state, request),
        ("GET", "/v1/models") => models(state),
        ("GET", "/health") => Answer::whole(StatusCode::OK, Bytes::new()),
        ("GET", "/requests") => {
            let requests = state.log.requests();
            let requests: Vec<_> = requests.iter().map(Recorded::to_json).collect();
            Answer::json(StatusCode::OK, &requests)
        }
        _ => not_found(),
    };
    answer.with_status(switches.status)
}

/// The path without its query.
fn path(request: &Recorded) -> &str {
    request.path.split('?').next().unwrap_or_default()
}

/// The models, as `GET /v1/models` lists them.
fn models(state: &State) -> Answer {
    let models = state.options.served();
    let describe = |model: &String| {
        json!({
            "id": model,
            "object": "model",
            "created": seconds(state.started),
            "owned_by": "vllm",
            "root": model,
            "parent": null,
            "max_model_len": CONTEXT_TOKENS,
        })
    };
    let data: Vec<_> = models.iter().map(describe).collect();
    Answer::json(StatusCode::OK, &json!({ "object": "list", "data": data }))
}
