//! Takes batches, sends each until it is taken or refused, and counts.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tokio::time::sleep;

use super::retry::Backoff;
use super::{Answer, EncodeError, Exporter};
use crate::batch::Batcher;
use crate::metrics::ExporterMetrics;
use crate::queue::{Batch, Queue};

/// What sends batches; several can share all of it.
#[derive(Clone, Debug)]
pub struct Worker {
    /// How batches are sent.
    pub exporter: Arc<Exporter>,
    /// Where they come from.
    pub batcher: Arc<Batcher>,
    /// Where their room is given back.
    pub queue: Arc<Queue>,
    /// Where they are counted.
    pub metrics: ExporterMetrics,
}

impl Worker {
    /// Sends batches until the queue is closed and empty.
    pub async fn run(self) {
        while let Some(batch) = self.batcher.next().await {
            self.metrics.in_flight.inc();
            let failed = self.deliver(&batch).await.min(batch.spans);
            self.metrics.sent_spans.inc_by((batch.spans - failed) as u64);
            self.metrics.failed_spans.inc_by(failed as u64);
            self.queue.settle(&batch);
            self.metrics.in_flight.dec();
        }
    }

    /// Sends a batch; gives how many of its spans were not taken.
    async fn deliver(&self, batch: &Batch) -> usize {
        let (name, spans) = (self.exporter.name(), batch.spans);
        let payload = match self.encode(batch.body.clone()).await {
            Ok(payload) => payload,
            Err(error) => {
                tracing::error!("{name}: {spans} spans dropped: the batch {error}");
                return spans;
            }
        };
        match self.persist(payload).await {
            Ok((rejected, message)) => {
                if rejected > 0 {
                    tracing::error!("{name}: {rejected} of {spans} spans rejected: {message}");
                } else if !message.is_empty() {
                    tracing::warn!("{name}: {spans} spans taken, with a warning: {message}");
                }
                rejected
            }
            Err(reason) => {
                tracing::error!("{name}: {spans} spans refused: {reason}");
                spans
            }
        }
    }

    /// Encodes beside the threads that serve connections.
    async fn encode(&self, body: Bytes) -> Result<Bytes, EncodeError> {
        let exporter = self.exporter.clone();
        let encoded = tokio::task::spawn_blocking(move || exporter.encode(body)).await;
        encoded.unwrap_or_else(|error| Err(std::io::Error::other(error).into()))
    }

    /// Tries until the batch is taken, in whole or part, or refused.
    async fn persist(&self, payload: Bytes) -> Result<(usize, String), String> {
        let name = self.exporter.name();
        let mut backoff = Backoff::new();
        let mut attempts = 1_u64;
        loop {
            match self.exporter.send(payload.clone()).await {
                Answer::Taken { rejected, message } => {
                    if attempts > 1 {
                        tracing::info!("{name}: a batch was taken at attempt {attempts}");
                    }
                    return Ok((rejected, message));
                }
                Answer::Refused { reason } => return Err(reason),
                Answer::Retry { reason, asked } => {
                    let delay = backoff.next(asked);
                    report(name, attempts, &reason, delay);
                    sleep(delay).await;
                    self.metrics.retries.inc();
                    attempts += 1;
                }
            }
        }
    }
}

/// Warns of the first failure of a batch; the others say the same.
fn report(name: &str, attempts: u64, reason: &str, delay: Duration) {
    if attempts == 1 {
        tracing::warn!("{name}: a batch was not taken and will be sent again: {reason}");
    } else {
        tracing::debug!("{name}: attempt {attempts} failed, next in {delay:?}: {reason}");
    }
}
