//! Runs the filter's classifiers for whoever asks, on threads of their own.

mod clock;
mod engine;
mod http;
mod metrics;
mod own;
mod pool;
mod request;

use std::io;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::thread::available_parallelism;

use semantic_router_filter::classify::Sources;
use semantic_router_filter::config::{Config, Inference};

pub use clock::SystemClock;
pub use http::{Desk, MAX_BODY_BYTES, router};
pub use metrics::{Classifier, ClassifyMetrics};
pub use own::{OwnError, OwnModel, own_models};
pub use request::MAX_TEXTS;

use crate::models::Models;
use crate::receive::body::Buffer;
use engine::Engine;
use pool::{Job, Pool};
use request::Texts;

/// How texts are classified.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Threads that classify.
    pub threads: NonZeroUsize,
    /// What it may cost.
    pub inference: Inference,
    /// Which models classify.
    pub sources: Sources,
    /// Those of them that are the user's own.
    pub own: Vec<OwnModel>,
}

impl Default for Settings {
    fn default() -> Self {
        let threads = available_parallelism().unwrap_or(NonZeroUsize::MIN);
        Self {
            threads,
            inference: Inference::default(),
            sources: Sources::default(),
            own: Vec::new(),
        }
    }
}

impl Settings {
    /// As configured; as many threads as cores where `threads` is none.
    #[must_use]
    pub fn of(config: Option<&Config>, threads: Option<NonZeroUsize>) -> Self {
        let default = Self::default();
        let threads = threads.unwrap_or(default.threads);
        let Some(config) = config else { return Self { threads, ..default } };
        let inference = config.filter.inference.clone();
        let (sources, own) = (Sources::in_sidecar(config), own::own_models(config));
        Self { threads, inference, sources, own }
    }
}

/// Threads that classify.
#[derive(Debug)]
pub struct Threads(Pool<Task, Reply>);

/// A request for them.
#[derive(Debug)]
pub struct Task {
    texts: Texts,
    /// The memory of the texts.
    _claim: Buffer,
}

/// What came of a request.
#[derive(Debug)]
pub struct Reply {
    json: Vec<u8>,
    is_partial: bool,
}

impl Threads {
    /// Starts them. The models are loaded when the first request comes.
    ///
    /// # Errors
    /// When there are no threads to have.
    pub fn start(
        settings: Settings,
        models: Option<Arc<Models>>,
        metrics: &ClassifyMetrics,
    ) -> io::Result<Self> {
        let (threads, queued, metrics) =
            (settings.threads, metrics.queued.clone(), metrics.clone());
        let pool = Pool::start(threads, queued, move || {
            let mut engine = Engine::new(settings.clone(), models.clone(), metrics.clone());
            move |job: &Job<Task, Reply>| {
                let answer = engine.answer(&job.task.texts, &|| job.is_abandoned());
                let is_partial = answer.has_errors();
                // Nothing in it that JSON has not.
                Reply { json: serde_json::to_vec(&answer).unwrap_or_default(), is_partial }
            }
        });
        Ok(Self(pool?))
    }

    async fn run(&self, task: Task) -> Result<Reply, pool::PoolError> {
        self.0.run(task).await
    }
}
