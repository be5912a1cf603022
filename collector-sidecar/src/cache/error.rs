//! Why Redis did not do what it was asked.

use redis::{ErrorKind, RedisError};
use semantic_router_filter::cache::remote::Failure;

use super::seal::SealError;

/// Why Redis did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum CacheError {
    /// There is no connection.
    #[error("there is no connection")]
    Away,
    /// It did not answer in time.
    #[error("no answer within {}", humantime::format_duration(*.0))]
    Late(std::time::Duration),
    /// The connection broke, or it answered with an error.
    #[error(transparent)]
    Redis(#[from] RedisError),
    /// What it has was not sealed with this key.
    #[error(transparent)]
    Sealed(#[from] SealError),
    /// What it has is nothing that was stored here.
    #[error("is no {0} that was stored here")]
    Foreign(&'static str),
}

impl CacheError {
    /// What it is called in answers and metrics.
    #[must_use]
    pub fn failure(&self) -> Failure {
        match self {
            Self::Away => Failure::Unavailable,
            Self::Late(_) => Failure::Timeout,
            Self::Sealed(_) | Self::Foreign(_) => Failure::Unreadable,
            Self::Redis(error) if error.is_timeout() => Failure::Timeout,
            Self::Redis(error) => match error.kind() {
                ErrorKind::Io => Failure::Unavailable,
                ErrorKind::Parse | ErrorKind::UnexpectedReturnType => Failure::Unreadable,
                _ => Failure::Refused,
            },
        }
    }

    /// Whether another connection is needed.
    #[must_use]
    pub fn breaks_connection(&self) -> bool {
        match self {
            Self::Late(_) => true,
            // The one that was the primary is a replica now.
            Self::Redis(error) => {
                error.is_io_error()
                    || error.is_unrecoverable_error()
                    || error.code() == Some("READONLY")
            }
            Self::Away | Self::Sealed(_) | Self::Foreign(_) => false,
        }
    }
}
