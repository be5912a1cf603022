//! `POST /v1/cache/lookup` and `POST /v1/cache/store`.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use semantic_router_filter::cache::remote::{LOOKUP_PATH, MAX_ANSWER_BYTES, STORE_PATH};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::sync::watch;
use tokio::task::spawn_blocking;

use super::backend::Cache;
use super::metrics::{CacheMetrics, Operation, Outcome};
use crate::receive::body::{Budget, Buffer};
use crate::receive::refusal::Refusal;
use crate::reply::{refuse, wrong_method};

/// The most bytes of a body: an answer in base64, and what belongs to it.
pub const MAX_BODY_BYTES: usize = MAX_ANSWER_BYTES / 3 * 4 + (64 << 10);

/// The most bytes of all bodies that are received or done.
const MAX_BUDGET_BYTES: usize = 64 << 20;

/// Longer bodies are parsed beside the threads that serve connections.
const MAX_INLINE_BYTES: usize = 64 << 10;

/// Why a request is not answered.
#[derive(Debug, thiserror::Error)]
enum CacheRefusal {
    #[error(transparent)]
    Body(#[from] Refusal),
    #[error("the body is no request: {0}")]
    Shape(String),
    #[error(
        "no cache is configured: --redis-url, or semantic_cache.backend_type: redis with its \
         backend_config_path"
    )]
    NotConfigured,
    #[error("the collector is stopping")]
    Stopping,
    #[error("internal error: {0}")]
    Internal(String),
}

impl CacheRefusal {
    fn status(&self) -> StatusCode {
        match self {
            Self::Body(refusal) => refusal.http_status(),
            Self::Shape(_) => StatusCode::BAD_REQUEST,
            Self::NotConfigured | Self::Stopping => StatusCode::SERVICE_UNAVAILABLE,
            Self::Internal(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }
}

/// The desk where requests are taken.
#[derive(Debug)]
pub struct Desk {
    cache: Option<Cache>,
    budget: Arc<Budget>,
    metrics: CacheMetrics,
    stop: watch::Receiver<bool>,
}

impl Desk {
    /// Has requests done by `cache`, or says that there is none; refuses those
    /// that are not done when `stop` becomes true.
    #[must_use]
    pub fn new(cache: Option<Cache>, metrics: CacheMetrics, stop: watch::Receiver<bool>) -> Self {
        Self { cache, budget: Arc::new(Budget::new(MAX_BUDGET_BYTES)), metrics, stop }
    }

    async fn lookup(&self, body: Body) -> Result<Response, CacheRefusal> {
        let cache = self.cache.as_ref().ok_or(CacheRefusal::NotConfigured)?;
        let (lookup, _claim) = self.read(body).await?;
        Ok(reply(&cache.lookup(&lookup).await))
    }

    async fn store(&self, body: Body) -> Result<Response, CacheRefusal> {
        let cache = self.cache.as_ref().ok_or(CacheRefusal::NotConfigured)?;
        let (store, _claim) = self.read(body).await?;
        Ok(reply(&cache.store(store).await))
    }

    /// A request, and the emptied buffer, which keeps the claim on its memory.
    async fn read<T>(&self, body: Body) -> Result<(T, Buffer), CacheRefusal>
    where
        T: DeserializeOwned + Send + 'static,
    {
        let mut buffer = Buffer::read(body, MAX_BODY_BYTES, &self.budget).await?;
        let bytes = buffer.take();
        let request = if bytes.len() <= MAX_INLINE_BYTES {
            parse(&bytes)?
        } else {
            let parsed = spawn_blocking(move || parse(&bytes)).await;
            parsed.map_err(|error| CacheRefusal::Internal(error.to_string()))??
        };
        Ok((request, buffer))
    }

    async fn until_stop(
        &self,
        answer: impl Future<Output = Result<Response, CacheRefusal>>,
        operation: Operation,
    ) -> Response {
        let mut stop = self.stop.clone();
        let answer = tokio::select! {
            answer = answer => answer,
            // Spans are waited for at the end, answers are not.
            _ = stop.wait_for(|stop| *stop) => Err(CacheRefusal::Stopping),
        };
        answer.unwrap_or_else(|refusal| {
            let status = refusal.status();
            let outcome =
                if status.is_server_error() { Outcome::Refused } else { Outcome::Invalid };
            self.metrics.request(operation, outcome);
            tracing::debug!("request to the cache refused: {refusal}");
            refuse(status, &refusal.to_string())
        })
    }
}

/// Serves the cache.
pub fn router(desk: Arc<Desk>) -> Router {
    Router::new()
        .route(LOOKUP_PATH, post(lookup).fallback(wrong_method))
        .route(STORE_PATH, post(store).fallback(wrong_method))
        .with_state(desk)
}

async fn lookup(State(desk): State<Arc<Desk>>, request: Request) -> Response {
    desk.until_stop(desk.lookup(request.into_body()), Operation::Lookup).await
}

async fn store(State(desk): State<Arc<Desk>>, request: Request) -> Response {
    desk.until_stop(desk.store(request.into_body()), Operation::Store).await
}

fn reply(answer: &impl Serialize) -> Response {
    // Nothing in it that JSON has not.
    let json = serde_json::to_vec(answer).unwrap_or_default();
    ([(CONTENT_TYPE, "application/json")], json).into_response()
}

/// Reads a request; an error begins with the key.
fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, CacheRefusal> {
    let mut json = serde_json::Deserializer::from_slice(body);
    let request = serde_path_to_error::deserialize(&mut json).map_err(|error| {
        let (path, error) = (error.path().to_string(), error.inner());
        CacheRefusal::Shape(if path == "." {
            error.to_string()
        } else {
            format!("{path}: {error}")
        })
    })?;
    json.end().map_err(|error| CacheRefusal::Shape(error.to_string()))?;
    Ok(request)
}

#[cfg(test)]
mod tests {
    use semantic_router_filter::cache::remote::{Lookup, Store};
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_wrong_is_named() {
        let digest = "ab".repeat(32);
        let lookup = json!({"scope": digest, "exact": digest, "threshold": 0.5});
        assert!(parse::<Lookup>(lookup.to_string().as_bytes()).is_ok());
        let with = |key: &str, value: serde_json::Value| {
            let mut body = lookup.clone();
            body[key] = value;
            parse::<Lookup>(body.to_string().as_bytes()).unwrap_err().to_string()
        };
        for (error, expected) in [
            (with("scope", json!(1)), ": scope: invalid type: integer `1`"),
            (with("threshold", json!(2)), ": threshold: 2 is not between 0 and 1"),
            (with("prompt", json!({"words": 1})), ": prompt.words: invalid type"),
            (with("prompt", json!({"words": ""})), ": prompt: missing field `embedding`"),
            (with("extra", json!(1)), "unknown field `extra`"),
        ] {
            assert!(error.contains(expected), "{error} is not {expected}");
        }
        for (body, expected) in
            [("", "EOF"), ("{}", "missing field `scope`"), ("{} {}", "missing field `scope`")]
        {
            let error = parse::<Store>(body.as_bytes()).unwrap_err().to_string();
            assert!(error.contains(expected), "{error} is not {expected}");
        }
        let twice = format!("{lookup} {lookup}");
        let error = parse::<Lookup>(twice.as_bytes()).unwrap_err().to_string();
        assert!(error.contains("trailing characters"), "{error}");
    }
}
