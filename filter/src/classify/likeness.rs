//! Whether two prompts ask the same thing: the cosine of their embeddings and
//! what their words have in common, judged by a small network.
//! `models/likeness.py` fits it, and says why a cosine alone does not do.

use std::collections::BTreeSet;

use serde::Deserialize;

use super::fnv;

/// Words that say little: another way to ask has others of them. Sorted, as
/// those below.
const LITTLE: [&str; 87] = [
    "a", "about", "an", "and", "any", "are", "as", "at", "be", "been", "but", "by", "can", "could",
    "d", "did", "do", "does", "explain", "for", "from", "get", "give", "got", "had", "has", "have",
    "he", "her", "his", "how", "i", "if", "in", "into", "is", "it", "its", "just", "know", "like",
    "ll", "m", "may", "me", "might", "much", "my", "need", "of", "on", "or", "our", "please", "re",
    "s", "she", "should", "show", "so", "some", "t", "tell", "than", "that", "the", "their",
    "then", "there", "these", "they", "this", "those", "to", "us", "ve", "want", "was", "we",
    "were", "what", "which", "will", "with", "would", "you", "your",
];
const NEGATIONS: [&str; 16] = [
    "arent", "avoid", "cant", "didnt", "doesnt", "dont", "except", "isnt", "never", "no", "none",
    "not", "nothing", "only", "without", "wont",
];
const CONTRACTIONS: [(&str, &str); 5] = [
    ("\u{2019}", "'"),
    ("can't", "can not"),
    ("won't", "will not"),
    ("n't", " not"),
    ("cannot", "can not"),
];
const ENDINGS: [&str; 5] = ["ies", "ing", "ed", "es", "s"];
/// Letters of a word that stay when its ending goes.
const LEAST_STEM: usize = 3;
const FEATURES: usize = 11;

/// What a word does in a question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Role {
    Little,
    Negation,
    Number,
    Other,
}

impl Role {
    fn numbered(number: u8) -> Option<Self> {
        let roles = [Self::Little, Self::Negation, Self::Number, Self::Other];
        roles.into_iter().find(|role| *role as u8 == number)
    }
}

/// The words of a prompt, as hashes of their stems.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wording(Vec<(u32, Role)>);

impl Wording {
    /// Of a prompt; a Chinese or Japanese character is a word.
    #[must_use]
    pub fn of(text: &str) -> Self {
        let lower = CONTRACTIONS
            .iter()
            .fold(text.to_lowercase(), |text, (written, meant)| text.replace(written, meant));
        let mut words = Vec::new();
        let mut rest = lower.as_str();
        while let Some(first) = rest.chars().next() {
            let length = length_of_word(rest, first);
            let (word, after) = rest.split_at(length.max(first.len_utf8()));
            if length > 0 {
                words.push(told(word));
            }
            rest = after;
        }
        Self(words)
    }

    /// How many words there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are no words.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The bytes that they take in memory.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.0.len() * size_of::<(u32, Role)>()
    }

    /// Five bytes a word: the hash of its stem, little-endian, and its role.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let word = |(stem, role): &(u32, Role)| {
            let [a, b, c, d] = stem.to_le_bytes();
            [a, b, c, d, *role as u8]
        };
        self.0.iter().flat_map(word).collect()
    }

    /// What [`Wording::to_bytes`] made; `None` when it did not.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (words, rest) = bytes.as_chunks::<5>();
        let word = |[a, b, c, d, role]: &[u8; 5]| {
            Some((u32::from_le_bytes([*a, *b, *c, *d]), Role::numbered(*role)?))
        };
        let words: Option<Vec<_>> = words.iter().map(word).collect();
        words.filter(|_| rest.is_empty()).map(Self)
    }

    /// The words that matter, in their order.
    fn content(&self) -> impl Iterator<Item = u32> {
        self.0.iter().filter(|(_, role)| *role != Role::Little).map(|(stem, _)| *stem)
    }

    fn stems(&self) -> BTreeSet<u32> {
        self.0.iter().map(|(stem, _)| *stem).collect()
    }

    fn neighbours(&self) -> BTreeSet<(u32, u32)> {
        self.0.iter().zip(self.0.iter().skip(1)).map(|((one, _), (two, _))| (*one, *two)).collect()
    }

    fn of_role(&self, role: Role) -> BTreeSet<u32> {
        self.0.iter().filter(|(_, is)| *is == role).map(|(stem, _)| *stem).collect()
    }
}

/// Bytes of the word that a text begins with, 0 if with none.
fn length_of_word(text: &str, first: char) -> usize {
    let run = |is: fn(char) -> bool| text.find(|c| !is(c)).unwrap_or(text.len());
    if is_ideogram(first) {
        return first.len_utf8();
    }
    if !first.is_ascii_digit() {
        return run(|c| !is_sign(c) && !is_ideogram(c));
    }
    let mut length = run(|c| c.is_ascii_digit());
    while let Some(more) = text.get(length..).and_then(|rest| rest.strip_prefix([',', '.'])) {
        let digits = more.len() - more.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        if digits == 0 {
            break;
        }
        length += 1 + digits;
    }
    length
}

fn is_ideogram(c: char) -> bool {
    matches!(c, '\u{3040}'..='\u{30ff}' | '\u{3400}'..='\u{9fff}')
}

/// Whether a character is part of no word. What is not said here is a letter:
/// training must see the same words, and libraries differ on marks and signs.
fn is_sign(c: char) -> bool {
    if c.is_ascii() {
        return !c.is_ascii_alphabetic();
    }
    let latin = matches!(c, '\u{80}'..='\u{bf}' | '\u{d7}' | '\u{f7}');
    let general = matches!(c, '\u{2000}'..='\u{2bff}' | '\u{3000}'..='\u{303f}');
    let forms =
        matches!(c, '\u{fe10}'..='\u{fe6f}' | '\u{ff00}'..='\u{ff0f}' | '\u{ff1a}'..='\u{ff20}');
    latin || general || forms
}

fn told(word: &str) -> (u32, Role) {
    let little = |word: &str| LITTLE.binary_search(&word).is_ok();
    let negates = |word: &str| NEGATIONS.binary_search(&word).is_ok();
    let stem = if little(word) || negates(word) { word } else { stem(word) };
    let role = if little(stem) {
        Role::Little
    } else if negates(stem) {
        Role::Negation
    } else if stem.starts_with(|c: char| c.is_ascii_digit()) {
        Role::Number
    } else {
        Role::Other
    };
    (fnv::extend(fnv::OFFSET, stem.bytes()), role)
}

fn stem(word: &str) -> &str {
    let shorter = ENDINGS.iter().filter_map(|ending| word.strip_suffix(ending));
    shorter.into_iter().find(|stem| stem.chars().count() >= LEAST_STEM).unwrap_or(word)
}

/// The network: one hidden layer of rectified units on the features.
#[derive(Clone, Debug, Deserialize)]
pub struct Likeness {
    hidden: Vec<[f64; FEATURES]>,
    bias: Vec<f64>,
    out: Vec<f64>,
    shift: f64,
}

impl Likeness {
    /// The probability that an answer to one prompt serves the other, of which
    /// the embeddings have this cosine.
    #[must_use]
    pub fn probability(&self, one: &Wording, other: &Wording, cosine: f32) -> f64 {
        if one.content().next().is_some() && one.content().eq(other.content()) {
            return 1.0;
        }
        let features = features(one, other, cosine);
        let units = self.hidden.iter().zip(&self.bias).zip(&self.out).map(|((row, bias), out)| {
            let sum: f64 = row.iter().zip(&features).map(|(weight, value)| weight * value).sum();
            (sum + bias).max(0.0) * out
        });
        1.0 / (1.0 + (-(units.sum::<f64>() + self.shift)).exp())
    }
}

/// The same whichever comes first.
fn features(one: &Wording, other: &Wording, cosine: f32) -> [f64; FEATURES] {
    let (shorter, longer) = min_max(one.0.len(), other.0.len());
    let begin = one.0.iter().zip(&other.0).take_while(|(a, b)| a.0 == b.0).count();
    let ends = one.0.iter().rev().zip(other.0.iter().rev()).take(shorter - begin);
    let end = ends.take_while(|(a, b)| a.0 == b.0).count();
    let (mine, yours): (BTreeSet<_>, BTreeSet<_>) =
        (one.content().collect(), other.content().collect());
    let (fewer, more) = min_max(mine.difference(&yours).count(), yours.difference(&mine).count());
    let differ = |role| one.of_role(role) != other.of_role(role);
    let negated = |wording: &Wording| wording.0.iter().any(|(_, role)| *role == Role::Negation);
    [
        f64::from(cosine),
        share(&mine, &yours),
        share(&one.stems(), &other.stems()),
        share(&one.neighbours(), &other.neighbours()),
        ratio(begin + end, longer),
        ratio(fewer.min(10), 5),
        ratio(more.min(10), 5),
        f64::from(u8::from(differ(Role::Number))),
        f64::from(u8::from(negated(one) != negated(other))),
        ratio(shorter, longer),
        ratio(shorter.min(60), 20),
    ]
}

fn min_max(one: usize, other: usize) -> (usize, usize) {
    (one.min(other), one.max(other))
}

fn share<T: Ord>(one: &BTreeSet<T>, other: &BTreeSet<T>) -> f64 {
    ratio(one.intersection(other).count(), one.union(other).count())
}

#[expect(clippy::cast_precision_loss, reason = "counts of words")]
fn ratio(part: usize, of: usize) -> f64 {
    part as f64 / of.max(1) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_that_are_searched_for_are_sorted() {
        assert!(LITTLE.is_sorted() && NEGATIONS.is_sorted());
    }

    #[test]
    fn words_are_cut_as_in_training() {
        let same = |one: &str, other: &str| Wording::of(one) == Wording::of(other);
        assert!(same("Counties, 1,024.50 items!", "count 1,024.50 item"));
        assert!(same("I can\u{2019}t open it", "i can not OPEN it"));
        assert!(same("knowing him", "know him"), "a word that says little once it is cut");
        assert!(!same("1.5", "15") && !same("1.", "1,5"));
        assert_eq!(Wording::of("日本語 text 7x").0.len(), 6);
        assert_eq!(Wording::of("नमस्ते x² – déjà").0.len(), 3);
        assert_eq!(Wording::of(" … ").0.len(), 0);
        assert_eq!(
            Wording::of("without 12 the dogs").0.iter().map(|w| w.1).collect::<Vec<_>>(),
            [Role::Negation, Role::Number, Role::Little, Role::Other]
        );
    }

    #[test]
    fn what_is_only_put_otherwise_is_the_same() {
        let none = Likeness { hidden: vec![], bias: vec![], out: vec![], shift: -9.0 };
        let said = |one: &str, other: &str| {
            none.probability(&Wording::of(one), &Wording::of(other), 0.9) > 0.5
        };
        assert!(said("How do I boil an egg?", "please tell me how to boil eggs"));
        assert!(!said("flights from Rome to Oslo", "flights from Oslo to Rome"));
        assert!(!said("What should I do?", "what should I do"), "nothing that matters");
        assert!(!said("Is it legal?", "Is it not legal?"));
    }

    #[test]
    fn words_come_back_from_their_bytes() {
        let wording = Wording::of("Do not boil 3 eggs");
        let bytes = wording.to_bytes();
        assert_eq!(bytes.len(), 5 * wording.len());
        assert_eq!(Wording::from_bytes(&bytes), Some(wording));
        assert_eq!(Wording::from_bytes(&bytes[1..]), None);
        assert_eq!(Wording::from_bytes(&[0, 0, 0, 0, 4]), None, "no such role");
    }

    #[test]
    fn features_do_not_depend_on_the_order() {
        let (one, other) = (Wording::of("boil 2 eggs now"), Wording::of("never boil 3 soft eggs"));
        let there = features(&one, &other, 0.5);
        assert_eq!(there.map(f64::to_bits), features(&other, &one, 0.5).map(f64::to_bits));
        let wanted = [0.5, 2.0 / 7.0, 2.0 / 7.0, 0.0, 0.0, 0.4, 0.6, 1.0, 1.0, 0.8, 0.2];
        for (is, wanted) in there.into_iter().zip(wanted) {
            assert!((is - wanted).abs() < 1e-9, "{there:?}");
        }
    }
}
