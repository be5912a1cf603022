//! Identifiers of traces and spans.

use opentelemetry::trace::{SpanId, TraceId};

/// A source of identifiers.
pub trait IdSource {
    /// A new trace id, never all zero.
    fn trace_id(&mut self) -> TraceId;
    /// A new span id, never all zero.
    fn span_id(&mut self) -> SpanId;
    /// Any number but 0, each as likely.
    fn random(&mut self) -> u64;
}

/// Identifiers from the host's random number generator, which is asked for a
/// block of bytes at a time.
#[derive(Debug, Default)]
pub struct RandomIds {
    block: Vec<u64>,
}

/// Words asked for at a time: some dozens of requests.
const BLOCK_WORDS: usize = 256;

impl RandomIds {
    fn word(&mut self) -> u64 {
        loop {
            match self.block.pop() {
                Some(0) => {}
                Some(word) => return word,
                None => self.fill(),
            }
        }
    }

    fn fill(&mut self) {
        let mut bytes = [0; BLOCK_WORDS * 8];
        if getrandom::fill(&mut bytes).is_err() {
            // No host refuses this; were one to, ids from the standard
            // library's seeded hasher would still be distinct.
            use std::hash::{BuildHasher, Hasher};
            let state = std::hash::RandomState::new();
            self.block = (0..BLOCK_WORDS)
                .map(|index| {
                    let mut hasher = state.build_hasher();
                    hasher.write_usize(index);
                    hasher.finish()
                })
                .collect();
            return;
        }
        let words = bytes.as_chunks::<8>().0.iter().map(|word| u64::from_ne_bytes(*word));
        self.block = words.collect();
    }
}

impl IdSource for RandomIds {
    fn trace_id(&mut self) -> TraceId {
        let (high, low) = (self.word(), self.word());
        TraceId::from((u128::from(high) << 64) | u128::from(low))
    }

    fn span_id(&mut self) -> SpanId {
        SpanId::from(self.word())
    }

    fn random(&mut self) -> u64 {
        self.word()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_distinct() {
        let mut ids = RandomIds::default();
        let mut seen = std::collections::HashSet::new();
        for _ in 0..10_000 {
            assert!(seen.insert(ids.span_id()));
        }
    }
}
