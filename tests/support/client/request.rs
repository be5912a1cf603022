//! What a test sends.

use std::time::Duration;

use bytes::Bytes;
use http::header::{HOST, HeaderMap, HeaderName, HeaderValue, TRAILER};
use http::{Method, Uri, Version};
use hyper::body::Frame;
use serde::Serialize;

use super::body::{PacedBody, Part};
use super::fields::{Fields, to_map};
use super::{Error, Protocol};

/// How long a request may take until [`Request::timeout`] says otherwise.
const TIMEOUT: Duration = Duration::from_secs(30);

/// When the client goes away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HangUp {
    /// When it has received this many bytes of the response's body.
    AfterBytes(usize),
    /// This long after sending, whatever it has received.
    AfterTime(Duration),
}

/// A request.
#[derive(Clone, Debug)]
pub struct Request {
    /// The method.
    pub method: Method,
    /// The path with its query.
    pub path: String,
    /// The fields, names in any case; fields of one name are sent together.
    /// `host` is added when it is missing.
    pub headers: Fields,
    /// The body. One chunk is sent with its length, several are sent in chunked
    /// encoding, each written to the connection on its own.
    pub chunks: Vec<Bytes>,
    /// The time between two chunks.
    pub chunk_delay: Duration,
    /// The fields after the body; over HTTP/1 they are announced in `trailer`.
    pub trailers: Fields,
    /// When the client goes away; `None` to stay until the end.
    pub hang_up: Option<HangUp>,
    /// How long the whole exchange may take.
    pub timeout: Duration,
}

impl Request {
    /// A request without fields and body.
    #[must_use]
    pub fn new(method: Method, path: &str) -> Self {
        Self {
            method,
            path: path.to_owned(),
            headers: Fields::new(),
            chunks: Vec::new(),
            chunk_delay: Duration::ZERO,
            trailers: Fields::new(),
            hang_up: None,
            timeout: TIMEOUT,
        }
    }

    /// A `GET` of `path`.
    #[must_use]
    pub fn get(path: &str) -> Self {
        Self::new(Method::GET, path)
    }

    /// A `POST` of these bytes as `application/json`.
    #[must_use]
    pub fn post(path: &str, body: impl Into<Bytes>) -> Self {
        Self::new(Method::POST, path)
            .header("content-type", "application/json")
            .body(vec![body.into()])
    }

    /// A chat completion asked of `model` with one user message.
    #[must_use]
    pub fn chat(model: &str, prompt: &str, stream: bool) -> Self {
        let messages = [ChatMessage { role: "user", content: prompt }];
        let body = serde_json::to_vec(&Chat { model, messages, stream });
        // A structure of strings always serializes.
        Self::post("/v1/chat/completions", body.unwrap_or_default())
    }

    /// Adds a field.
    #[must_use]
    pub fn header(mut self, name: &str, value: impl AsRef<[u8]>) -> Self {
        self.headers.push((name.to_owned(), value.as_ref().to_vec()));
        self
    }

    /// Replaces the body.
    #[must_use]
    pub fn body(mut self, chunks: Vec<Bytes>) -> Self {
        self.chunks = chunks;
        self
    }

    /// Adds a field after the body.
    #[must_use]
    pub fn trailer(mut self, name: &str, value: impl AsRef<[u8]>) -> Self {
        self.trailers.push((name.to_owned(), value.as_ref().to_vec()));
        self
    }

    /// Says when the client goes away.
    #[must_use]
    pub fn hang_up(mut self, when: HangUp) -> Self {
        self.hang_up = Some(when);
        self
    }

    /// Says how long the whole exchange may take.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// The request as hyper sends it to `authority`.
    pub(super) fn to_http(
        &self,
        authority: &str,
        protocol: Protocol,
    ) -> Result<http::Request<PacedBody>, Error> {
        let mut headers = to_map(&self.headers)?;
        let trailers = to_map(&self.trailers)?;
        let (version, uri) = match protocol {
            Protocol::Http1 => (Version::HTTP_11, self.path.clone()),
            // The host is a part of the address there, and no field.
            Protocol::Http2 => (Version::HTTP_2, {
                let host = headers.remove(HOST);
                let host = host.as_ref().and_then(|host| host.to_str().ok());
                format!("http://{}{}", host.unwrap_or(authority), self.path)
            }),
        };
        if protocol == Protocol::Http1 {
            add(&mut headers, HOST, authority);
            let names: Vec<_> = trailers.keys().map(HeaderName::as_str).collect();
            if !names.is_empty() {
                add(&mut headers, TRAILER, &names.join(", "));
            }
        }
        let uri: Uri = uri.parse().map_err(|_| Error::Path { path: self.path.clone() })?;
        let mut request = http::Request::new(self.to_body(trailers));
        *request.method_mut() = self.method.clone();
        *request.version_mut() = version;
        *request.uri_mut() = uri;
        *request.headers_mut() = headers;
        Ok(request)
    }

    fn to_body(&self, trailers: HeaderMap) -> PacedBody {
        let length = match self.chunks.as_slice() {
            _ if !trailers.is_empty() => None,
            [] => Some(0),
            [only] => Some(only.len() as u64),
            _ => None,
        };
        let chunks = self.chunks.iter().enumerate().map(|(index, chunk)| {
            let wait = if index == 0 { Duration::ZERO } else { self.chunk_delay };
            Part::data(chunk.clone(), wait)
        });
        let last = (!trailers.is_empty())
            .then(|| Part { wait: Duration::ZERO, frame: Ok(Frame::trailers(trailers)) });
        PacedBody::new(chunks.chain(last), length)
    }
}

/// The fields that a chat completion cannot do without.
#[derive(Serialize)]
struct Chat<'a> {
    model: &'a str,
    messages: [ChatMessage<'a>; 1],
    stream: bool,
}

/// What the user says.
#[derive(Serialize)]
struct ChatMessage<'a> {
    role: &'static str,
    content: &'a str,
}

/// Adds a field that the caller did not give.
fn add(headers: &mut HeaderMap, name: HeaderName, value: &str) {
    if let (false, Ok(value)) = (headers.contains_key(&name), HeaderValue::from_str(value)) {
        headers.append(name, value);
    }
}
