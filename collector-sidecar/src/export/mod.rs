//! Sends batches of spans to where they are wanted.

mod codec;
mod destination;
mod environment;
mod grpc;
mod http;
mod retry;
mod stdout;
mod worker;

use std::time::Duration;

use bytes::Bytes;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTracePartialSuccess;

pub use destination::{Destination, DestinationError, Otlp, Protocol};
pub use environment::{EndpointVariable, Environment, EnvironmentError};
pub use worker::Worker;

pub(crate) use retry::Backoff;

use grpc::GrpcExporter;
use http::HttpExporter;

/// The most bytes of a response. Source: OTLP specification.
const MAX_RESPONSE_BYTES: usize = 4 << 20;

const USER_AGENT: &str = concat!("semantic-router-collector/", env!("CARGO_PKG_VERSION"));

/// How many batches are sent to an OTLP receiver at once.
const OTLP_WORKERS: usize = 4;

/// A way to send spans.
#[derive(Debug)]
pub enum Exporter {
    /// To standard output.
    Stdout,
    /// OTLP/gRPC.
    Grpc(Box<GrpcExporter>),
    /// OTLP/HTTP.
    Http(Box<HttpExporter>),
}

/// What came of one attempt to send a batch.
#[derive(Debug)]
pub enum Answer {
    /// It was taken.
    Taken {
        /// How many spans of it were not.
        rejected: usize,
        /// Why, or a warning.
        message: String,
    },
    /// It may be taken later.
    Retry {
        /// What is the matter.
        reason: String,
        /// How long the destination asks to wait.
        asked: Option<Duration>,
    },
    /// It will not be taken.
    Refused {
        /// Why.
        reason: String,
    },
}

/// Why a batch could not be put into the form that is sent.
#[derive(Debug, thiserror::Error)]
pub enum EncodeError {
    /// It is not the protobuf that it was checked to be.
    #[error("cannot be decoded: {0}")]
    Decode(#[from] prost::DecodeError),
    /// It has no JSON form.
    #[error("cannot be put into JSON: {0}")]
    Json(#[from] serde_json::Error),
    /// It could not be compressed.
    #[error("cannot be compressed: {0}")]
    Gzip(#[from] std::io::Error),
}

impl Answer {
    fn taken(partial_success: Option<ExportTracePartialSuccess>) -> Self {
        let partial = partial_success.unwrap_or_default();
        let rejected = usize::try_from(partial.rejected_spans).unwrap_or(0);
        Self::Taken { rejected, message: partial.error_message }
    }

    fn timed_out(after: Duration) -> Self {
        let reason = format!("no answer within {}", humantime::format_duration(after));
        Self::Retry { reason, asked: None }
    }
}

impl Exporter {
    /// An exporter to `destination`.
    ///
    /// # Errors
    /// When the destination cannot be connected to by its form.
    pub fn new(destination: &Destination) -> Result<Self, tonic::transport::Error> {
        Ok(match destination {
            Destination::Stdout => Self::Stdout,
            Destination::Otlp(otlp) if otlp.protocol == Protocol::Grpc => {
                Self::Grpc(Box::new(GrpcExporter::new(otlp)?))
            }
            Destination::Otlp(otlp) => Self::Http(Box::new(HttpExporter::new(otlp))),
        })
    }

    /// Its name in metrics and logs.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Stdout => "stdout",
            Self::Grpc(_) => "otlp_grpc",
            Self::Http(_) => "otlp_http",
        }
    }

    /// How many batches it sends at once.
    #[must_use]
    pub fn workers(&self) -> usize {
        match self {
            Self::Stdout => 1,
            Self::Grpc(_) | Self::Http(_) => OTLP_WORKERS,
        }
    }

    /// Puts an encoded request into the form that is sent, once for all
    /// attempts.
    fn encode(&self, request: Bytes) -> Result<Bytes, EncodeError> {
        match self {
            Self::Stdout => Ok(stdout::render(request)?.into()),
            Self::Grpc(_) => Ok(request),
            Self::Http(http) => http.encode(request),
        }
    }

    /// Sends what [`Self::encode`] made, once.
    async fn send(&self, payload: Bytes) -> Answer {
        match self {
            Self::Stdout => stdout::print(payload).await,
            Self::Grpc(grpc) => grpc.send(payload).await,
            Self::Http(http) => http.send(payload).await,
        }
    }
}
