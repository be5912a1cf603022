//! The stream context of a filter that holds what another decides on.

use proxy_wasm::traits::{Context, HttpContext};
use proxy_wasm::types::Action;

use super::abi::{self, Buffer, HostResult, Map};
use super::pair::{self, Waker};
use super::{metrics, stream};
use crate::exchange::{self, Services, Step};
use crate::headers::HeaderEdit;
use crate::pair::{Arrival, Unpaired};

/// One stream.
pub struct Hold {
    context: u32,
    services: Services,
    waker: Waker,
    /// Bytes of the body that another is to replace.
    buffered: usize,
}

impl Hold {
    /// A stream that has not begun, of the context of this number.
    pub fn new(context: u32, services: Services, waker: Waker) -> Self {
        Self { context, services, waker, buffered: 0 }
    }

    /// Nobody will decide on the request.
    fn undecided(&self, end_of_stream: bool, why: Unpaired) -> Action {
        let headers = abi::headers(Map::Request).unwrap_or_default();
        let (step, counts) = exchange::undecided(&self.services, &headers, end_of_stream, why);
        if !counts.is_empty() {
            pair::report(why);
        }
        counts.iter().for_each(metrics::count_stage);
        match step {
            Step::Forward { headers, .. } => go(&headers),
            Step::Reply(reply) => done(stream::send(&reply), Action::Pause),
            Step::Hold(_) | Step::Ask(_) => Action::Continue,
        }
    }

    /// Puts the decided body in place of the one that is here, whole.
    fn replace(&self) -> Action {
        let Some(body) = pair::take_body(self.context) else { return Action::Continue };
        let replaced = abi::set_buffer(Buffer::RequestBody, self.buffered, body.as_bytes());
        done(replaced, Action::Continue)
    }
}

impl Context for Hold {}

impl HttpContext for Hold {
    fn on_http_request_headers(&mut self, _: usize, end_of_stream: bool) -> Action {
        match self.waker.arrive(self.context, self.services.clock.as_ref()) {
            Arrival::Wait => Action::Pause,
            Arrival::Pass => Action::Continue,
            Arrival::Go(headers) => go(&headers),
            Arrival::Unpaired(why) => self.undecided(end_of_stream, why),
        }
    }

    fn on_http_request_body(&mut self, size: usize, end_of_stream: bool) -> Action {
        if !pair::has_body(self.context) {
            return Action::Continue;
        }
        self.buffered = size;
        if end_of_stream { self.replace() } else { Action::Pause }
    }

    fn on_http_request_trailers(&mut self, _: usize) -> Action {
        self.replace()
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        pair::leave(self.context);
    }
}

/// Lets the request go with other headers.
fn go(headers: &[HeaderEdit]) -> Action {
    done(stream::edit(Map::Request, headers), Action::Continue)
}

/// What follows a host call.
fn done(result: HostResult<()>, action: Action) -> Action {
    match result {
        Ok(()) => action,
        Err(error) => {
            stream::refuse(error);
            Action::Pause
        }
    }
}
