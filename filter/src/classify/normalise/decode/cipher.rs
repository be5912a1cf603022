//! English from back to front, or each letter thirteen on.

use super::super::english::{LONGEST, Word, is_frequent};

/// Frequent words that make a text, and letters of the longest of them.
const HITS: usize = 3;
const LONG: usize = 5;
/// Words in a row that are not frequent and end a stretch.
const MISSES: usize = 4;

/// A stretch in which one way of reading gives frequent words.
#[derive(Default)]
struct Stretch {
    start: usize,
    end: usize,
    hits: usize,
    longest: usize,
    misses: usize,
    /// Where the words just before began, the oldest first.
    recent: [usize; MISSES],
}

impl Stretch {
    fn hit(&mut self, start: usize, end: usize, letters: usize) {
        if self.hits == 0 {
            let [first, ..] = self.recent;
            self.start = if self.misses == 0 { start } else { first };
        }
        self.hits += 1;
        self.longest = self.longest.max(letters);
        (self.misses, self.end) = (0, end);
    }

    /// A word that reads as nothing; whether the stretch is over.
    fn miss(&mut self, start: usize, end: usize) -> bool {
        if self.hits == 0 {
            let [_, b, c, d] = self.recent;
            self.recent = if self.misses == 0 { [start; MISSES] } else { [b, c, d, start] };
        } else {
            self.end = end;
        }
        self.misses += 1;
        self.hits > 0 && self.misses > MISSES
    }

    /// A word that is English as it stands: the stretch does not reach over
    /// two of them.
    fn plain(&mut self) -> bool {
        self.misses = if self.hits == 0 { 0 } else { self.misses + 2 };
        self.hits > 0 && self.misses > MISSES
    }

    fn finish(&mut self, text: &str, found: &mut dyn FnMut(&str), read: fn(&str) -> String) {
        if self.hits >= HITS
            && self.longest >= LONG
            && let Some(part) = text.get(self.start..self.end)
        {
            found(read(part).trim());
        }
        *self = Self::default();
    }
}

/// Finds the stretches of `text` that are English once turned.
pub fn scan(text: &str, found: &mut dyn FnMut(&str)) {
    let (mut turned, mut rotated) = (Stretch::default(), Stretch::default());
    let (mut word, mut start) = (Word::NEW, 0);
    for (at, byte) in text.bytes().chain([b' ']).enumerate() {
        if byte.is_ascii_alphabetic() || byte >= 0x80 {
            if word.letters == 0 {
                start = at;
            }
            // Two bytes of another alphabet never make a frequent word.
            word = word.then(if byte < 0x80 { byte } else { 0 });
            continue;
        }
        let Word { forward, reversed, rotated: rotation, letters } =
            std::mem::replace(&mut word, Word::NEW);
        if letters < 3 {
            continue;
        }
        let known = letters <= LONGEST;
        if known && is_frequent(forward) {
            if turned.plain() {
                turned.finish(text, found, reverse);
            }
            if rotated.plain() {
                rotated.finish(text, found, rotate);
            }
            continue;
        }
        if known && is_frequent(reversed) {
            turned.hit(start, at, letters);
        } else if turned.miss(start, at) {
            turned.finish(text, found, reverse);
        }
        if known && is_frequent(rotation) {
            rotated.hit(start, at, letters);
        } else if rotated.miss(start, at) {
            rotated.finish(text, found, rotate);
        }
    }
    turned.finish(text, found, reverse);
    rotated.finish(text, found, rotate);
}

fn reverse(text: &str) -> String {
    text.chars().rev().collect()
}

fn rotate(text: &str) -> String {
    let turn = |c: char| match c {
        'a'..='m' | 'A'..='M' => char::from_u32(u32::from(c) + 13).unwrap_or(c),
        'n'..='z' | 'N'..='Z' => char::from_u32(u32::from(c) - 13).unwrap_or(c),
        _ => c,
    };
    text.chars().map(turn).collect()
}
