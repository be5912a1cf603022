//! What is done about attacks and personal data: what is looked at, what counts,
//! and how a blocked request is answered.

use crate::classify::{Budget, Classifiers, ClassifyError, Coverage, Guarded};
use crate::config::{Config, Decision, PiiPolicy, PromptGuard};
use crate::decision::Decided;

mod reply;
mod stage;

pub use reply::{jailbreak_reply, pii_reply};
pub use stage::{
    blocked_jailbreak, blocked_pii, detect_jailbreak, detect_pii, opaque_prompt, undecided_pii,
};

/// What the guard said of a request.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Jailbreak {
    /// Whether it reached the threshold.
    pub detected: bool,
    /// The highest probability of any text.
    pub confidence: f64,
    /// The least probability that counts.
    pub threshold: f64,
    /// How much was looked at.
    pub coverage: Coverage,
}

/// The personal data of a request.
#[derive(Clone, Debug, PartialEq)]
pub struct Pii {
    /// Types that were found, sorted.
    pub types: Vec<&'static str>,
    /// Those of them that the decision does not allow.
    pub denied: Vec<&'static str>,
    /// The least score that counts.
    pub threshold: f64,
    /// How much was looked at.
    pub coverage: Coverage,
}

/// Whether a decision turns the guard off for its requests.
#[must_use]
pub fn is_unguarded(decision: Option<&Decision>) -> bool {
    decision.and_then(|decision| decision.jailbreak).is_some_and(|policy| !policy.enabled)
}

/// Asks the guard about texts. What counts is the decision's threshold, else
/// the guard's, else the bundle's; the lowest where several decisions are
/// possible.
///
/// # Errors
/// [`ClassifyError`].
pub fn jailbreak(
    classifiers: &Classifiers,
    guard: &PromptGuard,
    decided: &Decided<'_>,
    texts: &[String],
    budget: &Budget<'_>,
) -> Result<Jailbreak, ClassifyError> {
    let mut guarded = Guarded::default();
    for text in texts {
        guarded = guarded.and(classifiers.guard(text, budget)?);
    }
    let otherwise = match guard.threshold {
        Some(threshold) => threshold,
        None => classifiers.thresholds()?.guard,
    };
    let thresholds = decided.possible().map(|decision| {
        let policy = decision.and_then(|decision| decision.jailbreak);
        policy.and_then(|policy| policy.threshold).unwrap_or(otherwise)
    });
    let threshold = thresholds.fold(f64::INFINITY, f64::min);
    let Guarded { jailbreak: confidence, coverage } = guarded;
    // As in the original, jailbreak must also be the likelier label.
    let detected = confidence >= threshold && confidence >= 0.5;
    Ok(Jailbreak { detected, confidence, threshold, coverage })
}

/// Looks for personal data in texts.
///
/// # Errors
/// [`ClassifyError`].
pub fn pii(
    config: &Config,
    classifiers: &Classifiers,
    policy: &PiiPolicy,
    texts: &[String],
    budget: &Budget<'_>,
) -> Result<Pii, ClassifyError> {
    let threshold = policy.threshold.or(config.pii_model.threshold).unwrap_or(0.0);
    let (types, denied) = (Vec::new(), Vec::new());
    let mut pii = Pii { types, denied, threshold, coverage: Coverage::default() };
    for text in texts {
        let personal = classifiers.personal(text, budget)?;
        let entities = personal.entities.iter();
        let counted = entities.filter(|entity| f64::from(entity.score) >= threshold);
        pii.types.extend(counted.map(|entity| entity.kind.name()));
        pii.coverage = pii.coverage.and(personal.coverage);
    }
    pii.types.sort_unstable();
    pii.types.dedup();
    let denied = |name: &&&str| !policy.allowed.iter().any(|allowed| allowed == *name);
    pii.denied = pii.types.iter().filter(denied).copied().collect();
    Ok(pii)
}
