//! What is counted of requests to classify.

use std::time::Duration;

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::{Registry, Unit};
use semantic_router_filter::classify::custom::Task;

type Labels = [(&'static str, &'static str); 1];

/// What came of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Every text was classified.
    Ok,
    /// An error stands in the place of at least one text's answer.
    Partial,
    /// It was no request: 400, 408, 413.
    Invalid,
    /// There was no room for it: 503.
    Busy,
    /// A classifier broke: 500.
    Failed,
    /// The client did not wait for the answer.
    Abandoned,
}

impl Outcome {
    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::Ok, Self::Partial, Self::Invalid, Self::Busy, Self::Failed, Self::Abandoned];

    fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Partial => "partial",
            Self::Invalid => "invalid",
            Self::Busy => "busy",
            Self::Failed => "failed",
            Self::Abandoned => "abandoned",
        }
    }
}

/// The classifiers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Classifier {
    /// Of categories.
    Category,
    /// Of attacks.
    Jailbreak,
    /// Of personal data.
    Pii,
}

impl Classifier {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Category, Self::Jailbreak, Self::Pii];

    /// What a model of the user's own has to do in its place.
    #[must_use]
    pub fn task(self) -> Task {
        match self {
            Self::Category | Self::Jailbreak => Task::Sequence,
            Self::Pii => Task::Tokens,
        }
    }

    /// The key in requests and answers.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Category => "category",
            Self::Jailbreak => "jailbreak",
            Self::Pii => "pii",
        }
    }
}

/// What is counted of requests to classify.
#[derive(Clone, Debug)]
pub struct ClassifyMetrics {
    requests: Family<Labels, Counter>,
    seconds: Family<Labels, Histogram, fn() -> Histogram>,
    /// Requests that wait for a thread.
    pub queued: Gauge,
}

impl ClassifyMetrics {
    /// Metrics in `registry`.
    #[must_use]
    pub fn new(registry: &mut Registry) -> Self {
        let metrics = Self {
            requests: Family::default(),
            seconds: Family::new_with_constructor(histogram),
            queued: Gauge::default(),
        };
        registry.register(
            "semantic_router_classify_requests",
            "Requests to classify, by what came of them",
            metrics.requests.clone(),
        );
        registry.register_with_unit(
            "semantic_router_classify_duration",
            "Time that a classifier took for one text",
            Unit::Seconds,
            metrics.seconds.clone(),
        );
        registry.register(
            "semantic_router_classify_queue_length",
            "Requests that wait for a thread that classifies",
            metrics.queued.clone(),
        );
        for outcome in Outcome::ALL {
            metrics.requests.get_or_create(&[("outcome", outcome.name())]).inc_by(0);
        }
        for classifier in Classifier::ALL {
            drop(metrics.seconds.get_or_create(&[("classifier", classifier.name())]));
        }
        metrics
    }

    /// Counts a request.
    pub fn request(&self, outcome: Outcome) {
        self.requests.get_or_create(&[("outcome", outcome.name())]).inc();
    }

    /// Counts a text.
    pub fn text(&self, classifier: Classifier, took: Duration) {
        let seconds = self.seconds.get_or_create(&[("classifier", classifier.name())]);
        seconds.observe(took.as_secs_f64());
    }
}

/// From a quarter of a millisecond to eight seconds.
fn histogram() -> Histogram {
    Histogram::new(exponential_buckets(0.000_25, 2.0, 16))
}
