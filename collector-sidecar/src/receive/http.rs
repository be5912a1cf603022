//! OTLP over HTTP: `POST /v1/traces`, protobuf or JSON.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::header::{ALLOW, CONTENT_ENCODING, CONTENT_TYPE, RETRY_AFTER};
use axum::http::{HeaderMap, HeaderName, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTracePartialSuccess, ExportTraceServiceResponse,
};
use prost::Message;
use serde_json::json;
use tonic_types::pb;

use super::refusal::Refusal;
use super::{Compression, Encoding, Intake};
use crate::metrics::Transport;

const PATH: &str = "/v1/traces";
const PROTOBUF: &str = "application/x-protobuf";
const JSON: &str = "application/json";

/// Serves OTLP/HTTP.
pub fn router(intake: Arc<Intake>) -> Router {
    Router::new()
        .route(PATH, post(traces).fallback(wrong_method))
        .fallback(wrong_path)
        .with_state(intake)
}

async fn traces(State(intake): State<Arc<Intake>>, request: Request) -> Response {
    let encoding = encoding(request.headers());
    match receive(&intake, request).await {
        Ok(partial) => acknowledgement(encoding.unwrap_or(Encoding::Json), partial),
        Err(refusal) => refuse(&intake, encoding, &refusal),
    }
}

async fn receive(
    intake: &Intake,
    request: Request,
) -> Result<Option<ExportTracePartialSuccess>, Refusal> {
    let headers = request.headers();
    let encoding =
        encoding(headers).ok_or_else(|| Refusal::ContentType(text(headers, &CONTENT_TYPE)))?;
    let compression = compression(headers)?;
    let body = intake.read(request.into_body()).await?;
    intake.accept(Transport::Http, body, encoding, compression).await
}

async fn wrong_method(State(intake): State<Arc<Intake>>, request: Request) -> Response {
    let refusal = Refusal::Method(request.method().to_string());
    let response = refuse(&intake, encoding(request.headers()), &refusal);
    ([(ALLOW, "POST")], response).into_response()
}

async fn wrong_path(State(intake): State<Arc<Intake>>, request: Request) -> Response {
    let refusal = Refusal::Path(request.uri().path().to_owned());
    refuse(&intake, encoding(request.headers()), &refusal)
}

fn encoding(headers: &HeaderMap) -> Option<Encoding> {
    let value = text(headers, &CONTENT_TYPE).to_ascii_lowercase();
    match value.split(';').next().map(str::trim) {
        Some(PROTOBUF) => Some(Encoding::Protobuf),
        Some(JSON) => Some(Encoding::Json),
        _ => None,
    }
}

fn compression(headers: &HeaderMap) -> Result<Compression, Refusal> {
    match text(headers, &CONTENT_ENCODING).trim().to_ascii_lowercase().as_str() {
        "" | "identity" => Ok(Compression::Identity),
        "gzip" => Ok(Compression::Gzip),
        _ => Err(Refusal::ContentEncoding(text(headers, &CONTENT_ENCODING))),
    }
}

/// All values of a header, as one.
fn text(headers: &HeaderMap, name: &HeaderName) -> String {
    let values =
        headers.get_all(name).iter().map(|value| String::from_utf8_lossy(value.as_bytes()));
    values.collect::<Vec<_>>().join(", ")
}

/// Source: OTLP specification, "Full Success" and "Partial Success".
fn acknowledgement(
    encoding: Encoding,
    partial_success: Option<ExportTracePartialSuccess>,
) -> Response {
    let body = match encoding {
        Encoding::Protobuf => ExportTraceServiceResponse { partial_success }.encode_to_vec(),
        Encoding::Json => match partial_success {
            None => json!({}),
            Some(ExportTracePartialSuccess { rejected_spans, error_message }) => json!({
                "partialSuccess": {
                    "rejectedSpans": rejected_spans.to_string(),
                    "errorMessage": error_message,
                }
            }),
        }
        .to_string()
        .into_bytes(),
    };
    reply(StatusCode::OK, encoding, body)
}

/// Source: OTLP specification, "Failures": a `google.rpc.Status` in the
/// encoding of the request; JSON where that is none of OTLP's.
fn refuse(intake: &Intake, encoding: Option<Encoding>, refusal: &Refusal) -> Response {
    intake.count_refusal(Transport::Http, refusal);
    let encoding = encoding.unwrap_or(Encoding::Json);
    let (code, message) = (i32::from(refusal.code()), refusal.to_string());
    let body = match encoding {
        Encoding::Protobuf => pb::Status { code, message, details: Vec::new() }.encode_to_vec(),
        Encoding::Json => json!({"code": code, "message": message}).to_string().into_bytes(),
    };
    let mut response = reply(refusal.http_status(), encoding, body);
    if let Some(delay) = refusal.retry_after() {
        response.headers_mut().insert(RETRY_AFTER, delay.as_secs().into());
    }
    response
}

fn reply(status: StatusCode, encoding: Encoding, body: Vec<u8>) -> Response {
    let content_type = match encoding {
        Encoding::Protobuf => PROTOBUF,
        Encoding::Json => JSON,
    };
    (status, [(CONTENT_TYPE, content_type)], body).into_response()
}
