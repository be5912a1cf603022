//! The host's clocks.

use std::time::{Instant, SystemTime, UNIX_EPOCH};

use crate::clock::{Clock, UnixNanos};

/// Wall-clock time that only goes forward: the host's monotonic clock, which
/// counts nanoseconds, from a wall-clock reading that is renewed when the two
/// have drifted apart.
pub struct HostClock {
    started: Instant,
    unix_at_start: std::cell::Cell<UnixNanos>,
}

/// Drift above which the wall clock was set, not merely corrected.
const MAX_DRIFT: u64 = 1_000_000_000;

impl HostClock {
    /// A clock that agrees with the wall clock now.
    pub fn new() -> Self {
        Self { started: Instant::now(), unix_at_start: std::cell::Cell::new(unix_now()) }
    }

    /// Looks whether the wall clock was set since.
    pub fn synchronize(&self) {
        let now = unix_now();
        if self.now().abs_diff(now) > MAX_DRIFT {
            let elapsed = u64::try_from(self.started.elapsed().as_nanos()).unwrap_or(0);
            self.unix_at_start.set(now.saturating_sub(elapsed));
        }
    }
}

impl Clock for HostClock {
    fn now(&self) -> UnixNanos {
        let elapsed = u64::try_from(self.started.elapsed().as_nanos()).unwrap_or(u64::MAX);
        self.unix_at_start.get().saturating_add(elapsed)
    }
}

fn unix_now() -> UnixNanos {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
}
