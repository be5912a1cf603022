//! Ages told by their place: after a name in brackets or between commas, in a column named age.

use super::amount::Amount;
use crate::classify::pii::doc::Doc;
use crate::classify::pii::lexicon::{
    AGE, MONTH, MONTH_WEAK, NUMBER_WORD, OTHER_ID, PERSON, REFERENCE, STREET,
};

pub(super) fn score(doc: &Doc, a: &Amount) -> f32 {
    if !a.digits && doc.at(a.first).len() < 3 {
        return 0.0;
    }
    let i = a.first;
    let prior = doc.back(i, 1);
    let gap = doc.gap_before(i);
    if prior.is(REFERENCE | OTHER_ID | MONTH | MONTH_WEAK) || gap.len() > 6 {
        return 0.0;
    }
    let after = doc.slice(a.end, a.end + 4);
    let after = if after.is_empty() { doc.slice(a.end, doc.text.len()) } else { after };
    bracket(doc, a, gap, after).max(listed(doc, a, gap, after)).max(column(doc, a, gap, after))
}

fn name(doc: &Doc, i: usize) -> bool {
    let t = doc.back(i, 1);
    let english = doc.back(i, 2).is(PERSON) || t.is(PERSON);
    // Ji-hoon (14)
    let tail = t.is_word() && doc.gap_before(i.wrapping_sub(1)) == "-" && doc.back(i, 2).capital;
    (doc.name_like(t) && t.len() > 1) || english || tail
}

/// Bob (7), Maria (Greek, 41)
fn bracket(doc: &Doc, a: &Amount, gap: &str, after: &str) -> f32 {
    let open = gap == " (" || gap == ", " && doc.back(a.first, 1).capital && after.starts_with(')');
    let nation = after.starts_with(", ") && doc.at(a.next).capital;
    let ok = open
        && !numbered(doc, a)
        && (after.starts_with(')') || gap == " (" && nation)
        && name(doc, a.first);
    if ok { 0.65 } else { 0.0 }
}

/// One of an enumeration: (1) Quito (2) Bogotá.
fn numbered(doc: &Doc, a: &Amount) -> bool {
    let n = doc.value(a.first);
    let beside = |j: usize, m: u32| {
        doc.value(j) == m && doc.gap_before(j).ends_with('(') && doc.gap(j).starts_with(')')
    };
    let common = doc.is_any(
        a.first.wrapping_sub(1),
        &[
            "theorem",
            "lemma",
            "definition",
            "example",
            "corollary",
            "rule",
            "problem",
            "proposition",
            "note",
            "case",
            "question",
        ],
    );
    n == 1
        || common
        || (1..=30).any(|k| {
            beside(a.first.wrapping_sub(k), n.wrapping_sub(1)) || beside(a.first + k, n + 1)
        })
}

/// Maria Lopez, 41, of Leeds; Maria;41;Greek; | Maria | 41 |
fn listed(doc: &Doc, a: &Amount, gap: &str, after: &str) -> f32 {
    let bare = gap.trim_matches([' ', '"', '\'', '*']);
    let bare = if gap == "/" { "" } else { bare };
    let cell = matches!(bare, "," | ";" | "|" | "/" | ".,");
    let tail = after.trim_start_matches([' ', '"', '\'']);
    let closed =
        tail.starts_with([',', ';', '|', '/', '.', ')', '\n', '?', '!']) || after.is_empty();
    let words = !a.digits && (doc.caseless || doc.back(a.first, 1).is(NUMBER_WORD));
    if !cell || !closed || words || !name(doc, a.first) {
        return 0.0;
    }
    // A list of numbers, or a house number, is no list of people.
    let next = doc.at(a.next);
    let number = next.is_number() && next.len() <= 3 && doc.gap_before(a.next).trim() == ",";
    let street = street_before(doc, a.first) || doc.at(a.next).is(STREET);
    let full = doc.name_like(doc.back(a.first, 2)) && !doc.caseless;
    let plain = gap.contains('|') && doc.caseless;
    if number && !full || street && !gap.contains('|') || plain { 0.0 } else { 0.55 }
}

/// A street word in the same sentence, shortly before.
fn street_before(doc: &Doc, i: usize) -> bool {
    for k in 1..=4 {
        let t = doc.back(i, k);
        if t.is(STREET) && !t.is(PERSON) {
            return true;
        }
        let gap = i.checked_sub(k).map_or("", |j| doc.gap_before(j));
        if gap.contains(['\n', ';']) || gap.contains(". ") {
            return false;
        }
    }
    false
}

/// A cell of a record in a text that has an age column.
fn column(doc: &Doc, a: &Amount, gap: &str, after: &str) -> f32 {
    let values =
        doc.is_any(a.first.wrapping_sub(1), &["values"]) && gap == " (" && after.starts_with(", '");
    if values {
        return 0.5;
    }
    if doc.classes & AGE == 0 {
        return 0.0;
    }
    let bare = gap.trim_matches([' ', '"', '\'']);
    let tail = after.trim_start_matches([' ', '"', '\'']);
    let cell =
        matches!(bare, "," | ";" | "|" | "\t") && tail.starts_with([',', ';', '|', '\t', '\n']);
    if cell && a.digits { 0.5 } else { 0.0 }
}
