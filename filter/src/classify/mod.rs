//! Text classification: tokenizer, ONNX models run by tract in overlapping
//! windows, and the heads that read their output.

mod budget;
mod bundle;
mod category;
mod classifiers;
pub mod custom;
mod encoder;
mod factcheck;
pub mod fetch;
mod fnv;
mod guard;
mod likeness;
mod memo;
mod model;
mod ngrams;
pub mod normalise;
pub mod pii;
pub mod remote;
mod shape;
mod shelf;
mod tokenizer;

pub use budget::{Budget, Coverage};
pub use bundle::Bundle;
pub use category::Category;
pub use classifiers::{Classifiers, Limits, MAX_CANDIDATES, Personal, Source, Sources};
pub use encoder::{Encoder, Reading, Scope};
pub use guard::Guarded;
pub use likeness::{Likeness, Wording};
pub use remote::{Answers, Questions};

use thiserror::Error;

/// Why a classifier could not be loaded or run.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum ClassifyError {
    /// A file of a model that cannot be read.
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
    /// A model whose files are not there yet.
    #[error("the model {0} is not loaded yet")]
    NotLoaded(String),
    /// A model whose files cannot be had, and why.
    #[error("the model {0} is refused: {1}")]
    Refused(String, String),
    /// Candidates of embedding rules that there was no time for yet.
    #[error("{left} candidates of embedding rules are not embedded yet")]
    NotReady {
        /// How many of those that were needed.
        left: usize,
    },
    /// A classifier in the sidecar that has not answered, and why.
    #[error("the sidecar: {0}")]
    Sidecar(String),
}

impl ClassifyError {
    /// A name for metrics and span attributes.
    #[must_use]
    pub fn reason(&self) -> &'static str {
        match self {
            Self::NotReady { .. } => "candidates_not_ready",
            _ => "classifier_failed",
        }
    }
}

/// The cosine of two embeddings, each of length 1.
#[must_use]
pub fn similarity(one: &[f32], other: &[f32]) -> f64 {
    f64::from(one.iter().zip(other).map(|(one, other)| one * other).sum::<f32>())
}

/// Probabilities of logits.
fn softmax(logits: &[f32]) -> Vec<f64> {
    let most = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let powers: Vec<f64> = logits.iter().map(|logit| f64::from(logit - most).exp()).collect();
    let sum: f64 = powers.iter().sum();
    powers.into_iter().map(|power| power / sum).collect()
}

/// The label with the greatest probability, and that.
fn best(labels: &[String], probabilities: &[f64]) -> Option<(String, f64)> {
    let (label, p) =
        labels.iter().zip(probabilities).max_by(|(_, one), (_, other)| one.total_cmp(other))?;
    p.is_finite().then(|| (label.clone(), *p))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn probabilities_sum_to_one() {
        let sum: f64 = softmax(&[1000.0, -1000.0, 999.0]).iter().sum();
        assert!((sum - 1.0).abs() < 1e-12);
    }
}
