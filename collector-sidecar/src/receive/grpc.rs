//! OTLP over gRPC: the one unary method of `TraceService`.
//!
//! The framing is read here and not by a generated server, so that a message
//! keeps its encoding and shares the limits of an HTTP body, above all that of
//! the memory which all bodies may take while they are inflated. Source:
//! "gRPC over HTTP2" of the gRPC specification.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTracePartialSuccess, ExportTraceServiceResponse,
};
use prost::Message;
use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt};

use super::refusal::Refusal;
use super::{Compression, Encoding, Intake};
use crate::metrics::Transport;

/// The method's path.
pub const PATH: &str = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";

const GRPC: &str = "application/grpc";
const ENCODING: &str = "grpc-encoding";

/// Serves OTLP/gRPC.
pub fn router(intake: Arc<Intake>) -> Router {
    Router::new().route(PATH, post(export)).fallback(unimplemented).with_state(intake)
}

async fn export(State(intake): State<Arc<Intake>>, request: Request) -> Response {
    if !is_grpc(request.headers()) {
        return StatusCode::UNSUPPORTED_MEDIA_TYPE.into_response();
    }
    match receive(&intake, request).await {
        Ok(partial) => acknowledgement(partial),
        Err(refusal) => refuse(&intake, &refusal),
    }
}

async fn unimplemented(State(intake): State<Arc<Intake>>, request: Request) -> Response {
    refuse(&intake, &Refusal::Path(request.uri().path().to_owned()))
}

fn is_grpc(headers: &HeaderMap) -> bool {
    let value = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    matches!(value.strip_prefix(GRPC), Some(rest) if rest.is_empty() || rest == "+proto")
}

async fn receive(
    intake: &Intake,
    request: Request,
) -> Result<Option<ExportTracePartialSuccess>, Refusal> {
    let encoding = request.headers().get(ENCODING).cloned();
    let mut body = intake.read(request.into_body()).await?;
    let compressed = body.unframe().map_err(|fault| Refusal::Malformed(fault.to_owned()))?;
    let compression =
        if compressed { compression(encoding.as_ref())? } else { Compression::Identity };
    intake.accept(Transport::Grpc, body, Encoding::Protobuf, compression).await
}

fn compression(encoding: Option<&HeaderValue>) -> Result<Compression, Refusal> {
    let name = encoding.map(|value| String::from_utf8_lossy(value.as_bytes()));
    match name.as_deref() {
        Some("gzip") => Ok(Compression::Gzip),
        None | Some("identity") => {
            Err(Refusal::Malformed("the message is compressed, no grpc-encoding is named".into()))
        }
        Some(other) => Err(Refusal::ContentEncoding(other.to_owned())),
    }
}

fn acknowledgement(partial_success: Option<ExportTracePartialSuccess>) -> Response {
    let message = ExportTraceServiceResponse { partial_success }.encode_to_vec();
    let length = u32::try_from(message.len()).unwrap_or(u32::MAX);
    let framed = [&[0], length.to_be_bytes().as_slice(), &message].concat();
    let trailers = HeaderMap::from_iter([(Status::GRPC_STATUS, HeaderValue::from_static("0"))]);
    let body = Full::new(Bytes::from(framed)).with_trailers(async { Some(Ok(trailers)) });
    ([(CONTENT_TYPE, GRPC)], Body::new(body)).into_response()
}

/// Source: OTLP specification, "OTLP/gRPC Throttling".
fn refuse(intake: &Intake, refusal: &Refusal) -> Response {
    intake.count_refusal(Transport::Grpc, refusal);
    let details = match refusal.retry_after() {
        Some(delay) => ErrorDetails::with_retry_info(Some(delay)),
        None => ErrorDetails::new(),
    };
    let mut response =
        Status::with_error_details(refusal.code(), refusal.to_string(), details).into_http();
    if refusal.code() == Code::Unimplemented {
        let known = HeaderValue::from_static("identity,gzip");
        response.headers_mut().insert("grpc-accept-encoding", known);
    }
    response
}
