//! The stream context: callbacks in, host calls out.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use proxy_wasm::traits::{Context, HttpContext};
use proxy_wasm::types::Action;

use super::abi::{self, Buffer, HostResult, Map};
use super::metrics;
use crate::exchange::{Exchange, Services, StageCount, Step, StreamEnd};
use crate::headers::HeaderEdit;
use crate::openai;
use crate::pipeline::Reply;
use crate::trace::Exporter;

/// One stream.
pub struct Http {
    services: Services,
    exporter: Rc<RefCell<Exporter>>,
    exchange: Option<Exchange>,
    phase: Phase,
}

/// What happens to the request's body.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// Its headers wait for it.
    Holding,
    /// It is there, and waits for the sidecar.
    Asking,
    /// It passes, looked at.
    Observing,
    /// It passes.
    Passing,
}

impl Http {
    /// A stream that has not begun.
    pub fn new(services: Services, exporter: Rc<RefCell<Exporter>>) -> Self {
        Self { services, exporter, exchange: None, phase: Phase::Passing }
    }

    /// Lets the exchange decide, counts what became of its stages, and does
    /// what it says. `buffered` is the length of the request's body so far.
    fn decide(
        &mut self,
        buffered: usize,
        decision: impl FnOnce(&mut Exchange, &mut Vec<StageCount>) -> Step,
    ) -> Action {
        let Some(exchange) = &mut self.exchange else { return Action::Continue };
        let mut counts = Vec::new();
        let step = decision(exchange, &mut counts);
        counts.iter().for_each(metrics::count_stage);
        self.take(step, buffered)
    }

    fn take(&mut self, step: Step, buffered: usize) -> Action {
        let result = match step {
            Step::Hold(headers) => {
                self.phase = Phase::Holding;
                edit(Map::Request, &headers).map(|()| Action::Pause)
            }
            Step::Forward { headers, body } => {
                self.phase = Phase::Passing;
                // The body first: headers for a body that stayed as it was
                // would let the engine read the rest as another request.
                let replaced = match body {
                    Some(body) => abi::set_buffer(Buffer::RequestBody, buffered, body.as_bytes()),
                    None => Ok(()),
                };
                replaced.and_then(|()| edit(Map::Request, &headers)).map(|()| Action::Continue)
            }
            Step::Reply(reply) => {
                self.phase = Phase::Passing;
                send(&reply).map(|()| Action::Pause)
            }
            Step::Ask(question) => {
                self.phase = Phase::Asking;
                return self.ask(&question, buffered);
            }
        };
        result.unwrap_or_else(|error| {
            log::error!("request: {error}");
            let body = openai::error_body(500, "the router could not change the request");
            let _ = send(&Reply::json(500, body, "host_call_failed"));
            Action::Pause
        })
    }

    /// The whole body is there: `size` bytes of it.
    fn body_complete(&mut self, size: usize) -> Action {
        let body = abi::buffer(Buffer::RequestBody, 0, size).unwrap_or_default();
        self.decide(size, |exchange, counts| exchange.request_body(&body, counts))
    }

    /// Sends a question to the sidecar.
    fn ask(&mut self, question: &[u8], buffered: usize) -> Action {
        let config = &self.services.router.config;
        let cluster = &config.filter.collector.cluster;
        let headers = vec![
            (":method", "POST"),
            (":path", "/v1/classify"),
            (":authority", cluster.as_str()),
            ("content-type", "application/json"),
        ];
        // The SDK's call, since its dispatcher has to know the token.
        let timeout = Duration::from_millis(config.filter.inference.sidecar_timeout_ms);
        let sent = proxy_wasm::hostcalls::dispatch_http_call(
            cluster,
            headers,
            Some(question),
            Vec::new(),
            timeout,
        );
        match sent {
            Ok(_) => Action::Pause,
            Err(status) => {
                log::error!("sidecar cluster {cluster}: cannot be called: {status:?}");
                self.answered(0, &[], buffered)
            }
        }
    }

    /// The sidecar has answered, or nobody has. `buffered` is the length of the
    /// request's body.
    fn answered(&mut self, status: u32, answer: &[u8], buffered: usize) -> Action {
        let body = abi::buffer(Buffer::RequestBody, 0, buffered).unwrap_or_default();
        self.decide(body.len(), |exchange, counts| {
            exchange.sidecar_answered(&body, (status, answer), counts)
        })
    }

    fn max_request_bytes(&self) -> usize {
        self.services.router.config.filter.max_request_bytes
    }
}

impl Context for Http {
    fn on_http_call_response(&mut self, _: u32, headers: usize, size: usize, _: usize) {
        if self.phase != Phase::Asking {
            return;
        }
        let status = abi::callout_status(headers);
        let answer = abi::buffer(Buffer::CalloutBody, 0, size).unwrap_or_default();
        let most = self.max_request_bytes() + 1;
        if self.answered(status, &answer, most) == Action::Continue
            && let Err(error) = abi::resume_request()
        {
            log::error!("request: {error}");
        }
    }
}

impl HttpContext for Http {
    fn on_http_request_headers(&mut self, _: usize, end_of_stream: bool) -> Action {
        let headers = match abi::headers(Map::Request) {
            Ok(headers) => headers,
            Err(error) => {
                log::error!("request headers: {error}");
                return Action::Continue;
            }
        };
        let exchange = self.exchange.insert(Exchange::begin(&self.services, &headers));
        let observes = exchange.observes() && !end_of_stream;
        let action =
            self.decide(0, |exchange, counts| exchange.request_headers(end_of_stream, counts));
        if observes {
            self.phase = Phase::Observing;
        }
        action
    }

    fn on_http_request_body(&mut self, size: usize, end_of_stream: bool) -> Action {
        match self.phase {
            Phase::Passing => Action::Continue,
            Phase::Observing => {
                let chunk = abi::buffer(Buffer::RequestBody, 0, size).unwrap_or_default();
                if let Some(exchange) = &mut self.exchange {
                    let mut counts = Vec::new();
                    exchange.observe_body(&chunk, end_of_stream, &mut counts);
                    counts.iter().for_each(metrics::count_stage);
                }
                Action::Continue
            }
            Phase::Holding if size > self.max_request_bytes() => {
                self.decide(size, Exchange::request_too_large)
            }
            Phase::Holding if end_of_stream => self.body_complete(size),
            Phase::Holding | Phase::Asking => Action::Pause,
        }
    }

    fn on_http_request_trailers(&mut self, _: usize) -> Action {
        // With trailers no part of the body is the last one.
        match self.phase {
            Phase::Holding => {
                let most = self.max_request_bytes() + 1;
                let size = abi::buffer(Buffer::RequestBody, 0, most).map_or(0, |body| body.len());
                self.body_complete(size)
            }
            Phase::Asking => Action::Pause,
            Phase::Observing => self.on_http_request_body(0, true),
            Phase::Passing => Action::Continue,
        }
    }

    fn on_http_response_headers(&mut self, _: usize, _: bool) -> Action {
        let headers = abi::headers(Map::Response).unwrap_or_default();
        if let Some(exchange) = &mut self.exchange {
            let from_upstream =
                text(&["response", "code_details"]).as_deref() == Some("via_upstream");
            let edits = exchange.response_headers(&headers, from_upstream);
            if let Err(error) = edit(Map::Response, &edits) {
                log::error!("response headers: {error}");
            }
        }
        Action::Continue
    }

    fn on_http_response_body(&mut self, size: usize, _: bool) -> Action {
        if let Some(exchange) = self.exchange.as_mut().filter(|exchange| exchange.reads_response())
            && size > 0
        {
            match abi::buffer(Buffer::ResponseBody, 0, size) {
                Ok(chunk) => exchange.response_body(&chunk),
                Err(error) => log::error!("response body: {error}"),
            }
        }
        Action::Continue
    }

    fn on_log(&mut self) {
        let Some(exchange) = self.exchange.take() else { return };
        if let Some(recording) = exchange.finish(&stream_end()) {
            self.exporter.borrow_mut().push(recording);
        }
    }
}

fn edit(map: Map, edits: &[HeaderEdit]) -> HostResult<()> {
    edits.iter().try_for_each(|edit| match edit {
        HeaderEdit::Set(name, value) => abi::set_header(map, name, value),
        HeaderEdit::Remove(name) => abi::remove_header(map, name),
    })
}

fn send(reply: &Reply) -> HostResult<()> {
    let mut headers = vec![("content-type", reply.content_type)];
    headers.extend(reply.headers.iter().map(|(name, value)| (*name, value.as_str())));
    abi::reply(reply.status, reply.details, &headers, reply.body.as_bytes())
}

/// A property that is text; `None` when absent or empty.
fn text(path: &[&str]) -> Option<String> {
    let text = String::from_utf8(abi::property(path)?).ok()?;
    (!text.is_empty()).then_some(text)
}

fn stream_end() -> StreamEnd {
    // Integers are eight bytes, little-endian.
    let number = |path: &[&str]| {
        let bytes: [u8; 8] = abi::property(path)?.try_into().ok()?;
        Some(u64::from_le_bytes(bytes))
    };
    StreamEnd {
        status: number(&["response", "code"]).and_then(|code| u32::try_from(code).ok()),
        flags: number(&["response", "flags"]).unwrap_or(0),
        details: text(&["response", "code_details"]).unwrap_or_default(),
        upstream_address: text(&["upstream", "address"]),
    }
}
