//! What came of a soak.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::time::Duration;

use super::expected::Expected;
use super::memory::Slope;

/// How much of what went wrong a printed report shows.
const SHOWN: usize = 10;

/// What came of a soak.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// Requests that were sent.
    pub sent: usize,
    /// Those that were to reach an engine.
    pub forwarded: usize,
    /// Those that the router was to answer, by status.
    pub answered: BTreeMap<u16, usize>,
    /// What was not as it was to be.
    pub wrong: Vec<String>,
    /// Changes of the configuration that were asked for.
    pub asked_changes: u64,
    /// Those that Envoy made.
    pub changes: u64,
    /// Numbers of virtual machines that were alive at any time.
    pub machines: BTreeSet<u64>,
    /// Seconds since the beginning, and bytes of Envoy's memory then.
    pub memory: Vec<(f64, u64)>,
    /// What became of the spans, as Envoy counts.
    pub spans: BTreeMap<&'static str, u64>,
    /// Spans that the backend got.
    pub received: u64,
    /// Serious lines of Envoy's log.
    pub log: Vec<String>,
    /// How long it took.
    pub took: Duration,
}

impl Report {
    pub(super) fn count(&mut self, expected: &Expected) {
        match expected {
            Expected::Upstream { .. } => self.forwarded += 1,
            Expected::Reply(response) => *self.answered.entry(response.status).or_default() += 1,
        }
    }

    /// How the memory grows, in bytes, after the first third of the
    /// measurements; `None` for too few.
    #[must_use]
    pub fn slope(&self) -> Option<Slope> {
        let bytes = |(at, bytes): &(f64, u64)| {
            // In KiB a double has all of it.
            (*at, f64::from(u32::try_from(bytes >> 10).unwrap_or(u32::MAX)) * 1024.0)
        };
        let points: Vec<(f64, f64)> =
            self.memory.iter().skip(self.memory.len() / 3).map(bytes).collect();
        Slope::of(&points)
    }

    /// Everything that speaks against the module but for its memory.
    #[must_use]
    pub fn faults(&self) -> Vec<String> {
        let mut faults: Vec<String> = self.wrong.iter().take(SHOWN).cloned().collect();
        if self.wrong.len() > SHOWN {
            faults.push(format!("and {} more", self.wrong.len() - SHOWN));
        }
        if self.changes != self.asked_changes {
            faults.push(format!("{} changes of {}", self.changes, self.asked_changes));
        }
        if self.machines.len() > 1 {
            faults.push(format!("virtual machines came and went: {:?}", self.machines));
        }
        let count = |what| self.spans.get(what).copied().unwrap_or_default();
        if count("made") == 0
            || count("made") != self.received
            || count("delivered") != self.received
        {
            faults.push(format!("{} spans received of {:?}", self.received, self.spans));
        }
        faults.extend(self.log.iter().take(SHOWN).cloned());
        faults
    }
}

impl fmt::Display for Report {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { sent, forwarded, answered, received, .. } = self;
        writeln!(
            out,
            "requests    {sent} in {:.0} s: {forwarded} for an engine, answered by status {answered:?}",
            self.took.as_secs_f64()
        )?;
        writeln!(out, "changes     {} of the configuration", self.changes)?;
        writeln!(out, "machines    {:?} alive", self.machines)?;
        writeln!(out, "spans       {received} received of {:?}", self.spans)?;
        let mebibytes = |bytes: f64| bytes / 1_048_576.0;
        if let (Some((_, first)), Some((_, last))) = (self.memory.first(), self.memory.last()) {
            writeln!(out, "memory      {} MiB at first, {} MiB at last", first >> 20, last >> 20)?;
        }
        if let Some(slope @ Slope { hourly, margin }) = self.slope() {
            let verdict = if slope.grows() { "grows" } else { "flat" };
            let (hourly, margin) = (mebibytes(hourly), mebibytes(margin));
            writeln!(
                out,
                "            {hourly:+.2} ± {margin:.2} MiB an hour after the first third: {verdict}"
            )?;
        }
        let faults = self.faults();
        for fault in &faults {
            writeln!(out, "wrong       {fault}")?;
        }
        writeln!(
            out,
            "verdict     {}",
            if faults.is_empty() { "every request as it was to be" } else { "NOT as it was to be" }
        )
    }
}
