//! Receives OTLP traces over HTTP and gRPC into the queue.
//!
//! A request is acknowledged once its spans are in the queue, in memory: what
//! has not been delivered when the process is killed is lost.

pub(crate) mod body;
mod grpc;
mod http;
pub(crate) mod refusal;

use std::sync::Arc;

use axum::body::Body;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTracePartialSuccess;

use crate::metrics::{Metrics, Transport};
use crate::otlp::{Division, check, divide, request_from_json};
use crate::queue::Queue;

pub use body::MAX_BODY_BYTES;
pub use grpc::{PATH as GRPC_PATH, router as grpc_router};
pub use http::router as http_router;

use body::{Budget, Buffer};
use refusal::Refusal;

/// Longer bodies, and those that inflate to nobody knows what, are decoded
/// beside the threads that serve connections.
const MAX_INLINE_BYTES: usize = 64 << 10;

/// The most bytes of all bodies that are being received: enough for one of the
/// greatest length, compressed, as JSON and as protobuf, and room for others.
const MAX_BUDGET_BYTES: usize = 4 * MAX_BODY_BYTES;

/// What the receivers share.
#[derive(Debug)]
pub struct Intake {
    queue: Arc<Queue>,
    metrics: Arc<Metrics>,
    budget: Arc<Budget>,
}

/// How a request is encoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Encoding {
    Protobuf,
    Json,
}

/// How a request is compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Compression {
    Identity,
    Gzip,
}

impl Intake {
    /// An intake that fills `queue` and counts in `metrics`.
    #[must_use]
    pub fn new(queue: Arc<Queue>, metrics: Arc<Metrics>) -> Self {
        Self { queue, metrics, budget: Arc::new(Budget::new(MAX_BUDGET_BYTES)) }
    }

    async fn read(&self, body: Body) -> Result<Buffer, Refusal> {
        Buffer::read(body, MAX_BODY_BYTES, &self.budget).await
    }

    /// Decodes a request and queues its valid spans; tells of the others.
    async fn accept(
        &self,
        transport: Transport,
        body: Buffer,
        encoding: Encoding,
        compression: Compression,
    ) -> Result<Option<ExportTracePartialSuccess>, Refusal> {
        let is_short = body.len() <= MAX_INLINE_BYTES && compression == Compression::Identity;
        let division = if is_short {
            decode(body, encoding, compression)?
        } else {
            let decoded = tokio::task::spawn_blocking(move || decode(body, encoding, compression));
            decoded.await.map_err(|error| Refusal::Internal(error.to_string()))??
        };
        let Division { accepted, rejected, .. } = division;
        let told = (rejected > 0).then(|| ExportTracePartialSuccess {
            rejected_spans: i64::try_from(rejected).unwrap_or(i64::MAX),
            error_message: division.reason(),
        });
        if let Err(error) = self.queue.push(division.records) {
            self.metrics.refused_spans(transport, accepted + rejected);
            return Err(Refusal::Queue(error));
        }
        self.metrics.accepted_spans(transport, accepted);
        self.metrics.refused_spans(transport, rejected);
        Ok(told)
    }

    fn count_refusal(&self, transport: Transport, refusal: &Refusal) {
        self.metrics.refused_requests(transport, 1);
        tracing::debug!(?transport, "request refused: {refusal}");
    }
}

fn decode(body: Buffer, encoding: Encoding, compression: Compression) -> Result<Division, Refusal> {
    let mut body = match compression {
        Compression::Identity => body,
        Compression::Gzip => body.inflate()?,
    };
    let request = match encoding {
        Encoding::Protobuf => body.take(),
        Encoding::Json => {
            body.claim_again()?;
            request_from_json(&body.take())
                .map_err(|error| Refusal::Malformed(error.to_string()))?
        }
    };
    check(&request).map_err(|error| Refusal::Malformed(error.to_string()))?;
    Ok(divide(request))
}
