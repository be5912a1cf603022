//! Spans that wait to be sent, within bounds.

use std::collections::VecDeque;

/// Encoded spans in the order they were made, bounded in number and bytes.
#[derive(Debug)]
pub struct Queue {
    spans: VecDeque<Vec<u8>>,
    bytes: usize,
    max_spans: usize,
    max_bytes: usize,
}

impl Queue {
    /// An empty queue.
    #[must_use]
    pub fn new(max_spans: usize, max_bytes: usize) -> Self {
        Self { spans: VecDeque::new(), bytes: 0, max_spans, max_bytes }
    }

    /// Takes the spans of one exchange: all of them, or, where they do not fit
    /// beside `others` bytes and spans that are kept elsewhere, none.
    pub fn push(&mut self, spans: Vec<Vec<u8>>, others: (usize, usize)) -> bool {
        let bytes: usize = spans.iter().map(Vec::len).sum();
        let (other_spans, other_bytes) = others;
        if self.spans.len() + spans.len() + other_spans > self.max_spans
            || self.bytes + bytes + other_bytes > self.max_bytes
        {
            return false;
        }
        self.bytes += bytes;
        self.spans.extend(spans);
        true
    }

    /// Takes out the oldest spans, at least one if there is any, as long as
    /// both bounds allow.
    pub fn take(&mut self, max_spans: usize, max_bytes: usize) -> Vec<Vec<u8>> {
        let mut taken = Vec::new();
        let mut bytes = 0;
        while let Some(next) = self.spans.front() {
            if taken.len() == max_spans || (!taken.is_empty() && bytes + next.len() > max_bytes) {
                break;
            }
            bytes += next.len();
            taken.extend(self.spans.pop_front());
        }
        self.bytes -= bytes;
        taken
    }

    /// How many spans wait.
    #[must_use]
    pub fn len(&self) -> usize {
        self.spans.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spans(count: usize, bytes: usize) -> Vec<Vec<u8>> {
        vec![vec![0; bytes]; count]
    }

    #[test]
    fn an_exchange_is_kept_whole_or_not_at_all() {
        let mut queue = Queue::new(10, 100);
        assert!(queue.push(spans(8, 10), (0, 0)));
        assert!(!queue.push(spans(3, 1), (0, 0)), "too many spans");
        assert!(!queue.push(spans(2, 11), (0, 0)), "too many bytes");
        assert!(!queue.push(spans(1, 1), (2, 0)), "too many with those in flight");
        assert_eq!(queue.len(), 8);
        assert!(queue.push(spans(2, 10), (0, 0)));
        assert_eq!(queue.take(100, 1000).len(), 10);
        assert_eq!((queue.len(), queue.bytes), (0, 0));
    }

    #[test]
    fn batches_keep_both_bounds() {
        let mut queue = Queue::new(100, 1000);
        assert!(queue.push(spans(10, 10), (0, 0)));
        assert_eq!(queue.take(3, 1000).len(), 3);
        assert_eq!(queue.take(100, 25).len(), 2);
        assert_eq!(queue.take(100, 1).len(), 1, "one too large still goes");
        assert_eq!(queue.bytes, 40);
    }
}
