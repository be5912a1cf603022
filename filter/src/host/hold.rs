//! The stream context of a filter that holds what another decides on.

use proxy_wasm::traits::{Context, HttpContext};
use proxy_wasm::types::Action;

use super::abi::{self, Buffer, HostResult, Map};
use super::metrics::Stall;
use super::pair::{self, Waker};
use super::stream;
use crate::exchange::{self, Services, Step};
use crate::pair::{Arrival, Unpaired};

/// One stream.
pub struct Hold {
    context: u32,
    services: Services,
    waker: Waker,
    /// Another body has taken the place of the request's.
    replaced: bool,
}

impl Hold {
    /// A stream that has not begun, of the context of this number.
    pub fn new(context: u32, services: Services, waker: Waker) -> Self {
        Self { context, services, waker, replaced: false }
    }

    /// Nobody will decide on the request.
    fn undecided(&self, end_of_stream: bool, why: Unpaired) -> Action {
        let headers = abi::headers(Map::Request).unwrap_or_default();
        if !end_of_stream {
            pair::report(why);
        }
        match exchange::undecided(&self.services, &headers, end_of_stream, why) {
            Step::Forward { headers, .. } => {
                done(stream::edit(Map::Request, &headers), Action::Continue)
            }
            Step::Reply(reply) => done(stream::send(&reply), Action::Pause),
            Step::Hold(_) | Step::Ask(_) => Action::Continue,
        }
    }
}

impl Context for Hold {}

impl HttpContext for Hold {
    fn on_http_request_headers(&mut self, _: usize, end_of_stream: bool) -> Action {
        let _stall = Stall::begin("hold_headers");
        match self.waker.arrive(self.context, self.services.clock.as_ref()) {
            Arrival::Wait => Action::Pause,
            Arrival::Pass => Action::Continue,
            Arrival::Go(headers) => done(pair::change(self.context, &headers), Action::Continue),
            Arrival::Unpaired(why) => self.undecided(end_of_stream, why),
        }
    }

    fn on_http_request_body(&mut self, size: usize, _: bool) -> Action {
        let _stall = Stall::begin("hold_body");
        // The decided body goes at the place of the first part of what is here,
        // which is all of it unless a filter between has cut it up.
        let body = match pair::take_body(self.context) {
            Some(body) => body,
            None if self.replaced && size > 0 => String::new(),
            None => return Action::Continue,
        };
        self.replaced = true;
        let replaced = abi::set_buffer(Buffer::RequestBody, size, body.as_bytes());
        done(replaced, Action::Continue)
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        pair::leave(self.context);
    }
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
