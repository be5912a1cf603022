//! The stream context: callbacks in, host calls out.

use std::cell::RefCell;
use std::rc::Rc;

use proxy_wasm::traits::{Context, HttpContext};
use proxy_wasm::types::Action;

use super::abi::{self, Buffer, Map};
use super::metrics::Stall;
use super::pair::{self, Place};
use super::stream;
use crate::config::Mode;
use crate::exchange::{Exchange, Inquiry, Services, Step};
use crate::pair::{Release, Unpaired};
use crate::trace::Exporter;

/// One stream, of a filter that decides: alone, or with one behind it that does
/// what was decided.
pub struct Http {
    services: Services,
    exporter: Rc<RefCell<Exporter>>,
    exchange: Option<Exchange>,
    phase: Phase,
    /// The place to meet the filter behind, in the mode `classify`.
    place: Option<Place>,
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

impl Phase {
    /// Whether the body is waited for, or what is to be known of it.
    fn reads(self) -> bool {
        matches!(self, Self::Holding | Self::Asking)
    }
}

impl Http {
    /// A stream that has not begun, of the context of this number.
    pub fn new(context: u32, services: Services, exporter: Rc<RefCell<Exporter>>) -> Self {
        let classifies = services.router.config.filter.mode == Mode::Classify;
        let place = classifies.then(|| Place::new(context));
        Self { services, exporter, exchange: None, phase: Phase::Passing, place }
    }

    /// Lets the exchange decide, and does what it says. `buffered` is the length
    /// of the request's body so far.
    fn decide(&mut self, buffered: usize, decision: impl FnOnce(&mut Exchange) -> Step) -> Action {
        let Some(exchange) = &mut self.exchange else { return Action::Continue };
        let step = decision(exchange);
        self.take(step, buffered)
    }

    fn take(&mut self, step: Step, buffered: usize) -> Action {
        let result = match (step, &mut self.place) {
            (Step::Hold(headers), place) => {
                self.phase = Phase::Holding;
                stream::edit(Map::Request, &headers).and_then(|()| match place {
                    Some(place) => place.open().map(|()| Action::Continue),
                    None => Ok(Action::Pause),
                })
            }
            (Step::Forward { headers, body }, Some(_)) if self.phase.reads() => {
                return self.hand_over(Release { headers, body }, buffered);
            }
            (Step::Forward { headers, body }, place) => {
                self.phase = Phase::Passing;
                // The body first: headers for a body that stayed as it was
                // would let the engine read the rest as another request.
                let replaced = match body {
                    Some(body) => abi::set_buffer(Buffer::RequestBody, buffered, body.as_bytes()),
                    None => Ok(()),
                };
                replaced
                    .and_then(|()| stream::edit(Map::Request, &headers))
                    .and_then(|()| place.as_ref().map_or(Ok(()), |_| Place::pass()))
                    .map(|()| Action::Continue)
            }
            (Step::Reply(reply), _) => {
                self.phase = Phase::Passing;
                stream::send(&reply).map(|()| Action::Pause)
            }
            (Step::Ask(inquiry), _) => {
                self.phase = Phase::Asking;
                return self.ask(&inquiry, buffered);
            }
        };
        result.unwrap_or_else(|error| {
            stream::refuse(error);
            Action::Pause
        })
    }

    /// Gives the decision to the filter behind; the body passes this one as it
    /// is.
    fn hand_over(&mut self, release: Release, buffered: usize) -> Action {
        match self.place.as_ref().map_or(Ok(()), |place| place.decide(release)) {
            Ok(()) => {
                self.phase = Phase::Passing;
                Action::Continue
            }
            Err(why) => {
                pair::report(why);
                // What comes of this has no body to keep.
                self.decide(buffered, |exchange| exchange.unpaired(why))
            }
        }
    }

    /// The whole body is there: `size` bytes of it.
    fn body_complete(&mut self, size: usize) -> Action {
        if self.place.as_mut().is_some_and(Place::escapes) {
            let missing = Unpaired::HoldMissing;
            return self.decide(size, |exchange| exchange.unpaired(missing));
        }
        let body = abi::buffer(Buffer::RequestBody, 0, size).unwrap_or_default();
        self.decide(size, |exchange| exchange.request_body(&body))
    }

    /// Sends a question to the sidecar.
    fn ask(&mut self, inquiry: &Inquiry, buffered: usize) -> Action {
        let config = &self.services.router.config;
        let cluster = &config.filter.collector.cluster;
        match stream::post(cluster, inquiry.path, &inquiry.body, inquiry.timeout) {
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
        self.decide(body.len(), |exchange| exchange.sidecar_answered(&body, (status, answer)))
    }

    /// The engine has answered a request that nobody held.
    fn answered_unheld(&mut self) -> Action {
        let Some(exchange) = &mut self.exchange else { return Action::Continue };
        let step = exchange.unpaired(Unpaired::HoldMissing);
        match step {
            Step::Reply(_) => self.take(step, 0),
            _ => self.response_headers(true),
        }
    }

    fn response_headers(&mut self, from_upstream: bool) -> Action {
        let headers = abi::headers(Map::Response).unwrap_or_default();
        let exchange = self.exchange.as_mut();
        let edits = exchange.map(|exchange| exchange.response_headers(&headers, from_upstream));
        if let Err(error) = stream::edit(Map::Response, &edits.unwrap_or_default()) {
            log::error!("response headers: {error}");
        }
        Action::Continue
    }

    fn max_request_bytes(&self) -> usize {
        self.services.router.config.filter.max_request_bytes
    }
}

impl Context for Http {
    fn on_http_call_response(&mut self, _: u32, headers: usize, size: usize, _: usize) {
        let _stall = Stall::begin("callout");
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
        let _stall = Stall::begin("request_headers");
        let headers = match abi::headers(Map::Request) {
            Ok(headers) => headers,
            Err(error) => {
                log::error!("request headers: {error}");
                return Action::Continue;
            }
        };
        self.exchange = Some(Exchange::begin(&self.services, &headers));
        let action = self.decide(0, |exchange| exchange.request_headers(end_of_stream));
        if self.exchange.as_ref().is_some_and(Exchange::observes) {
            self.phase = Phase::Observing;
        }
        action
    }

    fn on_http_request_body(&mut self, size: usize, end_of_stream: bool) -> Action {
        let _stall = Stall::begin("request_body");
        match self.phase {
            Phase::Passing => Action::Continue,
            Phase::Observing => {
                let chunk = abi::buffer(Buffer::RequestBody, 0, size).unwrap_or_default();
                if let Some(exchange) = &mut self.exchange {
                    exchange.observe_body(&chunk, end_of_stream);
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
        let _stall = Stall::begin("request_trailers");
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
        let _stall = Stall::begin("response_headers");
        let from_upstream =
            stream::text(&["response", "code_details"]).as_deref() == Some("via_upstream");
        if from_upstream && self.place.as_mut().is_some_and(Place::escapes) {
            return self.answered_unheld();
        }
        self.response_headers(from_upstream)
    }

    fn on_http_response_body(&mut self, size: usize, _: bool) -> Action {
        let _stall = Stall::begin("response_body");
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
        let _stall = Stall::begin("log");
        let Some(mut exchange) = self.exchange.take() else { return };
        if let Some(place) = &self.place {
            place.correct(&mut exchange);
        }
        if let Some(recording) = exchange.finish(&stream::end()) {
            self.exporter.borrow_mut().push(recording);
        }
    }
}
