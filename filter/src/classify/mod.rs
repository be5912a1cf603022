//! Text classification: a tokenizer, an ONNX model run by tract, and the heads
//! that read its output.

mod bundle;
mod category;
mod model;
mod tokenizer;

pub use bundle::Bundle;
pub use category::{Category, CategoryClassifier};

use thiserror::Error;

/// Why a classifier could not be loaded or run.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum ClassifyError {
    /// A file of the bundle that cannot be read.
    #[error("{file}: {message}")]
    File {
        /// Its name.
        file: &'static str,
        /// What is wrong with it.
        message: String,
    },
    /// A head whose output is not what its labels say.
    #[error("output {output}: {message}")]
    Head {
        /// The name of the ONNX output.
        output: String,
        /// What is wrong with it.
        message: String,
    },
    /// Text that the tokenizer does not take.
    #[error("tokenizer: {0}")]
    Tokenizer(String),
    /// A model that failed on its input.
    #[error("model: {0}")]
    Model(String),
}
