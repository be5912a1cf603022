//! Answers in the memory of one worker.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::rc::Rc;
use std::time::Duration;

use super::remote::Prompt;
use super::sketch::{self, Sketch};
use super::{Embedding, Fingerprint};
use crate::config::{CacheBackend, Eviction};

/// Seconds since 1970.
pub type UnixSeconds = u64;

/// The number of an entry: later ones have greater numbers.
pub type Number = u64;

/// What bounds a store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Entries; `None` for as many as the bytes hold.
    pub max_entries: Option<usize>,
    /// Bytes, of answers and of all that is kept for them.
    pub max_bytes: usize,
    /// How long an answer serves, from when it was given; `None` for no end.
    pub ttl: Option<Duration>,
    /// Which entry makes room.
    pub eviction: Eviction,
    /// Where answers are kept.
    pub backend: CacheBackend,
}

/// An answer and what it is found by.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// Of everything that must be the same.
    pub scope: Fingerprint,
    /// Of that and the prompt as it is written.
    pub exact: Fingerprint,
    /// What the prompt is like; without, only the very same finds it.
    pub prompt: Option<Prompt>,
    /// The answer.
    pub answer: Rc<str>,
    /// When it was given.
    pub stored: UnixSeconds,
}

/// Entries, found by what they answer.
pub struct Store {
    limits: Limits,
    entries: BTreeMap<Number, Kept>,
    exact: HashMap<Fingerprint, Number>,
    scopes: HashMap<Fingerprint, Scope>,
    order: BTreeSet<Rank>,
    bytes: usize,
    operations: u64,
}

struct Kept {
    entry: Entry,
    rank: Rank,
    uses: u64,
    /// Its place in its scope, where it can be found by similarity.
    place: Option<usize>,
}

/// The entries of a scope that can be found by similarity.
#[derive(Default)]
struct Scope {
    sketches: Vec<Sketch>,
    numbers: Vec<Number>,
}

/// The order in which entries make room: the least first.
type Rank = (u64, u64, Number);

/// Bytes that an entry takes in the tables, about.
const OVERHEAD: usize = 256;

/// Entries that a lookup removes at most because their time is over.
const SWEEP: usize = 16;

impl Entry {
    /// The bytes that it takes.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let prompt = self
            .prompt
            .as_ref()
            .map_or(0, |prompt| size_of_val(prompt.embedding.numbers()) + prompt.words.bytes());
        size_of::<Kept>() + OVERHEAD + self.answer.len() + prompt
    }

    /// Seconds since it was given.
    #[must_use]
    pub fn age(&self, now: UnixSeconds) -> u64 {
        now.saturating_sub(self.stored)
    }
}

impl Store {
    /// An empty one.
    #[must_use]
    pub fn new(limits: Limits) -> Self {
        Self {
            limits,
            entries: BTreeMap::new(),
            exact: HashMap::new(),
            scopes: HashMap::new(),
            order: BTreeSet::new(),
            bytes: 0,
            operations: 0,
        }
    }

    /// What bounds it.
    #[must_use]
    pub fn limits(&self) -> Limits {
        self.limits
    }

    /// Whether it matters which entries are used.
    #[must_use]
    pub fn counts_uses(&self) -> bool {
        self.limits.eviction != Eviction::Fifo
    }

    /// How many entries there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Adds an entry, in the place of the one for the very same prompt; others
    /// make room. One that is larger than the store, or whose time is over, is
    /// not kept.
    pub fn put(&mut self, number: Number, entry: Entry, now: UnixSeconds) {
        if let Some(old) = self.exact.get(&entry.exact).copied() {
            self.remove(old);
        }
        self.remove(number);
        let size = entry.bytes();
        if size > self.limits.max_bytes
            || self.limits.max_entries == Some(0)
            || !self.lasts(&entry, now)
        {
            return;
        }
        let most = self.limits.max_entries.unwrap_or(usize::MAX);
        while self.bytes + size > self.limits.max_bytes || self.entries.len() >= most {
            let Some((_, _, least)) = self.order.first().copied() else { return };
            self.remove(least);
        }
        self.operations += 1;
        let rank = self.rank(number, 0);
        let place = entry.prompt.as_ref().map(|prompt| {
            let scope = self.scopes.entry(entry.scope).or_default();
            scope.sketches.push(Sketch::of(&prompt.embedding));
            scope.numbers.push(number);
            scope.numbers.len() - 1
        });
        self.bytes += size;
        self.order.insert(rank);
        self.exact.insert(entry.exact, number);
        self.entries.insert(number, Kept { entry, rank, uses: 0, place });
    }

    /// The entry of a number.
    #[must_use]
    pub fn get(&self, number: Number) -> Option<&Entry> {
        self.entries.get(&number).map(|kept| &kept.entry)
    }

    /// The answer to the very same prompt.
    #[must_use]
    pub fn exact(&self, exact: &Fingerprint, now: UnixSeconds) -> Option<Number> {
        let number = *self.exact.get(exact)?;
        self.get(number).filter(|entry| self.lasts(entry, now)).map(|_| number)
    }

    /// The entries of a scope that are nearest to an embedding, with their
    /// cosines, the nearest first: at most `most`, none below `threshold`.
    #[must_use]
    pub fn nearest(
        &self,
        scope: &Fingerprint,
        embedding: &Embedding,
        threshold: f64,
        most: usize,
        now: UnixSeconds,
    ) -> Vec<(Number, f32)> {
        let Some(scope) = self.scopes.get(scope) else { return Vec::new() };
        let asked = Sketch::of(embedding);
        let farthest = sketch::farthest(threshold, embedding.numbers().len());
        let mut nearest: Vec<(Number, f32)> = Vec::new();
        for (sketch, number) in scope.sketches.iter().zip(&scope.numbers) {
            if sketch.distance(asked) > farthest {
                continue;
            }
            let Some(entry) = self.get(*number).filter(|entry| self.lasts(entry, now)) else {
                continue;
            };
            let cosine = entry.prompt.as_ref().and_then(|it| it.embedding.cosine(embedding));
            let Some(cosine) = cosine.filter(|cosine| f64::from(*cosine) >= threshold) else {
                continue;
            };
            let at = nearest.partition_point(|(_, other)| *other >= cosine);
            if at < most {
                nearest.truncate(most - 1);
                nearest.insert(at, (*number, cosine));
            }
        }
        nearest
    }

    /// Notes that an entry was given again.
    pub fn touch(&mut self, number: Number) {
        self.operations += 1;
        let Some(kept) = self.entries.get_mut(&number) else { return };
        kept.uses += 1;
        let (uses, old) = (kept.uses, kept.rank);
        let rank = self.rank(number, uses);
        self.order.remove(&old);
        self.order.insert(rank);
        if let Some(kept) = self.entries.get_mut(&number) {
            kept.rank = rank;
        }
    }

    /// Removes some of the entries whose time is over.
    pub fn sweep(&mut self, now: UnixSeconds) {
        for _ in 0..SWEEP {
            match self.entries.first_key_value() {
                Some((number, kept)) if !self.lasts(&kept.entry, now) => self.remove(*number),
                _ => break,
            }
        }
    }

    fn rank(&self, number: Number, uses: u64) -> Rank {
        match self.limits.eviction {
            Eviction::Fifo => (0, 0, number),
            Eviction::Lru => (self.operations, 0, number),
            Eviction::Lfu => (uses, self.operations, number),
        }
    }

    fn lasts(&self, entry: &Entry, now: UnixSeconds) -> bool {
        self.limits.ttl.is_none_or(|ttl| entry.age(now) < ttl.as_secs())
    }

    fn remove(&mut self, number: Number) {
        let Some(kept) = self.entries.remove(&number) else { return };
        self.bytes -= kept.entry.bytes();
        self.order.remove(&kept.rank);
        if self.exact.get(&kept.entry.exact) == Some(&number) {
            self.exact.remove(&kept.entry.exact);
        }
        let Some(place) = kept.place else { return };
        let Some(scope) = self.scopes.get_mut(&kept.entry.scope) else { return };
        if place < scope.numbers.len() {
            scope.numbers.swap_remove(place);
            scope.sketches.swap_remove(place);
        }
        // The last has taken its place.
        let moved = scope.numbers.get(place).and_then(|moved| self.entries.get_mut(moved));
        if let Some(moved) = moved {
            moved.place = Some(place);
        }
        if scope.numbers.is_empty() {
            self.scopes.remove(&kept.entry.scope);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::classify::Wording;

    const LIMITS: Limits = Limits {
        max_entries: Some(3),
        max_bytes: 1 << 20,
        ttl: None,
        eviction: Eviction::Fifo,
        backend: CacheBackend::Memory,
    };

    fn print(number: u8) -> Fingerprint {
        Fingerprint([number; 32])
    }

    fn entry(scope: u8, exact: u8, numbers: &[f32]) -> Entry {
        Entry {
            scope: print(scope),
            exact: print(exact),
            prompt: Some(Prompt {
                embedding: Embedding::new(numbers.to_vec()).unwrap(),
                words: Wording::of("boil an egg"),
            }),
            answer: "{}".into(),
            stored: 100,
        }
    }

    /// Entries 1 to 3, of which 1 is used twice and 2 once after it, and a
    /// fourth; what is there then.
    fn after_eviction(eviction: Eviction) -> Vec<u8> {
        let mut store = Store::new(Limits { eviction, ..LIMITS });
        for number in 1..=3 {
            store.put(number.into(), entry(0, number, &[1.0]), 100);
        }
        for used in [1, 1, 2, 3] {
            store.touch(used);
        }
        store.put(4, entry(0, 4, &[1.0]), 100);
        (1..=4).filter(|number| store.exact(&print(*number), 100).is_some()).collect()
    }

    #[test]
    fn room_is_made_as_the_policy_says() {
        assert_eq!(after_eviction(Eviction::Fifo), [2, 3, 4]);
        assert_eq!(after_eviction(Eviction::Lru), [2, 3, 4]);
        assert_eq!(after_eviction(Eviction::Lfu), [1, 3, 4]);
        let mut store = Store::new(Limits { eviction: Eviction::Lru, ..LIMITS });
        for number in 1..=3 {
            store.put(number.into(), entry(0, number, &[1.0]), 100);
        }
        store.touch(1);
        store.put(4, entry(0, 4, &[1.0]), 100);
        assert!(store.get(1).is_some() && store.get(2).is_none(), "the one not used for longest");
    }

    #[test]
    fn bytes_are_bounded_whatever_the_entries() {
        let limits = Limits { max_entries: None, max_bytes: 10_000, ..LIMITS };
        let mut store = Store::new(limits);
        for number in 0..200_u8 {
            let answer = "x".repeat(usize::from(number) * 20);
            let entry = Entry { answer: answer.into(), ..entry(number % 3, number, &[1.0]) };
            store.put(number.into(), entry, 100);
            let sum: usize = store.entries.values().map(|kept| kept.entry.bytes()).sum();
            assert_eq!(store.bytes, sum);
            assert!(sum <= limits.max_bytes && store.len() > 0, "{number}: {sum}");
        }
        let large = Entry { answer: "x".repeat(10_001).into(), ..entry(0, 250, &[1.0]) };
        let before = store.len();
        store.put(250, large, 100);
        assert_eq!(store.len(), before, "what never fits moves nothing");
        let numbers: usize = store.scopes.values().map(|scope| scope.numbers.len()).sum();
        assert_eq!(numbers, store.len());
        assert_eq!(store.exact.len(), store.len());
        assert_eq!(store.order.len(), store.len());
    }

    #[test]
    fn the_nearest_of_the_scope_come_first() {
        let mut store = Store::new(Limits { max_entries: None, ..LIMITS });
        for (number, numbers) in [[1.0, 0.0], [0.6, 0.8], [0.8, 0.6], [0.0, 1.0]].iter().enumerate()
        {
            let number = u8::try_from(number).unwrap();
            store.put(number.into(), entry(0, number, numbers), 100);
        }
        store.put(9, entry(1, 9, &[1.0, 0.0]), 100);
        let asked = Embedding::new(vec![1.0, 0.0]).unwrap();
        let numbers = |least, most| -> Vec<Number> {
            let nearest = store.nearest(&print(0), &asked, least, most, 100);
            nearest.into_iter().map(|(number, _)| number).collect()
        };
        assert_eq!(numbers(0.5, 8), [0, 2, 1]);
        assert_eq!(numbers(0.5, 2), [0, 2]);
        assert_eq!(numbers(0.9, 8), [0]);
        let other = Embedding::new(vec![1.0]).unwrap();
        assert_eq!(store.nearest(&print(0), &other, 0.0, 8, 100), []);
        assert_eq!(store.nearest(&print(7), &asked, 0.0, 8, 100), []);
    }

    #[test]
    fn places_in_a_scope_stay_right_when_entries_go() {
        let mut store = Store::new(Limits { max_entries: None, ..LIMITS });
        for number in 0..50_u8 {
            store.put(number.into(), entry(number % 2, number, &[1.0, f32::from(number)]), 100);
        }
        for number in (0..50).step_by(3) {
            store.remove(number);
        }
        for (number, kept) in &store.entries {
            let scope = store.scopes.get(&kept.entry.scope).unwrap();
            assert_eq!(scope.numbers[kept.place.unwrap()], *number);
        }
    }

    #[test]
    fn the_same_prompt_has_one_answer() {
        let mut store = Store::new(LIMITS);
        store.put(1, entry(0, 7, &[1.0]), 100);
        store.put(2, Entry { answer: "new".into(), ..entry(0, 7, &[1.0]) }, 100);
        assert_eq!(store.len(), 1);
        let number = store.exact(&print(7), 100).unwrap();
        assert_eq!(&*store.get(number).unwrap().answer, "new");
    }

    #[test]
    fn an_answer_serves_for_its_time_however_often_it_is_used() {
        let mut store = Store::new(Limits { ttl: Some(Duration::from_mins(1)), ..LIMITS });
        store.put(1, entry(0, 1, &[1.0]), 100);
        store.touch(1);
        let asked = Embedding::new(vec![1.0]).unwrap();
        let found = |store: &Store, now| {
            let near = store.nearest(&print(0), &asked, 0.5, 8, now).len();
            (store.exact(&print(1), now).is_some(), near)
        };
        assert_eq!(found(&store, 159), (true, 1));
        assert_eq!(found(&store, 160), (false, 0));
        assert_eq!(found(&store, 50), (true, 1), "the clock was set back");
        store.sweep(160);
        assert_eq!(store.len(), 0);
        store.put(2, entry(0, 2, &[1.0]), 200);
        assert_eq!(store.len(), 0, "given too long ago");
    }
}
