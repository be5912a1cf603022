//! Whether a prompt asks for facts about the world that can be checked: a
//! logistic regression on what the encoder says of it and on token n-grams.
//! `models/factcheck.py` fits it.

use serde::Deserialize;

use super::encoder::Reading;
use super::ngrams::Ngrams;
use super::{Bundle, ClassifyError};

/// `factcheck.json`.
#[derive(Clone, Debug, Deserialize)]
struct Weights {
    embedding: Vec<f64>,
    category: Vec<f64>,
    bias: f64,
}

/// The regression.
pub struct FactCheck {
    weights: Weights,
    ngrams: Ngrams,
}

impl FactCheck {
    /// Reads it from a bundle.
    ///
    /// # Errors
    /// Names the file.
    pub fn load(bundle: &Bundle<'_>) -> Result<Self, ClassifyError> {
        let file = "factcheck.json";
        let weights = serde_json::from_slice(bundle.factcheck)
            .map_err(|error| ClassifyError::File { file, message: error.to_string() })?;
        Ok(Self { weights, ngrams: Ngrams::load("factcheck.bin", bundle.factcheck_ngrams)? })
    }

    /// The probability that a prompt needs checking, of which the first windows,
    /// read so, have these ids.
    #[must_use]
    pub fn probability(&self, reading: &Reading, windows: &[Vec<i64>]) -> f64 {
        let Weights { embedding, category, bias } = &self.weights;
        let of_embedding = reading.embedding().into_iter().map(f64::from);
        let scores = windows.iter().map(|ids| f64::from(self.ngrams.score(ids)));
        #[expect(clippy::cast_precision_loss, reason = "two windows")]
        let mean = scores.sum::<f64>() / windows.len().max(1) as f64;
        let logit = bias + product(embedding, of_embedding) + product(category, reading.category());
        1.0 / (1.0 + (-(logit + mean)).exp())
    }
}

fn product(weights: &[f64], values: impl IntoIterator<Item = f64>) -> f64 {
    weights.iter().zip(values).map(|(weight, value)| weight * value).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn broken_files_are_named() {
        let broken = |bundle: Bundle<'_>| FactCheck::load(&bundle).err().unwrap().to_string();
        let good = Bundle::embedded();
        assert!(broken(Bundle { factcheck: b"{", ..good }).starts_with("factcheck.json: "));
        assert!(broken(Bundle { factcheck_ngrams: b"", ..good }).starts_with("factcheck.bin: "));
    }
}
