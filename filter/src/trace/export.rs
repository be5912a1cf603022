//! The way of spans out of the proxy: queued, sent in batches, sent again when
//! that fails, and counted when they cannot be kept.
//!
//! At any moment, spans made = delivered + dropped + queued + in flight.

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use super::backoff::Backoff;
use super::otlp::{self, ScopeHeader};
use super::queue::Queue;
use super::span::Recording;
use crate::clock::UnixNanos;

/// Most spans and bytes of one batch.
const BATCH_SPANS: usize = 512;
const BATCH_BYTES: usize = 512 << 10;
/// Batches that may be on their way at once.
const MAX_IN_FLIGHT: usize = 4;

/// How much is kept, and how long an answer may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Most spans kept, those in flight among them.
    pub max_spans: usize,
    /// Most bytes kept, those in flight among them.
    pub max_bytes: usize,
    /// After this and a grace period an answer is given up.
    pub timeout: Duration,
}

/// What became of the spans.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Spans that exchanges made.
    pub made: u64,
    /// Spans that the collector took.
    pub delivered: u64,
    /// Spans that found the queue full.
    pub dropped_queue_full: u64,
    /// Spans that the collector refused for good.
    pub dropped_refused: u64,
    /// Batches sent again.
    pub retries: u64,
}

/// A batch to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transmission {
    /// Names the batch in [`Exporter::answered`].
    pub id: u64,
    /// An `ExportTraceServiceRequest`.
    pub body: Vec<u8>,
}

/// How a batch was received.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Taken, but for this many spans.
    Taken {
        /// Spans refused, by partial success.
        rejected: usize,
    },
    /// Not now; not before this time has passed, if the collector named one.
    Later(Duration),
    /// Never.
    Refused,
}

/// Queue, batches in flight and back-off of one worker.
#[derive(Debug)]
pub struct Exporter {
    header: ScopeHeader,
    limits: Limits,
    queue: Queue,
    waiting: VecDeque<Batch>,
    in_flight: HashMap<u64, (Batch, UnixNanos)>,
    backoff: Backoff,
    counters: Counters,
    next_id: u64,
}

/// Spans that are sent together, each time as the same bytes, so that a
/// collector that has them already can tell.
#[derive(Debug)]
struct Batch {
    id: u64,
    spans: usize,
    body: Vec<u8>,
}

impl Exporter {
    /// An exporter with nothing in it.
    #[must_use]
    pub fn new(header: ScopeHeader, limits: Limits) -> Self {
        Self {
            header,
            limits,
            queue: Queue::new(limits.max_spans, limits.max_bytes),
            waiting: VecDeque::new(),
            in_flight: HashMap::new(),
            backoff: Backoff::default(),
            counters: Counters::default(),
            next_id: 0,
        }
    }

    /// Takes the spans of a finished exchange.
    pub fn push(&mut self, recording: Recording) {
        let Recording { context, spans } = recording;
        let spans: Vec<Vec<u8>> =
            spans.into_iter().map(|span| otlp::encode(span, &context)).collect();
        let count = spans.len() as u64;
        self.counters.made += count;
        if !self.queue.push(spans, self.kept_in_batches()) {
            self.counters.dropped_queue_full += count;
        }
    }

    /// The next batch to send, if there is one and it is time. Whoever takes
    /// it calls [`Exporter::answered`] or lets it time out.
    pub fn next(&mut self, now: UnixNanos, jitter: u64) -> Option<Transmission> {
        self.expire(now, jitter);
        // While the collector does not answer, one batch at a time asks.
        let most = if self.backoff.is_clear() { MAX_IN_FLIGHT } else { 1 };
        if !self.backoff.is_over(now) || self.in_flight.len() >= most {
            return None;
        }
        let batch = self.waiting.pop_front().or_else(|| self.batch())?;
        let transmission = Transmission { id: batch.id, body: batch.body.clone() };
        let grace = Duration::from_secs(1);
        let wait = u64::try_from((self.limits.timeout + grace).as_nanos()).unwrap_or(u64::MAX);
        self.in_flight.insert(batch.id, (batch, now.saturating_add(wait)));
        Some(transmission)
    }

    /// Records how a batch was received; of one that is not in flight any
    /// more, nothing.
    pub fn answered(&mut self, id: u64, answer: &Answer, now: UnixNanos, jitter: u64) {
        let Some((batch, _)) = self.in_flight.remove(&id) else { return };
        let count = batch.spans as u64;
        match answer {
            Answer::Taken { rejected } => {
                let rejected = (*rejected as u64).min(count);
                self.counters.delivered += count - rejected;
                self.counters.dropped_refused += rejected;
                self.backoff.reset();
            }
            Answer::Refused => {
                self.counters.dropped_refused += count;
                self.backoff.reset();
            }
            Answer::Later(at_least) => self.retry(batch, *at_least, now, jitter),
        }
    }

    /// What became of the spans so far.
    #[must_use]
    pub fn counters(&self) -> Counters {
        self.counters
    }

    /// Spans queued or in flight.
    #[must_use]
    pub fn pending(&self) -> usize {
        self.queue.len() + self.kept_in_batches().0
    }

    fn batch(&mut self) -> Option<Batch> {
        let spans = self.queue.take(BATCH_SPANS, BATCH_BYTES);
        if spans.is_empty() {
            return None;
        }
        self.next_id += 1;
        let body = self.header.request(spans.iter().map(Vec::as_slice));
        Some(Batch { id: self.next_id, spans: spans.len(), body })
    }

    fn retry(&mut self, batch: Batch, at_least: Duration, now: UnixNanos, jitter: u64) {
        self.counters.retries += 1;
        self.backoff.fail(now, at_least, jitter);
        self.waiting.push_back(batch);
    }

    /// Gives up answers that never came: the host drops a call together with
    /// the plugin that made it, as on a change of configuration.
    fn expire(&mut self, now: UnixNanos, jitter: u64) {
        let late = self.in_flight.iter().filter(|(_, (_, until))| *until <= now);
        let late: Vec<u64> = late.map(|(id, _)| *id).collect();
        for id in late {
            self.answered(id, &Answer::Later(Duration::ZERO), now, jitter);
        }
    }

    /// Spans and bytes of batches made but not yet answered for.
    fn kept_in_batches(&self) -> (usize, usize) {
        let batches = self.waiting.iter().chain(self.in_flight.values().map(|(batch, _)| batch));
        batches
            .fold((0, 0), |(spans, bytes), batch| (spans + batch.spans, bytes + batch.body.len()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Resource;
    use crate::trace::{Span, TraceContext};
    use opentelemetry::trace::{SpanId, TraceFlags, TraceId};

    const SECOND: u64 = 1_000_000_000;

    fn exporter(max_spans: usize) -> Exporter {
        let limits = Limits { max_spans, max_bytes: 1 << 20, timeout: Duration::from_secs(5) };
        Exporter::new(ScopeHeader::new(&Resource::default()), limits)
    }

    fn recording(spans: u64) -> Recording {
        let context = TraceContext {
            trace_id: TraceId::from(1),
            span_id: SpanId::from(1),
            flags: TraceFlags::SAMPLED,
            state: String::new(),
        };
        let spans = (1..=spans).map(|id| Span::new("s", SpanId::from(id), 1, 2)).collect();
        Recording { context, spans }
    }

    fn balanced(exporter: &Exporter) -> bool {
        let counters = exporter.counters();
        counters.made
            == counters.delivered
                + counters.dropped_queue_full
                + counters.dropped_refused
                + exporter.pending() as u64
    }

    const TAKEN: Answer = Answer::Taken { rejected: 0 };

    #[test]
    fn delivers_in_batches() {
        let mut exporter = exporter(10_000);
        for _ in 0..200 {
            exporter.push(recording(7));
        }
        let mut batches = 0;
        while let Some(sent) = exporter.next(0, 0) {
            exporter.answered(sent.id, &TAKEN, 0, 0);
            batches += 1;
        }
        assert_eq!(batches, 3);
        assert_eq!(exporter.counters().delivered, 1_400);
        assert!(balanced(&exporter));
    }

    #[test]
    fn a_failed_batch_is_sent_again_as_it_was() {
        let mut exporter = exporter(100);
        exporter.push(recording(7));
        let first = exporter.next(0, 0).unwrap();
        exporter.answered(first.id, &Answer::Later(Duration::ZERO), 0, 0);
        assert_eq!(exporter.next(0, 0), None, "backs off");
        let second = exporter.next(SECOND, 0).unwrap();
        assert_eq!(first, second);
        exporter.answered(second.id, &TAKEN, SECOND, 0);
        assert_eq!(exporter.counters().delivered, 7);
        assert_eq!(exporter.counters().retries, 1);
        assert!(balanced(&exporter));
    }

    #[test]
    fn an_answer_that_never_comes_is_given_up() {
        let mut exporter = exporter(100);
        exporter.push(recording(7));
        let first = exporter.next(0, 0).unwrap();
        assert_eq!(exporter.next(5 * SECOND, 0), None);
        assert_eq!(exporter.next(6 * SECOND, 0), None, "expired, backing off");
        let second = exporter.next(8 * SECOND, 0).unwrap();
        assert_eq!(first.id, second.id);
        exporter.answered(second.id, &TAKEN, 8 * SECOND, 0);
        exporter.answered(first.id, &TAKEN, 9 * SECOND, 0);
        assert_eq!(exporter.counters().delivered, 7, "counted once");
    }

    #[test]
    fn what_does_not_fit_is_counted() {
        let mut exporter = exporter(20);
        for _ in 0..10 {
            exporter.push(recording(7));
        }
        assert_eq!(exporter.counters().dropped_queue_full, 56);
        let sent = exporter.next(0, 0).unwrap();
        exporter.push(recording(7));
        assert_eq!(exporter.counters().dropped_queue_full, 63, "in flight counts");
        exporter.answered(sent.id, &Answer::Taken { rejected: 2 }, 0, 0);
        exporter.push(recording(7));
        assert_eq!(exporter.counters().delivered, 12);
        assert_eq!(exporter.counters().dropped_refused, 2);
        assert!(balanced(&exporter));
    }

    #[test]
    fn refused_batches_are_counted_and_not_sent_again() {
        let mut exporter = exporter(20);
        exporter.push(recording(7));
        let sent = exporter.next(0, 0).unwrap();
        exporter.answered(sent.id, &Answer::Refused, 0, 0);
        assert_eq!(exporter.next(SECOND, 0), None);
        assert_eq!(exporter.counters().dropped_refused, 7);
        assert!(balanced(&exporter));
    }

    #[test]
    fn one_batch_at_a_time_asks_a_silent_collector() {
        let mut exporter = exporter(10_000);
        for _ in 0..300 {
            exporter.push(recording(7));
        }
        let sent: Vec<_> = std::iter::from_fn(|| exporter.next(0, 0)).collect();
        assert_eq!(sent.len(), MAX_IN_FLIGHT);
        for batch in sent {
            exporter.answered(batch.id, &Answer::Later(Duration::ZERO), 0, 0);
        }
        let now = 60 * SECOND;
        assert!(exporter.next(now, 0).is_some());
        assert_eq!(exporter.next(now, 0), None);
        assert!(balanced(&exporter));
    }
}
