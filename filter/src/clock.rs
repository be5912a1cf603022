//! Time, as the core asks for it.

/// Nanoseconds since 1970-01-01T00:00:00Z.
pub type UnixNanos = u64;

/// A source of time.
pub trait Clock {
    /// Now. Never less than what it returned before.
    fn now(&self) -> UnixNanos;
}

/// Whole milliseconds from one moment to another.
#[must_use]
pub fn millis_between(from: UnixNanos, to: UnixNanos) -> i64 {
    i64::try_from(to.saturating_sub(from) / 1_000_000).unwrap_or(i64::MAX)
}
