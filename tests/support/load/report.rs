//! What came of a load.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

/// How many errors of a kind a printed report shows.
const SHOWN: usize = 3;

/// A request that went wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The index of the request.
    pub index: u64,
    /// What went wrong.
    pub reason: String,
}

/// Times in microseconds, in ascending order once the report is finished.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Latencies(Vec<u64>);

impl Latencies {
    /// The time that `percent` of the requests did not exceed, in microseconds;
    /// one that was measured, none in between. 0 when there is none.
    #[must_use]
    pub fn percentile(&self, percent: usize) -> u64 {
        let rank = (self.0.len() * percent.min(100)).div_ceil(100);
        self.0.get(rank.saturating_sub(1)).copied().unwrap_or_default()
    }

    /// The longest time, in microseconds; 0 when there is none.
    #[must_use]
    pub fn max(&self) -> u64 {
        self.0.last().copied().unwrap_or_default()
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn push(&mut self, time: Duration) {
        self.0.push(u64::try_from(time.as_micros()).unwrap_or(u64::MAX));
    }
}

/// What came of a load. Every request is either in `latencies` or in `errors`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Report {
    /// How many responses had which status, broken ones included.
    pub statuses: BTreeMap<u16, u64>,
    /// Every error by its kind: `connect`, `no response`, `timeout`,
    /// `truncated`, `hung up`, `request`, `check` or `worker`.
    pub errors: BTreeMap<&'static str, Vec<Failure>>,
    /// The times to the end of the responses without error.
    pub latencies: Latencies,
    /// The times to the head of the same responses.
    pub first_bytes: Latencies,
    /// How long it took altogether.
    pub elapsed: Duration,
}

impl Report {
    /// Several reports as one.
    #[must_use]
    pub fn all(parts: Vec<Self>) -> Self {
        let elapsed = parts.iter().map(|part| part.elapsed).sum();
        let mut all = Self::default();
        for part in parts {
            all.merge(part);
        }
        all.finish(elapsed);
        all
    }

    /// How many requests were sent.
    #[must_use]
    pub fn sent(&self) -> usize {
        self.latencies.len() + self.failed()
    }

    /// How many requests went wrong.
    #[must_use]
    pub fn failed(&self) -> usize {
        self.errors.values().map(Vec::len).sum()
    }

    /// Requests without error per second.
    #[must_use]
    pub fn rate(&self) -> f64 {
        let seconds = self.elapsed.as_secs_f64();
        let requests = u32::try_from(self.latencies.len()).unwrap_or(u32::MAX);
        if seconds > 0.0 { f64::from(requests) / seconds } else { 0.0 }
    }

    pub(super) fn succeed(&mut self, first_byte: Duration, elapsed: Duration) {
        self.first_bytes.push(first_byte);
        self.latencies.push(elapsed);
    }

    pub(super) fn fail(&mut self, kind: &'static str, index: u64, reason: String) {
        self.errors.entry(kind).or_default().push(Failure { index, reason });
    }

    /// Adds what another worker has seen.
    pub(super) fn merge(&mut self, other: Self) {
        for (status, count) in other.statuses {
            *self.statuses.entry(status).or_default() += count;
        }
        for (kind, failures) in other.errors {
            self.errors.entry(kind).or_default().extend(failures);
        }
        self.latencies.0.extend(other.latencies.0);
        self.first_bytes.0.extend(other.first_bytes.0);
    }

    pub(super) fn finish(&mut self, elapsed: Duration) {
        self.elapsed = elapsed;
        self.latencies.0.sort_unstable();
        self.first_bytes.0.sort_unstable();
        for failures in self.errors.values_mut() {
            failures.sort_by_key(|failure| failure.index);
        }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.elapsed.as_secs_f64();
        writeln!(out, "requests     {:>10}   in {seconds:.2} s", self.sent())?;
        writeln!(out, "per second   {:>10.1}   without error", self.rate())?;
        for (status, count) in &self.statuses {
            writeln!(out, "status {status}   {count:>10}")?;
        }
        writeln!(out, "{:<12} {:>10} {:>10} {:>10} {:>10}", "µs", "p50", "p90", "p99", "max")?;
        for (name, times) in [("first byte", &self.first_bytes), ("whole", &self.latencies)] {
            let [p50, p90, p99] = [50, 90, 99].map(|percent| times.percentile(percent));
            writeln!(out, "{name:<12} {p50:>10} {p90:>10} {p99:>10} {:>10}", times.max())?;
        }
        for (kind, failures) in &self.errors {
            writeln!(out, "error: {kind} {:>10}", failures.len())?;
            for failure in failures.iter().take(SHOWN) {
                writeln!(out, "  request {}: {}", failure.index, failure.reason)?;
            }
        }
        Ok(())
    }
}
