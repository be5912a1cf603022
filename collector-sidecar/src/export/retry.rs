//! When to try again: exponential back-off with full jitter.

use std::time::{Duration, SystemTime};

use http::HeaderMap;
use http::header::RETRY_AFTER;

const FIRST: Duration = Duration::from_millis(500);
const LONGEST: Duration = Duration::from_secs(30);

/// The longest wait that a destination can ask for.
const LONGEST_ASKED: Duration = Duration::from_mins(10);

/// The delays between the attempts to do one thing.
#[derive(Debug)]
pub struct Backoff {
    ceiling: Duration,
    longest: Duration,
}

impl Backoff {
    /// The delays between attempts to send a batch: the ceiling grows from 0.5 s
    /// to 30 s.
    pub fn new() -> Self {
        Self::between(FIRST, LONGEST)
    }

    /// Delays whose ceiling grows from the first to the longest.
    pub fn between(first: Duration, longest: Duration) -> Self {
        Self { ceiling: first, longest }
    }

    /// The next delay: anything up to the ceiling, which doubles; more if the
    /// destination asked for it.
    pub fn next(&mut self, asked: Option<Duration>) -> Duration {
        let delay = self.ceiling.mul_f64(random_fraction());
        self.ceiling = (self.ceiling * 2).min(self.longest);
        delay.max(asked.unwrap_or_default().min(LONGEST_ASKED))
    }
}

/// Evenly from 0 up to 1; the middle when there is no randomness to be had.
fn random_fraction() -> f64 {
    getrandom::u32().map_or(0.5, |number| f64::from(number) / f64::from(u32::MAX))
}

/// How long a `Retry-After` header asks to wait, in seconds or until a date.
///
/// Source: RFC 9110, 10.2.3.
pub fn asked(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    let value = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = value.parse() {
        return Some(Duration::from_secs(seconds));
    }
    httpdate::parse_http_date(value).ok()?.duration_since(now).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_grow_to_thirty_seconds() {
        let mut backoff = Backoff::new();
        let mut ceilings = Vec::new();
        for _ in 0..8 {
            let ceiling = backoff.ceiling;
            assert!(backoff.next(None) <= ceiling);
            ceilings.push(ceiling.as_secs_f64());
        }
        assert_eq!(ceilings, [0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 30.0, 30.0]);
    }

    #[test]
    fn the_destination_can_ask_for_more() {
        let asked = Duration::from_secs(7);
        assert_eq!(Backoff::new().next(Some(asked)), asked);
        assert_eq!(Backoff::new().next(Some(Duration::MAX)), LONGEST_ASKED);
    }

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_777);
        for (value, expected) in [
            ("120", Some(120)),
            ("Sun, 06 Nov 1994 08:49:47 GMT", Some(10)),
            ("Sun, 06 Nov 1994 08:49:00 GMT", None),
            ("soon", None),
            ("-1", None),
        ] {
            let headers = HeaderMap::from_iter([(RETRY_AFTER, value.parse().unwrap())]);
            assert_eq!(asked(&headers, now), expected.map(Duration::from_secs), "{value}");
        }
    }
}
