//! Errors that name the file.

use std::io;
use std::path::{Path, PathBuf};

/// A file, folder or program that should be there is not, or the like.
#[derive(Debug, thiserror::Error)]
#[error("{path}: {reason}")]
pub struct FileError {
    /// The file.
    pub path: PathBuf,
    /// Why.
    pub reason: io::Error,
}

/// Puts a file's name to an error.
pub fn at(path: &Path) -> impl Fn(io::Error) -> FileError + '_ {
    |reason| FileError { path: path.to_path_buf(), reason }
}
