//! Sends spans by OTLP over HTTP, protobuf or JSON.

use std::error::Error;
use std::io::{self, Write};
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use http::header::{CONTENT_ENCODING, CONTENT_TYPE, HeaderValue};
use http::{HeaderMap, Request, Response, StatusCode, Uri};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTraceServiceRequest, ExportTraceServiceResponse,
};
use prost::Message;
use tonic_types::pb;

use super::destination::{Otlp, Protocol};
use super::retry::asked;
use super::{Answer, EncodeError, MAX_RESPONSE_BYTES, USER_AGENT};
use crate::otlp::response_from_json;

/// The most characters of an answer that are logged.
const MAX_SHOWN: usize = 256;

/// An OTLP/HTTP client.
#[derive(Debug)]
pub struct HttpExporter {
    client: Client<HttpConnector, Full<Bytes>>,
    endpoint: Uri,
    headers: HeaderMap,
    is_json: bool,
    gzip: bool,
    timeout: Duration,
}

impl HttpExporter {
    /// A client of `otlp`.
    pub fn new(otlp: &Otlp) -> Self {
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        connector.set_connect_timeout(Some(otlp.timeout));
        let is_json = otlp.protocol == Protocol::HttpJson;
        let mut headers = HeaderMap::new();
        headers.insert(http::header::USER_AGENT, HeaderValue::from_static(USER_AGENT));
        headers.extend(otlp.headers.clone());
        let content_type = if is_json { "application/json" } else { "application/x-protobuf" };
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
        if otlp.gzip {
            headers.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        }
        Self {
            client: Client::builder(TokioExecutor::new()).build(connector),
            endpoint: otlp.endpoint.clone(),
            headers,
            is_json,
            gzip: otlp.gzip,
            timeout: otlp.timeout,
        }
    }

    /// The body of a request, from its protobuf encoding.
    ///
    /// # Errors
    /// When it cannot be put into JSON.
    pub fn encode(&self, request: Bytes) -> Result<Bytes, EncodeError> {
        let body = if self.is_json {
            Bytes::from(serde_json::to_vec(&ExportTraceServiceRequest::decode(request)?)?)
        } else {
            request
        };
        if self.gzip { Ok(compress(&body)?) } else { Ok(body) }
    }

    /// Sends a body once.
    pub async fn send(&self, body: Bytes) -> Answer {
        match tokio::time::timeout(self.timeout, self.call(body)).await {
            Ok(answer) => answer,
            Err(_) => Answer::timed_out(self.timeout),
        }
    }

    async fn call(&self, body: Bytes) -> Answer {
        let mut request = Request::new(Full::new(body));
        *request.method_mut() = http::Method::POST;
        *request.uri_mut() = self.endpoint.clone();
        *request.headers_mut() = self.headers.clone();
        match self.client.request(request).await {
            Ok(response) => read(response).await,
            Err(error) => disconnected(&error),
        }
    }
}

fn compress(body: &[u8]) -> io::Result<Bytes> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(body)?;
    encoder.finish().map(Bytes::from)
}

async fn read(response: Response<Incoming>) -> Answer {
    let (parts, body) = response.into_parts();
    let body = match Limited::new(body, MAX_RESPONSE_BYTES).collect().await {
        Ok(body) => body.to_bytes(),
        // The spans were taken, only what there was to say of them is lost.
        Err(_) if parts.status.is_success() => Bytes::new(),
        Err(error) => return disconnected(&*error),
    };
    let is_json = parts.headers.get(CONTENT_TYPE).is_some_and(|value| {
        value.to_str().is_ok_and(|value| value.starts_with("application/json"))
    });
    if parts.status.is_success() {
        return taken(body, is_json);
    }
    let reason = format!("HTTP {}{}", parts.status.as_u16(), shown(&body, is_json));
    if is_retryable(parts.status) {
        Answer::Retry { reason, asked: asked(&parts.headers, SystemTime::now()) }
    } else {
        Answer::Refused { reason }
    }
}

/// Source: OTLP specification, "Retryable Response Codes".
fn is_retryable(status: StatusCode) -> bool {
    matches!(status.as_u16(), 429 | 502 | 503 | 504)
}

fn taken(body: Bytes, is_json: bool) -> Answer {
    // Many backends answer 200 with a body of their own: that is no failure.
    let body = if is_json { response_from_json(&body).unwrap_or_default().into() } else { body };
    Answer::taken(ExportTraceServiceResponse::decode(body).unwrap_or_default().partial_success)
}

/// What a destination says beside its status, as far as it can be read.
fn shown(body: &Bytes, is_json: bool) -> String {
    let status = (!is_json).then(|| pb::Status::decode(body.clone()).ok()).flatten();
    let text = match status {
        Some(status) if !status.message.is_empty() => status.message,
        _ => String::from_utf8_lossy(body).into_owned(),
    };
    let text: String = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let text: String = text.chars().take(MAX_SHOWN).collect();
    if text.is_empty() { text } else { format!(": {text}") }
}

fn disconnected(error: &(dyn Error + 'static)) -> Answer {
    let mut reason = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        reason = format!("{reason}: {error}");
        cause = error.source();
    }
    Answer::Retry { reason, asked: None }
}
