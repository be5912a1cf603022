//! Bare ages in sentences: I'm 34, she is 34, at 19 I quit.

use super::amount::Amount;
use crate::classify::pii::doc::Doc;
use crate::classify::pii::lexicon::{AGE, BE, MEASURE, PERSON, TIME_UNIT, YEARS};

/// Words that may follow a bare age.
const FOLLOWERS: &[&str] = &[
    "and",
    "or",
    "but",
    "now",
    "f",
    "m",
    "male",
    "female",
    "from",
    "with",
    "who",
    "too",
    "in",
    "so",
    "then",
    "this",
    "next",
    "on",
    "at",
    "today",
    "tomorrow",
    "when",
    "is",
    "going",
    "lives",
    "if",
    "i",
    "he",
    "she",
    "we",
    "my",
    "because",
    "y",
    "e",
    "et",
    "und",
    "en",
    "soon",
    "already",
    "still",
    "last",
    "single",
    "married",
    "years",
    "alone",
    "living",
    "a",
    "non",
    "to",
    "yesterday",
    "works",
    "jahre",
    "ans",
    "leave",
    "leaving",
    "tell",
    "was",
    "hurted",
];

/// I'm 34, she is 34 and ..., my dad is 81, Maria is 34.
pub(super) fn being(doc: &Doc, a: &Amount) -> f32 {
    let i = a.first;
    if !matches!(doc.gap_before(i), " " | " only ") || !follows(doc, a) {
        return 0.0;
    }
    // Adverbs between: she's only 34, he is almost 34.
    let adverb = doc.is_any(
        i.wrapping_sub(1),
        &[
            "only", "just", "now", "like", "almost", "nearly", "roughly", "about", "around",
            "already", "barely", "over", "under", "still", "maybe",
        ],
    );
    let k = if adverb { 2 } else { 1 };
    let (be, who) = (doc.back(i, k), doc.back(i, k + 1));
    let fused =
        be.is(BE) && doc.is_any(i.wrapping_sub(k), &["im", "hes", "shes", "tengo", "tenho", "ai"]);
    let apart = matches!(doc.gap(i.wrapping_sub(k + 1)), " " | ", " | "., ");
    let named = doc.name_like(who) && apart && !sentence_start(doc, i.wrapping_sub(k + 1));
    let person = who.is(PERSON) || doc.is_any(i.wrapping_sub(k + 1), &["door", "another"]);
    let pronoun = doc.is_any(i.wrapping_sub(k), &["мне", "ему", "ей"]);
    let under = adverb
        && doc.is_any(i.wrapping_sub(1), &["under", "over"])
        && doc.is_any(i.wrapping_sub(2), &["people", "anyone", "kids", "children", "someone"]);
    if fused || pronoun || under || be.is(BE) && person {
        0.75
    } else if be.is(BE) && named && !doc.caseless || be.is(BE) && named && doc.classes & AGE != 0 {
        0.6
    } else {
        0.0
    }
}

/// A capital there is no sign of a name, unless what comes before it ends a sentence with a name.
fn sentence_start(doc: &Doc, i: usize) -> bool {
    let word = doc.word(i);
    let common = [
        "The", "This", "That", "It", "Here", "There", "What", "Which", "Answer", "Sum", "Is",
        "Today", "Result",
    ];
    common.contains(&word) || word.len() < 2 && doc.gap(i) == " "
}

/// What comes after fits an age: the end, punctuation, or a word that is no unit.
pub(super) fn follows(doc: &Doc, a: &Amount) -> bool {
    let gap = doc.gap_before(a.next);
    let gap = if a.next >= doc.tokens.len() { doc.slice(a.end, doc.text.len()) } else { gap };
    let first = gap.trim_start_matches([' ', '"', '\'', '”']).chars().next();
    match first {
        None if a.next >= doc.tokens.len() => true,
        None => {
            let next = doc.at(a.next);
            let unit = next.is(MEASURE | TIME_UNIT) && !next.is(YEARS);
            gap == "\n" || doc.is_any(a.next, FOLLOWERS) && !unit
        }
        Some(c) => {
            matches!(c, '.' | ',' | ';' | '?' | '!' | ')' | '\n' | '…' | ':' | '|' | '/')
                || gap.contains('\n')
        }
    }
}

/// When I was 12, at 19 I quit; At 19, Maria ...
pub(super) fn moment(doc: &Doc, a: &Amount) -> f32 {
    let i = a.first;
    if !doc.is_any(i.wrapping_sub(1), &["at"])
        || doc.gap_before(i) != " "
        || doc.gap(i).starts_with('%')
    {
        return if doc.is_any(i.wrapping_sub(1), &["year"])
            && doc.is_any(i.wrapping_sub(2), &["old"])
        {
            0.5
        } else {
            0.0
        };
    }
    let gap = doc.gap_before(a.next);
    let pronoun = doc.is_any(a.next, &["i", "he", "she", "we"]);
    let name = gap == ", " && doc.at(a.next).capital && doc.back(i, 1).capital;
    if matches!(gap, " " | ", ") && (pronoun || name) { 0.65 } else { 0.0 }
}
