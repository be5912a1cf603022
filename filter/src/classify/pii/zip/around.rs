//! What stands around a postal code.

use super::abroad;
use crate::classify::pii::doc::Doc;
use crate::classify::pii::lexicon::{CARD, OTHER_ID, PHONE, REFERENCE, SSN, STATE, STREET, ZIP};

/// What the words around say: a name of the code, a state, a street before, a city after.
pub(super) fn surroundings(doc: &Doc, i: usize, end: usize) -> f32 {
    let next = doc.tokens.partition_point(|t| t.start < end);
    let long = doc.at(i).len() >= 5 || end > doc.at(i).end;
    if doc.near_before(i, 5, ZIP) || doc.near_after(next.saturating_sub(1), 3, ZIP) {
        // "file.zip has 12345 bytes" is about something else.
        let other = doc.at(next).is_word() && !doc.at(next).capital && doc.gap_before(next) == " ";
        let close = doc.near_before(i, 2, ZIP) || doc.near_after(next.saturating_sub(1), 3, ZIP);
        return if other && !close { 0.2 } else { 0.75 };
    }
    if house(doc, i, next) {
        return 0.0;
    }
    let before = doc.back(i, 1);
    if doc.near_before(i, 1, OTHER_ID | REFERENCE | CARD | SSN | PHONE) {
        return 0.0;
    }
    let line = !doc.gap_before(i).contains('\n');
    // "IN 10000 cases" is no state.
    let counted = doc.at(next).is_word()
        && !doc.at(next).capital
        && doc.gap_before(next) == " "
        && !address(doc, i);
    if before.is(STATE)
        && line
        && long
        && !(counted && before.len() <= 2)
        && (before.len() > 2 || before.capital || address(doc, i))
    {
        return 0.6;
    }
    if address(doc, i) && (long || abroad::city_after(doc, next)) {
        return 0.5;
    }
    // A city after the code, as on the continent, or before it.
    if long && abroad::city_after(doc, next) && abroad::field(doc, i) {
        return 0.4;
    }
    // A record that goes social security number, postal code.
    let serial =
        doc.back(i, 1).is_number() && doc.back(i, 2).len() == 2 && doc.back(i, 3).len() == 3;
    if serial && doc.back(i, 1).len() == 4 && doc.gap_before(i).starts_with(',') {
        return 0.4;
    }
    if route(doc, i) {
        return 0.4;
    }
    if doc.classes & ZIP != 0 && doc.at(i).len() == 5 {
        return 0.4;
    }
    0.0
}

/// A house number: a street word follows, or a box stands before.
fn house(doc: &Doc, i: usize, next: usize) -> bool {
    let boxed = doc.is_any(
        i.wrapping_sub(1),
        &["box", "apt", "suite", "unit", "flat", "route", "highway", "road"],
    ) && matches!(doc.gap_before(i), " " | " #",);
    for k in 0..5 {
        let gap = doc.gap_before(next + k);
        if !(gap == " " || k > 0 && matches!(gap, ". " | "")) {
            break;
        }
        if k > 0 && doc.at(next + k).is(STREET) {
            return true;
        }
    }
    boxed
}

/// "from 60614 to 10115": two codes, neither of them round.
fn route(doc: &Doc, i: usize) -> bool {
    let code = |j: usize| {
        doc.at(j).len() == 5 && doc.at(j).is_number() && !doc.value(j).is_multiple_of(100)
    };
    let first =
        doc.is_any(i.wrapping_sub(1), &["from"]) && doc.is_any(i + 1, &["to"]) && code(i + 2);
    let second = doc.is_any(i.wrapping_sub(1), &["to"])
        && code(i.wrapping_sub(2))
        && doc.is_any(i.wrapping_sub(3), &["from"]);
    let end = |j: usize| !matches!(doc.gap(j), " ");
    code(i) && (first && end(i + 2) || second && end(i))
}

/// A street word and a house number shortly before.
fn address(doc: &Doc, i: usize) -> bool {
    (1..=9).any(|k| {
        let t = doc.back(i, k);
        t.is(STREET) || (t.is_word() && abroad::street_ending(doc.slice(t.start, t.end)))
    })
}
