//! The entries of one scope, as they were last read, and which of them a prompt
//! is most like.

use std::collections::VecDeque;
use std::fmt;

use semantic_router_filter::cache::Judge;
use semantic_router_filter::cache::remote::Prompt;

use super::record::{Record, UnixMillis};
use super::seal::Name;

/// How many of the nearest embeddings are judged by their words too.
const JUDGED: usize = 8;

/// Bytes of an entry beside its numbers and words.
const ENTRY_BYTES: usize = 128;

/// Where a record stands in a stream: milliseconds, and a number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place(u64, u64);

impl Place {
    /// From its form in Redis, such as `1700000000000-0`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (millis, number) = text.split_once('-')?;
        Some(Self(millis.parse().ok()?, number.parse().ok()?))
    }

    /// The first place after this one.
    #[must_use]
    pub fn next(self) -> Self {
        match self.1.checked_add(1) {
            Some(number) => Self(self.0, number),
            None => Self(self.0.saturating_add(1), 0),
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}-{}", self.0, self.1)
    }
}

/// The entries of one scope, the oldest first.
#[derive(Debug, Default)]
pub struct Scope {
    read_to: Place,
    entries: VecDeque<(Place, Record)>,
}

impl Scope {
    /// The last place that was read.
    #[must_use]
    pub fn read_to(&self) -> Place {
        self.read_to
    }

    /// Roughly how much memory it takes.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let bytes = |(_, record): &(Place, Record)| {
            let prompt = record.prompt.as_ref();
            let prompt = prompt.map_or(0, |Prompt { embedding, words }| {
                4 * embedding.numbers().len() + 8 * words.len()
            });
            prompt + ENTRY_BYTES
        };
        self.entries.iter().map(bytes).sum()
    }

    /// Learns what stands in Redis: the oldest place, and what came after the
    /// last that was read, without the records that could not be opened.
    pub fn learn(
        &mut self,
        oldest: Option<Place>,
        read: impl IntoIterator<Item = (Place, Option<Record>)>,
    ) {
        let Some(oldest) = oldest else {
            *self = Self::default();
            return;
        };
        self.entries.retain(|(place, _)| *place >= oldest);
        for (place, record) in read {
            // Another lookup may have read it meanwhile.
            if place <= self.read_to {
                continue;
            }
            self.read_to = place;
            if let Some(record) = record {
                self.forget(&record.entry);
                self.entries.push_back((place, record));
            }
        }
    }

    /// Forgets an entry.
    pub fn forget(&mut self, entry: &Name) {
        self.entries.retain(|(_, record)| record.entry != *entry);
    }

    /// The entry with the nearest prompt whose answer serves this one, and the
    /// cosine of the two, which is `threshold` or more.
    #[must_use]
    pub fn nearest(
        &self,
        prompt: &Prompt,
        threshold: f64,
        judge: &Judge,
        now: UnixMillis,
    ) -> Option<(Name, f64)> {
        let lasting = self.entries.iter().map(|(_, record)| record);
        let lasting = lasting.filter(|record| record.ends.is_none_or(|ends| now < ends));
        let mut near: Vec<_> = lasting
            .filter_map(|record| {
                let kept = record.prompt.as_ref()?;
                let cosine = kept.embedding.cosine(&prompt.embedding)?;
                (f64::from(cosine) >= threshold).then_some((cosine, record.entry, kept))
            })
            .collect();
        near.sort_unstable_by(|(one, ..), (other, ..)| other.total_cmp(one));
        let mut judged = near.into_iter().take(JUDGED);
        let (cosine, entry, _) =
            judged.find(|(cosine, _, kept)| judge.agrees(prompt, kept, *cosine))?;
        Some((entry, cosine.into()))
    }
}

#[cfg(test)]
mod tests {
    use semantic_router_filter::cache::Embedding;
    use semantic_router_filter::classify::Wording;

    use super::super::seal::Mark;
    use super::*;

    fn prompt(text: &str, numbers: &[f32]) -> Prompt {
        let embedding = Embedding::new(numbers.to_vec()).unwrap();
        Prompt { embedding, words: Wording::of(text) }
    }

    fn record(name: u8, text: &str, numbers: &[f32]) -> Record {
        let (mark, prompt) = (Mark::default(), Some(prompt(text, numbers)));
        Record { entry: [name; 16], mark, ends: None, prompt }
    }

    fn names(scope: &Scope) -> Vec<u8> {
        scope.entries.iter().map(|(_, record)| record.entry[0]).collect()
    }

    #[test]
    fn places_are_those_of_redis() {
        let place = Place::parse("1700000000000-7").unwrap();
        assert_eq!(place.next().to_string(), "1700000000000-8");
        assert_eq!(Place(1, u64::MAX).next(), Place(2, 0));
        assert!(Place(1, 9) < Place(2, 0));
        for bad in ["", "1", "1-", "-1", "a-1", "1-1-1"] {
            assert_eq!(Place::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn what_redis_has_is_known() {
        let mut scope = Scope::default();
        let oldest = Some(Place(1, 0));
        let three = (1..=3).map(|at| (Place(at.into(), 0), Some(record(at, "a", &[1.0]))));
        scope.learn(oldest, three);
        assert_eq!(names(&scope), [1, 2, 3]);
        scope.learn(oldest, [(Place(2, 0), Some(record(9, "a", &[1.0]))), (Place(4, 0), None)]);
        assert_eq!((names(&scope), scope.read_to()), (vec![1, 2, 3], Place(4, 0)));
        scope.learn(oldest, [(Place(5, 0), Some(record(1, "a", &[1.0])))]);
        assert_eq!(names(&scope), [2, 3, 1], "stored again");
        scope.learn(Some(Place(3, 0)), []);
        assert_eq!(names(&scope), [3, 1], "the oldest made room");
        assert!(scope.bytes() > 2 * ENTRY_BYTES);
        scope.learn(None, []);
        assert_eq!((names(&scope), scope.read_to()), (vec![], Place(0, 0)));
    }

    #[test]
    fn the_nearest_entry_that_serves_is_found() {
        let judge = Judge::bundled().unwrap();
        let mut scope = Scope::default();
        let same = "How long do I boil an egg?";
        let read = [
            (Place(1, 0), Some(record(1, "Who won the cup in 1998?", &[0.0, 1.0]))),
            (Place(2, 0), Some(record(2, "how long to boil eggs", &[1.0, 0.1]))),
            (Place(3, 0), Some(record(3, "How long do I never boil an egg?", &[1.0, 0.0]))),
            (Place(4, 0), Some(record(4, "another number of dimensions", &[1.0]))),
        ];
        scope.learn(Some(Place(1, 0)), read);
        let asked = prompt(same, &[1.0, 0.0]);
        let (entry, cosine) = scope.nearest(&asked, 0.8, &judge, 0).unwrap();
        assert_eq!(entry, [2; 16], "the words tell, not the angle alone");
        assert!(cosine > 0.99 && cosine < 1.0, "{cosine}");
        assert_eq!(scope.nearest(&asked, cosine.next_up(), &judge, 0), None, "too far");
        scope.forget(&entry);
        assert_eq!(scope.nearest(&asked, 0.0, &judge, 0), None, "no other serves");
    }

    #[test]
    fn what_has_ended_is_not_found() {
        let judge = Judge::bundled().unwrap();
        let mut scope = Scope::default();
        let ends = Some(100);
        let record = Record { ends, ..record(1, "boil an egg", &[1.0]) };
        scope.learn(Some(Place(1, 0)), [(Place(1, 0), Some(record))]);
        let asked = prompt("boil an egg", &[1.0]);
        assert!(scope.nearest(&asked, 0.8, &judge, 99).is_some());
        assert_eq!(scope.nearest(&asked, 0.8, &judge, 100), None);
    }
}
