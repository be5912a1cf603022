//! `GET /models/FOLDER/index.json` and `GET /models/FOLDER/FILE`.

use std::fs::File;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::header::{
    ACCEPT_RANGES, ALLOW, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, ETAG, IF_RANGE, RANGE,
    RETRY_AFTER,
};
use axum::http::request::Parts;
use axum::http::response::Builder;
use axum::http::{HeaderMap, HeaderName, Method, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::any;
use prometheus_client::metrics::counter::Counter;
use serde_json::json;
use tokio::sync::{Semaphore, watch};

use super::download::{Conditions, Download};
use super::error::ModelsError;
use super::folder::Stamp;
use super::path::ModelPath;
use super::range::{Wanted, wanted};
use super::{Index, Models};

const PREFIX: &str = "/models/";
const INDEX: &str = "index.json";
const JSON: &str = "application/json";

/// The most files that are being sent at once.
const MAX_DOWNLOADS: usize = 64;

/// Models as they are served.
#[derive(Debug)]
pub struct Shelf {
    models: Option<Arc<Models>>,
    sent: Counter,
    stop: watch::Receiver<bool>,
    places: Arc<Semaphore>,
}

impl Shelf {
    /// Serves `models`, or says that there are none; counts the bytes that it
    /// sends. Downloads end when `stop` is true.
    #[must_use]
    pub fn new(models: Option<Arc<Models>>, sent: Counter, stop: watch::Receiver<bool>) -> Self {
        Self { models, sent, stop, places: Arc::new(Semaphore::new(MAX_DOWNLOADS)) }
    }

    async fn answer(&self, request: &Parts) -> Result<Response, ModelsError> {
        let is_head = match request.method {
            Method::GET => false,
            Method::HEAD => true,
            ref other => return Err(ModelsError::Method(other.to_string())),
        };
        let models = self.models.as_ref().ok_or(ModelsError::NotConfigured)?;
        let encoded = request.uri.path().strip_prefix(PREFIX).unwrap_or_default();
        let path =
            ModelPath::parse(encoded).ok_or_else(|| ModelsError::Path(encoded.to_owned()))?;
        if path.file == INDEX {
            return Ok(listing(&models.index(&path.folder).await?));
        }
        let (file, stamp) = models.file(path).await?;
        if is_head {
            let head = described(StatusCode::OK, stamp).header(CONTENT_LENGTH, stamp.bytes);
            return finish(head, Body::empty());
        }
        self.send(file, stamp, &request.headers)
    }

    fn send(&self, file: File, stamp: Stamp, headers: &HeaderMap) -> Result<Response, ModelsError> {
        let (response, range) = match asked(headers, stamp) {
            Wanted::Beyond => return Err(ModelsError::Range(stamp.bytes)),
            Wanted::Whole => (described(StatusCode::OK, stamp), 0..stamp.bytes),
            Wanted::Part(range) => {
                let content = format!("bytes {}-{}/{}", range.start, range.end - 1, stamp.bytes);
                let response = described(StatusCode::PARTIAL_CONTENT, stamp);
                (response.header(CONTENT_RANGE, content), range)
            }
        };
        let place = self.places.clone().try_acquire_owned().map_err(|_| ModelsError::Busy)?;
        let response = response.header(CONTENT_LENGTH, range.end - range.start);
        let conditions = Conditions { sent: self.sent.clone(), stop: self.stop.clone(), place };
        finish(response, Body::new(Download::start(file, range, conditions)))
    }
}

/// Serves models.
pub fn router(shelf: Arc<Shelf>) -> Router {
    Router::new().route("/models/{*path}", any(serve)).with_state(shelf)
}

async fn serve(State(shelf): State<Arc<Shelf>>, request: Request) -> Response {
    let (head, _) = request.into_parts();
    shelf.answer(&head).await.unwrap_or_else(|error| refuse(&error))
}

/// The range that a request asks for.
///
/// Source: RFC 9110 §13.1.5: without the state of the file that `If-Range`
/// asks for, all of it.
fn asked(headers: &HeaderMap, stamp: Stamp) -> Wanted {
    let only = |name: HeaderName| {
        let mut values = headers.get_all(name).iter();
        let first = values.next()?;
        Some(if values.next().is_some() { "" } else { first.to_str().unwrap_or_default() })
    };
    if only(IF_RANGE).is_some_and(|tag| tag != stamp.tag()) {
        return Wanted::Whole;
    }
    only(RANGE).map_or(Wanted::Whole, |value| wanted(value, stamp.bytes))
}

fn described(status: StatusCode, stamp: Stamp) -> Builder {
    Response::builder()
        .status(status)
        .header(CONTENT_TYPE, "application/octet-stream")
        .header(ACCEPT_RANGES, "bytes")
        .header(ETAG, stamp.tag())
}

fn listing(index: &Index) -> Response {
    ([(CONTENT_TYPE, JSON)], json!(index).to_string()).into_response()
}

fn finish(builder: Builder, body: Body) -> Result<Response, ModelsError> {
    builder.body(body).map_err(|error| ModelsError::Internal(error.to_string()))
}

fn refuse(error: &ModelsError) -> Response {
    let body = json!({"error": error.to_string()}).to_string();
    let mut response = (error.status(), [(CONTENT_TYPE, JSON)], body).into_response();
    let headers = response.headers_mut();
    if error.is_passing() {
        headers.insert(RETRY_AFTER, 1.into());
    }
    let (name, value) = match error {
        ModelsError::Range(bytes) => (CONTENT_RANGE, format!("bytes */{bytes}")),
        ModelsError::Method(_) => (ALLOW, "GET, HEAD".to_owned()),
        _ => return response,
    };
    if let Ok(value) = value.parse() {
        headers.insert(name, value);
    }
    response
}
