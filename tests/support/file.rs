//! Errors that name the file.

use std::fs;
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

/// What is in a folder, sorted.
///
/// # Errors
/// It cannot be read.
pub fn entries(folder: &Path) -> Result<Vec<PathBuf>, FileError> {
    let entries = fs::read_dir(folder).map_err(at(folder))?;
    let paths = entries.map(|entry| entry.map(|entry| entry.path()));
    let mut paths: Vec<PathBuf> = paths.collect::<Result<_, _>>().map_err(at(folder))?;
    paths.sort();
    Ok(paths)
}

/// Puts a file's name to an error.
pub fn at(path: &Path) -> impl Fn(io::Error) -> FileError + '_ {
    |reason| FileError { path: path.to_path_buf(), reason }
}
