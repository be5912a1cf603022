//! Answers given again to whoever asks the same.

mod embedding;
mod fingerprint;
pub mod remote;

pub use embedding::{Embedding, EmbeddingError, MAX_DIMENSIONS};
pub use fingerprint::Fingerprint;
