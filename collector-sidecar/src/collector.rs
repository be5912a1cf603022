//! The collector as a whole: receivers, queue, exporter, admin listener, models,
//! classifiers and cache.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use semantic_router_filter::classify::ClassifyError;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout_at};

use crate::batch::Batcher;
use crate::cache::{self, Cache};
use crate::classify::{self, Desk, Threads};
use crate::export::{Destination, Exporter, Worker};
use crate::metrics::Metrics;
use crate::models::{self, Models, Shelf};
use crate::queue::Queue;
use crate::receive::{Intake, grpc_router, http_router};
use crate::serve::{ListenError, Listener};
use crate::web::{self, Admin};

/// What a collector is started with.
#[derive(Clone, Debug)]
pub struct Options {
    /// Where OTLP/HTTP is received.
    pub otlp_http: SocketAddr,
    /// Where OTLP/gRPC is received.
    pub otlp_grpc: SocketAddr,
    /// Where health and metrics are served.
    pub admin: SocketAddr,
    /// The most bytes that wait to be delivered.
    pub max_queued_bytes: usize,
    /// Where spans are sent.
    pub destination: Destination,
}

/// What a collector does besides.
#[derive(Clone, Debug, Default)]
pub struct Services {
    /// The user's own models, which it serves.
    pub models: Option<Arc<Models>>,
    /// How it classifies texts.
    pub classify: classify::Settings,
    /// Where it keeps answers, if anywhere.
    pub cache: Option<cache::Settings>,
}

/// Why a collector did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// An address could not be listened on.
    #[error(transparent)]
    Listen(#[from] ListenError),
    /// The destination is the collector itself.
    #[error(
        "the destination is the collector's own receiver at {0}, so that spans would circle: set \
         observability.tracing.exporter.endpoint or OTEL_EXPORTER_OTLP_ENDPOINT to the backend, or \
         move the receiver with --otlp-grpc or --otlp-http"
    )]
    Circle(SocketAddr),
    /// The destination cannot be connected to.
    #[error("cannot connect to the destination: {0}")]
    Connect(#[from] tonic::transport::Error),
    /// There are no threads to classify on.
    #[error("cannot start threads to classify on: {0}")]
    Threads(io::Error),
    /// Prompts cannot be compared.
    #[error("cannot start the cache: {0}")]
    Cache(#[from] ClassifyError),
}

/// Where a collector listens.
#[derive(Clone, Copy, Debug)]
pub struct Addresses {
    /// OTLP/HTTP.
    pub otlp_http: SocketAddr,
    /// OTLP/gRPC.
    pub otlp_grpc: SocketAddr,
    /// Health and metrics.
    pub admin: SocketAddr,
}

/// A running collector.
#[derive(Debug)]
pub struct Collector {
    addresses: Addresses,
    admin: Arc<Admin>,
    queue: Arc<Queue>,
    stop: watch::Sender<bool>,
    receivers: JoinSet<()>,
    workers: JoinSet<()>,
    /// Serves until the collector is dropped.
    _web: JoinSet<()>,
}

impl Collector {
    /// Starts a collector that has no models but the bundled ones. It receives
    /// as soon as this returns.
    ///
    /// # Errors
    /// Why it did not start; nothing is left running.
    pub async fn start(options: Options) -> Result<Self, StartError> {
        Self::start_with(options, Services::default()).await
    }

    /// The same, with what it does besides.
    ///
    /// # Errors
    /// Why it did not start; nothing is left running.
    pub async fn start_with(options: Options, services: Services) -> Result<Self, StartError> {
        let http = Listener::open("OTLP/HTTP", options.otlp_http).await?;
        let grpc = Listener::open("OTLP/gRPC", options.otlp_grpc).await?;
        let web = Listener::open("health and metrics", options.admin).await?;
        let addresses = Addresses {
            otlp_http: http.address(),
            otlp_grpc: grpc.address(),
            admin: web.address(),
        };
        if let Some(own) = options.destination.circles(&[http.address(), grpc.address()]) {
            return Err(StartError::Circle(own));
        }
        let exporter = Exporter::new(&options.destination)?;

        let queue = Arc::new(Queue::new(options.max_queued_bytes));
        let metrics = Arc::new(Metrics::new(queue.clone()));
        let Services { models, classify, cache } = services;
        let threads = Threads::start(classify, models.clone(), &metrics.classify)
            .map_err(StartError::Threads)?;
        let cache = cache.map(|cache| Cache::start(cache, metrics.cache.clone())).transpose()?;
        let workers = spawn_workers(exporter, &queue, &metrics);
        let intake = Arc::new(Intake::new(queue.clone(), metrics.clone()));
        let (stop, stopped) = watch::channel(false);
        let shelf = Shelf::new(models, metrics.model_bytes.clone(), stopped.clone());
        let desk = Desk::new(threads, metrics.classify.clone(), stopped.clone());
        let cache = cache::Desk::new(cache, metrics.cache.clone(), stopped.clone());
        let router = http_router(intake.clone())
            .merge(models::router(Arc::new(shelf)))
            .merge(classify::router(Arc::new(desk)))
            .merge(cache::router(Arc::new(cache)));
        let admin = Arc::new(Admin { metrics, draining: AtomicBool::new(false) });
        let mut receivers = JoinSet::new();
        receivers.spawn(http.serve(router, stopped.clone()));
        receivers.spawn(grpc.serve(grpc_router(intake), stopped));
        // Its own channel, never told to stop: it shows the draining as well.
        let (never, unstopped) = watch::channel(false);
        let mut served = JoinSet::new();
        let router = web::router(admin.clone());
        served.spawn(async move {
            web.serve(router, unstopped).await;
            drop(never);
        });
        Ok(Self { addresses, admin, queue, stop, receivers, workers, _web: served })
    }

    /// Where it listens.
    #[must_use]
    pub fn addresses(&self) -> Addresses {
        self.addresses
    }

    /// Stops receiving and delivers what is queued, for at most `timeout`;
    /// gives how many spans were not delivered.
    pub async fn shutdown(mut self, timeout: Duration) -> usize {
        let deadline = Instant::now() + timeout;
        self.admin.draining.store(true, Ordering::Relaxed);
        self.stop.send_replace(true);
        finish(&mut self.receivers, deadline).await;
        self.queue.close();
        finish(&mut self.workers, deadline).await;
        self.queue.size().spans
    }
}

fn spawn_workers(exporter: Exporter, queue: &Arc<Queue>, metrics: &Metrics) -> JoinSet<()> {
    let count = exporter.workers();
    let worker = Worker {
        metrics: metrics.exporter(exporter.name()),
        exporter: Arc::new(exporter),
        batcher: Arc::new(Batcher::new(queue.clone())),
        queue: queue.clone(),
    };
    let mut workers = JoinSet::new();
    for _ in 0..count {
        workers.spawn(worker.clone().run());
    }
    workers
}

/// Waits for tasks to end, and ends those that have not at the deadline.
async fn finish(tasks: &mut JoinSet<()>, deadline: Instant) {
    while let Ok(Some(_)) = timeout_at(deadline, tasks.join_next()).await {}
    tasks.shutdown().await;
}
