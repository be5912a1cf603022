//! Hands the queue's records out as batches: when 8192 spans or 4 MiB wait, or
//! the oldest has waited 200 ms, or the queue is closed.

use std::sync::Arc;

use tokio::sync::Mutex;
use tokio::time::timeout_at;

use crate::queue::{Batch, Queue, Ripeness};

/// Makes batches of what is queued, for any number of workers.
#[derive(Debug)]
pub struct Batcher {
    queue: Arc<Queue>,
    /// Held by the one worker that waits for the next batch.
    turn: Mutex<()>,
}

impl Batcher {
    /// Batches of the records in `queue`.
    #[must_use]
    pub fn new(queue: Arc<Queue>) -> Self {
        Self { queue, turn: Mutex::new(()) }
    }

    /// Waits for the next batch; `None` when the queue is closed and empty.
    pub async fn next(&self) -> Option<Batch> {
        let _turn = self.turn.lock().await;
        loop {
            match self.queue.ripeness() {
                Ripeness::Ripe => return self.queue.take(),
                Ripeness::Later(due) => {
                    if timeout_at(due, self.queue.changed()).await.is_err() {
                        return self.queue.take();
                    }
                }
                Ripeness::Empty => self.queue.changed().await,
                Ripeness::Ended => return None,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::time::{Instant, sleep_until, timeout};

    use super::*;
    use crate::otlp::{MAX_BATCH_SPANS, Record};

    fn record(spans: usize) -> Record {
        Record { body: vec![1].into(), spans }
    }

    #[tokio::test]
    async fn a_lone_record_waits_200_ms() {
        let queue = Arc::new(Queue::new(usize::MAX));
        let batcher = Batcher::new(queue.clone());
        let start = Instant::now();
        queue.push(vec![record(1)]).unwrap();
        sleep_until(start + Duration::from_millis(150)).await;
        queue.push(vec![record(2)]).unwrap();
        assert_eq!(batcher.next().await.unwrap().spans, 3);
        assert!(start.elapsed() >= Duration::from_millis(200));
    }

    #[tokio::test]
    async fn a_full_batch_does_not_wait() {
        let queue = Arc::new(Queue::new(usize::MAX));
        let batcher = Batcher::new(queue.clone());
        let now = async || timeout(Duration::ZERO, batcher.next()).await.unwrap();
        queue.push(vec![record(MAX_BATCH_SPANS), record(1)]).unwrap();
        assert_eq!(now().await.unwrap().spans, MAX_BATCH_SPANS);
        queue.close();
        assert_eq!(now().await.unwrap().spans, 1);
        assert!(batcher.next().await.is_none());
    }

    #[tokio::test]
    async fn closing_ends_every_worker() {
        let queue = Arc::new(Queue::new(usize::MAX));
        let batcher = Arc::new(Batcher::new(queue.clone()));
        let worker = |batcher: Arc<Batcher>| tokio::spawn(async move { batcher.next().await });
        let workers = [worker(batcher.clone()), worker(batcher.clone()), worker(batcher)];
        tokio::task::yield_now().await;
        queue.close();
        for worker in workers {
            assert!(worker.await.unwrap().is_none());
        }
    }
}
