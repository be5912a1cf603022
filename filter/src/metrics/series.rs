//! The series of one virtual machine: each combination of a metric and values
//! of its labels under one name, since the host knows no labels.
//!
//! Labels stand before the name as `model=.=VALUE;.;`, which is what the
//! regular expressions of Istio's `extraStatTags` read (`envoy_bootstrap.json`
//! in its `tools/packaging/common`), and those of the files in `envoy/` too.

use std::collections::HashMap;

use super::Metric;

/// Most series of one metric: the host frees no name, and a configuration may
/// be replaced any number of times in the life of a virtual machine.
const MAX_SERIES: usize = 1000;
/// Most bytes of a label's value.
const MAX_VALUE: usize = 100;
/// What stands for values that are one too many.
const OTHER: &str = "other";
/// What stands for no value.
const NONE: &str = "none";

/// The ids under which the host knows series.
#[derive(Debug, Default)]
pub struct Series {
    /// By metric and values, as [`write_key`] puts them, which costs less than
    /// a name; `None` for one that the host refuses.
    ids: HashMap<Vec<u8>, Option<u32>>,
    counts: HashMap<&'static str, usize>,
    /// What was last looked for, kept for its memory.
    key: Vec<u8>,
}

impl Series {
    /// The id of a series, which `define` gives when it is not known yet;
    /// `None` for one that could not be defined before.
    ///
    /// # Errors
    /// The host's, once for each series that it refuses.
    pub fn id<E>(
        &mut self,
        metric: &Metric,
        labels: &[&str],
        define: impl FnOnce(&str) -> Result<u32, E>,
    ) -> Result<Option<u32>, E> {
        write_key(&mut self.key, metric, labels.iter().copied());
        if let Some(id) = self.ids.get(&self.key) {
            return Ok(*id);
        }
        let count = self.counts.entry(metric.name).or_default();
        let mut name = String::new();
        if *count < MAX_SERIES {
            write_name(&mut name, metric, labels.iter().copied());
        } else {
            write_key(&mut self.key, metric, labels.iter().map(|_| OTHER));
            if let Some(id) = self.ids.get(&self.key) {
                return Ok(*id);
            }
            write_name(&mut name, metric, labels.iter().map(|_| OTHER));
        }
        *count += 1;
        let defined = define(&name);
        let id = defined.as_ref().ok().copied();
        self.ids.insert(self.key.clone(), id);
        defined.map(Some)
    }
}

/// Metric and values, each after a byte that no UTF-8 has; of a value as much
/// as its name can hold.
fn write_key<'a>(key: &mut Vec<u8>, metric: &Metric, values: impl Iterator<Item = &'a str>) {
    key.clear();
    key.extend_from_slice(metric.name.as_bytes());
    for value in values {
        key.push(u8::MAX);
        let most = value.len().min(4 * MAX_VALUE);
        key.extend_from_slice(value.as_bytes().get(..most).unwrap_or_default());
    }
}

fn write_name<'a>(name: &mut String, metric: &Metric, values: impl Iterator<Item = &'a str>) {
    for (label, value) in metric.labels.iter().zip(values) {
        name.push_str(label);
        name.push_str("=.=");
        let value = if value.is_empty() { NONE } else { value };
        name.extend(value.chars().take(MAX_VALUE).map(readable));
        name.push_str(";.;");
    }
    name.push_str(metric.name);
}

/// A character, or what stands for it where the host's names, the expressions
/// that read them or Prometheus would take it for something else.
fn readable(character: char) -> char {
    match character {
        ';' | '=' | '"' | '\\' => '_',
        ' ' => ' ',
        _ if character.is_ascii_graphic() => character,
        _ => '_',
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use super::*;
    use crate::metrics::catalog::{DECISIONS, REQUEST_ERRORS, SPANS_MADE};

    /// A host that numbers what it is told to define.
    #[derive(Default)]
    struct Host(RefCell<Vec<String>>);

    impl Host {
        fn id(&self, series: &mut Series, metric: &Metric, labels: &[&str]) -> Option<u32> {
            let define = |name: &str| {
                self.0.borrow_mut().push(name.to_owned());
                u32::try_from(self.0.borrow().len())
            };
            series.id(metric, labels, define).unwrap()
        }
    }

    #[test]
    fn each_series_is_defined_once_under_a_name_with_its_labels() {
        let (mut series, host) = (Series::default(), Host::default());
        assert_eq!(host.id(&mut series, &REQUEST_ERRORS, &["Qwen/Qwen3-8B", "timeout"]), Some(1));
        assert_eq!(host.id(&mut series, &SPANS_MADE, &[]), Some(2));
        assert_eq!(host.id(&mut series, &REQUEST_ERRORS, &["Qwen/Qwen3-8B", "timeout"]), Some(1));
        assert_eq!(
            *host.0.borrow(),
            [
                "model=.=Qwen/Qwen3-8B;.;reason=.=timeout;.;llm_request_errors_total",
                "semantic_router_spans_made_total",
            ]
        );
    }

    #[test]
    fn values_cannot_leave_their_place() {
        let (mut series, host) = (Series::default(), Host::default());
        for value in ["a;.;b=.=c", "\"\\\n\u{0}é", "", "computer science"] {
            host.id(&mut series, &DECISIONS, &[value]);
        }
        host.id(&mut series, &DECISIONS, &["x".repeat(10_000).as_str()]);
        let names = host.0.borrow();
        assert_eq!(
            names[..4],
            [
                "decision_name=.=a_._b_._c;.;llm_decision_match_total",
                "decision_name=.=_____;.;llm_decision_match_total",
                "decision_name=.=none;.;llm_decision_match_total",
                "decision_name=.=computer science;.;llm_decision_match_total",
            ]
        );
        assert!(names[4].len() < 200);
    }

    #[test]
    fn values_that_are_too_many_share_one_series() {
        let (mut series, host) = (Series::default(), Host::default());
        for value in 0..10 * MAX_SERIES {
            host.id(&mut series, &DECISIONS, &[value.to_string().as_str()]);
        }
        assert_eq!(host.0.borrow().len(), MAX_SERIES + 1);
        assert_eq!(
            host.0.borrow().last().unwrap(),
            "decision_name=.=other;.;llm_decision_match_total"
        );
        assert_eq!(host.id(&mut series, &SPANS_MADE, &[]), Some(1002), "each metric has its own");
    }

    #[test]
    fn what_the_host_refuses_is_told_once() {
        let mut series = Series::default();
        assert_eq!(series.id(&SPANS_MADE, &[], |_| Err(7)), Err(7));
        assert_eq!(series.id(&SPANS_MADE, &[], |_| Err(7)), Ok(None));
    }
}
