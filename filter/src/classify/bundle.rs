//! The models that come with the filter, as `models/` makes them.

use serde::Deserialize;

use super::{CategoryClassifier, ClassifyError};

/// The files of a bundle.
#[derive(Clone, Copy, Debug)]
pub struct Bundle<'a> {
    /// `manifest.json`.
    pub manifest: &'a [u8],
    /// `labels.json`.
    pub labels: &'a [u8],
    /// `tokenizer.json`.
    pub tokenizer: &'a [u8],
    /// `classifier.onnx`.
    pub onnx: &'a [u8],
}

/// The bundle in this build.
const EMBEDDED: Bundle<'static> = Bundle {
    manifest: include_bytes!("../../../models/bundle/manifest.json"),
    labels: include_bytes!("../../../models/bundle/labels.json"),
    tokenizer: include_bytes!("../../../models/bundle/tokenizer.json"),
    onnx: include_bytes!("../../../models/bundle/classifier.onnx"),
};

#[derive(Deserialize)]
struct Manifest {
    max_tokens: usize,
    heads: Heads,
}

#[derive(Deserialize)]
struct Heads {
    category: Head,
}

#[derive(Deserialize)]
struct Head {
    output: String,
}

#[derive(Deserialize)]
struct Labels {
    category: Vec<String>,
}

impl Bundle<'_> {
    /// The bundle that is part of this build.
    #[must_use]
    pub fn embedded() -> Bundle<'static> {
        EMBEDDED
    }

    /// Loads the category classifier.
    ///
    /// # Errors
    /// Names the file, or the head, that is not as it should be.
    pub fn category(&self) -> Result<CategoryClassifier, ClassifyError> {
        let manifest: Manifest = json("manifest.json", self.manifest)?;
        let labels: Labels = json("labels.json", self.labels)?;
        let head = manifest.heads.category;
        CategoryClassifier::load(
            self.tokenizer,
            self.onnx,
            manifest.max_tokens,
            &head.output,
            labels.category,
        )
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
        let broken = |bundle: Bundle<'_>| bundle.category().err().unwrap().to_string();
        let good = Bundle::embedded();
        assert!(broken(Bundle { manifest: b"{", ..good }).starts_with("manifest.json: "));
        assert!(broken(Bundle { labels: b"[]", ..good }).starts_with("labels.json: "));
        assert!(broken(Bundle { tokenizer: b"{}", ..good }).starts_with("tokenizer.json: "));
        assert!(broken(Bundle { onnx: b"no model", ..good }).starts_with("classifier.onnx: "));
        let two = br#"{"category":["a","b"]}"#;
        assert!(broken(Bundle { labels: two, ..good }).contains("14 values for 2 labels"));
    }
}
