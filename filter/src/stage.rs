//! What became of a stage of the pipeline: every stage says why.

use crate::classify::{ClassifyError, Coverage};
use crate::clock::{Clock, UnixNanos};
use crate::config::FailurePolicy;

/// A stage and its time.
#[derive(Clone, Debug, PartialEq)]
pub struct Stage<T> {
    /// When it began.
    pub started: UnixNanos,
    /// When it ended.
    pub ended: UnixNanos,
    /// What became of it.
    pub outcome: Outcome<T>,
}

/// What became of a stage.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome<T> {
    /// It ran, with this result.
    Ran(T),
    /// There was nothing to do, because of this.
    Skipped(&'static str),
    /// It could not do its work.
    Failed(Failure),
}

/// Why a stage could not do its work, and what the configuration says of that.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// A name for metrics and attributes, as in `body_not_json`.
    pub reason: &'static str,
    /// The reason in words, free of the request's content.
    pub message: String,
    /// The status of the answer where the policy is to reject.
    pub status: u32,
    /// Whether the request goes on.
    pub policy: FailurePolicy,
    /// How far the stage came, where it looked at a part.
    pub coverage: Option<Coverage>,
}

/// Why the body of a request was not read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unread {
    /// A name for metrics and attributes, as in `body_not_json`.
    pub reason: &'static str,
    /// The reason in words, free of the request's content.
    pub message: String,
    /// The status of the answer where a policy is to reject.
    pub status: u32,
}

impl Unread {
    /// What it is to a stage that follows this policy.
    #[must_use]
    pub fn failure(&self, policy: FailurePolicy) -> Failure {
        let Self { reason, message, status } = self.clone();
        Failure { reason, message, status, policy, coverage: None }
    }
}

impl Failure {
    /// That of a classifier; the log has the details.
    #[must_use]
    pub fn of_classifier(name: &str, error: &ClassifyError, policy: FailurePolicy) -> Self {
        log::error!("{name} classifier: {error}");
        Self {
            reason: error.reason(),
            message: "the prompt could not be classified".to_owned(),
            status: 503,
            policy,
            coverage: None,
        }
    }
}

impl<T> Stage<T> {
    /// Runs a stage.
    pub fn run(clock: &dyn Clock, work: impl FnOnce() -> Outcome<T>) -> Self {
        let started = clock.now();
        let outcome = work();
        Self { started, ended: clock.now(), outcome }
    }

    /// A stage with nothing to do, and its beginning and end.
    #[must_use]
    pub fn skipped(reason: &'static str, (started, ended): (UnixNanos, UnixNanos)) -> Self {
        Self { started, ended, outcome: Outcome::Skipped(reason) }
    }

    /// A stage that could not do its work, and its beginning and end.
    #[must_use]
    pub fn failed(failure: Failure, (started, ended): (UnixNanos, UnixNanos)) -> Self {
        Self { started, ended, outcome: Outcome::Failed(failure) }
    }

    /// Why the request is to be refused, if it is because of this stage.
    #[must_use]
    pub fn refused(&self) -> Option<&Failure> {
        match &self.outcome {
            Outcome::Failed(failure) if failure.policy == FailurePolicy::Reject => Some(failure),
            _ => None,
        }
    }

    /// The result, if the stage ran.
    #[must_use]
    pub fn result(&self) -> Option<&T> {
        match &self.outcome {
            Outcome::Ran(result) => Some(result),
            Outcome::Skipped(_) | Outcome::Failed(_) => None,
        }
    }
}

impl<T> Outcome<T> {
    /// The outcome's name, as attributes and metrics carry it.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Ran(_) => "ran",
            Self::Skipped(_) => "skipped",
            Self::Failed(Failure { policy: FailurePolicy::Pass, .. }) => "failed_open",
            Self::Failed(Failure { policy: FailurePolicy::Reject, .. }) => "failed_closed",
        }
    }

    /// Why the stage did not run; `None` when it did.
    #[must_use]
    pub fn reason(&self) -> Option<&'static str> {
        match self {
            Self::Ran(_) => None,
            Self::Skipped(reason) => Some(reason),
            Self::Failed(failure) => Some(failure.reason),
        }
    }
}
