//! What the router would decide about a prompt, and why. The filter's own
//! pipeline decides, and nothing is sent: classifiers that the filter would ask
//! the sidecar for run here.

mod report;
mod table;

use std::path::Path;
use std::rc::Rc;

use semantic_router_filter::cache::Caller;
use semantic_router_filter::classify::{Classifiers, Limits, Sources};
use semantic_router_filter::clock::{Clock, UnixNanos};
use semantic_router_filter::config::Config;
use semantic_router_filter::openai::{Body, encode_string};
use semantic_router_filter::pipeline::{self, Arrival, Progress, Router};

use crate::classify::{OwnError, SystemClock, own_models};
use crate::models::{Folder, FolderError};
use report::Report;

/// A chat that is not sent.
#[derive(Clone, Copy, Debug)]
pub struct Chat<'a> {
    /// The model that it asks for.
    pub model: &'a str,
    /// What the user says.
    pub prompt: &'a str,
}

/// Why nothing can be told.
#[derive(Debug, thiserror::Error)]
pub enum ExplainError {
    /// The folder of models cannot be read.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// A model of the user's own cannot be.
    #[error(transparent)]
    Own(#[from] OwnError),
}

/// One moment: whatever a request may spend, it lasts.
struct Still(UnixNanos);

impl Clock for Still {
    fn now(&self) -> UnixNanos {
        self.0
    }
}

/// What a router with this configuration would do about a chat, in lines.
///
/// # Errors
/// A model of the user's own that is not in `models`.
pub fn explain(
    config: Config,
    chat: Chat<'_>,
    models: Option<&Path>,
) -> Result<Vec<String>, ExplainError> {
    let classifiers = Rc::new(classifiers(&config, models)?);
    let router = Router::new(config, classifiers);
    let body = chat.body();
    let (caller, clock) = (Caller::default(), Still(SystemClock::default().now()));
    let arrival = Arrival { caller: &caller, random: 0, clock: &clock };
    // Without a cache it waits for nothing.
    let run = pipeline::run(&router, body.as_bytes(), &arrival);
    let (Progress::Done(run), Ok(Body::Chat(request))) = (run, Body::parse(body.as_bytes())) else {
        return Ok(Vec::new());
    };
    Ok(Report { router: &router, request: &request, run: &run }.lines())
}

impl Chat<'_> {
    fn body(&self) -> String {
        let (model, prompt) = (encode_string(self.model), encode_string(self.prompt));
        format!(r#"{{"model":{model},"messages":[{{"role":"user","content":{prompt}}}]}}"#)
    }
}

/// All classifiers, wherever the filter has them run.
fn classifiers(config: &Config, models: Option<&Path>) -> Result<Classifiers, ExplainError> {
    let limits = Limits::of(&config.filter.inference);
    let classifiers = Classifiers::new(limits, Sources::in_sidecar(config));
    let folder = models.map(Folder::open).transpose()?;
    for own in own_models(config) {
        own.load(folder.as_ref(), &classifiers)?;
    }
    Ok(classifiers)
}
