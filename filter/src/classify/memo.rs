//! Remembers what was made of texts, without remembering the texts.

use std::collections::{HashMap, VecDeque};
use std::hash::{BuildHasher, RandomState};

/// A bounded memory of verdicts. A text is known by 128 bits of two keyed
/// hashes (`SipHash` 1-3 with keys that this process draws), so that neither a
/// dump nor a made-up collision tells or changes what others asked.
pub struct Memo<T> {
    keys: [RandomState; 2],
    entries: HashMap<u128, T>,
    order: VecDeque<u128>,
    most: usize,
}

impl<T: Clone> Memo<T> {
    /// A memory of at most `most` texts, the oldest forgotten first.
    #[must_use]
    pub fn new(most: usize) -> Self {
        let keys = [RandomState::new(), RandomState::new()];
        Self { keys, entries: HashMap::new(), order: VecDeque::new(), most }
    }

    /// How a text is known.
    #[must_use]
    pub fn key(&self, text: &str) -> u128 {
        let [high, low] = &self.keys;
        u128::from(high.hash_one(text)) << 64 | u128::from(low.hash_one(text))
    }

    /// What is remembered under a key.
    #[must_use]
    pub fn get(&self, key: u128) -> Option<&T> {
        self.entries.get(&key)
    }

    /// Remembers something.
    pub fn put(&mut self, key: u128, value: T) {
        if self.most == 0 {
            return;
        }
        if self.entries.insert(key, value).is_none() {
            self.order.push_back(key);
            if self.order.len() > self.most
                && let Some(oldest) = self.order.pop_front()
            {
                self.entries.remove(&oldest);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_is_forgotten_first() {
        let mut memo = Memo::new(2);
        let keys: Vec<u128> = ["a", "b", "c"].iter().map(|text| memo.key(text)).collect();
        for (value, key) in keys.iter().enumerate() {
            memo.put(*key, value);
        }
        memo.put(keys[2], 7);
        let known: Vec<_> = keys.iter().map(|key| memo.get(*key).copied()).collect();
        assert_eq!(known, [None, Some(1), Some(7)]);
    }

    #[test]
    fn keys_differ_from_process_to_process() {
        let (one, other) = (Memo::<()>::new(1), Memo::<()>::new(1));
        assert_eq!(one.key("text"), one.key("text"));
        assert_ne!(one.key("text"), other.key("text"));
    }

    #[test]
    fn a_memory_without_room_remembers_nothing() {
        let mut memo = Memo::new(0);
        memo.put(1, ());
        assert_eq!(memo.get(1), None);
    }
}
