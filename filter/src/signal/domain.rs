//! The domain of a prompt.

use crate::config::Config;

/// The label of the category classifier.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Domain(pub String);

impl Domain {
    /// Whether this is the domain that a condition names: the label itself, or
    /// a configured category that lists it (`pkg/decision/engine.go` upstream).
    #[must_use]
    pub fn is(&self, config: &Config, name: &str) -> bool {
        self.0 == name
            || config
                .categories
                .iter()
                .any(|category| category.name == name && category.labels.contains(&self.0))
    }
}
