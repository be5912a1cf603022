//! Spans on their way to a collector: OTLP over HTTP, in small batches.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use http::Uri;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message as _;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, timeout, timeout_at};

use super::span::resource_spans;
use crate::client::{Client, Request};

/// How many spans may wait; more are lost.
const QUEUE: usize = 4096;
/// How many spans are sent together.
const BATCH: usize = 256;
/// How long a span waits for others.
const LINGER: Duration = Duration::from_millis(200);
/// The waits before a batch is sent again, in milliseconds.
const RETRIES: [u64; 4] = [100, 200, 400, 800];
/// How long one attempt may take.
const ATTEMPT: Duration = Duration::from_secs(2);
/// How long the last spans have when the engine stops.
const LAST: Duration = Duration::from_secs(3);

/// What the sending task is told.
enum Message {
    Finished(Box<Span>),
    Stop,
}

/// A queue of spans that a task sends. It never makes a request wait.
pub(super) struct Exporter {
    queue: mpsc::Sender<Message>,
    undelivered: Arc<AtomicUsize>,
}

impl Exporter {
    /// Starts sending to `url` in the name of the engine called `name`. The
    /// task ends when it is stopped or the exporter is dropped.
    pub(super) fn start(name: String, url: Uri) -> (Self, JoinHandle<()>) {
        let (queue, messages) = mpsc::channel(QUEUE);
        let undelivered = Arc::new(AtomicUsize::new(0));
        let task = Task { name, url, undelivered: Arc::clone(&undelivered) };
        (Self { queue, undelivered }, tokio::spawn(task.run(messages)))
    }

    /// Takes a span. One that finds the queue full stays undelivered.
    pub(super) fn offer(&self, span: Span) {
        self.undelivered.fetch_add(1, Ordering::Relaxed);
        drop(self.queue.try_send(Message::Finished(Box::new(span))));
    }

    /// Sends what waits, for some seconds at most; the number of all spans that
    /// were never delivered.
    pub(super) async fn stop(&self, task: JoinHandle<()>) -> usize {
        let stopping = async {
            // Without the task there is nobody to tell, and nothing to wait for.
            drop(self.queue.send(Message::Stop).await);
            drop(task.await);
        };
        drop(timeout(LAST, stopping).await);
        self.undelivered.load(Ordering::Relaxed)
    }
}

/// What the task needs.
struct Task {
    name: String,
    url: Uri,
    undelivered: Arc<AtomicUsize>,
}

impl Task {
    async fn run(self, mut messages: mpsc::Receiver<Message>) {
        let mut open = true;
        while open {
            let mut batch = Vec::new();
            open = gather(&mut messages, &mut batch).await;
            if !batch.is_empty() && self.deliver(&batch).await {
                self.undelivered.fetch_sub(batch.len(), Ordering::Relaxed);
            }
        }
    }

    /// Sends a batch until it is taken or refused for good; whether it was
    /// taken.
    async fn deliver(&self, batch: &[Span]) -> bool {
        let resource_spans = vec![resource_spans(&self.name, batch.to_vec())];
        let body = ExportTraceServiceRequest { resource_spans }.encode_to_vec();
        for wait in RETRIES.into_iter().map(Some).chain([None]) {
            match (self.send(body.clone()).await, wait) {
                (Some(200..=299), _) => return true,
                (None | Some(429 | 502 | 503 | 504), Some(wait)) => {
                    sleep(Duration::from_millis(wait)).await;
                }
                _ => return false,
            }
        }
        false
    }

    /// Sends a body; the status of the answer.
    async fn send(&self, body: Vec<u8>) -> Option<u16> {
        let host = self.url.host()?;
        let port = self.url.port_u16().unwrap_or(80);
        let addr = tokio::net::lookup_host((host, port)).await.ok()?.next()?;
        let request = Request::new(http::Method::POST, self.url.path())
            .header("content-type", "application/x-protobuf")
            .body(vec![body.into()])
            .timeout(ATTEMPT);
        Some(Client::http1(addr).send(request).await.ok()?.status)
    }
}

/// Fills `batch` with what comes within a short time of the first span; whether
/// more can come.
async fn gather(messages: &mut mpsc::Receiver<Message>, batch: &mut Vec<Span>) -> bool {
    let Some(Message::Finished(first)) = messages.recv().await else { return false };
    batch.push(*first);
    let deadline = Instant::now() + LINGER;
    while batch.len() < BATCH {
        match timeout_at(deadline, messages.recv()).await {
            Ok(Some(Message::Finished(span))) => batch.push(*span),
            Ok(Some(Message::Stop) | None) => return false,
            Err(_) => break,
        }
    }
    true
}
