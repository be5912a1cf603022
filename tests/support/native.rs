//! The router's core as a proxy of its own, without Envoy: the same requests
//! through the same code, natively.

use std::cell::RefCell;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use http::Method;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::trace::v1::ResourceSpans;
use prost::Message;
use semantic_router_filter::cache::{self, Alone, Cache, KEY_BYTES, Key};
use semantic_router_filter::classify::{Classifiers, Limits as ClassifierLimits, Sources};
use semantic_router_filter::clock::{Clock, UnixNanos};
use semantic_router_filter::config::{self, Config, Report};
use semantic_router_filter::exchange::{Exchange, Services, Step, StreamEnd};
use semantic_router_filter::headers::{ENDPOINT_HEADER, HeaderEdit, Headers};
use semantic_router_filter::pipeline::{Reply, Router};
use semantic_router_filter::trace::{Answer, Exporter, Limits, RandomIds, ScopeHeader};

use crate::client::fields::Fields;
use crate::client::{Client, End, Error, Request, Response};
use crate::metrics::{Counted, Series};

/// A router without a proxy.
pub struct Native {
    services: Services,
    exporter: RefCell<Exporter>,
    metrics: Rc<Counted>,
    default_engine: SocketAddr,
}

/// What becomes of a request.
#[derive(Clone, Debug)]
pub enum Decided {
    /// The router answers it.
    Reply(Box<Response>),
    /// It goes to an engine like this.
    Upstream(Request),
}

struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> UnixNanos {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
    }
}

impl Native {
    /// A router with this configuration.
    ///
    /// # Errors
    /// What is wrong with the configuration.
    pub fn new(router: &str, default_engine: SocketAddr) -> Result<Self, Report> {
        let (config, _) = config::load(router)?;
        let limits = Limits {
            max_spans: usize::MAX / 2,
            max_bytes: usize::MAX / 2,
            timeout: Duration::from_secs(5),
        };
        let header = ScopeHeader::new(&config.tracing.resource);
        let classifiers = Rc::new(Classifiers::new(
            ClassifierLimits::of(&config.filter.inference),
            Sources::of(&config),
        ));
        let metrics = Rc::new(Counted::default());
        let services = Services {
            router: Rc::new(Router { cache: cache(&config), ..Router::new(config, classifiers) }),
            clock: Rc::new(SystemClock),
            ids: Rc::new(RefCell::new(RandomIds::default())),
            metrics: Rc::clone(&metrics) as Rc<_>,
        };
        let exporter = RefCell::new(Exporter::new(header, limits));
        Ok(Self { services, exporter, metrics, default_engine })
    }

    /// What the router does with a request, whatever an engine says to that.
    #[must_use]
    pub fn decide(&self, request: &Request) -> Decided {
        let (_, step) = self.step(request);
        decided(request, step)
    }

    /// Takes a request through the router and, if it lets it, to the engine.
    ///
    /// # Errors
    /// The client's, where the engine gives no response.
    pub async fn send(&self, request: &Request) -> Result<Response, Error> {
        let (mut exchange, step) = self.step(request);
        let details = match &step.1 {
            Step::Reply(reply) => reply.details,
            _ => "",
        };
        match decided(request, step) {
            Decided::Reply(response) => {
                let _ = exchange.response_headers(&status_only(response.status), false);
                self.finish(exchange, &response, details);
                Ok(*response)
            }
            Decided::Upstream(upstream) => self.forward(exchange, request, upstream).await,
        }
    }

    /// The exchange of a request until it is decided on: the edits before its
    /// body was read, and what to do.
    fn step(&self, request: &Request) -> (Exchange, (Vec<HeaderEdit>, Step)) {
        let headers = Headers::new(pseudo(request));
        let body: Vec<u8> = request.chunks.concat();
        let mut exchange = Exchange::begin(&self.services, &headers);
        let mut held = Vec::new();
        let mut step = exchange.request_headers(body.is_empty());
        if let Step::Hold(edits) = step {
            held = edits;
            step = if body.len() > exchange.max_request_bytes() {
                exchange.request_too_large()
            } else {
                exchange.request_body(&body)
            };
        }
        // Nobody is beside this router to be asked.
        while let Step::Ask(_) = &step {
            step = exchange.sidecar_answered(&body, (0, b""));
        }
        if exchange.observes() && !body.is_empty() {
            exchange.observe_body(&body, true);
        }
        (exchange, (held, step))
    }

    /// What was counted and measured so far.
    #[must_use]
    pub fn series(&self) -> Vec<Series> {
        self.metrics.series()
    }

    /// The spans made so far.
    #[must_use]
    pub fn take_spans(&self) -> Vec<ResourceSpans> {
        let mut exporter = self.exporter.borrow_mut();
        let mut spans = Vec::new();
        while let Some(batch) = exporter.next(0, 0) {
            let request = ExportTraceServiceRequest::decode(batch.body.as_slice());
            spans.extend(request.unwrap_or_default().resource_spans);
            exporter.answered(batch.id, &Answer::Taken { rejected: 0 }, 0, 0);
        }
        spans
    }

    async fn forward(
        &self,
        mut exchange: Exchange,
        request: &Request,
        upstream: Request,
    ) -> Result<Response, Error> {
        let named = upstream.headers.iter().find(|(name, _)| name == ENDPOINT_HEADER);
        let named = named.and_then(|(_, value)| str::from_utf8(value).ok()?.parse().ok());
        let client = Client::http1(named.unwrap_or(self.default_engine));
        match client.send(upstream).await {
            Ok(mut response) => {
                let mut headers = vec![(":status".to_owned(), response.status.to_string().into())];
                headers.extend(response.headers.iter().cloned());
                let edits = exchange.response_headers(&Headers::new(headers), true);
                apply(&mut response.headers, &edits);
                for chunk in &response.chunks {
                    exchange.response_body(&chunk.bytes);
                }
                let details = match response.end {
                    End::Complete => "via_upstream",
                    End::Truncated(_) => "upstream_reset_after_response_started",
                    End::HungUp => "downstream_remote_disconnect",
                };
                self.finish(exchange, &response, details);
                Ok(response)
            }
            Err(Error::NoResponse { .. } | Error::Connect { .. }) => {
                let response = local(request, &Reply::json(503, String::new(), "no_engine"));
                let _ = exchange.response_headers(&status_only(503), false);
                let details = "upstream_reset_before_response_started{connection_termination}";
                self.finish(exchange, &response, details);
                Ok(response)
            }
            Err(error) => Err(error),
        }
    }

    fn finish(&self, exchange: Exchange, response: &Response, details: &str) {
        let end = StreamEnd {
            status: Some(u32::from(response.status)),
            details: details.to_owned(),
            ..StreamEnd::default()
        };
        if let Some(recording) = exchange.finish(&end) {
            self.exporter.borrow_mut().push(recording);
        }
    }
}

/// What a step comes to, for client or engine.
fn decided(request: &Request, (held, step): (Vec<HeaderEdit>, Step)) -> Decided {
    match step {
        Step::Reply(reply) => Decided::Reply(Box::new(local(request, &reply))),
        Step::Forward { headers, body: replaced } => {
            let mut upstream = request.clone();
            apply(&mut upstream.headers, &held);
            apply(&mut upstream.headers, &headers);
            if let Some(replaced) = replaced {
                upstream.chunks = vec![Bytes::from(replaced)];
            }
            Decided::Upstream(upstream)
        }
        Step::Hold(_) | Step::Ask(_) => {
            let reply = Reply::json(500, "held for ever".to_owned(), "held_for_ever");
            Decided::Reply(Box::new(local(request, &reply)))
        }
    }
}

/// The cache that a configuration asks for.
fn cache(config: &Config) -> Option<Rc<Cache>> {
    let key = Key::new([7; KEY_BYTES]);
    let cache = |limits| Rc::new(Cache::new(key, Rc::new(Alone::default()), limits));
    cache::Limits::of(config).map(cache)
}

/// A request's headers as a proxy shows them.
fn pseudo(request: &Request) -> Fields {
    let mut headers = vec![
        (":method".to_owned(), request.method.to_string().into_bytes()),
        (":path".to_owned(), request.path.clone().into_bytes()),
    ];
    headers
        .extend(request.headers.iter().map(|(name, value)| (name.to_lowercase(), value.clone())));
    if let ([only], true) = (request.chunks.as_slice(), request.method == Method::POST) {
        headers.push(("content-length".to_owned(), only.len().to_string().into_bytes()));
    }
    headers
}

fn status_only(status: u16) -> Headers {
    Headers::new(vec![(":status".to_owned(), status.to_string().into_bytes())])
}

fn apply(headers: &mut Fields, edits: &[HeaderEdit]) {
    for edit in edits {
        if let HeaderEdit::Set(name, _) | HeaderEdit::Remove(name) = edit {
            headers.retain(|(other, _)| !other.eq_ignore_ascii_case(name));
        }
        // The client tells the length of what it sends by itself.
        if let HeaderEdit::Set(name, value) | HeaderEdit::Add(name, value) = edit
            && name != "content-length"
        {
            headers.push((name.clone(), value.clone().into_bytes()));
        }
    }
}

/// An answer of the proxy's own; to gRPC in gRPC's form, as Envoy does it.
fn local(request: &Request, reply: &Reply) -> Response {
    let named = |(name, value): &(String, Vec<u8>)| {
        name == "content-type" && value.starts_with(b"application/grpc")
    };
    let is_grpc = request.headers.iter().any(named);
    let (status, kind, body) = if is_grpc {
        (200, "application/grpc", Bytes::new())
    } else {
        let status = u16::try_from(reply.status).unwrap_or(500);
        (status, reply.content_type, Bytes::from(reply.body.clone()))
    };
    let more = reply.headers.iter().map(|(name, value)| (*name, value.as_str()));
    let headers = std::iter::once(("content-type", kind)).chain(more);
    let headers = headers.map(|(name, value)| (name.to_owned(), value.into())).collect();
    Response {
        status,
        headers,
        body,
        chunks: Vec::new(),
        trailers: Fields::new(),
        first_byte: Duration::ZERO,
        elapsed: Duration::ZERO,
        end: End::Complete,
    }
}
