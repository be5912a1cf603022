//! Guard and detection of personal data as stages: whether they run, what they
//! come to, and whether that ends the request.

use super::{Jailbreak, Pii, is_unguarded, jailbreak, jailbreak_reply, pii, pii_reply};
use crate::classify::{Budget, ClassifyError, Coverage};
use crate::clock::Clock;
use crate::config::{Config, Decision, FailurePolicy};
use crate::decision::Decided;
use crate::openai::Wanted;
use crate::pipeline::{Reply, Router};
use crate::stage::{Failure, Outcome, Stage, Unread};

/// Asks the guard, where there is one, about these texts.
pub fn detect_jailbreak(
    router: &Router,
    decided: &Decided<'_>,
    texts: impl FnOnce() -> Vec<String>,
    budget: &Budget<'_>,
    clock: &dyn Clock,
) -> Option<Stage<Jailbreak>> {
    let config = &router.config;
    let guard = config.prompt_guard.as_ref()?;
    Some(Stage::run(clock, || {
        if decided.possible().all(is_unguarded) {
            return Outcome::Skipped("disabled_by_decision");
        }
        let found = jailbreak(&router.classifiers, guard, decided, &texts(), budget);
        let looked = |found: &Jailbreak| (found.coverage, found.detected);
        checked("jailbreak", config.effective(config.filter.on_error.guard), found, looked)
    }))
}

/// The stage where a prompt is given as something that no guard reads.
pub fn opaque_prompt(config: &Config, clock: &dyn Clock) -> Option<Stage<Jailbreak>> {
    let unread = Unread {
        reason: "prompt_not_text",
        message: "the prompt is not given as text, and cannot be looked at".to_owned(),
        status: 400,
    };
    let failure = unread.failure(config.effective(config.filter.on_error.guard));
    let now = clock.now();
    config.prompt_guard.as_ref().map(|_| Stage::failed(failure, (now, now)))
}

/// Looks for personal data in these texts, where the decision asks for it.
pub fn detect_pii(
    router: &Router,
    decision: Option<&Decision>,
    texts: impl FnOnce() -> Vec<String>,
    budget: &Budget<'_>,
    clock: &dyn Clock,
) -> Option<Stage<Pii>> {
    let config = &router.config;
    let policy = decision?.pii.as_ref()?;
    Some(Stage::run(clock, || {
        let found = pii(config, &router.classifiers, policy, &texts(), budget);
        let looked = |found: &Pii| (found.coverage, !found.denied.is_empty());
        checked("pii", config.effective(config.filter.on_error.pii), found, looked)
    }))
}

/// The stage where nobody knows whether the decision denies personal data: the
/// classifier that it depends on has failed.
#[must_use]
pub fn undecided_pii(config: &Config, clock: &dyn Clock) -> Stage<Pii> {
    let unread = Unread {
        reason: "decision_unknown",
        message: "whether personal data is allowed is not known, since the prompt could not be \
                  classified"
            .to_owned(),
        status: 503,
    };
    let failure = unread.failure(config.effective(config.filter.on_error.pii));
    let now = clock.now();
    Stage::failed(failure, (now, now))
}

/// What a stage comes to: one that found nothing in the part of the text that it
/// saw has not done its work.
fn checked<T>(
    name: &'static str,
    policy: FailurePolicy,
    found: Result<T, ClassifyError>,
    looked: impl Fn(&T) -> (Coverage, bool),
) -> Outcome<T> {
    match found.map(|found| (looked(&found), found)) {
        Ok(((coverage, false), _)) if coverage.is_truncated() => Outcome::Failed(Failure {
            reason: "not_wholly_scanned",
            message: format!(
                "only {} of {} tokens could be checked: the rest is beyond what \
                 filter.inference allows",
                coverage.scanned, coverage.total
            ),
            status: 413,
            policy,
            coverage: Some(coverage),
        }),
        Ok(((coverage, _), _)) if coverage.total == 0 => Outcome::Skipped("no_text"),
        Ok((_, found)) => Outcome::Ran(found),
        Err(error) => Outcome::Failed(Failure::of_classifier(name, &error, policy)),
    }
}

/// The answer to a request in which the guard saw an attack, or which it could
/// not look at and is not to let pass.
#[must_use]
pub fn blocked_jailbreak(
    config: &Config,
    stage: Option<&Stage<Jailbreak>>,
    wanted: Wanted,
) -> Option<Reply> {
    let stage = stage?;
    blocked(config, stage, |found| {
        found.detected.then(|| jailbreak_reply(config, found, wanted, stage.ended))
    })
}

/// The same for personal data that the decision denies.
#[must_use]
pub fn blocked_pii(
    config: &Config,
    stage: Option<&Stage<Pii>>,
    decision: Option<&Decision>,
    wanted: Wanted,
) -> Option<Reply> {
    let stage = stage?;
    let name = decision.map_or("", |decision| decision.name.as_str());
    blocked(config, stage, |found| {
        let is_denied = !found.denied.is_empty();
        is_denied.then(|| pii_reply(config, found, name, wanted, stage.ended))
    })
}

fn blocked<T>(
    config: &Config,
    stage: &Stage<T>,
    answer: impl FnOnce(&T) -> Option<Reply>,
) -> Option<Reply> {
    if config.filter.mode.observes() {
        return None;
    }
    match stage.refused() {
        Some(failure) => Some(Reply::refusal(failure)),
        None => answer(stage.result()?),
    }
}
