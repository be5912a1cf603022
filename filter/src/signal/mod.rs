//! What is known of a request when decisions are evaluated.

mod domain;

use crate::config::{Condition, ConditionKind, Config};

pub use domain::Domain;

/// The signal of a prompt that asks for facts which can be checked.
pub const NEEDS_FACT_CHECK: &str = "needs_fact_check";
/// What `fact_check` conditions can ask for (`pkg/config/config.go` upstream).
pub const FACT_CHECK_SIGNALS: [&str; 2] = [NEEDS_FACT_CHECK, "no_fact_check_needed"];

/// The signals of one request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Signals {
    /// The category of the prompt; `None` when it was not classified.
    pub domain: Option<Domain>,
}

impl Signals {
    /// Whether a condition holds.
    #[must_use]
    pub fn fulfil(&self, config: &Config, condition: &Condition) -> bool {
        match condition.kind {
            ConditionKind::Domain => {
                self.domain.as_ref().is_some_and(|domain| domain.is(config, &condition.name))
            }
            ConditionKind::Keyword
            | ConditionKind::Embedding
            | ConditionKind::FactCheck
            | ConditionKind::Unevaluated => false,
        }
    }
}
