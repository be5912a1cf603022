//! A tracing backend that receives OTLP, for tests: it keeps what it is sent,
//! answers as it is told and can be stopped and started again.
//!
//! It decodes with generated code, so that what it receives does not depend on
//! how the collector reads and writes.

mod receive;
pub(crate) mod server;

use std::collections::HashSet;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use http::HeaderMap;
use opentelemetry_proto::tonic::common::v1::{InstrumentationScope, KeyValue};
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, Span};
use tokio::sync::watch;
use tokio::time::timeout;

use server::Server;

/// How requests are answered.
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    /// The spans are kept.
    Ok,
    /// The spans are kept, but so many are said to be rejected, and why.
    Partial(i64, String),
    /// The spans are not kept; this HTTP status, or the gRPC one that stands
    /// for it, and how many seconds later to try again.
    Status(u16, Option<u32>),
    /// The spans are kept after this time.
    Delay(Duration),
    /// The connection is closed without an answer.
    Reset,
}

/// A span as it arrived.
#[derive(Clone, Debug, PartialEq)]
pub struct ReceivedSpan {
    /// Attributes of its resource.
    pub resource: Vec<KeyValue>,
    /// Its scope.
    pub scope: Option<InstrumentationScope>,
    /// The span.
    pub span: Span,
}

/// Too little arrived in time.
#[derive(Debug, thiserror::Error)]
#[error("{spans} spans in {requests} requests arrived within {limit:?}, not what was waited for")]
pub struct WaitError {
    /// How many spans arrived.
    pub spans: usize,
    /// In how many requests.
    pub requests: usize,
    /// How long was waited.
    pub limit: Duration,
}

/// A backend; stops when dropped.
#[derive(Debug)]
pub struct Backend {
    http: SocketAddr,
    grpc: SocketAddr,
    shared: Arc<Shared>,
    servers: Mutex<Vec<Server>>,
}

/// What is shared with the servers.
#[derive(Debug)]
struct Shared {
    answer: Mutex<Answer>,
    received: Mutex<Vec<ReceivedSpan>>,
    headers: Mutex<Vec<HeaderMap>>,
    requests: AtomicUsize,
    changed: watch::Sender<()>,
}

impl Backend {
    /// Starts on loopback ports that the system chooses.
    ///
    /// # Errors
    /// When no port can be listened on.
    pub async fn start() -> io::Result<Self> {
        let any = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        Self::start_on(any, any).await
    }

    /// Starts on these addresses, for OTLP/HTTP and OTLP/gRPC.
    ///
    /// # Errors
    /// When one cannot be listened on.
    pub async fn start_on(http: SocketAddr, grpc: SocketAddr) -> io::Result<Self> {
        let shared = Arc::new(Shared {
            answer: Mutex::new(Answer::Ok),
            received: Mutex::default(),
            headers: Mutex::default(),
            requests: AtomicUsize::new(0),
            changed: watch::channel(()).0,
        });
        let mut backend = Self { http, grpc, shared, servers: Mutex::default() };
        let [http, grpc] = backend.serve().await?;
        (backend.http, backend.grpc) = (http, grpc);
        Ok(backend)
    }

    /// Starts again, where it was before it was stopped.
    ///
    /// # Errors
    /// When an address cannot be listened on.
    pub async fn restart(&self) -> io::Result<()> {
        self.stop().await;
        self.serve().await.map(drop)
    }

    /// Closes every connection and listens no more. What arrived is kept.
    pub async fn stop(&self) {
        let servers = std::mem::take(&mut *lock(&self.servers));
        for server in servers {
            server.stop().await;
        }
    }

    async fn serve(&self) -> io::Result<[SocketAddr; 2]> {
        let http = Server::start(self.http, receive::http(self.shared.clone())).await?;
        let grpc = Server::start(self.grpc, receive::grpc(self.shared.clone())).await?;
        let addresses = [http.address(), grpc.address()];
        lock(&self.servers).extend([http, grpc]);
        Ok(addresses)
    }

    /// Where it receives OTLP/HTTP, as in `http://127.0.0.1:4318`.
    #[must_use]
    pub fn http_endpoint(&self) -> String {
        format!("http://{}", self.http)
    }

    /// Where it receives OTLP/gRPC, as in `127.0.0.1:4317`.
    #[must_use]
    pub fn grpc_endpoint(&self) -> String {
        self.grpc.to_string()
    }

    /// Answers like this from now on.
    pub fn answer(&self, answer: Answer) {
        *lock(&self.shared.answer) = answer;
    }

    /// How many requests began, whatever became of them.
    #[must_use]
    pub fn requests(&self) -> usize {
        self.shared.requests.load(Ordering::Relaxed)
    }

    /// The headers of every request.
    #[must_use]
    pub fn headers(&self) -> Vec<HeaderMap> {
        lock(&self.shared.headers).clone()
    }

    /// The spans that arrived and were kept, in order.
    #[must_use]
    pub fn spans(&self) -> Vec<ReceivedSpan> {
        lock(&self.shared.received).clone()
    }

    /// The spans that arrived and were kept, in order, and are not kept any
    /// more.
    pub fn take_spans(&self) -> Vec<ReceivedSpan> {
        lock(&self.shared.headers).clear();
        std::mem::take(&mut lock(&self.shared.received))
    }

    /// How many different span ids arrived.
    #[must_use]
    pub fn unique_spans(&self) -> usize {
        let received = lock(&self.shared.received);
        received.iter().map(|span| &span.span.span_id).collect::<HashSet<_>>().len()
    }

    /// Waits until the spans that arrived are as they should be, for at most
    /// `limit`.
    ///
    /// # Errors
    /// When they are not by then.
    pub async fn wait_until(
        &self,
        arrived: impl Fn(&[ReceivedSpan]) -> bool,
        limit: Duration,
    ) -> Result<Vec<ReceivedSpan>, WaitError> {
        let mut changed = self.shared.changed.subscribe();
        let waiting = async {
            while !arrived(&lock(&self.shared.received)) {
                // The sender lives as long as this backend.
                let _ = changed.changed().await;
            }
        };
        match timeout(limit, waiting).await {
            Ok(()) => Ok(self.spans()),
            Err(_) => Err(WaitError {
                spans: lock(&self.shared.received).len(),
                requests: self.requests(),
                limit,
            }),
        }
    }

    /// Waits until so many requests began, for at most `limit`.
    ///
    /// # Errors
    /// When they have not by then.
    pub async fn wait_for_requests(
        &self,
        requests: usize,
        limit: Duration,
    ) -> Result<(), WaitError> {
        self.wait_until(|_| self.requests() >= requests, limit).await.map(drop)
    }
}

impl Shared {
    /// Notes that a request began; gives how to answer it.
    fn begin(&self, headers: HeaderMap) -> Answer {
        lock(&self.headers).push(headers);
        self.requests.fetch_add(1, Ordering::Relaxed);
        self.changed.send_replace(());
        lock(&self.answer).clone()
    }

    fn keep(&self, resources: Vec<ResourceSpans>) {
        let mut received = lock(&self.received);
        for resource in resources {
            let attributes = resource.resource.map(|resource| resource.attributes);
            let attributes = attributes.unwrap_or_default();
            for scope in resource.scope_spans {
                received.extend(scope.spans.into_iter().map(|span| ReceivedSpan {
                    resource: attributes.clone(),
                    scope: scope.scope.clone(),
                    span,
                }));
            }
        }
        drop(received);
        self.changed.send_replace(());
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
