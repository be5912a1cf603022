//! The queue between receivers and exporter, in memory and bounded by bytes.
//!
//! A record keeps its place in the queue until it is settled, so that what is
//! being sent counts as queued: memory stays bounded while the destination is
//! slow, and nothing is counted twice or lost from the count.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use tokio::sync::Notify;
use tokio::time::Instant;

use crate::otlp::{MAX_BATCH_BYTES, MAX_BATCH_SPANS, Record};

/// Bytes that a record takes besides its body.
const OVERHEAD: usize = 64;

/// How long a record waits for others to share its batch.
const MAX_WAIT: Duration = Duration::from_millis(200);

/// Why records were not queued.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum QueueError {
    /// There is no room now.
    #[error("the queue is full")]
    Full,
    /// There never will be room.
    #[error("the request is larger than the whole queue")]
    TooLarge,
    /// The collector is stopping.
    #[error("the collector is stopping")]
    Closed,
}

/// A bounded queue of records.
#[derive(Debug)]
pub struct Queue {
    capacity: usize,
    state: Mutex<State>,
    changed: Notify,
}

#[derive(Debug, Default)]
struct State {
    waiting: VecDeque<(Instant, Record)>,
    /// Of the records that wait.
    waiting_size: Size,
    /// Of the records that wait or are being sent.
    size: Size,
    closed: bool,
}

/// An amount of records.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Size {
    /// Bytes, with what a record takes besides its body.
    pub bytes: usize,
    /// Spans.
    pub spans: usize,
}

impl Size {
    fn of(record: &Record) -> Self {
        Self { bytes: record.body.len() + OVERHEAD, spans: record.spans }
    }

    fn plus(self, other: Self) -> Self {
        Self { bytes: self.bytes + other.bytes, spans: self.spans + other.spans }
    }

    fn minus(self, other: Self) -> Self {
        Self {
            bytes: self.bytes.saturating_sub(other.bytes),
            spans: self.spans.saturating_sub(other.spans),
        }
    }

    fn fits_batch(self) -> bool {
        self.bytes <= MAX_BATCH_BYTES && self.spans <= MAX_BATCH_SPANS
    }
}

/// Records taken together, to be sent and then settled.
#[derive(Debug)]
pub struct Batch {
    /// An encoded `ExportTraceServiceRequest`.
    pub body: Bytes,
    /// How many spans it holds.
    pub spans: usize,
    size: Size,
}

/// When a batch can be taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ripeness {
    /// Now.
    Ripe,
    /// At this time, or earlier if more records come.
    Later(Instant),
    /// Not before records come.
    Empty,
    /// Never again.
    Ended,
}

impl Queue {
    /// A queue for `capacity` bytes.
    #[must_use]
    pub fn new(capacity: usize) -> Self {
        Self { capacity, state: Mutex::default(), changed: Notify::new() }
    }

    /// The most bytes that it holds.
    #[must_use]
    pub fn capacity(&self) -> usize {
        self.capacity
    }

    /// What it holds, waiting or being sent.
    #[must_use]
    pub fn size(&self) -> Size {
        self.state().size
    }

    /// Queues all of `records`, or none.
    ///
    /// # Errors
    /// Why none was queued.
    pub fn push(&self, records: Vec<Record>) -> Result<(), QueueError> {
        let added = records.iter().map(Size::of).fold(Size::default(), Size::plus);
        let mut state = self.state();
        if state.closed {
            return Err(QueueError::Closed);
        }
        if added.bytes > self.capacity {
            return Err(QueueError::TooLarge);
        }
        if state.size.bytes + added.bytes > self.capacity {
            return Err(QueueError::Full);
        }
        state.size = state.size.plus(added);
        state.waiting_size = state.waiting_size.plus(added);
        let now = Instant::now();
        state.waiting.extend(records.into_iter().map(|record| (now, record)));
        drop(state);
        self.changed.notify_one();
        Ok(())
    }

    /// Takes no more records; what waits can be taken at once.
    pub fn close(&self) {
        self.state().closed = true;
        self.changed.notify_one();
    }

    /// When a batch can be taken.
    #[must_use]
    pub fn ripeness(&self) -> Ripeness {
        let state = self.state();
        let full = state.waiting_size.bytes >= MAX_BATCH_BYTES
            || state.waiting_size.spans >= MAX_BATCH_SPANS;
        match state.waiting.front() {
            Some(_) if state.closed || full => Ripeness::Ripe,
            Some((since, _)) => Ripeness::Later(*since + MAX_WAIT),
            None if state.closed => Ripeness::Ended,
            None => Ripeness::Empty,
        }
    }

    /// Waits until the queue changes; one caller at a time.
    pub async fn changed(&self) {
        self.changed.notified().await;
    }

    /// Takes the oldest records that fit together into a batch.
    #[must_use]
    pub fn take(&self) -> Option<Batch> {
        let mut state = self.state();
        let mut size = Size::default();
        let mut bodies = Vec::new();
        while let Some((_, record)) = state.waiting.front() {
            let with = size.plus(Size::of(record));
            if !bodies.is_empty() && !with.fits_batch() {
                break;
            }
            size = with;
            bodies.extend(state.waiting.pop_front().map(|(_, record)| record.body));
        }
        state.waiting_size = state.waiting_size.minus(size);
        drop(state);
        if bodies.is_empty() {
            return None;
        }
        Some(Batch { body: join(bodies), spans: size.spans, size })
    }

    /// Gives back the room of a batch that was delivered or given up.
    pub fn settle(&self, batch: &Batch) {
        let mut state = self.state();
        state.size = state.size.minus(batch.size);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One request of many: encoded messages, one after the other, are merged.
fn join(mut bodies: Vec<Bytes>) -> Bytes {
    if bodies.len() == 1 {
        return bodies.pop().unwrap_or_default();
    }
    let mut joined = BytesMut::with_capacity(bodies.iter().map(Bytes::len).sum());
    for body in bodies {
        joined.extend_from_slice(&body);
    }
    joined.freeze()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(bytes: usize, spans: usize) -> Record {
        Record { body: vec![1; bytes].into(), spans }
    }

    #[test]
    fn all_of_a_request_is_queued_or_none() {
        let queue = Queue::new(1000);
        queue.push(vec![record(300, 1), record(300, 2)]).unwrap();
        assert_eq!(queue.push(vec![record(100, 1), record(100, 1)]), Err(QueueError::Full));
        assert_eq!(queue.push(vec![record(1000, 1)]), Err(QueueError::TooLarge));
        assert_eq!(queue.size(), Size { bytes: 600 + 2 * OVERHEAD, spans: 3 });
        queue.close();
        assert_eq!(queue.push(vec![record(1, 1)]), Err(QueueError::Closed));
    }

    #[test]
    fn what_is_being_sent_stays_queued_until_settled() {
        let queue = Queue::new(1000);
        queue.push(vec![record(300, 1), record(300, 2)]).unwrap();
        let batch = queue.take().unwrap();
        assert_eq!((batch.body.len(), batch.spans), (600, 3));
        assert!(queue.take().is_none());
        assert_eq!(queue.size().spans, 3);
        assert_eq!(queue.push(vec![record(300, 1)]), Err(QueueError::Full));
        queue.settle(&batch);
        assert_eq!(queue.size(), Size::default());
        queue.push(vec![record(300, 1)]).unwrap();
    }

    #[test]
    fn a_batch_keeps_within_its_limits_unless_one_record_exceeds_them() {
        let queue = Queue::new(usize::MAX);
        queue.push(vec![record(1, MAX_BATCH_SPANS), record(1, 1), record(1, 1)]).unwrap();
        queue.push(vec![record(MAX_BATCH_BYTES + 1, 1), record(1, 5)]).unwrap();
        let spans: Vec<_> = std::iter::from_fn(|| queue.take()).map(|batch| batch.spans).collect();
        assert_eq!(spans, [MAX_BATCH_SPANS, 2, 1, 5]);
    }

    #[tokio::test]
    async fn a_batch_is_ripe_when_full_old_or_last() {
        let queue = Queue::new(usize::MAX);
        assert_eq!(queue.ripeness(), Ripeness::Empty);
        queue.push(vec![record(1, 1)]).unwrap();
        assert!(matches!(queue.ripeness(), Ripeness::Later(_)));
        queue.push(vec![record(1, MAX_BATCH_SPANS)]).unwrap();
        assert_eq!(queue.ripeness(), Ripeness::Ripe);
        queue.close();
        while let Some(batch) = queue.take() {
            queue.settle(&batch);
        }
        assert_eq!(queue.ripeness(), Ripeness::Ended);
    }
}
