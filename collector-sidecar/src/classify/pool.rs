//! Threads that classify, and the bounded queue before them.

use std::io;
use std::num::NonZeroUsize;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use prometheus_client::metrics::gauge::Gauge;
use tokio::sync::oneshot;

/// The most requests that wait for each thread.
const QUEUED_PER_THREAD: usize = 16;

/// Why a request was not done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PoolError {
    /// There is no room in the queue.
    #[error("too many requests to classify are waiting")]
    Full,
    /// The thread that did it failed.
    #[error("a classifier failed, and begins anew")]
    Panicked,
}

/// A request, and who waits for the reply.
#[derive(Debug)]
pub struct Job<T, R> {
    /// The request.
    pub task: T,
    reply: oneshot::Sender<R>,
}

impl<T, R> Job<T, R> {
    /// Whether nobody waits for the reply any more.
    #[must_use]
    pub fn is_abandoned(&self) -> bool {
        self.reply.is_closed()
    }
}

/// Threads that do tasks `T` and reply with `R`.
#[derive(Debug)]
pub struct Pool<T, R> {
    jobs: SyncSender<Job<T, R>>,
    queued: Gauge,
}

impl<T: Send + 'static, R: Send + 'static> Pool<T, R> {
    /// Starts threads. Each makes a worker when the first task comes, and
    /// another one after a panic. `queued` shows how many tasks wait.
    ///
    /// # Errors
    /// When there are no threads to have.
    pub fn start<W>(
        threads: NonZeroUsize,
        queued: Gauge,
        make: impl Fn() -> W + Clone + Send + 'static,
    ) -> io::Result<Self>
    where
        W: FnMut(&Job<T, R>) -> R,
    {
        let (jobs, waiting) = sync_channel(threads.get().saturating_mul(QUEUED_PER_THREAD));
        let waiting = Arc::new(Mutex::new(waiting));
        for number in 0..threads.get() {
            let (waiting, queued, make) = (waiting.clone(), queued.clone(), make.clone());
            let thread = thread::Builder::new().name(format!("classify-{number}"));
            thread.spawn(move || work(&waiting, &queued, make))?;
        }
        Ok(Self { jobs, queued })
    }

    /// Has a task done.
    ///
    /// # Errors
    /// Why it was not done.
    pub async fn run(&self, task: T) -> Result<R, PoolError> {
        let (reply, answer) = oneshot::channel();
        // Counted before it can be taken, so that the count is never below zero.
        self.queued.inc();
        if let Err(error) = self.jobs.try_send(Job { task, reply }) {
            self.queued.dec();
            return Err(match error {
                TrySendError::Full(_) => PoolError::Full,
                TrySendError::Disconnected(_) => PoolError::Panicked,
            });
        }
        answer.await.map_err(|_| PoolError::Panicked)
    }
}

/// Does tasks until the pool is dropped.
fn work<T, R, W>(waiting: &Mutex<Receiver<Job<T, R>>>, queued: &Gauge, make: impl Fn() -> W)
where
    W: FnMut(&Job<T, R>) -> R,
{
    let mut worker = None;
    loop {
        // Whoever has the lock waits for a task, the others for the lock.
        let next = waiting.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(job) = next else { return };
        queued.dec();
        if job.is_abandoned() {
            continue;
        }
        let done = catch_unwind(AssertUnwindSafe(|| worker.get_or_insert_with(&make)(&job)));
        if let Ok(reply) = done {
            // Whoever went away meanwhile does not want it.
            let _ = job.reply.send(reply);
        } else {
            tracing::error!("a classifier panicked; it is loaded anew");
            worker = None;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    const ONE: NonZeroUsize = NonZeroUsize::MIN;

    #[tokio::test]
    async fn what_does_not_fit_the_queue_is_refused() {
        let queued = Gauge::default();
        let (open, gate) = std::sync::mpsc::channel::<()>();
        let (started, starts) = std::sync::mpsc::channel();
        let gate = Arc::new(Mutex::new(gate));
        let pool = Pool::start(ONE, queued.clone(), move || {
            let (gate, started) = (gate.clone(), started.clone());
            move |job: &Job<usize, usize>| {
                started.send(job.task).unwrap();
                gate.lock().unwrap().recv().unwrap();
                job.task * 2
            }
        });
        let pool = Arc::new(pool.unwrap());
        let spawn = |task| {
            let pool = pool.clone();
            tokio::spawn(async move { pool.run(task).await })
        };
        let first = spawn(0);
        let _starts = tokio::task::spawn_blocking(move || {
            assert_eq!(starts.recv().unwrap(), 0);
            starts
        })
        .await
        .unwrap();
        let mut others: Vec<_> = (1..=QUEUED_PER_THREAD).map(spawn).collect();
        while queued.get() < QUEUED_PER_THREAD.try_into().unwrap() {
            tokio::task::yield_now().await;
        }
        assert_eq!(pool.run(99).await, Err(PoolError::Full));
        // One of those that wait goes away.
        let gone = others.pop().unwrap();
        gone.abort();
        assert!(gone.await.is_err());
        for _ in 0..QUEUED_PER_THREAD {
            open.send(()).unwrap();
        }
        assert_eq!(first.await.unwrap(), Ok(0));
        for (at, other) in others.into_iter().enumerate() {
            assert_eq!(other.await.unwrap(), Ok((at + 1) * 2));
        }
        while queued.get() > 0 {
            tokio::task::yield_now().await;
        }
    }

    #[tokio::test]
    async fn a_panic_costs_one_request_and_one_worker() {
        let made = Arc::new(AtomicUsize::new(0));
        let count = made.clone();
        let pool = Pool::start(ONE, Gauge::default(), move || {
            count.fetch_add(1, Ordering::Relaxed);
            |job: &Job<bool, ()>| assert!(job.task)
        });
        let pool = pool.unwrap();
        assert_eq!(made.load(Ordering::Relaxed), 0);
        for (task, expected, workers) in [
            (true, Ok(()), 1),
            (true, Ok(()), 1),
            (false, Err(PoolError::Panicked), 1),
            (true, Ok(()), 2),
        ] {
            assert_eq!(pool.run(task).await, expected);
            assert_eq!(made.load(Ordering::Relaxed), workers);
        }
    }
}
