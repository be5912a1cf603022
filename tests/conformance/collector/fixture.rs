//! A collector and its backend, in this process, and clients of the collector.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Method, Request, StatusCode, Uri};
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::trace_service_client::TraceServiceClient;
use opentelemetry_proto::tonic::common::v1::{
    AnyValue, InstrumentationScope, KeyValue, any_value::Value,
};
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span};
use prost::Message;
use semantic_router_collector::export::{Destination, Environment};
use semantic_router_collector::{Collector, Options, Services};
use support::backend::Backend;
use tonic::transport::Channel;

/// The longest that anything is waited for.
pub const LIMIT: Duration = Duration::from_secs(20);

pub const PROTOBUF: (&str, &str) = ("content-type", "application/x-protobuf");

/// How the collector exports to the backend.
#[derive(Clone, Copy, Debug)]
pub enum Export {
    Grpc,
    Http,
}

/// A collector and its backend.
pub struct Running {
    pub collector: Collector,
    pub backend: Backend,
}

/// What came back.
#[derive(Debug)]
pub struct Reply {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Bytes,
}

impl Running {
    pub async fn start(export: Export, variables: &[(&str, &str)]) -> Self {
        Self::start_with(export, variables, 64 << 20).await
    }

    /// With these `OTEL_EXPORTER_OTLP_*` variables, named by their ends.
    pub async fn start_with(
        export: Export,
        variables: &[(&str, &str)],
        max_queued_bytes: usize,
    ) -> Self {
        Self::start_all(export, variables, max_queued_bytes, Services::default()).await
    }

    /// With what it does besides.
    pub async fn serving(services: Services) -> Self {
        Self::start_all(Export::Grpc, &[], 64 << 20, services).await
    }

    async fn start_all(
        export: Export,
        variables: &[(&str, &str)],
        max_queued_bytes: usize,
        services: Services,
    ) -> Self {
        let backend = Backend::start().await.unwrap();
        let endpoint = match export {
            Export::Grpc => format!("http://{}", backend.grpc_endpoint()),
            Export::Http => format!("{}/v1/traces", backend.http_endpoint()),
        };
        let variables = [variables, &[("TRACES_ENDPOINT", &endpoint)]].concat();
        let environment = Environment::read(|name| {
            let end = name.strip_prefix("OTEL_EXPORTER_OTLP_")?;
            variables.iter().find(|(name, _)| *name == end).map(|(_, value)| (*value).to_owned())
        });
        let any = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let options = Options {
            otlp_http: any,
            otlp_grpc: any,
            admin: any,
            max_queued_bytes,
            destination: Destination::resolve(None, &environment.unwrap()).unwrap(),
        };
        let collector = Collector::start_with(options, services);
        Self { collector: collector.await.unwrap(), backend }
    }

    /// Posts to the HTTP receiver.
    pub async fn post(&self, headers: &[(&str, &str)], body: impl Into<Bytes>) -> Reply {
        self.request(Method::POST, "/v1/traces", headers, body).await
    }

    pub async fn request(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: impl Into<Bytes>,
    ) -> Reply {
        let address = self.collector.addresses().otlp_http;
        send(method, &format!("http://{address}{path}"), headers, body.into()).await
    }

    /// A client of the gRPC receiver.
    pub async fn grpc(&self) -> TraceServiceClient<Channel> {
        let address = self.collector.addresses().otlp_grpc;
        TraceServiceClient::connect(format!("http://{address}")).await.unwrap()
    }

    /// The sum of a metric over its labels.
    pub async fn metric(&self, name: &str) -> u64 {
        let address = self.collector.addresses().admin;
        let reply =
            send(Method::GET, &format!("http://{address}/metrics"), &[], Bytes::new()).await;
        let text = String::from_utf8(reply.body.to_vec()).unwrap();
        let lines = text.lines().filter(|line| line.split(['{', ' ']).next() == Some(name));
        lines.map(|line| line.rsplit(' ').next().unwrap().parse::<u64>().unwrap()).sum()
    }

    /// Waits until a metric has at least a value.
    pub async fn wait_for_metric(&self, name: &str, value: u64) {
        self.wait(name, |found| found >= value).await;
    }

    async fn wait(&self, name: &str, reached: impl Fn(u64) -> bool) {
        let waiting = async {
            while !reached(self.metric(name).await) {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        let waited = tokio::time::timeout(LIMIT, waiting).await;
        assert!(waited.is_ok(), "{name} is {}", self.metric(name).await);
    }

    /// Checks that what was accepted is sent, failed or still queued.
    pub async fn assert_balance(&self, accepted: u64, sent: u64, failed: u64) {
        for (name, expected) in [
            ("otelcol_receiver_accepted_spans_total", accepted),
            ("otelcol_exporter_sent_spans_total", sent),
            ("otelcol_exporter_send_failed_spans_total", failed),
            ("otelcol_exporter_queue_spans", accepted - sent - failed),
        ] {
            // Counted a moment after the backend has them.
            self.wait(name, |found| found == expected).await;
        }
    }
}

/// Sends a request.
pub async fn send(method: Method, uri: &str, headers: &[(&str, &str)], body: Bytes) -> Reply {
    let mut request = Request::builder().method(method).uri(uri.parse::<Uri>().unwrap());
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let client = Client::builder(TokioExecutor::new()).build_http();
    let request = request.body(Full::new(body)).unwrap();
    let response = tokio::time::timeout(LIMIT, client.request(request)).await.unwrap().unwrap();
    let (parts, body) = response.into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    Reply { status: parts.status, headers: parts.headers, body }
}

/// A request of spans with the ids `ids`.
pub fn request(ids: std::ops::Range<u64>) -> ExportTraceServiceRequest {
    let value = AnyValue { value: Some(Value::StringValue("semantic-router".to_owned())) };
    let name = KeyValue { key: "service.name".to_owned(), value: Some(value), key_strindex: 0 };
    let span = |id: u64| Span {
        trace_id: [[7; 8], id.to_be_bytes()].concat(),
        span_id: (id + 1).to_be_bytes().to_vec(),
        name: format!("span {id}"),
        kind: 2,
        flags: 0x101,
        start_time_unix_nano: 1_700_000_000_000_000_000 + id,
        end_time_unix_nano: 1_700_000_000_000_000_001 + id,
        attributes: vec![name.clone(); 3],
        ..Span::default()
    };
    let scope = InstrumentationScope { name: "test".to_owned(), ..Default::default() };
    let scope_spans = ScopeSpans {
        scope: Some(scope),
        spans: ids.map(span).collect(),
        schema_url: String::new(),
    };
    let resource = Resource { attributes: vec![name.clone()], ..Default::default() };
    ExportTraceServiceRequest {
        resource_spans: vec![ResourceSpans {
            resource: Some(resource),
            scope_spans: vec![scope_spans],
            schema_url: String::new(),
        }],
    }
}

/// The same, encoded.
pub fn encoded(ids: std::ops::Range<u64>) -> Vec<u8> {
    request(ids).encode_to_vec()
}
