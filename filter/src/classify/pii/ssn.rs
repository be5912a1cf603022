//! `US_SSN`: area, group and serial in their ranges; without dashes only in context.

use crate::classify::pii::doc::Doc;
use crate::classify::pii::lexicon::{OTHER_ID, PHONE, SSN};
use crate::classify::pii::{Entity, Kind};

/// How far back a context word reaches, in tokens.
const NEAR: usize = 10;

pub(crate) fn find(doc: &Doc, out: &mut Vec<Entity>) {
    for (i, t) in doc.tokens.iter().enumerate() {
        if !t.is_number() || !free(doc, t.start) {
            continue;
        }
        let found = match t.len() {
            3 => grouped(doc, i),
            9 => plain(doc, i),
            _ => None,
        };
        if let Some((end, score)) = found
            && ends(doc, end)
        {
            out.push(Entity::new(Kind::UsSsn, t.start, end, score));
        }
    }
}

/// Not the continuation of a longer number or code.
fn free(doc: &Doc, start: usize) -> bool {
    let before = doc.byte_before(start);
    let glued = matches!(before, b'-' | b'.' | b' ' | b'+')
        && doc.byte_before(start.saturating_sub(1)).is_ascii_digit();
    doc.alone(start, usize::MAX) && !glued
}

fn ends(doc: &Doc, end: usize) -> bool {
    let glued = matches!(doc.byte(end), b'-' | b'.') && doc.byte(end + 1).is_ascii_alphanumeric();
    doc.alone(usize::MAX, end) && !glued
}

fn possible(area: u32, group: u32, serial: u32) -> bool {
    matches!(area, 1..=665 | 667..=899) && group > 0 && serial > 0
}

fn grouped(doc: &Doc, i: usize) -> Option<(usize, f32)> {
    let (group, serial) = (doc.at(i + 1), doc.at(i + 2));
    let separator = doc.gap(i);
    let shape = group.is_number() && group.len() == 2 && serial.is_number() && serial.len() == 4;
    if !shape || doc.gap(i + 1) != separator {
        return None;
    }
    if !possible(doc.value(i), doc.value(i + 1), doc.value(i + 2)) {
        return None;
    }
    let social = near(doc, i);
    let other = doc.near_before(i, 1, OTHER_ID);
    let base = match separator {
        "-" => 0.85,
        " " => 0.6,
        "." => 0.5,
        _ => return None,
    };
    let score = if social {
        1.0
    } else if other {
        0.2
    } else {
        base
    };
    Some((serial.end, score))
}

fn plain(doc: &Doc, i: usize) -> Option<(usize, f32)> {
    let n = doc.value(i);
    if !possible(n / 1_000_000, n / 10_000 % 100, n % 10_000) {
        return None;
    }
    // Columns named once stand far from their cells: the word anywhere in the text is worth less.
    let score = if near(doc, i) {
        0.9
    } else if record(doc, i) || doc.classes & SSN != 0 && !doc.near_before(i, 3, OTHER_ID | PHONE) {
        0.5
    } else {
        return None;
    };
    Some((doc.at(i).end, score))
}

/// A cell after a full name: "Martha Chen", "101189772"; Martha Chen | 101189772.
fn record(doc: &Doc, i: usize) -> bool {
    let gap = doc.gap_before(i);
    let cell = gap.len() <= 4 && gap.contains(['|', ';', ',']) && !gap.contains('\n');
    let after = doc.gap(i).trim_start_matches(' ');
    let closed =
        after.starts_with(['|', ';', '"', '\'']) || after.starts_with(',') && gap.contains('"');
    let barred = gap.contains(['|', ';']) && doc.back(i, 1).capital && !doc.caseless;
    let closed = closed || after.is_empty() || after.starts_with('\n');
    let named = barred
        || doc.back(i, 1).capital
            && doc.back(i, 2).capital
            && doc.gap_before(i.wrapping_sub(1)) == " ";
    cell && closed && named
}

fn near(doc: &Doc, i: usize) -> bool {
    let tax = doc.is_any(i.wrapping_sub(1), &["id"]) && doc.is_any(i.wrapping_sub(2), &["tax"]);
    tax || doc.near_before(i, NEAR, SSN) || doc.near_after(i, 6, SSN)
}

#[cfg(test)]
mod tests {
    fn found(text: &str) -> Vec<&str> {
        crate::classify::pii::testing::found(super::find, text)
    }

    #[test]
    fn numbers() {
        assert_eq!(found("ssn 123-45-6789."), ["123-45-6789"]);
        assert_eq!(found("my social is 123 45 6789"), ["123 45 6789"]);
        assert_eq!(found("{\"ssn\":\"123456789\"}"), ["123456789"]);
        assert_eq!(found("VALUES ('856-18-6618')"), ["856-18-6618"]);
    }

    #[test]
    fn tempting() {
        for text in [
            "000-12-3456",
            "666-12-3456",
            "912-12-3456",
            "123-00-4567",
            "123-45-0000",
            "123-45-678",
            "12-34-5678",
            "XXX-XX-1234",
            "123456789",
            "SKU 482-10-9999",
            "order 123456789",
            "routing number 021000021",
            "1-123-45-6789",
            "123-45-6789-0",
        ] {
            assert!(found(text).is_empty(), "{text}");
        }
    }
}
