//! The two filters of one stream where the router is loaded twice: `classify`
//! reads the body and decides, `hold` behind it holds the headers and carries
//! the decision out. Both live in one virtual machine, and meet here.
//!
//! A pair is as old as the stream of its classifying filter. Either may be
//! ready first: the holding one as a rule, the classifying one where a filter
//! between them keeps the headers for a while.

use std::collections::{HashMap, VecDeque};

use crate::clock::UnixNanos;
use crate::headers::HeaderEdit;

/// Most bytes of bodies that wait here for the filter that will send them.
const MAX_WAITING: usize = 64 << 20;

/// What is to be done with a request that is held.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Release {
    /// Changes of its headers.
    pub headers: Vec<HeaderEdit>,
    /// Its body, where it is another.
    pub body: Option<String>,
}

/// What a holding filter is to do with a request that has come to it.
#[derive(Debug, PartialEq, Eq)]
pub enum Arrival {
    /// Hold it: nothing is decided yet.
    Wait,
    /// Change its headers and let it go.
    Go(Vec<HeaderEdit>),
    /// Let it go: there was nothing to read.
    Pass,
    /// Nobody will decide on it.
    Unpaired(Unpaired),
}

/// Why one filter is without the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unpaired {
    /// No filter of the mode `classify` has seen the request.
    ClassifyMissing,
    /// One has, in another virtual machine.
    OtherMachine,
    /// No filter of the mode `hold` is behind.
    HoldMissing,
    /// The bodies that wait have no room for one more.
    TooManyWaiting,
}

impl Unpaired {
    /// A name for metrics and attributes.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::ClassifyMissing => "classify_missing",
            Self::OtherMachine => "classify_in_other_vm",
            Self::HoldMissing => "hold_missing",
            Self::TooManyWaiting => "too_many_waiting",
        }
    }

    /// What is wrong, in words, for the log.
    #[must_use]
    pub fn cause(self) -> &'static str {
        match self {
            Self::ClassifyMissing => {
                "a request has come to the filter of mode hold that no filter of mode classify has \
                 seen: load the module twice, mode classify before mode hold"
            }
            Self::OtherMachine => {
                "the filters of mode classify and hold are in different virtual machines: give both \
                 the same code, vm_id and VM configuration"
            }
            Self::HoldMissing => {
                "a request has passed the filter of mode classify, and none of mode hold has held it: \
                 load the module twice, mode classify before mode hold"
            }
            Self::TooManyWaiting => {
                "too many requests wait between the filters of mode classify and hold"
            }
        }
    }
}

/// The pairs of one virtual machine, by the context of the classifying filter.
#[derive(Debug)]
pub struct Pairs {
    machine: u64,
    open: HashMap<u32, Pair>,
    /// The classifying filter's context, by that of the holding one.
    holders: HashMap<u32, u32>,
    /// Holding filters whose requests may go.
    ready: VecDeque<u32>,
    /// Bytes of the bodies in `open`.
    waiting: usize,
}

#[derive(Debug, Default)]
struct Pair {
    holder: Option<u32>,
    state: State,
}

#[derive(Debug, Default)]
enum State {
    #[default]
    Undecided,
    Decided(Release),
    Released {
        at: UnixNanos,
        body: Option<String>,
    },
}

/// What follows the machine's number in the note of a request without anything
/// to read.
const PASSED: &str = "pass";

impl Pairs {
    /// None, in the virtual machine of this number, which no other has.
    #[must_use]
    pub fn new(machine: u64) -> Self {
        Self {
            machine,
            open: HashMap::new(),
            holders: HashMap::new(),
            ready: VecDeque::new(),
            waiting: 0,
        }
    }

    /// Begins with the classifying filter; the note for the holding one, to be
    /// left on the stream.
    pub fn open(&mut self, classify: u32) -> String {
        self.open.insert(classify, Pair::default());
        self.note(&classify.to_string())
    }

    /// The note on a request that there is nothing to read of.
    #[must_use]
    pub fn passed(&self) -> String {
        self.note(PASSED)
    }

    fn note(&self, what: &str) -> String {
        format!("{:016x}.{what}", self.machine)
    }

    /// The request has come to the holding filter, with this note on it.
    pub fn arrive(&mut self, note: Option<&str>, hold: u32, now: UnixNanos) -> Arrival {
        let Some((machine, what)) = note.and_then(|note| note.split_once('.')) else {
            return Arrival::Unpaired(Unpaired::ClassifyMissing);
        };
        if what == PASSED {
            return Arrival::Pass;
        }
        if u64::from_str_radix(machine, 16) != Ok(self.machine) {
            return Arrival::Unpaired(Unpaired::OtherMachine);
        }
        let classify = what.parse().ok();
        let Some((classify, pair)) =
            classify.and_then(|classify| Some((classify, self.open.get_mut(&classify)?)))
        else {
            return Arrival::Unpaired(Unpaired::ClassifyMissing);
        };
        pair.holder = Some(hold);
        self.holders.insert(hold, classify);
        self.release(hold, now).map_or(Arrival::Wait, Arrival::Go)
    }

    /// Whether the holding filter has the request, or had it.
    #[must_use]
    pub fn has_arrived(&self, classify: u32) -> bool {
        self.open.get(&classify).is_some_and(|pair| pair.holder.is_some())
    }

    /// Decides on a request. `true`, if somebody is to look what is ready.
    ///
    /// # Errors
    /// There is no room for its body.
    pub fn decide(&mut self, classify: u32, release: Release) -> Result<bool, Unpaired> {
        let Some(pair) = self.open.get_mut(&classify) else { return Ok(false) };
        let size = release.body.as_ref().map_or(0, String::len);
        if size > 0 && self.waiting + size > MAX_WAITING {
            return Err(Unpaired::TooManyWaiting);
        }
        self.waiting += size;
        pair.state = State::Decided(release);
        self.ready.extend(pair.holder);
        Ok(pair.holder.is_some())
    }

    /// The next holding filter whose request may go.
    pub fn next_ready(&mut self) -> Option<u32> {
        loop {
            let hold = self.ready.pop_front()?;
            if self.holders.contains_key(&hold) {
                return Some(hold);
            }
        }
    }

    /// Lets a held request go; the changes of its headers, if it is decided
    /// on and has not gone yet.
    pub fn release(&mut self, hold: u32, now: UnixNanos) -> Option<Vec<HeaderEdit>> {
        let pair = self.open.get_mut(self.holders.get(&hold)?)?;
        let State::Decided(Release { headers, body }) = &mut pair.state else { return None };
        let (headers, body) = (std::mem::take(headers), body.take());
        pair.state = State::Released { at: now, body };
        Some(headers)
    }

    /// The length of the body that is to take the place of the request's, if one
    /// is.
    #[must_use]
    pub fn body_length(&self, hold: u32) -> Option<usize> {
        match &self.open.get(self.holders.get(&hold)?)?.state {
            State::Released { body, .. } => body.as_ref().map(String::len),
            State::Undecided | State::Decided(_) => None,
        }
    }

    /// The body that takes the place of the request's, once.
    pub fn take_body(&mut self, hold: u32) -> Option<String> {
        let pair = self.open.get_mut(self.holders.get(&hold)?)?;
        let State::Released { body, .. } = &mut pair.state else { return None };
        let body = body.take()?;
        self.waiting = self.waiting.saturating_sub(body.len());
        Some(body)
    }

    /// When the request was let go, if it was.
    #[must_use]
    pub fn released_at(&self, classify: u32) -> Option<UnixNanos> {
        match self.open.get(&classify)?.state {
            State::Released { at, .. } => Some(at),
            State::Undecided | State::Decided(_) => None,
        }
    }

    /// The classifying filter's stream is over.
    pub fn close(&mut self, classify: u32) {
        let Some(pair) = self.open.remove(&classify) else { return };
        if let Some(hold) = pair.holder {
            self.holders.remove(&hold);
        }
        if let State::Decided(Release { body: Some(body), .. })
        | State::Released { body: Some(body), .. } = pair.state
        {
            self.waiting = self.waiting.saturating_sub(body.len());
        }
    }

    /// The holding filter's stream is over.
    pub fn leave(&mut self, hold: u32) {
        self.holders.remove(&hold);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CLASSIFY: u32 = 7;
    const HOLD: u32 = 8;

    fn pairs() -> (Pairs, String) {
        let mut pairs = Pairs::new(0xabc);
        let note = pairs.open(CLASSIFY);
        (pairs, note)
    }

    fn release(body: Option<&str>) -> Release {
        let headers = vec![HeaderEdit::set("x-selected-model", "small")];
        Release { headers, body: body.map(str::to_owned) }
    }

    #[test]
    fn a_held_request_goes_once_it_is_decided_on() {
        let (mut pairs, note) = pairs();
        assert_eq!(pairs.arrive(Some(&note), HOLD, 1), Arrival::Wait);
        assert!(pairs.has_arrived(CLASSIFY));
        assert_eq!(pairs.next_ready(), None);
        assert_eq!(pairs.decide(CLASSIFY, release(Some("body"))), Ok(true));
        assert_eq!(pairs.released_at(CLASSIFY), None);
        assert_eq!(pairs.next_ready(), Some(HOLD));
        assert_eq!(pairs.release(HOLD, 5), Some(release(None).headers));
        assert_eq!((pairs.released_at(CLASSIFY), pairs.body_length(HOLD)), (Some(5), Some(4)));
        assert_eq!(pairs.take_body(HOLD).as_deref(), Some("body"));
        // Each of it once.
        assert_eq!((pairs.next_ready(), pairs.release(HOLD, 6)), (None, None));
        assert_eq!((pairs.body_length(HOLD), pairs.take_body(HOLD)), (None, None));
    }

    #[test]
    fn a_request_that_is_decided_on_is_not_held() {
        let (mut pairs, note) = pairs();
        assert_eq!(pairs.decide(CLASSIFY, release(Some("body"))), Ok(false));
        assert!(!pairs.has_arrived(CLASSIFY));
        let arrival = pairs.arrive(Some(&note), HOLD, 9);
        assert_eq!(arrival, Arrival::Go(release(None).headers));
        assert_eq!(pairs.take_body(HOLD).as_deref(), Some("body"));
        assert_eq!((pairs.next_ready(), pairs.released_at(CLASSIFY)), (None, Some(9)));
    }

    #[test]
    fn a_request_whose_stream_ends_before_the_verdict_is_forgotten() {
        let (mut pairs, note) = pairs();
        pairs.arrive(Some(&note), HOLD, 1);
        pairs.leave(HOLD);
        assert_eq!(pairs.decide(CLASSIFY, release(Some("body"))), Ok(true));
        assert_eq!((pairs.next_ready(), pairs.release(HOLD, 2)), (None, None));
        pairs.close(CLASSIFY);
        assert_eq!(pairs.waiting, 0);
        // The other way about, and after the verdict.
        let note = pairs.open(CLASSIFY);
        pairs.arrive(Some(&note), HOLD, 1);
        assert_eq!(pairs.decide(CLASSIFY, release(Some("body"))), Ok(true));
        pairs.close(CLASSIFY);
        assert_eq!((pairs.next_ready(), pairs.release(HOLD, 2)), (None, None));
        assert_eq!(pairs.decide(CLASSIFY, release(None)), Ok(false));
        pairs.leave(HOLD);
        assert!(pairs.open.is_empty() && pairs.holders.is_empty() && pairs.waiting == 0);
    }

    #[test]
    fn a_request_without_a_pair_says_why() {
        let (mut pairs, _) = pairs();
        let other = Pairs::new(0xdef).open(CLASSIFY);
        for (note, arrival) in [
            (None, Arrival::Unpaired(Unpaired::ClassifyMissing)),
            (Some("?"), Arrival::Unpaired(Unpaired::ClassifyMissing)),
            (Some("0000000000000abc.x"), Arrival::Unpaired(Unpaired::ClassifyMissing)),
            (Some("0000000000000abc.99"), Arrival::Unpaired(Unpaired::ClassifyMissing)),
            (Some(other.as_str()), Arrival::Unpaired(Unpaired::OtherMachine)),
            (Some("0000000000000def.pass"), Arrival::Pass),
        ] {
            assert_eq!(pairs.arrive(note, HOLD, 1), arrival, "{note:?}");
        }
        assert_eq!(pairs.arrive(Some(&pairs.passed()), HOLD, 1), Arrival::Pass);
        assert!(!pairs.has_arrived(CLASSIFY));
    }

    #[test]
    fn bodies_that_wait_are_bounded() {
        let mut pairs = Pairs::new(1);
        let body = "x".repeat(MAX_WAITING / 2);
        for classify in 0..2 {
            pairs.open(classify);
            assert_eq!(pairs.decide(classify, release(Some(&body))), Ok(false));
        }
        pairs.open(CLASSIFY);
        let full = Err(Unpaired::TooManyWaiting);
        assert_eq!(pairs.decide(CLASSIFY, release(Some("x"))), full);
        assert_eq!(pairs.decide(CLASSIFY, release(None)), Ok(false));
        pairs.close(0);
        assert_eq!(pairs.decide(CLASSIFY, release(Some("x"))), Ok(false));
    }
}
