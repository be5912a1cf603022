//! Everything around a router: engines, a collector, and a backend that gets
//! the spans.

use std::collections::HashSet;
use std::fs;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use semantic_router_collector::cache;
use semantic_router_collector::export::{
    Destination, DestinationError, Environment, EnvironmentError,
};
use semantic_router_collector::models::{FolderError, Models};
use semantic_router_collector::{Collector, Options as CollectorOptions, Services, StartError};
use semantic_router_filter::config::{Exporter, ExporterKind};

use crate::backend::{Backend, ReceivedSpan, WaitError};
use crate::bootstrap::{Bootstrap, Filter, Ingress};
use crate::engine::{self, Engine, Options, Recorded};
use crate::envoy::{checkout, module};
use crate::tree::{Node, Tree, hex};

/// Why a stack does not stand.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// An engine did not start.
    #[error(transparent)]
    Engine(#[from] engine::Error),
    /// The backend did not start, or a file could not be read.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// The collector did not start.
    #[error(transparent)]
    Collector(#[from] StartError),
    /// There is no folder of models.
    #[error(transparent)]
    Models(#[from] FolderError),
    /// The collector has nowhere to send spans to.
    #[error(transparent)]
    Destination(#[from] DestinationError),
    /// The environment of the tests makes no sense to the collector.
    #[error(transparent)]
    Environment(#[from] EnvironmentError),
}

/// Engines, collector and backend.
pub struct Stack {
    /// Serves every model; what the configuration calls `engine-a`.
    pub a: Engine,
    /// Serves every model; what the configuration calls `engine-b`.
    pub b: Engine,
    /// Serves the model `default`; gets what no endpoint is chosen for.
    pub default: Engine,
    /// Gets the spans.
    pub backend: Backend,
    collector: Option<Collector>,
    collector_http: SocketAddr,
    cache: Option<cache::Settings>,
}

impl Stack {
    /// Starts all of it.
    ///
    /// # Errors
    /// What did not start.
    pub async fn start() -> Result<Self, Error> {
        Self::start_with(None).await
    }

    /// Starts all of it, with a collector that keeps answers.
    ///
    /// # Errors
    /// What did not start.
    pub async fn start_with(cache: Option<cache::Settings>) -> Result<Self, Error> {
        let backend = Backend::start().await?;
        let any = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let collector = start_collector(&backend, any, cache.clone()).await?;
        let engine = |name: &str, models: &[&str]| {
            Engine::start(Options {
                name: name.to_owned(),
                models: models.iter().map(|model| (*model).to_owned()).collect(),
                ..Options::default()
            })
        };
        Ok(Self {
            a: engine("engine-a", &[]).await?,
            b: engine("engine-b", &[]).await?,
            default: engine("default", &["default"]).await?,
            backend,
            collector_http: collector.addresses().otlp_http,
            collector: Some(collector),
            cache,
        })
    }

    /// Where the collector takes the filter's spans.
    #[must_use]
    pub fn collector_address(&self) -> SocketAddr {
        self.collector_http
    }

    /// Stops the collector; how many spans it had not delivered.
    pub async fn stop_collector(&mut self) -> usize {
        match self.collector.take() {
            Some(collector) => collector.shutdown(Duration::from_secs(5)).await,
            None => 0,
        }
    }

    /// Starts the collector again, where it was.
    ///
    /// # Errors
    /// It did not start.
    pub async fn restart_collector(&mut self) -> Result<(), Error> {
        let (http, cache) = (self.collector_http, self.cache.clone());
        self.collector = Some(start_collector(&self.backend, http, cache).await?);
        Ok(())
    }

    /// A router configuration from `e2e/configs`, with the ports of the engines.
    ///
    /// # Errors
    /// There is none of that name.
    pub fn config(&self, name: &str) -> Result<String, Error> {
        let file = checkout().join(format!("tests/e2e/configs/{name}.yaml"));
        Ok(self.fill(&fs::read_to_string(file)?))
    }

    /// A text with the ports of the engines in it.
    #[must_use]
    pub fn fill(&self, text: &str) -> String {
        text.replace("${ENGINE_A}", &self.a.addr().port().to_string())
            .replace("${ENGINE_B}", &self.b.addr().port().to_string())
    }

    /// An Envoy with a listener for each of these router configurations; `None`
    /// for one without the filter.
    #[must_use]
    pub fn bootstrap_of(&self, routers: Vec<(String, Option<String>)>) -> Bootstrap {
        let filters = |router: Option<String>| router.into_iter().map(Filter::single).collect();
        self.bootstrap_with(
            routers.into_iter().map(|(name, router)| (name, filters(router))).collect(),
        )
    }

    /// An Envoy with a listener for each of these lists of filters.
    #[must_use]
    pub fn bootstrap_with(&self, filters: Vec<(String, Vec<Filter>)>) -> Bootstrap {
        Bootstrap {
            ingresses: filters
                .into_iter()
                .map(|(name, filters)| Ingress { name, filters })
                .collect(),
            default_engine: self.default.addr(),
            collector: Some(self.collector_http),
            external: None,
            module: module(),
            host_names: false,
            buffer_limit: 8 << 20,
            listeners_file: None,
            vm_configuration: String::new(),
        }
    }

    /// What the engines have received, with their names.
    #[must_use]
    pub fn reached(&self) -> Vec<(&'static str, Recorded)> {
        [("a", &self.a), ("b", &self.b), ("default", &self.default)]
            .into_iter()
            .flat_map(|(name, engine)| {
                engine.requests().into_iter().map(move |recorded| (name, recorded))
            })
            .collect()
    }

    /// Forgets what the engines have received.
    pub fn clear(&self) {
        for engine in [&self.a, &self.b, &self.default] {
            engine.clear();
        }
    }

    /// Waits until so many exchanges, each with its root span, have arrived.
    ///
    /// # Errors
    /// Fewer did within `limit`.
    pub async fn wait_for_roots(&self, count: usize, limit: Duration) -> Result<Tree, WaitError> {
        let roots = move |spans: &[ReceivedSpan]| {
            let roots = spans.iter().filter(|span| span.span.name == ROOT);
            roots.map(|span| &span.span.span_id).collect::<HashSet<_>>().len() >= count
        };
        let spans = self.backend.wait_until(roots, limit).await?;
        Ok(tree(&spans))
    }

    /// Waits until a trace, its id in hexadecimal digits, has its root and at
    /// least so many spans.
    ///
    /// # Errors
    /// It has not within `limit`.
    pub async fn wait_for_trace(
        &self,
        trace_id: &str,
        count: usize,
        limit: Duration,
    ) -> Result<Tree, WaitError> {
        let whole = |spans: &[ReceivedSpan]| {
            let own = spans.iter().filter(|span| hex(&span.span.trace_id) == trace_id);
            let ids: HashSet<_> = own.clone().map(|span| &span.span.span_id).collect();
            own.clone().any(|span| span.span.name == ROOT) && ids.len() >= count
        };
        let spans = self.backend.wait_until(whole, limit).await?;
        Ok(tree(&spans).trace(trace_id))
    }
}

/// How far spans may reach out of their parents: clocks of the proxy are read
/// in microseconds, in one process.
pub const TOLERANCE: Duration = Duration::from_micros(2);

/// The id of a test's own trace number `index`.
#[must_use]
pub fn trace_id(index: u64) -> String {
    format!("{:032x}", u128::from(index) + 1)
}

/// The `traceparent` of a caller that samples [`trace_id`].
#[must_use]
pub fn traceparent(index: u64) -> String {
    format!("00-{}-b7ad6b7169203331-01", trace_id(index))
}

/// The header that names the engine to Envoy.
pub const ENDPOINT_HEADER: &str = "x-vsr-destination-endpoint";

/// The name of the span that an exchange begins with.
pub const ROOT: &str = "semantic_router.request.received";

/// Spans as they arrived, each once.
#[must_use]
pub fn tree(spans: &[ReceivedSpan]) -> Tree {
    let mut seen = HashSet::new();
    let once = spans.iter().filter(|span| seen.insert(span.span.span_id.clone()));
    Tree::of(once.map(node).collect())
}

fn node(received: &ReceivedSpan) -> Node {
    let service = received.resource.iter().find(|attribute| attribute.key == "service.name");
    let service = service.and_then(|attribute| attribute.value.as_ref()?.value.as_ref());
    let service = match service {
        Some(opentelemetry_proto::tonic::common::v1::any_value::Value::StringValue(name)) => name,
        _ => "",
    };
    Node {
        service: service.to_owned(),
        scope: received.scope.as_ref().map(|scope| scope.name.clone()).unwrap_or_default(),
        span: received.span.clone(),
    }
}

async fn start_collector(
    backend: &Backend,
    http: SocketAddr,
    cache: Option<cache::Settings>,
) -> Result<Collector, Error> {
    let any = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let exporter = Exporter {
        kind: ExporterKind::Otlp,
        endpoint: Some(backend.grpc_endpoint()),
        insecure: true,
    };
    let environment = Environment::read(|_| None)?;
    let options = CollectorOptions {
        otlp_http: http,
        otlp_grpc: any,
        admin: any,
        max_queued_bytes: 64 << 20,
        destination: Destination::resolve(Some(&exporter), &environment)?,
    };
    let models = Models::open(&checkout().join("tests/e2e/models"))?;
    let services = Services { models: Some(Arc::new(models)), cache, ..Services::default() };
    Ok(Collector::start_with(options, services).await?)
}
