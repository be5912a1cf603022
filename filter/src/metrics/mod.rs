//! What is counted and measured, free of any host: the metrics there are, and
//! how their series are named for a host that knows no labels.

pub mod catalog;
mod series;

pub use series::Series;

/// What a metric's value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Only grows.
    Counter,
    /// Grows and shrinks.
    Gauge,
    /// Many values, kept as counts of how many were how large.
    Histogram,
}

/// A metric. Its name ends in its unit; no value of a label but those that the
/// configuration or this code names ever gets into a series.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Metric {
    /// Its name, as Prometheus shows it.
    pub name: &'static str,
    /// What its value is.
    pub kind: Kind,
    /// The names of its labels, in the order in which their values are given.
    pub labels: &'static [&'static str],
}

/// Where measurements go.
pub trait Metrics {
    /// Adds `value` to a counter or a gauge, or takes it as one more value of a
    /// histogram. `labels` are the values of the metric's labels.
    fn record(&self, metric: &Metric, labels: &[&str], value: i64);
}

/// Nowhere.
impl Metrics for () {
    fn record(&self, _: &Metric, _: &[&str], _: i64) {}
}
