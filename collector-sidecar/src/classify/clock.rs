//! The system's clock, as the classifiers ask for it.

use std::time::{Instant, SystemTime, UNIX_EPOCH};

use semantic_router_filter::clock::{Clock, UnixNanos};

/// Counts on from the time of day at its start, so that it never goes back.
#[derive(Clone, Copy, Debug)]
pub struct SystemClock {
    start: Instant,
    then: UnixNanos,
}

impl Default for SystemClock {
    fn default() -> Self {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let then = u64::try_from(since.as_nanos()).unwrap_or(u64::MAX);
        Self { start: Instant::now(), then }
    }
}

impl Clock for SystemClock {
    fn now(&self) -> UnixNanos {
        let since = u64::try_from(self.start.elapsed().as_nanos()).unwrap_or(u64::MAX);
        self.then.saturating_add(since)
    }
}
