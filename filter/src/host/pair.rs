//! Where the filters of the modes `classify` and `hold` meet: a table in the
//! virtual machine that both live in, a note on the stream, and a shared queue.
//!
//! The queue carries nothing. It wakes the root context of a holding filter in
//! the next turn of the worker's loop: a request that is let go from within the
//! other filter's body callback would go on without its body over HTTP/2.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use opentelemetry::trace::SpanId;

use super::abi::{self, HostResult, Map};
use super::shared::claim;
use super::stream;
use crate::clock::Clock;
use crate::exchange::Exchange;
use crate::headers::HeaderEdit;
use crate::pair::{Arrival, Pairs, Release, Unpaired};
use crate::trace::{IdSource, RandomIds};

/// The note on the stream.
const NOTE: &str = "semantic_router.classify";

thread_local! {
    static PAIRS: RefCell<Pairs> = RefCell::new(Pairs::new(machine()));
    static QUEUE: Cell<Option<u32>> = const { Cell::new(None) };
}

/// A number that no other virtual machine has.
fn machine() -> u64 {
    thread_local! {
        static NUMBER: SpanId = RandomIds::default().span_id();
    }
    NUMBER.with(|number| u64::from_be_bytes(number.to_bytes()))
}

/// A stream's place in the table, for its classifying filter.
pub struct Place {
    context: u32,
    stand: Stand,
}

/// What a classifying filter knows of the one behind it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Stand {
    /// It is told to hold nothing.
    Passed,
    /// It is told to wait.
    Opened,
    /// There is none.
    Unheld,
}

impl Place {
    /// A place for the stream context of a classifying filter.
    pub fn new(context: u32) -> Self {
        Self { context, stand: Stand::Passed }
    }

    /// Tells the holding filter to wait.
    pub fn open(&mut self) -> HostResult<()> {
        self.stand = Stand::Opened;
        let note = PAIRS.with_borrow_mut(|pairs| pairs.open(self.context));
        abi::set_property(NOTE, &note)
    }

    /// Tells the holding filter not to wait.
    pub fn pass() -> HostResult<()> {
        abi::set_property(NOTE, &PAIRS.with_borrow(Pairs::passed))
    }

    /// Gives the decision to the holding filter.
    pub fn decide(&self, release: Release) -> Result<(), Unpaired> {
        if PAIRS.with_borrow_mut(|pairs| pairs.decide(self.context, release))? {
            let woken = QUEUE.get().map(|queue| abi::enqueue(queue, b"1"));
            if let Some(Err(error)) = woken {
                log::error!("held requests wait for the next tick: {error}");
            }
        }
        Ok(())
    }

    /// Whether it comes out only now, with a request that is called
    /// upstream already, that no filter behind has held it.
    pub fn escapes(&mut self) -> bool {
        let called = || stream::number(&["upstream", "request_attempt_count"]).unwrap_or(0) > 0;
        let escapes = self.stand == Stand::Opened && !self.has_arrived() && called();
        if escapes {
            self.stand = Stand::Unheld;
            report(Unpaired::HoldMissing);
        }
        escapes
    }

    fn has_arrived(&self) -> bool {
        PAIRS.with_borrow(|pairs| pairs.has_arrived(self.context))
    }

    /// Tells an exchange when the holding filter let its request go, if that
    /// was its task.
    pub fn correct(&self, exchange: &mut Exchange) {
        if self.stand == Stand::Opened {
            let at = PAIRS.with_borrow(|pairs| pairs.released_at(self.context));
            exchange.went_upstream(at);
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        PAIRS.with_borrow_mut(|pairs| pairs.close(self.context));
    }
}

/// The wake-up of a root context whose plugin has the mode `hold`.
#[derive(Clone, Default)]
pub struct Waker(Rc<Cell<bool>>);

impl Waker {
    /// A request has come to a holding filter of this plugin.
    pub fn arrive(&self, hold: u32, clock: &dyn Clock) -> Arrival {
        let note = stream::text(&[NOTE]);
        let arrival =
            PAIRS.with_borrow_mut(|pairs| pairs.arrive(note.as_deref(), hold, clock.now()));
        if arrival == Arrival::Wait && !self.0.replace(true) {
            match abi::register_queue(&format!("semantic_router.ready.{:016x}", machine())) {
                Ok(queue) => QUEUE.set(Some(queue)),
                Err(error) => log::error!("held requests wait for the next tick: {error}"),
            }
        }
        arrival
    }
}

/// Lets the requests go that are decided on. To be called from a root context,
/// and last: calls after this one may be those of another context.
pub fn release_ready(clock: &dyn Clock) {
    while QUEUE.get().is_some_and(|queue| abi::dequeue(queue).is_ok()) {}
    while let Some(hold) = PAIRS.with_borrow_mut(Pairs::next_ready) {
        // Gone, and the host has not said so yet.
        if abi::set_effective_context(hold).is_err() {
            continue;
        }
        let edits = PAIRS.with_borrow_mut(|pairs| pairs.release(hold, clock.now()));
        let Some(edits) = edits else { continue };
        let released = change(hold, &edits).and_then(|()| abi::resume_request());
        if let Err(error) = released {
            stream::refuse(error);
        }
    }
}

/// Changes the headers of a held request.
pub fn change(hold: u32, edits: &[HeaderEdit]) -> HostResult<()> {
    stream::edit(Map::Request, edits)?;
    // A filter between may have told the length of the body that it had.
    match PAIRS.with_borrow(|pairs| pairs.body_length(hold)) {
        Some(length) if abi::headers(Map::Request)?.has("content-length") => {
            abi::set_header(Map::Request, "content-length", &length.to_string())
        }
        _ => Ok(()),
    }
}

/// The body that takes the place of what a holding filter has, if one does.
pub fn take_body(hold: u32) -> Option<String> {
    PAIRS.with_borrow_mut(|pairs| pairs.take_body(hold))
}

/// The stream of a holding filter is over.
pub fn leave(hold: u32) {
    PAIRS.with_borrow_mut(|pairs| pairs.leave(hold));
}

/// Says in the log what is wrong, once in the life of the proxy.
pub fn report(why: Unpaired) {
    if claim(&format!("semantic_router.unpaired.{}", why.name())) {
        log::error!("{}: {}", why.name(), why.cause());
    }
}
