//! Whether a prompt asks for facts that can be checked.

use super::{NEEDS_FACT_CHECK, Signal, Truth};
use crate::classify::{Budget, Classifiers, ClassifyError};
use crate::config::ConditionKind;

/// Both signals, of which one holds: the first from `threshold` on. With what
/// went wrong where they are unknown.
pub fn signals(
    names: &[&'static str],
    threshold: f64,
    classifiers: &Classifiers,
    prompt: &str,
    budget: &Budget<'_>,
) -> (Vec<Signal>, Option<ClassifyError>) {
    if names.is_empty() {
        return (Vec::new(), None);
    }
    let found = classifiers.needs_fact_check(prompt, budget);
    let signal = |name: &&'static str| {
        let (truth, score) = match &found {
            Ok(needs) if *name == NEEDS_FACT_CHECK => {
                (Truth::of(*needs >= threshold), Some(*needs))
            }
            Ok(needs) => (Truth::of(*needs < threshold), Some(1.0 - needs)),
            Err(_) => (Truth::Unknown, None),
        };
        Signal { kind: ConditionKind::FactCheck, name: (*name).to_owned(), truth, score }
    };
    let signals = names.iter().map(signal).collect();
    (signals, found.err())
}
