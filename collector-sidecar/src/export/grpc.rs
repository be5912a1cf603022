//! Sends spans by OTLP over gRPC.

use std::error::Error;
use std::time::Duration;

use bytes::Bytes;
use http::uri::PathAndQuery;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTracePartialSuccess;
use tonic::client::Grpc;
use tonic::codec::CompressionEncoding;
use tonic::metadata::MetadataMap;
use tonic::transport::{Channel, Endpoint};
use tonic::{Code, Request, Status};
use tonic_types::StatusExt;

use super::codec::Encoded;
use super::destination::Otlp;
use super::{Answer, MAX_RESPONSE_BYTES, USER_AGENT};
use crate::receive::GRPC_PATH;

/// An OTLP/gRPC client; connects when there is something to send.
#[derive(Debug)]
pub struct GrpcExporter {
    client: Grpc<Channel>,
    headers: MetadataMap,
    timeout: Duration,
}

impl GrpcExporter {
    /// A client of `otlp`.
    ///
    /// # Errors
    /// When the endpoint is none that can be connected to.
    pub fn new(otlp: &Otlp) -> Result<Self, tonic::transport::Error> {
        let channel = Endpoint::new(otlp.endpoint.clone())?
            .user_agent(USER_AGENT)?
            .connect_timeout(otlp.timeout)
            .http2_keep_alive_interval(Duration::from_secs(30))
            .connect_lazy();
        let mut client = Grpc::new(channel)
            .max_decoding_message_size(MAX_RESPONSE_BYTES)
            .accept_compressed(CompressionEncoding::Gzip);
        if otlp.gzip {
            client = client.send_compressed(CompressionEncoding::Gzip);
        }
        let headers = MetadataMap::from_headers(otlp.headers.clone());
        Ok(Self { client, headers, timeout: otlp.timeout })
    }

    /// Sends an encoded request once.
    pub async fn send(&self, request: Bytes) -> Answer {
        match tokio::time::timeout(self.timeout, self.call(request)).await {
            Ok(Ok(partial_success)) => Answer::taken(partial_success),
            Ok(Err(status)) => answer(&status),
            Err(_) => Answer::timed_out(self.timeout),
        }
    }

    async fn call(&self, request: Bytes) -> Result<Option<ExportTracePartialSuccess>, Status> {
        let mut client = self.client.clone();
        client.ready().await.map_err(|error| Status::from_error(error.into()))?;
        let request = Request::from_parts(self.headers.clone(), tonic::Extensions::new(), request);
        let path = PathAndQuery::from_static(GRPC_PATH);
        let response = client.unary(request, path, Encoded).await?;
        Ok(response.into_inner().partial_success)
    }
}

/// Source: OTLP specification, "Failures" of OTLP/gRPC.
fn answer(status: &Status) -> Answer {
    let asked = status.get_details_retry_info().and_then(|info| info.retry_delay);
    let is_retryable = match status.code() {
        Code::Cancelled
        | Code::DeadlineExceeded
        | Code::Aborted
        | Code::OutOfRange
        | Code::Unavailable
        | Code::DataLoss => true,
        Code::ResourceExhausted => asked.is_some(),
        _ => false,
    };
    let reason = format!("gRPC {:?}: {}", status.code(), status.message());
    // A status with a cause was not sent by the server: the connection failed.
    match Error::source(status) {
        Some(cause) => Answer::Retry { reason: format!("{reason}: {cause}"), asked: None },
        None if is_retryable => Answer::Retry { reason, asked },
        None => Answer::Refused { reason },
    }
}

#[cfg(test)]
mod tests {
    use tonic_types::ErrorDetails;

    use super::*;

    #[test]
    fn codes_are_retried_as_the_specification_says() {
        for code in 0..=16 {
            let retryable = matches!(code, 1 | 4 | 10 | 11 | 14 | 15);
            let answer = answer(&Status::new(Code::from_i32(code), ""));
            assert_eq!(matches!(answer, Answer::Retry { .. }), retryable, "{code}");
        }
    }

    #[test]
    fn retry_info_makes_exhaustion_retryable() {
        let delay = Duration::from_secs(3);
        let details = ErrorDetails::with_retry_info(Some(delay));
        let status = Status::with_error_details(Code::ResourceExhausted, "", details);
        let Answer::Retry { asked, .. } = answer(&status) else { panic!("is not retried") };
        assert_eq!(asked, Some(delay));
    }
}
