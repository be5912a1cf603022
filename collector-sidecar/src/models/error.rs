//! Why the file of a model is not served.

use std::io;
use std::path::PathBuf;

use axum::http::StatusCode;

/// Why a folder of models cannot be served at all.
#[derive(Debug, thiserror::Error)]
#[error("the models folder {} cannot be read: {error}", folder.display())]
pub struct FolderError {
    /// The folder.
    pub folder: PathBuf,
    /// Why.
    pub error: io::Error,
}

/// Why the file of a model is not served.
#[derive(Debug, thiserror::Error)]
pub enum ModelsError {
    /// There is no folder of models.
    #[error("no models folder is configured: start the collector with --models DIR")]
    NotConfigured,
    /// A path that no file of a model can have.
    #[error("{0:?} is not the path of a model's file: FOLDER/FILE, nothing hidden, no ..")]
    Path(String),
    /// Another method.
    #[error("method {0} is neither GET nor HEAD")]
    Method(String),
    /// No folder of that name.
    #[error("there is no model folder {0:?}")]
    NoFolder(String),
    /// No plain file of that name.
    #[error("the model folder {folder:?} has no file {file:?}")]
    NoFile {
        /// The folder.
        folder: String,
        /// The file.
        file: String,
    },
    /// A file that cannot be read.
    #[error("{path:?} cannot be read: {error}")]
    Unreadable {
        /// Its path in the folder of models.
        path: String,
        /// Why.
        error: io::Error,
    },
    /// A file that was written to while it was read.
    #[error("{0:?} is being written")]
    Changing(String),
    /// A range that the file has not; the number is that of its bytes.
    #[error("the range is beyond the {0} bytes of the file")]
    Range(u64),
    /// As many files are being sent as may be.
    #[error("too many files are being sent at once")]
    Busy,
    /// A defect of the collector.
    #[error("internal error: {0}")]
    Internal(String),
}

impl ModelsError {
    /// The HTTP status.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        match self {
            Self::NotConfigured | Self::Changing(_) | Self::Busy => StatusCode::SERVICE_UNAVAILABLE,
            Self::Path(_) | Self::NoFolder(_) | Self::NoFile { .. } => StatusCode::NOT_FOUND,
            Self::Method(_) => StatusCode::METHOD_NOT_ALLOWED,
            Self::Range(_) => StatusCode::RANGE_NOT_SATISFIABLE,
            Self::Unreadable { .. } | Self::Internal(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// Whether the same request may be answered a moment later.
    #[must_use]
    pub fn is_passing(&self) -> bool {
        matches!(self, Self::Changing(_) | Self::Busy)
    }
}
