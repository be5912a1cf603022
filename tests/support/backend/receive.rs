//! The backend's OTLP receivers.

use std::io::Read;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, State};
use axum::response::{IntoResponse, Response as HttpResponse};
use axum::routing::post;
use axum::{Extension, Router};
use flate2::read::GzDecoder;
use http::header::{CONTENT_ENCODING, CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderMap, StatusCode};
use opentelemetry_proto::tonic::collector::trace::v1::trace_service_server::{
    TraceService, TraceServiceServer,
};
use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTracePartialSuccess, ExportTraceServiceRequest, ExportTraceServiceResponse,
};
use prost::Message;
use tokio::time::sleep;
use tonic::codec::CompressionEncoding;
use tonic::service::Routes;
use tonic::{Code, Request, Response, Status};
use tonic_types::{ErrorDetails, StatusExt};

use super::server::Cut;
use super::{Answer, Shared};

const MAX_BYTES: usize = 64 << 20;

/// Serves `POST /v1/traces`.
pub fn http(shared: Arc<Shared>) -> Router {
    let limit = DefaultBodyLimit::max(MAX_BYTES);
    Router::new().route("/v1/traces", post(traces)).layer(limit).with_state(shared)
}

async fn traces(
    State(shared): State<Arc<Shared>>,
    Extension(cut): Extension<Cut>,
    headers: HeaderMap,
    body: Bytes,
) -> HttpResponse {
    let answer = shared.begin(headers.clone());
    let is_json = has(&headers, CONTENT_TYPE.as_str(), "application/json");
    match answer {
        Answer::Ok | Answer::Partial(..) => {}
        Answer::Delay(delay) => sleep(delay).await,
        Answer::Reset => return cut.off().await,
        Answer::Status(status, retry_after) => return refuse(status, retry_after),
    }
    let request = match decode(&headers, &body, is_json) {
        Ok(request) => request,
        Err(message) => return (StatusCode::BAD_REQUEST, message).into_response(),
    };
    shared.keep(request.resource_spans);
    let response = response(answer);
    if is_json {
        return axum::Json(response).into_response();
    }
    ([(CONTENT_TYPE, "application/x-protobuf")], response.encode_to_vec()).into_response()
}

fn has(headers: &HeaderMap, name: &str, value: &str) -> bool {
    headers.get(name).is_some_and(|found| found == value)
}

fn decode(
    headers: &HeaderMap,
    body: &[u8],
    is_json: bool,
) -> Result<ExportTraceServiceRequest, String> {
    let mut inflated = Vec::new();
    let body = if has(headers, CONTENT_ENCODING.as_str(), "gzip") {
        GzDecoder::new(body).read_to_end(&mut inflated).map_err(|error| error.to_string())?;
        &inflated
    } else {
        body
    };
    if is_json {
        serde_json::from_slice(body).map_err(|error| error.to_string())
    } else {
        ExportTraceServiceRequest::decode(body).map_err(|error| error.to_string())
    }
}

fn refuse(status: u16, retry_after: Option<u32>) -> HttpResponse {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = (status, "told to refuse").into_response();
    if let Some(seconds) = retry_after {
        response.headers_mut().insert(RETRY_AFTER, seconds.into());
    }
    response
}

fn response(answer: Answer) -> ExportTraceServiceResponse {
    let Answer::Partial(rejected_spans, error_message) = answer else {
        return ExportTraceServiceResponse::default();
    };
    let partial_success = Some(ExportTracePartialSuccess { rejected_spans, error_message });
    ExportTraceServiceResponse { partial_success }
}

/// Serves `TraceService`.
pub fn grpc(shared: Arc<Shared>) -> Router {
    let service = TraceServiceServer::new(Receiver(shared))
        .accept_compressed(CompressionEncoding::Gzip)
        .max_decoding_message_size(MAX_BYTES);
    Routes::new(service).into_axum_router()
}

struct Receiver(Arc<Shared>);

#[tonic::async_trait]
impl TraceService for Receiver {
    async fn export(
        &self,
        request: Request<ExportTraceServiceRequest>,
    ) -> Result<Response<ExportTraceServiceResponse>, Status> {
        let (metadata, extensions, request) = request.into_parts();
        let answer = self.0.begin(metadata.into_headers());
        match answer {
            Answer::Ok | Answer::Partial(..) => {}
            Answer::Delay(delay) => sleep(delay).await,
            Answer::Reset => match extensions.get::<Cut>() {
                Some(cut) => return cut.off().await,
                None => return Err(Status::internal("the connection is not known")),
            },
            Answer::Status(status, retry_after) => return Err(refusal(status, retry_after)),
        }
        self.0.keep(request.resource_spans);
        Ok(Response::new(response(answer)))
    }
}

/// The gRPC status that stands for an HTTP one. Source: OTLP specification.
fn refusal(status: u16, retry_after: Option<u32>) -> Status {
    let code = match status {
        400 => Code::InvalidArgument,
        401 => Code::Unauthenticated,
        413 | 429 => Code::ResourceExhausted,
        502..=504 => Code::Unavailable,
        _ => Code::Internal,
    };
    let delay = retry_after.map(|seconds| Duration::from_secs(seconds.into()));
    let details = match delay {
        Some(delay) => ErrorDetails::with_retry_info(Some(delay)),
        None => ErrorDetails::new(),
    };
    Status::with_error_details(code, "told to refuse", details)
}
