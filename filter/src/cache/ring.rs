//! The entries that all workers of a proxy share.
//!
//! What a proxy shares has names that are never given up, so that there are
//! only so many of them, used again and again: a ring of slots, and a head that
//! says which entries are in it. An entry is written into the next slot; the
//! oldest make room, so that all of them together have no more bytes than is
//! allowed. Each worker reads the slots that were written since it looked last;
//! a new one, all of them. What was used is told in the same way.

use std::rc::Rc;

use prost::Message;

use super::remote::Prompt;
use super::shared::{Expected, Shared};
use super::store::{Entry, Number};
use super::{Embedding, Fingerprint};
use crate::classify::Wording;

/// Slots of the ring.
const SLOTS: u64 = 16_384;

/// Uses that are told at most; of more that come between two looks the oldest
/// are not told.
const USES: usize = 128;

/// Bytes that a value takes besides its own.
const OVERHEAD: u64 = 128;

/// How often a worker tries to be the first.
const TRIES: usize = 16;

/// Slots that were reserved and not yet written when they were read, at most.
const LATE: usize = 64;

const HEAD: &str = "semantic_router.cache.head";
const RECENT: &str = "semantic_router.cache.uses";

/// A worker's view of the ring.
pub struct Ring {
    shared: Rc<dyn Shared>,
    max_bytes: u64,
    /// The entry that is read next.
    next: Number,
    /// Entries before it that were not there yet.
    late: Vec<Number>,
    /// How many uses were told.
    uses: u64,
}

/// Something that happened in some worker.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// An answer is kept.
    Kept(Number, Entry),
    /// An answer was given again.
    Used(Number),
}

#[derive(Clone, Copy, PartialEq, Message)]
struct Head {
    /// The number of the next entry.
    #[prost(fixed64, tag = "1")]
    next: u64,
    /// The number of the oldest that is there.
    #[prost(fixed64, tag = "2")]
    oldest: u64,
    /// Where that one begins, counting the bytes of all there ever were.
    #[prost(fixed64, tag = "3")]
    begin: u64,
    /// Where the next one begins.
    #[prost(fixed64, tag = "4")]
    end: u64,
}

#[derive(Clone, PartialEq, Message)]
struct Slot {
    #[prost(fixed64, tag = "1")]
    number: u64,
    #[prost(fixed64, tag = "2")]
    stored: u64,
    #[prost(bytes = "vec", tag = "3")]
    scope: Vec<u8>,
    #[prost(bytes = "vec", tag = "4")]
    exact: Vec<u8>,
    #[prost(bytes = "vec", tag = "5")]
    embedding: Vec<u8>,
    #[prost(bytes = "vec", tag = "6")]
    words: Vec<u8>,
    #[prost(string, tag = "7")]
    answer: String,
    /// Where it begins, as in [`Head`].
    #[prost(fixed64, tag = "8")]
    begin: u64,
}

/// The last uses, oldest first.
#[derive(Clone, PartialEq, Message)]
struct Recent {
    /// How many there were, ever.
    #[prost(fixed64, tag = "1")]
    count: u64,
    /// The entries that were used.
    #[prost(fixed64, repeated, tag = "2")]
    used: Vec<u64>,
    /// The number of the entry that was next at the time.
    #[prost(fixed64, repeated, tag = "3")]
    before: Vec<u64>,
}

impl Ring {
    /// A view that has seen nothing. All entries together may have `max_bytes`.
    #[must_use]
    pub fn new(shared: Rc<dyn Shared>, max_bytes: usize) -> Self {
        let max_bytes = u64::try_from(max_bytes).unwrap_or(u64::MAX);
        Self { shared, max_bytes, next: 0, late: Vec::new(), uses: 0 }
    }

    /// Shares an entry; whether there was room for it.
    pub fn keep(&self, entry: &Entry) -> bool {
        let mut slot = Slot::of(entry);
        let size = size(slot.encoded_len() as u64);
        if size > self.max_bytes {
            return false;
        }
        for _ in 0..TRIES {
            let found = self.shared.get(HEAD);
            let head = found.as_ref().and_then(|(bytes, _)| Head::decode(bytes.as_slice()).ok());
            let head = head.unwrap_or_default();
            let after = self.with_room(head, size);
            let expected =
                found.map_or(Expected::Nothing, |(_, version)| Expected::Version(version));
            if !self.shared.set(HEAD, &after.encode_to_vec(), expected) {
                continue;
            }
            for gone in head.oldest..after.oldest {
                self.shared.set(&name(gone), &[], Expected::Anything);
            }
            (slot.number, slot.begin) = (head.next, head.end);
            return self.shared.set(&name(head.next), &slot.encode_to_vec(), Expected::Anything);
        }
        false
    }

    /// Tells that an entry was used.
    pub fn used(&self, number: Number) {
        for _ in 0..TRIES {
            let found = self.shared.get(RECENT);
            let recent = found.as_ref().and_then(|(bytes, _)| Recent::decode(&**bytes).ok());
            let mut recent = recent.unwrap_or_default();
            recent.count += 1;
            recent.used.push(number);
            recent.before.push(self.next);
            let surplus = recent.used.len().saturating_sub(USES);
            recent.used.drain(..surplus);
            recent.before.drain(..surplus.min(recent.before.len()));
            let expected =
                found.map_or(Expected::Nothing, |(_, version)| Expected::Version(version));
            if self.shared.set(RECENT, &recent.encode_to_vec(), expected) {
                return;
            }
        }
    }

    /// What has happened since the last look, in its order; uses only where
    /// they are `counted`.
    pub fn news(&mut self, counted: bool) -> Vec<Event> {
        let head = self.shared.get(HEAD).and_then(|(bytes, _)| Head::decode(&*bytes).ok());
        let head = head.unwrap_or_default();
        let mut uses = if counted { self.recent() } else { Vec::new() }.into_iter().peekable();
        let mut news = Vec::new();
        let mut numbers = std::mem::take(&mut self.late);
        numbers.extend(self.next.max(head.oldest)..head.next);
        for number in numbers.into_iter().filter(|number| *number >= head.oldest) {
            while let Some((used, _)) = uses.next_if(|(_, before)| *before <= number) {
                news.push(Event::Used(used));
            }
            match self.read(number) {
                Some(slot) if slot.number == number => {
                    news.extend(slot.entry().map(|entry| Event::Kept(number, entry)));
                }
                Some(slot) if slot.number > number => {}
                _ if self.late.len() < LATE => self.late.push(number),
                _ => {}
            }
        }
        news.extend(uses.map(|(used, _)| Event::Used(used)));
        self.next = self.next.max(head.next);
        news
    }

    /// The uses that were not told yet, each with the number of the entry that
    /// was next at the time.
    fn recent(&mut self) -> Vec<(Number, Number)> {
        let recent = self.shared.get(RECENT).and_then(|(bytes, _)| Recent::decode(&*bytes).ok());
        let recent = recent.unwrap_or_default();
        let new = usize::try_from(recent.count.saturating_sub(self.uses)).unwrap_or(usize::MAX);
        self.uses = recent.count;
        let known = recent.used.len().saturating_sub(new);
        recent.used.into_iter().zip(recent.before).skip(known).collect()
    }

    /// The head once there is one entry more of so many bytes.
    fn with_room(&self, head: Head, size: u64) -> Head {
        let mut after = Head { next: head.next + 1, end: head.end.saturating_add(size), ..head };
        while after.oldest < head.next
            && (after.end.saturating_sub(after.begin) > self.max_bytes
                || after.next - after.oldest > SLOTS)
        {
            after.oldest += 1;
            let slot = self.read(after.oldest).filter(|slot| slot.number == after.oldest);
            if after.oldest == head.next {
                after.begin = head.end;
            } else if let Some(slot) = slot {
                after.begin = slot.begin;
            }
        }
        after
    }

    fn read(&self, number: Number) -> Option<Slot> {
        let (bytes, _) = self.shared.get(&name(number))?;
        Slot::decode(bytes.as_slice()).ok().filter(|slot| !slot.scope.is_empty())
    }
}

impl Slot {
    fn of(entry: &Entry) -> Self {
        let prompt = entry.prompt.as_ref();
        Self {
            // Other numbers than 0, which has no length.
            number: u64::MAX,
            begin: u64::MAX,
            stored: entry.stored,
            scope: entry.scope.0.to_vec(),
            exact: entry.exact.0.to_vec(),
            embedding: prompt.map(|prompt| prompt.embedding.to_bytes()).unwrap_or_default(),
            words: prompt.map(|prompt| prompt.words.to_bytes()).unwrap_or_default(),
            answer: entry.answer.as_ref().to_owned(),
        }
    }

    fn entry(self) -> Option<Entry> {
        let prompt = match self.embedding.as_slice() {
            [] => None,
            embedding => Some(Prompt {
                embedding: Embedding::from_bytes(embedding).ok()?,
                words: Wording::from_bytes(&self.words)?,
            }),
        };
        Some(Entry {
            scope: Fingerprint(self.scope.try_into().ok()?),
            exact: Fingerprint(self.exact.try_into().ok()?),
            prompt,
            answer: Rc::from(self.answer),
            stored: self.stored,
        })
    }
}

/// The bytes that a slot with so many bytes takes.
fn size(bytes: u64) -> u64 {
    bytes + OVERHEAD
}

fn name(number: Number) -> String {
    format!("semantic_router.cache.slot.{}", number % SLOTS)
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;
    use crate::cache::{Alone, Version};

    /// Values that another worker changes first, so many times.
    #[derive(Default)]
    struct Contended(Alone, Cell<u32>);

    impl Shared for Contended {
        fn get(&self, name: &str) -> Option<(Vec<u8>, Version)> {
            self.0.get(name)
        }

        fn set(&self, name: &str, value: &[u8], expected: Expected) -> bool {
            if self.1.get() > 0 && expected != Expected::Anything {
                self.1.set(self.1.get() - 1);
                return false;
            }
            self.0.set(name, value, expected)
        }
    }

    const ROOM: usize = 1 << 20;

    fn entry(exact: u8, answer: &str) -> Entry {
        Entry {
            scope: Fingerprint([1; 32]),
            exact: Fingerprint([exact; 32]),
            prompt: Some(Prompt {
                embedding: Embedding::new(vec![0.0, 1.0]).unwrap(),
                words: Wording::of("boil an egg"),
            }),
            answer: answer.into(),
            stored: 7,
        }
    }

    fn kept(news: &[Event]) -> Vec<(Number, &str)> {
        let kept = news.iter().filter_map(|event| match event {
            Event::Kept(number, entry) => Some((*number, &*entry.answer)),
            Event::Used(_) => None,
        });
        kept.collect()
    }

    #[test]
    fn every_worker_reads_what_any_has_written() {
        let table = Rc::new(Alone::default());
        let [mut one, mut other] = [0, 1].map(|_| Ring::new(Rc::clone(&table) as Rc<_>, ROOM));
        assert_eq!(one.news(true), []);
        assert!(one.keep(&entry(1, "a")) && other.keep(&entry(2, "b")));
        let news = one.news(true);
        assert_eq!(news[0], Event::Kept(0, entry(1, "a")));
        assert_eq!(kept(&news), [(0, "a"), (1, "b")]);
        assert_eq!(one.news(true), [], "once");
        let plain = Entry { prompt: None, ..entry(3, "c") };
        one.keep(&plain);
        assert_eq!(kept(&other.news(true)), [(0, "a"), (1, "b"), (2, "c")]);
        assert_eq!(one.news(true), [Event::Kept(2, plain)]);
        let mut new = Ring::new(table, ROOM);
        assert_eq!(kept(&new.news(true)), [(0, "a"), (1, "b"), (2, "c")], "a worker that is new");
    }

    #[test]
    fn the_oldest_make_room() {
        let table = Rc::new(Alone::default());
        let ring = Ring::new(Rc::clone(&table) as Rc<_>, 10_000);
        for number in 0..200 {
            let answer = "x".repeat(usize::from(number) * 15);
            assert!(ring.keep(&entry(number, &answer)));
            let (_, bytes) = table.size();
            assert!(bytes < 10_000, "{number}: {bytes}");
        }
        let mut new = Ring::new(Rc::clone(&table) as Rc<_>, 10_000);
        let news = new.news(true);
        assert!(kept(&news).len() >= 2);
        assert_eq!(kept(&news).last().map(|(number, _)| *number), Some(199));
        assert!(!ring.keep(&entry(0, &"x".repeat(10_000))), "more than there is room for");
    }

    #[test]
    fn names_are_used_again() {
        let table = Rc::new(Alone::default());
        let ring = Ring::new(Rc::clone(&table) as Rc<_>, usize::MAX);
        for _ in 0..SLOTS + 100 {
            assert!(ring.keep(&Entry { prompt: None, ..entry(0, "x") }));
        }
        assert_eq!(table.size().0 as u64, SLOTS + 1);
        let mut new = Ring::new(table, usize::MAX);
        let news = new.news(false);
        assert_eq!(kept(&news).first(), Some(&(100, "x")));
        assert_eq!(kept(&news).len() as u64, SLOTS);
    }

    #[test]
    fn a_slot_that_is_written_late_is_read_later() {
        let table = Rc::new(Alone::default());
        let mut ring = Ring::new(Rc::clone(&table) as Rc<_>, ROOM);
        ring.keep(&entry(1, "a"));
        let written = table.remove(&name(0)).unwrap();
        ring.keep(&entry(2, "b"));
        assert_eq!(kept(&ring.news(true)), [(1, "b")]);
        table.set(&name(0), &written, Expected::Nothing);
        assert_eq!(kept(&ring.news(true)), [(0, "a")]);
        assert_eq!(ring.news(true), []);
    }

    #[test]
    fn a_worker_that_is_not_the_first_tries_again() {
        let table = Rc::new(Contended::default());
        let mut ring = Ring::new(Rc::clone(&table) as Rc<_>, ROOM);
        table.1.set(3);
        assert!(ring.keep(&entry(1, "a")));
        assert_eq!(kept(&ring.news(true)), [(0, "a")]);
        table.1.set(1000);
        assert!(!ring.keep(&entry(2, "b")));
        ring.used(0);
        assert_eq!(ring.news(true), []);
    }

    #[test]
    fn uses_are_told_in_their_order_among_entries() {
        let table = Rc::new(Alone::default());
        let [mut one, mut other] = [0, 1].map(|_| Ring::new(Rc::clone(&table) as Rc<_>, ROOM));
        one.keep(&entry(1, "a"));
        one.news(true);
        one.used(0);
        one.keep(&entry(2, "b"));
        one.news(false);
        one.used(1);
        let news = other.news(true);
        assert_eq!(kept(&news), [(0, "a"), (1, "b")]);
        assert_eq!([&news[1], &news[3]], [&Event::Used(0), &Event::Used(1)]);
        for _ in 0..USES + 5 {
            one.used(1);
        }
        assert_eq!(other.news(true).len(), USES, "the last of them");
    }

    #[test]
    fn what_others_wrote_there_is_left_alone() {
        let table = Rc::new(Alone::default());
        let mut ring = Ring::new(Rc::clone(&table) as Rc<_>, ROOM);
        ring.keep(&entry(1, "a"));
        for garbage in [&b"\xff\xff"[..], b"", b"\x09\0\0\0\0\0\0\0\0"] {
            table.set(&name(0), garbage, Expected::Anything);
            assert_eq!(ring.news(true), []);
        }
        table.set(HEAD, b"garbage", Expected::Anything);
        assert_eq!(ring.news(true), []);
    }
}
