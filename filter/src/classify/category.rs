//! The category of a prompt.

use super::Coverage;

/// The category of a text.
#[derive(Clone, Debug, PartialEq)]
pub struct Category {
    /// The label.
    pub label: String,
    /// Its probability, from 0 to 1.
    pub confidence: f64,
    /// How much of the text was looked at.
    pub coverage: Coverage,
}

impl Category {
    /// What `classifier.type` says of it.
    pub const TYPE: &str = "onnx";
}
