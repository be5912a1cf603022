//! What a test gets back.

use std::time::{Duration, Instant};

use bytes::Bytes;
use http_body_util::BodyExt;
use hyper::body::{Frame, Incoming};
use serde::de::DeserializeOwned;
use tokio::time::timeout_at;

use super::fields::{Fields, from_map, text, texts};

/// How a response ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum End {
    /// Whole, as HTTP tells it.
    Complete,
    /// The connection ended before the body, or the time was up; why.
    Truncated(String),
    /// The client went away, as it was told to.
    HungUp,
}

/// A part of a body, as it arrived.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chunk {
    /// The time from sending the request to this chunk.
    pub at: Duration,
    /// What arrived.
    pub bytes: Bytes,
}

/// A response.
#[derive(Clone, Debug)]
pub struct Response {
    /// The status code.
    pub status: u16,
    /// The fields, names in lower case.
    pub headers: Fields,
    /// What arrived of the body.
    pub body: Bytes,
    /// The same, as it arrived.
    pub chunks: Vec<Chunk>,
    /// The fields after the body.
    pub trailers: Fields,
    /// The time from sending the request to the response's head.
    pub first_byte: Duration,
    /// The time from sending the request to the response's end.
    pub elapsed: Duration,
    /// How it ended.
    pub end: End,
}

impl Response {
    /// The first field called `name` (in lower case), when it is text.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        text(&self.headers, name)
    }

    /// Every field called `name` (in lower case), in order, when it is text.
    #[must_use]
    pub fn headers(&self, name: &str) -> Vec<&str> {
        texts(&self.headers, name)
    }

    /// The body as text, with a mark for what is none.
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body as JSON.
    ///
    /// # Errors
    /// A body that is not JSON, or not of that type.
    pub fn json<T: DeserializeOwned>(&self) -> serde_json::Result<T> {
        serde_json::from_slice(&self.body)
    }

    /// The `data` of every server-sent event of the body, in order, `[DONE]`
    /// included. Reads what engines send: one `data` line an event.
    #[must_use]
    pub fn events(&self) -> Vec<String> {
        let text = self.text();
        let lines = text.lines().filter_map(|line| line.strip_prefix("data:"));
        lines.map(|data| data.trim_start().to_owned()).collect()
    }

    /// Whether it ended as HTTP says a response does.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.end == End::Complete
    }
}

/// How long to go on reading.
pub(super) struct Until {
    /// When the request was sent.
    pub sent: Instant,
    /// The time that the exchange has.
    pub timeout: Duration,
    /// The size of the body, in bytes, after which to stop.
    pub bytes: Option<usize>,
}

/// Reads a response to its end.
pub(super) async fn read(response: http::Response<Incoming>, until: &Until) -> Response {
    let (head, body) = response.into_parts();
    let mut response = Response {
        status: head.status.as_u16(),
        headers: from_map(&head.headers),
        body: Bytes::new(),
        chunks: Vec::new(),
        trailers: Fields::new(),
        first_byte: until.sent.elapsed(),
        elapsed: Duration::ZERO,
        end: End::Complete,
    };
    response.end = read_body(body, until, &mut response).await;
    response.body = response.chunks.iter().flat_map(|chunk| chunk.bytes.clone()).collect();
    response.elapsed = until.sent.elapsed();
    response
}

async fn read_body(mut body: Incoming, until: &Until, into: &mut Response) -> End {
    let deadline = (until.sent + until.timeout).into();
    let mut received = 0;
    loop {
        if until.bytes.is_some_and(|limit| received >= limit) {
            return End::HungUp;
        }
        match timeout_at(deadline, body.frame()).await {
            Err(_) => return End::Truncated(format!("no end within {:?}", until.timeout)),
            Ok(None) => return End::Complete,
            Ok(Some(Err(error))) => return End::Truncated(reason(&error)),
            Ok(Some(Ok(frame))) => received += keep(frame, until.sent, into),
        }
    }
}

/// Keeps a frame; its size in bytes.
fn keep(frame: Frame<Bytes>, sent: Instant, into: &mut Response) -> usize {
    match frame.into_data() {
        Ok(bytes) => {
            let size = bytes.len();
            into.chunks.push(Chunk { at: sent.elapsed(), bytes });
            size
        }
        Err(frame) => {
            into.trailers.extend(frame.trailers_ref().map(from_map).unwrap_or_default());
            0
        }
    }
}

/// An error and what is behind it, on one line.
pub(super) fn reason(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(error.source(), |cause| cause.source());
    causes.fold(error.to_string(), |line, cause| format!("{line}: {cause}"))
}
