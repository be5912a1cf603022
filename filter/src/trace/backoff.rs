//! When to try again.

use std::time::Duration;

use crate::clock::UnixNanos;

const FIRST: Duration = Duration::from_millis(200);
const LONGEST: Duration = Duration::from_secs(5);

/// Exponential back-off with jitter, as the OTLP specification asks for.
#[derive(Debug, Default)]
pub struct Backoff {
    failures: u32,
    until: UnixNanos,
}

impl Backoff {
    /// Whether it is time to try.
    #[must_use]
    pub fn is_over(&self, now: UnixNanos) -> bool {
        now >= self.until
    }

    /// Whether the last try did not fail.
    #[must_use]
    pub fn is_clear(&self) -> bool {
        self.failures == 0
    }

    /// Forgets past failures.
    pub fn reset(&mut self) {
        *self = Self::default();
    }

    /// Waits longer after one more failure: between half and all of the time
    /// that has doubled with every failure, and no less than `at_least`, which
    /// the other side asked for. A failure of what was sent before the last one
    /// was known counts no further. `jitter` is any random number.
    pub fn fail(&mut self, now: UnixNanos, at_least: Duration, jitter: u64) {
        if !self.is_over(now) {
            self.until = self.until.max(after(now, at_least));
            return;
        }
        let full = FIRST.saturating_mul(1 << self.failures.min(10)).min(LONGEST);
        self.failures = self.failures.saturating_add(1);
        let half = full / 2;
        let nanos = u64::try_from(half.as_nanos()).unwrap_or(u64::MAX).max(1);
        let wait = (half + Duration::from_nanos(jitter % nanos)).max(at_least);
        self.until = after(now, wait);
    }
}

fn after(now: UnixNanos, wait: Duration) -> UnixNanos {
    now.saturating_add(u64::try_from(wait.as_nanos()).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: u64 = 1_000_000_000;

    #[test]
    fn waits_double_up_to_a_bound() {
        let mut backoff = Backoff::default();
        let mut waits = Vec::new();
        let mut now = 0;
        for _ in 0..8 {
            backoff.fail(now, Duration::ZERO, u64::MAX);
            waits.push((backoff.until - now) / 1_000_000);
            now = backoff.until;
        }
        assert!(waits.is_sorted());
        assert!(waits[0] >= 100 && waits[0] < 200, "{waits:?}");
        assert!(waits[7] >= 2_500 && waits[7] <= 5_000, "{waits:?}");
    }

    #[test]
    fn failures_of_one_moment_count_once() {
        let mut backoff = Backoff::default();
        backoff.fail(0, Duration::ZERO, 0);
        let until = backoff.until;
        backoff.fail(1, Duration::ZERO, 0);
        assert_eq!((backoff.failures, backoff.until), (1, until));
    }

    #[test]
    fn the_other_side_may_ask_for_longer() {
        let mut backoff = Backoff::default();
        backoff.fail(SECOND, Duration::from_mins(1), 1);
        assert!(!backoff.is_over(60 * SECOND));
        assert!(backoff.is_over(61 * SECOND));
        backoff.reset();
        assert!(backoff.is_over(0));
    }
}
