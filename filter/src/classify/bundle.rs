//! The models that come with the filter, as `models/` makes them.

use serde::Deserialize;

use super::tokenizer::Windowing;
use super::{ClassifyError, Encoder, Likeness};

/// The files of a bundle.
#[derive(Clone, Copy, Debug)]
pub struct Bundle<'a> {
    /// `manifest.json`.
    pub manifest: &'a [u8],
    /// `labels.json`.
    pub labels: &'a [u8],
    /// `thresholds.json`.
    pub thresholds: &'a [u8],
    /// `tokenizer.json`.
    pub tokenizer: &'a [u8],
    /// `classifier.onnx`.
    pub onnx: &'a [u8],
    /// `ngrams.bin`.
    pub ngrams: &'a [u8],
    /// `likeness.json`.
    pub likeness: &'a [u8],
    /// `factcheck.json`.
    pub factcheck: &'a [u8],
    /// `factcheck.bin`.
    pub factcheck_ngrams: &'a [u8],
}

/// The bundle in this build.
const EMBEDDED: Bundle<'static> = Bundle {
    manifest: include_bytes!("../../../models/bundle/manifest.json"),
    labels: include_bytes!("../../../models/bundle/labels.json"),
    thresholds: include_bytes!("../../../models/bundle/thresholds.json"),
    tokenizer: include_bytes!("../../../models/bundle/tokenizer.json"),
    onnx: include_bytes!("../../../models/bundle/classifier.onnx"),
    ngrams: include_bytes!("../../../models/bundle/ngrams.bin"),
    likeness: include_bytes!("../../../models/bundle/likeness.json"),
    factcheck: include_bytes!("../../../models/bundle/factcheck.json"),
    factcheck_ngrams: include_bytes!("../../../models/bundle/factcheck.bin"),
};

/// What `manifest.json` tells the runtime.
#[derive(Clone, Debug, Deserialize)]
pub struct Manifest {
    window: WindowSize,
    /// Windows that category and embedding look at.
    pub category_windows: usize,
    /// The names of the outputs.
    pub outputs: Outputs,
}

#[derive(Clone, Copy, Debug, Deserialize)]
struct WindowSize {
    tokens: usize,
    overlap: usize,
}

/// Names of the ONNX outputs.
#[derive(Clone, Debug, Deserialize)]
pub struct Outputs {
    /// Logits of the categories.
    pub category: String,
    /// Logits of the guard.
    pub guard: String,
    /// Logits of the tags, for each token.
    pub tags: String,
    /// The sentence embedding.
    pub embedding: String,
}

/// `labels.json`: the labels of each head, in the order of its logits.
#[derive(Clone, Debug, Deserialize)]
pub struct Labels {
    /// Categories.
    pub category: Vec<String>,
    /// `benign` and `jailbreak`.
    pub guard: Vec<String>,
    /// `O`, and `B-` and `I-` of each type of name.
    pub tags: Vec<String>,
}

/// `thresholds.json`: what counts where the configuration says nothing.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq)]
pub struct Thresholds {
    /// The least probability of a jailbreak.
    pub guard: f64,
    /// The least probability that two prompts ask the same.
    pub likeness: f64,
}

impl Manifest {
    /// How texts are cut.
    #[must_use]
    pub fn windowing(&self) -> Windowing {
        Windowing { tokens: self.window.tokens, overlap: self.window.overlap }
    }
}

impl Bundle<'_> {
    /// The bundle that is part of this build.
    #[must_use]
    pub fn embedded() -> Bundle<'static> {
        EMBEDDED
    }

    /// What counts where the configuration says nothing; the encoder need not be
    /// loaded for it.
    ///
    /// # Errors
    /// Names the file.
    pub fn thresholds(&self) -> Result<Thresholds, ClassifyError> {
        json("thresholds.json", self.thresholds)
    }

    /// What judges whether two prompts ask the same.
    ///
    /// # Errors
    /// Names the file.
    pub fn likeness(&self) -> Result<Likeness, ClassifyError> {
        json("likeness.json", self.likeness)
    }

    /// Loads the encoder with its heads.
    ///
    /// # Errors
    /// Names the file, or the head, that is not as it should be.
    pub fn encoder(&self) -> Result<Encoder, ClassifyError> {
        let manifest: Manifest = json("manifest.json", self.manifest)?;
        let labels: Labels = json("labels.json", self.labels)?;
        let thresholds = self.thresholds()?;
        Encoder::load(self, manifest, labels, thresholds)
    }
}

fn json<'a, T: Deserialize<'a>>(file: &'static str, bytes: &'a [u8]) -> Result<T, ClassifyError> {
    serde_json::from_slice(bytes)
        .map_err(|error| ClassifyError::File { file, message: error.to_string() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn broken_files_are_named() {
        let broken = |bundle: Bundle<'_>| bundle.encoder().err().unwrap().to_string();
        let good = Bundle::embedded();
        assert!(broken(Bundle { manifest: b"{", ..good }).starts_with("manifest.json: "));
        assert!(broken(Bundle { labels: b"[]", ..good }).starts_with("labels.json: "));
        assert!(broken(Bundle { thresholds: b"1", ..good }).starts_with("thresholds.json: "));
        assert!(broken(Bundle { tokenizer: b"{}", ..good }).starts_with("tokenizer.json: "));
        assert!(broken(Bundle { onnx: b"no model", ..good }).starts_with("model.onnx: "));
        assert!(broken(Bundle { ngrams: b"none", ..good }).starts_with("ngrams.bin: "));
        let two = br#"{"category":["a","b"],"guard":["c","d"],"tags":["O"]}"#;
        assert!(broken(Bundle { labels: two, ..good }).contains("14 values for 2 labels"));
    }
}
