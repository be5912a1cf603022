//! The domain of a prompt.

use super::{Signal, Truth};
use crate::classify::Category;
use crate::config::{ConditionKind, Config};
use crate::stage::Outcome;

/// Whether the prompt is of the domain that a condition names; `None` where
/// nothing classifies it.
pub fn signal(config: &Config, name: &str, category: &Outcome<Category>) -> Option<Signal> {
    let (truth, score) = match category {
        Outcome::Ran(category) => {
            (Truth::of(is(config, name, &category.label)), Some(category.confidence))
        }
        Outcome::Failed(_) => (Truth::Unknown, None),
        Outcome::Skipped(_) => return None,
    };
    Some(Signal { kind: ConditionKind::Domain, name: name.to_owned(), truth, score })
}

/// Whether a name stands for a label: the label itself, or a configured
/// category that lists it (`pkg/decision/engine.go` upstream).
fn is(config: &Config, name: &str, label: &str) -> bool {
    let lists = |labels: &[String]| labels.iter().any(|listed| listed == label);
    name == label
        || config.categories.iter().any(|category| category.name == name && lists(&category.labels))
}
