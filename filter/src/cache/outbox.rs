//! Answers on their way to the sidecar.

use std::collections::VecDeque;
use std::num::{NonZeroU64, NonZeroUsize};

use super::remote::{Answer, Store};
use super::{Limits, Pending};

/// Bytes that wait at most, of the bodies of requests.
const MAX_BYTES: usize = 8 << 20;

/// Answers that the sidecar has not been given yet.
pub struct Outbox {
    limits: Limits,
    waiting: VecDeque<Vec<u8>>,
    bytes: usize,
}

impl Outbox {
    /// An empty one.
    pub fn new(limits: Limits) -> Self {
        Self { limits, waiting: VecDeque::new(), bytes: 0 }
    }

    /// What the answers are bounded by.
    pub fn limits(&self) -> Limits {
        self.limits
    }

    /// Adds an answer; whether there was room for it.
    pub fn push(&mut self, pending: Pending, answer: String) -> bool {
        let Pending { question, prompt } = pending;
        let store = Store {
            scope: question.scope,
            exact: question.exact,
            prompt,
            answer: Answer(answer.into_bytes()),
            ttl_seconds: self.limits.ttl.and_then(|ttl| NonZeroU64::new(ttl.as_secs())),
            max_entries: self.limits.max_entries.and_then(NonZeroUsize::new),
        };
        let Ok(body) = serde_json::to_vec(&store) else { return false };
        let has_room = self.bytes + body.len() <= MAX_BYTES;
        if has_room {
            self.bytes += body.len();
            self.waiting.push_back(body);
        }
        has_room
    }

    /// Takes the oldest.
    pub fn next(&mut self) -> Option<Vec<u8>> {
        let body = self.waiting.pop_front()?;
        self.bytes -= body.len();
        Some(body)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::super::{Fingerprint, Question};
    use super::*;
    use crate::config::{CacheBackend, Eviction};

    #[test]
    fn answers_wait_within_a_bound_and_leave_in_order() {
        let mut outbox = Outbox::new(Limits {
            max_entries: Some(7),
            max_bytes: 1,
            ttl: Some(Duration::from_mins(1)),
            eviction: Eviction::Fifo,
            backend: CacheBackend::Redis,
        });
        let print = Fingerprint([1; 32]);
        let question = Question { scope: print, exact: print, text: None };
        let pending = Pending { question, prompt: None };
        let mut kept = 0;
        while outbox.push(pending.clone(), format!("{kept}{}", "x".repeat(1 << 20))) {
            kept += 1;
        }
        assert!((4..8).contains(&kept), "{kept}");
        let first: Store = serde_json::from_slice(&outbox.next().unwrap()).unwrap();
        assert!(first.answer.0.starts_with(b"0x"));
        assert_eq!(first.ttl_seconds, NonZeroU64::new(60));
        assert_eq!(first.max_entries, NonZeroUsize::new(7));
        assert!(outbox.push(pending, String::new()), "there is room again");
        assert_eq!(std::iter::from_fn(|| outbox.next()).count(), kept);
        assert_eq!(outbox.bytes, 0);
    }
}
