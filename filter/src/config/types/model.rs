//! Classifiers and what they may cost.

use crate::openai::ROLES;

/// A model of the user's own, in the folder of models that the collector
/// serves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CustomModel {
    /// Its folder there: `model_id` without `models/`.
    pub folder: String,
    /// The name of its mapping file there.
    pub mapping: String,
}

/// `classifier.pii_model`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PiiModel {
    /// `threshold`: the least confidence that counts, from 0 to 1.
    pub threshold: Option<f64>,
    /// The user's own model.
    pub model: Option<CustomModel>,
}

/// `prompt_guard`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PromptGuard {
    /// `threshold`: the least confidence that counts, from 0 to 1.
    pub threshold: Option<f64>,
    /// The user's own model.
    pub model: Option<CustomModel>,
}

/// `filter.inference`: what models may cost, and what happens where they did
/// not see everything.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inference {
    /// `max_tokens` of a text that are looked at.
    pub max_tokens: usize,
    /// `budget_ms`: milliseconds that one request may spend in the models.
    pub budget_ms: u64,
    /// `memo_entries`: texts that a worker remembers the verdicts of.
    pub memo_entries: usize,
    /// `sidecar_timeout_ms`: milliseconds that a request waits for classifiers in
    /// the sidecar.
    pub sidecar_timeout_ms: u64,
    /// `memory_mb`: memory for the user's own models in each worker.
    pub memory_bytes: usize,
    /// `category`.
    pub category: Classifier,
    /// `jailbreak`.
    pub jailbreak: Classifier,
    /// `pii`.
    pub pii: Classifier,
}

/// Where a classifier runs and what it looks at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Classifier {
    /// `backend`.
    pub backend: Backend,
    /// `sha256` of the user's own model file, in lower-case hexadecimal digits.
    pub sha256: Option<String>,
    /// `scan`: roles of the messages that it looks at.
    pub scan: Vec<&'static str>,
}

/// Where a classifier runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Backend {
    /// In the filter.
    #[default]
    Filter,
    /// In the collector beside Envoy.
    Sidecar,
}

impl Default for Classifier {
    fn default() -> Self {
        Self { backend: Backend::Filter, sha256: None, scan: ROLES.to_vec() }
    }
}

impl Default for Inference {
    fn default() -> Self {
        Self {
            max_tokens: 4096,
            budget_ms: 200,
            memo_entries: 1024,
            sidecar_timeout_ms: 2000,
            memory_bytes: 256 << 20,
            category: Classifier::default(),
            jailbreak: Classifier::default(),
            pii: Classifier::default(),
        }
    }
}
