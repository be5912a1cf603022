//! What is counted of the cache.

use std::time::Duration;

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::{Registry, Unit};
use semantic_router_filter::cache::remote::Failure;

type Labels = [(&'static str, &'static str); 1];

/// What is asked of the cache.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    /// To look for an answer.
    Lookup,
    /// To keep one.
    Store,
}

/// What came of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// An answer to the very same prompt.
    Exact,
    /// An answer to one that is like it.
    Similar,
    /// No answer.
    Miss,
    /// The answer was kept.
    Stored,
    /// The backend did not do it.
    Failed,
    /// It was no such request: 400, 408, 413.
    Invalid,
    /// There was no room for it, or there is no backend: 503.
    Refused,
}

impl Operation {
    const ALL: [Self; 2] = [Self::Lookup, Self::Store];

    fn name(self) -> &'static str {
        match self {
            Self::Lookup => "lookup",
            Self::Store => "store",
        }
    }

    fn outcomes(self) -> &'static [Outcome] {
        use Outcome::{Exact, Failed, Invalid, Miss, Refused, Similar, Stored};
        match self {
            Self::Lookup => &[Exact, Similar, Miss, Failed, Invalid, Refused],
            Self::Store => &[Stored, Failed, Invalid, Refused],
        }
    }
}

impl Outcome {
    fn labels(self) -> Labels {
        let name = match self {
            Self::Exact => "exact",
            Self::Similar => "similar",
            Self::Miss => "miss",
            Self::Stored => "stored",
            Self::Failed => "failed",
            Self::Invalid => "invalid",
            Self::Refused => "refused",
        };
        [("result", name)]
    }
}

/// What is counted of the cache.
#[derive(Clone, Debug)]
pub struct CacheMetrics {
    lookups: Family<Labels, Counter>,
    stores: Family<Labels, Counter>,
    errors: Family<Labels, Counter>,
    seconds: Family<Labels, Histogram, fn() -> Histogram>,
    /// Whether there is a connection to the backend.
    pub connected: Gauge,
}

impl CacheMetrics {
    /// Metrics in `registry`.
    #[must_use]
    pub fn new(registry: &mut Registry) -> Self {
        let metrics = Self {
            lookups: Family::default(),
            stores: Family::default(),
            errors: Family::default(),
            seconds: Family::new_with_constructor(histogram),
            connected: Gauge::default(),
        };
        let mut counter = |name: &str, help: &str, family: &Family<Labels, Counter>| {
            registry.register(
                format!("semantic_router_cache_backend_{name}"),
                help,
                family.clone(),
            );
        };
        counter("lookups", "Answers looked for, by what came of it", &metrics.lookups);
        counter("stores", "Answers to keep, by what came of it", &metrics.stores);
        counter("errors", "What the backend did not do, by why", &metrics.errors);
        registry.register_with_unit(
            "semantic_router_cache_backend_duration",
            "Time that the backend took",
            Unit::Seconds,
            metrics.seconds.clone(),
        );
        registry.register(
            "semantic_router_cache_backend_connected",
            "Whether there is a connection to the backend",
            metrics.connected.clone(),
        );
        metrics.show_all();
        metrics
    }

    /// Shows what was not counted yet as 0.
    fn show_all(&self) {
        for operation in Operation::ALL {
            drop(self.seconds.get_or_create(&[("operation", operation.name())]));
            for outcome in operation.outcomes() {
                self.outcomes(operation).get_or_create(&outcome.labels()).inc_by(0);
            }
        }
        for failure in
            [Failure::Unavailable, Failure::Timeout, Failure::Refused, Failure::Unreadable]
        {
            self.errors.get_or_create(&[("reason", failure.name())]).inc_by(0);
        }
    }

    fn outcomes(&self, operation: Operation) -> &Family<Labels, Counter> {
        match operation {
            Operation::Lookup => &self.lookups,
            Operation::Store => &self.stores,
        }
    }

    /// Counts a request.
    pub fn request(&self, operation: Operation, outcome: Outcome) {
        self.outcomes(operation).get_or_create(&outcome.labels()).inc();
    }

    /// Counts what the backend did not do.
    pub fn error(&self, failure: Failure) {
        self.errors.get_or_create(&[("reason", failure.name())]).inc();
    }

    /// Counts the time that the backend took.
    pub fn took(&self, operation: Operation, took: Duration) {
        let seconds = self.seconds.get_or_create(&[("operation", operation.name())]);
        seconds.observe(took.as_secs_f64());
    }
}

/// From a sixteenth of a millisecond to two seconds.
fn histogram() -> Histogram {
    Histogram::new(exponential_buckets(0.000_062_5, 2.0, 16))
}
