//! The router's metrics: as Prometheus is told of them, and as the core gives
//! them to a host.

use std::cell::RefCell;
use std::collections::{BTreeMap, HashSet};
use std::fmt;

use semantic_router_filter::metrics::{Kind, Metric, Metrics};

/// One series of a metric.
#[derive(Clone, Debug, PartialEq)]
pub struct Series {
    /// The name of the metric.
    pub name: String,
    /// The labels.
    pub labels: BTreeMap<String, String>,
    /// A counter's or gauge's value; how many values a histogram has.
    pub value: u64,
    /// The sum of a histogram's values, about.
    pub sum: f64,
}

impl fmt::Display for Series {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let labels: Vec<String> =
            self.labels.iter().map(|(name, value)| format!("{name}={value:?}")).collect();
        write!(out, "{}{{{}}} {}", self.name, labels.join(","), self.value)
    }
}

/// The sum of a metric's series.
#[must_use]
pub fn sum(series: &[Series], metric: &Metric) -> u64 {
    series.iter().filter(|series| series.name == metric.name).map(|series| series.value).sum()
}

/// The router's metrics in Prometheus' text format, version 0.0.4, sorted.
#[must_use]
pub fn parse(text: &str) -> Vec<Series> {
    let histograms: HashSet<&str> = text.lines().filter_map(histogram).collect();
    let mut found = BTreeMap::new();
    for (full, labels, value) in text.lines().filter_map(sample) {
        let (base, part) = full.rsplit_once('_').unwrap_or((full, ""));
        let (name, part) = if histograms.contains(base) { (base, part) } else { (full, "") };
        let is_ours = name.starts_with("llm_") || name.starts_with("semantic_router_");
        if !is_ours || part == "bucket" {
            continue;
        }
        let new = || Series { name: name.to_owned(), labels: labels.clone(), value: 0, sum: 0.0 };
        let series = found.entry((name, labels.clone())).or_insert_with(new);
        if part == "sum" {
            series.sum = value.parse().unwrap_or(f64::NAN);
        } else {
            series.value = value.parse().unwrap_or(u64::MAX);
        }
    }
    found.into_values().collect()
}

/// The name in a line that declares a histogram.
fn histogram(line: &str) -> Option<&str> {
    line.strip_prefix("# TYPE ")?.strip_suffix(" histogram")
}

/// A line that is a sample: its name, labels and value.
fn sample(line: &str) -> Option<(&str, BTreeMap<String, String>, &str)> {
    if line.starts_with('#') {
        return None;
    }
    let (series, value) = line.rsplit_once(' ')?;
    let (name, labels) = match series.split_once('{') {
        Some((name, labels)) => (name, labels.strip_suffix('}')?),
        None => (series, ""),
    };
    // No value of a label holds a quote: the router allows none.
    let mut parts = labels.split('"');
    let mut read = BTreeMap::new();
    while let (Some(label), Some(value)) = (parts.next(), parts.next()) {
        let label = label.trim_start_matches(',').trim_end_matches('=');
        read.insert(label.to_owned(), value.to_owned());
    }
    Some((name, read, value))
}

/// A host's metrics: what the core gave it.
#[derive(Default)]
pub struct Counted(RefCell<BTreeMap<(&'static str, Vec<String>), Series>>);

impl Counted {
    /// All series, sorted.
    #[must_use]
    pub fn series(&self) -> Vec<Series> {
        self.0.borrow().values().cloned().collect()
    }
}

impl Metrics for Counted {
    fn record(&self, metric: &Metric, labels: &[&str], value: i64) {
        assert_eq!(metric.labels.len(), labels.len(), "{}", metric.name);
        let values: Vec<String> = labels.iter().map(|value| (*value).to_owned()).collect();
        let names = metric.labels.iter().map(|name| (*name).to_owned());
        let new = || Series {
            name: metric.name.to_owned(),
            labels: names.zip(values.clone()).collect(),
            value: 0,
            sum: 0.0,
        };
        let mut all = self.0.borrow_mut();
        let series = all.entry((metric.name, values.clone())).or_insert_with(new);
        match metric.kind {
            Kind::Histogram => series.value += 1,
            Kind::Counter | Kind::Gauge => series.value = series.value.saturating_add_signed(value),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_are_read_with_labels_and_histograms_as_one() {
        let text = "# TYPE llm_a_total counter\nllm_a_total{model=\"a b\",reason=\"x\"} 3\n\
            # TYPE llm_h_microseconds histogram\n\
            llm_h_microseconds_bucket{le=\"0.5\"} 0\nllm_h_microseconds_bucket{le=\"+Inf\"} 2\n\
            llm_h_microseconds_sum{} 12.5\nllm_h_microseconds_count{} 2\n\
            # TYPE llm_category_count counter\nllm_category_count{} 1\nenvoy_other{} 9\n";
        let shown: Vec<String> = parse(text).iter().map(ToString::to_string).collect();
        assert_eq!(
            shown,
            [
                "llm_a_total{model=\"a b\",reason=\"x\"} 3",
                "llm_category_count{} 1",
                "llm_h_microseconds{} 2",
            ]
        );
        assert!((parse(text)[2].sum - 12.5).abs() < f64::EPSILON);
    }
}
