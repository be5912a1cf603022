//! What one request costs, but for the models: the module beside an external
//! router that does nothing and beside no filter at all, in one Envoy and in
//! turns, so that whatever else the machine does falls on all of them.

use std::error::Error;
use std::fmt;
use std::time::Duration;

use semantic_router_filter::metrics::catalog::{CALLBACK_TIME, STAGE_TIME};
use serde_json::json;

use crate::bootstrap::Filter;
use crate::client::{Request, Response};
use crate::envoy::Envoy;
use crate::external::External;
use crate::load::{self, Plan, Report};
use crate::metrics::Series;
use crate::stack::Stack;

/// Bytes of a request's body.
const BODY: usize = 4096;
/// The listeners, in the order in which they are shown.
const KINDS: [&str; 3] = ["no filter", "ext_proc", "router"];

/// How much is measured.
#[derive(Clone, Copy, Debug)]
pub struct Plans {
    /// How often each listener has its turn.
    pub rounds: usize,
    /// Requests in each turn.
    pub requests: u64,
}

/// What was measured of one listener.
#[derive(Clone, Debug, Default)]
pub struct Measured {
    reports: Vec<Report>,
    processor: Duration,
}

/// What was measured.
#[derive(Debug)]
pub struct Cost {
    plans: Plans,
    kinds: [Measured; 3],
    /// Times in the module, of all counted rounds.
    inside: Vec<Series>,
}

/// Measures with an Envoy of this version.
///
/// # Errors
/// What does not start, and what went wrong with a request.
pub async fn measure(version: &str, plans: Plans) -> Result<Cost, Box<dyn Error>> {
    let stack = Stack::start().await?;
    let external = External::start().await?;
    let filters = [None, Some(Filter::external()), Some(Filter::single(stack.config("cost")?))];
    let listeners = KINDS.iter().zip(filters);
    let mut bootstrap = stack.bootstrap_with(
        listeners
            .map(|(name, filter)| ((*name).to_owned(), filter.into_iter().collect()))
            .collect(),
    );
    bootstrap.external = Some(external.address());
    // It has every model, named by the client or by the router.
    bootstrap.default_engine = stack.a.addr();
    let envoy = Envoy::start(version, &bootstrap).await?;
    let mut cost = Cost { plans, kinds: Default::default(), inside: Vec::new() };
    let body = body();
    // The first round, in which each worker reads the texts, does not count.
    for round in 0..=plans.rounds {
        // One request at a time, so that none waits for another; at first
        // enough connections for each worker to have some.
        let connections = if round == 0 { 10 } else { 1 };
        let plan = Plan::requests(connections, plans.requests);
        for turn in 0..KINDS.len() {
            let kind = (round + turn) % KINDS.len();
            let (Some(name), Some(measured)) = (KINDS.get(kind), cost.kinds.get_mut(kind)) else {
                continue;
            };
            let body = body.clone();
            // A new answer is wanted, so that each is looked up and kept.
            let make = move |_| {
                let request = Request::post("/v1/chat/completions", body.clone());
                request.header("cache-control", "no-cache")
            };
            let before = envoy.cpu_time();
            let report = load::run(envoy.address(name)?, &plan, make, succeeded).await;
            if report.failed() > 0 {
                return Err(format!("{name}: {report}").into());
            }
            if round > 0 {
                measured.processor += envoy.cpu_time().saturating_sub(before);
                measured.reports.push(report);
            }
        }
        stack.clear();
        drop(stack.backend.take_spans());
        if round == 0 {
            cost.inside = inside(&envoy).await;
        }
    }
    let before = std::mem::take(&mut cost.inside);
    cost.inside = inside(&envoy).await;
    for series in &mut cost.inside {
        let same = |other: &&Series| other.name == series.name && other.labels == series.labels;
        if let Some(before) = before.iter().find(same) {
            series.value -= before.value;
            series.sum -= before.sum;
        }
    }
    Ok(cost)
}

/// The histograms of times in the module.
async fn inside(envoy: &Envoy) -> Vec<Series> {
    // They are told of once they are flushed.
    tokio::time::sleep(Duration::from_secs(2)).await;
    let mut series = envoy.series().await;
    series.retain(|series| [CALLBACK_TIME.name, STAGE_TIME.name].contains(&series.name.as_str()));
    series
}

/// A conversation of several turns, as long as [`BODY`] says.
fn body() -> String {
    let turn = "The river runs past the mill and the old stone bridge, and in spring it carries \
                the melted snow of the hills down to the sea. ";
    let conversation = |question: &str| {
        json!({
            "model": "auto",
            "messages": [
                {"role": "system", "content": format!("You help people to write. {}", turn.repeat(4))},
                {"role": "user", "content": "How would you describe the river in spring?"},
                {"role": "assistant", "content": turn.repeat(8)},
                {"role": "user", "content": question},
            ],
            "temperature": 0.2,
            "max_tokens": 256,
            "user": "bench",
            "tools": [{"type": "function", "function": {
                "name": "look_up",
                "description": "Looks a word up.",
                "parameters": {"type": "object", "properties": {"word": {"type": "string"}}},
            }}],
        })
        .to_string()
    };
    let missing = BODY.saturating_sub(conversation("").len());
    let question: String = turn.chars().cycle().take(missing).collect();
    conversation(&question)
}

fn succeeded(_: u64, response: &Response) -> Result<(), String> {
    if response.status == 200 { Ok(()) } else { Err(format!("status {}", response.status)) }
}

impl Measured {
    /// A percentile of each turn, in microseconds.
    fn each(&self, percent: usize) -> Vec<f64> {
        let of = |report: &Report| micros(report.latencies.percentile(percent));
        self.reports.iter().map(of).collect()
    }

    fn all(&self) -> Report {
        Report::all(self.reports.clone())
    }
}

/// A mean with the half of its 95 % confidence interval.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Mean {
    /// The mean.
    pub mean: f64,
    /// Half of the interval: 1.96 standard errors.
    pub margin: f64,
}

impl Mean {
    /// Of these values, which are taken as independent.
    #[must_use]
    pub fn of(values: &[f64]) -> Self {
        let count = f64::from(u32::try_from(values.len()).unwrap_or(u32::MAX)).max(1.0);
        let mean = values.iter().sum::<f64>() / count;
        let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
        let deviation = (squares / (count - 1.0).max(1.0)).sqrt();
        Self { mean, margin: 1.96 * deviation / count.sqrt() }
    }
}

fn micros(value: u64) -> f64 {
    f64::from(u32::try_from(value).unwrap_or(u32::MAX))
}

impl fmt::Display for Cost {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Plans { rounds, requests } = self.plans;
        writeln!(
            out,
            "Cost of a request of {BODY} bytes but for the models (each worker knows its texts), \
             traced;\n{rounds} turns of {requests} requests each, one at a time, answered at once. \
             More than no filter:\nmean of the differences within each round, with its 95 % \
             interval. Processor: of Envoy, for each request."
        )?;
        writeln!(
            out,
            "  {:<10} {:>9} {:>9}   {:>20} {:>20} {:>10}",
            "µs", "p50", "p99", "p50 more than none", "p99 more than none", "processor"
        )?;
        let [none, ..] = &self.kinds;
        for (name, kind) in KINDS.iter().zip(&self.kinds) {
            let all = kind.all();
            let [p50, p99] = [50, 99].map(|percent| all.latencies.percentile(percent));
            let more = [50, 99].map(|percent| {
                let pairs = kind.each(percent).into_iter().zip(none.each(percent));
                let Mean { mean, margin } =
                    Mean::of(&pairs.map(|(one, none)| one - none).collect::<Vec<_>>());
                if std::ptr::eq(kind, none) {
                    String::new()
                } else {
                    format!("{mean:.0} ± {margin:.0}")
                }
            });
            let [more50, more99] = more;
            let processor = kind.processor.as_secs_f64() * 1e6 / micros(all.sent() as u64);
            writeln!(
                out,
                "  {name:<10} {p50:>9} {p99:>9}   {more50:>20} {more99:>20} {processor:>10.0}"
            )?;
        }
        let [_, external, router] = &self.kinds;
        let ratios = router.each(50).into_iter().zip(external.each(50));
        let Mean { mean, margin } =
            Mean::of(&ratios.map(|(router, external)| router / external).collect::<Vec<_>>());
        writeln!(out, "  p50 of the router against ext_proc: {mean:.2} ± {margin:.2}")?;
        let sent = micros(router.all().sent() as u64);
        writeln!(out, "Time in the module, as its own metrics have it: µs a request, µs a call")?;
        for Series { labels, value, sum, .. } in &self.inside {
            let name = labels.values().next().map_or("", String::as_str);
            writeln!(out, "  {name:<24} {:>7.1} {:>7.1}", sum / sent, sum / micros(*value))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_body_has_its_length() {
        assert_eq!(body().len(), BODY);
    }

    #[test]
    fn a_mean_has_the_interval_of_its_values() {
        let Mean { mean, margin } = Mean::of(&[1.0, 2.0, 3.0, 4.0]);
        assert!((mean - 2.5).abs() < 1e-9);
        assert!((margin - 1.96 * (5.0_f64 / 3.0).sqrt() / 2.0).abs() < 1e-9);
    }
}
