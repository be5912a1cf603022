//! The section `filter`, which is this project's own.

use std::time::Duration;

use super::{CacheSettings, Inference};

/// The section `filter`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Filter {
    /// `mode`.
    pub mode: Mode,
    /// `collector`.
    pub collector: Collector,
    /// `max_request_bytes`: longer bodies are not read.
    pub max_request_bytes: usize,
    /// `on_unclassified`: what happens to a request that cannot be read.
    pub on_unclassified: FailurePolicy,
    /// `on_error`.
    pub on_error: OnError,
    /// `block_as`.
    pub block_as: BlockAs,
    /// `inference`.
    pub inference: Inference,
    /// `cache`.
    pub cache: CacheSettings,
    /// `endpoints`.
    pub endpoints: EndpointPolicy,
}

/// `filter.endpoints`: how one of several engines is chosen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct EndpointPolicy {
    /// `choice`.
    pub choice: EndpointChoice,
    /// `host_names`: whether an address may be a name, which needs a cluster of
    /// Envoy that resolves names.
    pub host_names: bool,
}

/// Which of a model's engines gets a request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum EndpointChoice {
    /// The one of the highest weight, as in the original.
    #[default]
    HighestWeight,
    /// Each as often as its weight says.
    Weighted,
}

/// How the filter takes part in a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Holds the request's headers until its body is read and decided on.
    Single,
    /// Reads the body and decides, and leaves it to the filter behind it, of
    /// the mode `hold`, to hold the headers and change them.
    Classify,
    /// Holds the headers until the filter before it, of the mode `classify`,
    /// has decided.
    Hold,
    /// Changes nothing but the trace context.
    Observe,
}

impl Mode {
    /// The modes by their names.
    pub const CHOICES: [(&str, Self); 4] = [
        ("single", Self::Single),
        ("classify", Self::Classify),
        ("hold", Self::Hold),
        ("observe", Self::Observe),
    ];

    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        Self::CHOICES.iter().find(|(_, mode)| *mode == self).map_or("", |(name, _)| name)
    }

    /// Whether nothing comes of what is decided.
    #[must_use]
    pub fn observes(self) -> bool {
        self == Self::Observe
    }
}

/// What happens to a request that the guard or the decision's PII policy blocks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum BlockAs {
    /// It is answered with a completion that says so, as in the original.
    #[default]
    Completion,
    /// It is answered with status 403 and an error.
    Error,
}

/// What happens to a request that a stage could not do its work for, by stage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OnError {
    /// `category`: classification.
    pub category: FailurePolicy,
    /// `guard`: the detection of attacks.
    pub guard: FailurePolicy,
    /// `pii`: the detection of personal data.
    pub pii: FailurePolicy,
    /// `cache`: the semantic cache.
    pub cache: FailurePolicy,
}

impl Default for OnError {
    fn default() -> Self {
        Self {
            category: FailurePolicy::Pass,
            guard: FailurePolicy::Reject,
            pii: FailurePolicy::Reject,
            cache: FailurePolicy::Pass,
        }
    }
}

/// Whether a request goes on for which a stage could not do its work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FailurePolicy {
    /// It goes on.
    Pass,
    /// It is answered with an error.
    Reject,
}

impl FailurePolicy {
    /// The policies by their names.
    pub const CHOICES: [(&str, Self); 2] = [("pass", Self::Pass), ("reject", Self::Reject)];
}

/// Where the filter sends its spans, and how many it keeps until then.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Collector {
    /// `cluster`: the name of the Envoy cluster.
    pub cluster: String,
    /// `path` of the OTLP/HTTP traces endpoint.
    pub path: String,
    /// `timeout` of one batch.
    pub timeout: Duration,
    /// `max_queued_spans`: the most that one worker keeps.
    pub max_queued_spans: usize,
    /// `max_queued_bytes`: the most that one worker keeps.
    pub max_queued_bytes: usize,
}

impl Default for Collector {
    fn default() -> Self {
        Self {
            cluster: "semantic-router-collector".to_owned(),
            path: "/v1/traces".to_owned(),
            timeout: Duration::from_secs(5),
            max_queued_spans: 32_768,
            max_queued_bytes: 16 << 20,
        }
    }
}

impl Default for Filter {
    fn default() -> Self {
        Self {
            mode: Mode::Single,
            collector: Collector::default(),
            max_request_bytes: 1 << 20,
            on_unclassified: FailurePolicy::Pass,
            on_error: OnError::default(),
            block_as: BlockAs::default(),
            inference: Inference::default(),
            cache: CacheSettings::default(),
            endpoints: EndpointPolicy::default(),
        }
    }
}
