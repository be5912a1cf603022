//! `US_DRIVER_LICENSE`: the forms of the states, with a word about licences or driving.

mod forms;

use crate::classify::pii::doc::{Doc, is_word_byte};
use crate::classify::pii::lexicon::{
    CARD, DRIVING, LICENCE, OTHER_ID, PHONE, REFERENCE, SSN, STATE, ZIP,
};
use crate::classify::pii::{Entity, Kind};
use forms::{FORMS, GROUPED, LOOSE, longest};

/// How far back a word about licences reaches, in tokens.
const NEAR: usize = 9;

pub(crate) fn find(doc: &Doc, out: &mut Vec<Entity>) {
    let about = doc.classes & (LICENCE | DRIVING | STATE) != 0 || doc.text.contains('|');
    let mut skip = 0;
    for (i, t) in doc.tokens.iter().enumerate() {
        let letters =
            t.is_word() && (t.len() <= 5 || t.len() <= 12 && doc.byte(t.start) | 32 == b'w');
        if t.start < skip || !(letters || t.is_number()) || !free(doc, t.start) {
            continue;
        }
        if !promising(doc, t.start, t.end) {
            continue;
        }
        let sure = longest(doc, t.start, GROUPED);
        let other = if about {
            longest(doc, t.start, FORMS).max(longest(doc, t.start, LOOSE))
        } else {
            None
        };
        let Some(end) = sure.max(other) else { continue };
        let score = weigh(doc, i, end, sure == Some(end));
        if score >= crate::classify::pii::THRESHOLD {
            skip = end;
            out.push(Entity::new(Kind::UsDriverLicense, t.start, end, score));
        }
    }
}

/// Digits follow soon enough: spares the forms for nearly all words.
fn promising(doc: &Doc, start: usize, end: usize) -> bool {
    let next = doc.byte(end);
    let digit =
        next.is_ascii_digit() || matches!(next, b'-' | b' ') && doc.byte(end + 1).is_ascii_digit();
    let washington = doc.slice(start, start + 3).eq_ignore_ascii_case("wdl");
    let solid =
        doc.byte(start).is_ascii_digit() && (end - start >= 6 || next.is_ascii_alphabetic());
    digit || washington || solid
}

fn free(doc: &Doc, start: usize) -> bool {
    let before = doc.byte_before(start);
    let glued = matches!(before, b'-' | b'.' | b'+' | b'#' | b'$')
        || before == b' '
            && doc.byte_before(start - 1).is_ascii_digit()
            && doc.byte(start).is_ascii_digit();
    !is_word_byte(before) && !glued
}

/// The cell before holds a social security number.
fn after_ssn(doc: &Doc, i: usize) -> bool {
    let gap = doc.gap_before(i);
    let shape = (doc.back(i, 3).len(), doc.back(i, 2).len(), doc.back(i, 1).len());
    let number = doc.back(i, 1).is_number() && (shape == (3, 2, 4) || shape.2 == 9);
    gap.contains(['|', ',', ';']) && number
}

fn weigh(doc: &Doc, i: usize, end: usize, peculiar: bool) -> f32 {
    let letter = doc.slice(doc.at(i).start, end).bytes().any(|b| b.is_ascii_alphabetic());
    let next = doc.tokens.partition_point(|t| t.start < end);
    let last = next.saturating_sub(1);
    let near = doc.near_before(i, NEAR, LICENCE);
    let close = doc.near_before(i, 3, LICENCE);
    let driving = doc.near_before(i, NEAR, DRIVING) || doc.near_after(last, 4, DRIVING);
    let driving = driving || letter && doc.is_any(i.wrapping_sub(1), &["id"]);
    let other = doc.near_before(i, 2, OTHER_ID | REFERENCE | SSN | ZIP | PHONE | CARD) && !close;
    let state = doc.near_after(last, 3, STATE);
    let mut score: f32 = if peculiar { 0.6 } else { 0.1 };
    score += if close {
        0.8
    } else if near || driving && (doc.classes & LICENCE != 0 || doc.near_before(i, 2, DRIVING)) {
        0.5
    } else if driving || doc.classes & LICENCE != 0 && letter {
        0.4
    } else {
        0.0
    };
    let issued = state && doc.is_any(last + 1, &["from"]);
    score += if issued {
        0.5
    } else if state {
        0.2
    } else {
        0.0
    };
    score -= if other { 0.5 } else { 0.0 };
    // A record that goes name, social security number, licence.
    score += if letter && after_ssn(doc, i) { 0.5 } else { 0.0 };
    // Digits alone are anything: they need the word close by.
    let grouped = doc.slice(doc.at(i).start, end).contains('-');
    score -= if letter || close || grouped { 0.0 } else { 0.1 };
    score.clamp(0.0, 0.95)
}

#[cfg(test)]
mod tests {
    fn found(text: &str) -> Vec<&str> {
        crate::classify::pii::testing::found(super::find, text)
    }

    #[test]
    fn numbers() {
        assert_eq!(found("driver's license D1234567 expired"), ["D1234567"]);
        assert_eq!(found("DL 123 456 789"), ["123 456 789"]);
        assert_eq!(found("OLN S123-4567-8901, IL"), ["S123-4567-8901"]);
        assert_eq!(found("license: F255-921-50-094-0"), ["F255-921-50-094-0"]);
        assert_eq!(found("permis de conduire : A1234 56789 01234"), ["A1234 56789 01234"]);
        assert_eq!(found("dl=WDLABCD123EF state=WA"), ["WDLABCD123EF"]);
    }

    #[test]
    fn tempting() {
        for text in [
            "Model A1234567 of the drill",
            "license ABCDE12",
            "licence A12",
            "license 1234",
            "license key AB-1234-CD-12345-EFG",
            "B0912345 fits",
            "Drawing D-445-120-9",
            "12345678",
            "permissive licence 2.0",
            "Catalogue item K00-12-3456",
            "licence (MIT)",
        ] {
            assert!(found(text).is_empty(), "{text} {:?}", found(text));
        }
    }
}
