//! `POST /v1/classify`.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use tokio::sync::watch;
use tokio::task::spawn_blocking;

use super::metrics::{ClassifyMetrics, Outcome};
use super::pool::PoolError;
use super::request::{RequestError, Texts, parse};
use super::{Reply, Task, Threads};
use crate::receive::body::{Budget, Buffer};
use crate::receive::refusal::Refusal;
use crate::reply::{refuse, wrong_method};

/// The most bytes of a body.
pub const MAX_BODY_BYTES: usize = 8 << 20;

/// The most bytes of all bodies that are received, wait or are classified.
const MAX_BUDGET_BYTES: usize = 64 << 20;

/// Longer bodies are parsed beside the threads that serve connections.
const MAX_INLINE_BYTES: usize = 64 << 10;

/// Why a request is not answered.
#[derive(Debug, thiserror::Error)]
enum ClassifyRefusal {
    #[error(transparent)]
    Body(#[from] Refusal),
    #[error(transparent)]
    Request(#[from] RequestError),
    #[error(transparent)]
    Pool(#[from] PoolError),
    #[error("the collector is stopping")]
    Stopping,
    #[error("internal error: {0}")]
    Internal(String),
}

impl ClassifyRefusal {
    fn status(&self) -> StatusCode {
        match self {
            Self::Body(refusal) => refusal.http_status(),
            Self::Request(RequestError::Shape(_)) => StatusCode::BAD_REQUEST,
            Self::Request(RequestError::TooMany(_)) => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Pool(PoolError::Full) | Self::Stopping => StatusCode::SERVICE_UNAVAILABLE,
            Self::Pool(PoolError::Panicked) | Self::Internal(_) => {
                StatusCode::INTERNAL_SERVER_ERROR
            }
        }
    }
}

/// The desk where requests to classify are taken.
#[derive(Debug)]
pub struct Desk {
    threads: Threads,
    budget: Arc<Budget>,
    metrics: ClassifyMetrics,
    stop: watch::Receiver<bool>,
}

impl Desk {
    /// Has requests done by `threads`; refuses those that are not done when
    /// `stop` becomes true.
    #[must_use]
    pub fn new(threads: Threads, metrics: ClassifyMetrics, stop: watch::Receiver<bool>) -> Self {
        Self { threads, budget: Arc::new(Budget::new(MAX_BUDGET_BYTES)), metrics, stop }
    }

    async fn answer(&self, body: Body) -> Result<Reply, ClassifyRefusal> {
        let mut stop = self.stop.clone();
        tokio::select! {
            reply = self.classify(body) => reply,
            // Spans are waited for at the end, verdicts are not.
            _ = stop.wait_for(|stop| *stop) => Err(ClassifyRefusal::Stopping),
        }
    }

    async fn classify(&self, body: Body) -> Result<Reply, ClassifyRefusal> {
        let buffer = Buffer::read(body, MAX_BODY_BYTES, &self.budget).await?;
        let (texts, claim) = if buffer.len() <= MAX_INLINE_BYTES {
            texts(buffer)?
        } else {
            let parsed = spawn_blocking(move || texts(buffer)).await;
            parsed.map_err(|error| ClassifyRefusal::Internal(error.to_string()))??
        };
        Ok(self.threads.run(Task { texts, _claim: claim }).await?)
    }
}

/// The texts of a body, and the emptied buffer, which keeps the claim on their
/// memory.
fn texts(mut buffer: Buffer) -> Result<(Texts, Buffer), RequestError> {
    let texts = parse(&buffer.take())?;
    Ok((texts, buffer))
}

/// Serves the classifiers.
pub fn router(desk: Arc<Desk>) -> Router {
    Router::new().route("/v1/classify", post(classify).fallback(wrong_method)).with_state(desk)
}

async fn classify(State(desk): State<Arc<Desk>>, request: Request) -> Response {
    // Counted also when the client goes away, which drops this where it waits.
    let mut counted = Counted { metrics: &desk.metrics, outcome: Outcome::Abandoned };
    match desk.answer(request.into_body()).await {
        Ok(Reply { json, is_partial }) => {
            counted.outcome = if is_partial { Outcome::Partial } else { Outcome::Ok };
            ([(CONTENT_TYPE, "application/json")], json).into_response()
        }
        Err(refusal) => {
            let status = refusal.status();
            counted.outcome = match status {
                StatusCode::SERVICE_UNAVAILABLE => Outcome::Busy,
                status if status.is_server_error() => Outcome::Failed,
                _ => Outcome::Invalid,
            };
            tracing::debug!("request to classify refused: {refusal}");
            refuse(status, &refusal.to_string())
        }
    }
}

/// Counts a request when it ends, however it does.
struct Counted<'a> {
    metrics: &'a ClassifyMetrics,
    outcome: Outcome,
}

impl Drop for Counted<'_> {
    fn drop(&mut self) {
        self.metrics.request(self.outcome);
    }
}
