//! The labelled prompts that no classifier was trained on.

use std::fs;
use std::path::PathBuf;

use serde::Deserialize;

use crate::envoy::checkout;
use crate::file::{FileError, at, entries};

/// A labelled prompt.
#[derive(Clone, Debug, Deserialize)]
pub struct Prompt {
    /// What a user might ask.
    pub text: String,
    /// Its category.
    pub label: String,
}

/// Why there are no prompts.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file that should be there is not, or the like.
    #[error(transparent)]
    File(#[from] FileError),
    /// A line is no labelled prompt.
    #[error("{path}: {reason}")]
    Line {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: serde_json::Error,
    },
}

/// Every fifth line of each file of the corpus of categories, the files in
/// alphabetical order: what `models/corpus.py` keeps from training.
///
/// # Errors
/// A file cannot be read.
pub fn held_out() -> Result<Vec<Prompt>, Error> {
    let mut prompts = Vec::new();
    for path in entries(&checkout().join("models/data/category"))? {
        let text = fs::read_to_string(&path).map_err(at(&path))?;
        for line in text.lines().skip(4).step_by(5) {
            let prompt = serde_json::from_str(line);
            prompts.push(prompt.map_err(|reason| Error::Line { path: path.clone(), reason })?);
        }
    }
    Ok(prompts)
}
