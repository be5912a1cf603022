//! Why a request is not acknowledged, and what that is called in HTTP and gRPC.

use std::time::Duration;

use axum::http::StatusCode;
use tonic::Code;

use crate::queue::QueueError;

/// When a sender should try again.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// Why a request is not acknowledged.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// Another path.
    #[error("nothing is served at {0}")]
    Path(String),
    /// Another method.
    #[error("method {0} is not POST")]
    Method(String),
    /// A content type that OTLP has not.
    #[error("content type {0:?} is neither application/x-protobuf nor application/json")]
    ContentType(String),
    /// A compression that is not supported.
    #[error("content encoding {0:?} is neither gzip nor identity")]
    ContentEncoding(String),
    /// The body, or what it inflates to, exceeds the limit.
    #[error("the body is longer than {0} bytes")]
    TooLong(usize),
    /// Other bodies fill the memory set aside for them.
    #[error("too much is being received at once")]
    Busy,
    /// The body stopped coming.
    #[error("the body did not go on for {}", humantime::format_duration(*.0))]
    Silent(Duration),
    /// The body broke off.
    #[error("the body broke off: {0}")]
    Broken(String),
    /// The body is not what it says to be.
    #[error("malformed request: {0}")]
    Malformed(String),
    /// The spans were not queued.
    #[error(transparent)]
    Queue(QueueError),
    /// A defect of the collector.
    #[error("internal error: {0}")]
    Internal(String),
}

impl Refusal {
    /// The HTTP status.
    ///
    /// Source: OTLP specification, "OTLP/HTTP Response".
    pub fn http_status(&self) -> StatusCode {
        match self {
            Self::Path(_) => StatusCode::NOT_FOUND,
            Self::Method(_) => StatusCode::METHOD_NOT_ALLOWED,
            Self::ContentType(_) | Self::ContentEncoding(_) => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::TooLong(_) | Self::Queue(QueueError::TooLarge) => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Busy | Self::Queue(QueueError::Full | QueueError::Closed) => {
                StatusCode::SERVICE_UNAVAILABLE
            }
            Self::Silent(_) => StatusCode::REQUEST_TIMEOUT,
            Self::Broken(_) | Self::Malformed(_) => StatusCode::BAD_REQUEST,
            Self::Internal(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// The code in a `google.rpc.Status`, as gRPC sends it.
    ///
    /// Source: OTLP specification, "OTLP/gRPC Response".
    pub fn code(&self) -> Code {
        match self {
            Self::Path(_) | Self::Method(_) | Self::ContentEncoding(_) => Code::Unimplemented,
            Self::ContentType(_) | Self::Malformed(_) => Code::InvalidArgument,
            Self::TooLong(_) | Self::Queue(QueueError::TooLarge) => Code::ResourceExhausted,
            Self::Busy | Self::Queue(QueueError::Full | QueueError::Closed) => Code::Unavailable,
            Self::Silent(_) => Code::DeadlineExceeded,
            Self::Broken(_) => Code::Aborted,
            Self::Internal(_) => Code::Internal,
        }
    }

    /// When the same request may be accepted.
    pub fn retry_after(&self) -> Option<Duration> {
        (self.code() == Code::Unavailable).then_some(RETRY_AFTER)
    }
}
