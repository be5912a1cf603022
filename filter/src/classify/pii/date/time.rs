//! Times of day, alone or after a date.

use super::Span;
use crate::classify::pii::doc::{Doc, is_word_byte};
use crate::classify::pii::lexicon::{NUMBER_WORD, REFERENCE};

/// A time that begins with number token `i`.
pub(super) fn find(doc: &Doc, i: usize) -> Span {
    let t = doc.at(i);
    let before = doc.byte_before(t.start);
    let earlier = doc.byte_before(t.start.saturating_sub(1));
    let glued = matches!(before, b':' | b'.' | b'/' | b'-' | b',') && is_word_byte(earlier);
    let range = before == b'-' && earlier.is_ascii_digit();
    let field = before == b':' && !earlier.is_ascii_hexdigit();
    if is_word_byte(before)
        || before == b'[' && is_word_byte(earlier)
        || (glued && !range && !field)
        || reference(doc, i)
    {
        return None;
    }
    let (end, named) = clock(doc, i)?;
    Some((t.start, end, if named { 0.85 } else { 0.7 }))
}

/// Verses 3:16 and 4:2, ratio 1:30.
fn reference(doc: &Doc, i: usize) -> bool {
    let more = doc.is_any(i.wrapping_sub(1), &["and", "to", "or"]) && doc.back(i, 2).is_number();
    let table = doc.is_any(i.wrapping_sub(2), &["table", "room"]);
    let book = doc
        .is_any(i.wrapping_sub(1), &["john", "matthew", "luke", "mark", "acts", "exodus", "surah"]);
    book || doc.near_before(i, 2, REFERENCE) && !table || more && doc.near_before(i, 6, REFERENCE)
}

/// The end of a time at token `i`, and whether a word (pm, Uhr) says it is one.
fn clock(doc: &Doc, i: usize) -> Option<(usize, bool)> {
    let (hour, t) = (doc.value(i), doc.at(i));
    if t.len() > 2 || hour > 24 {
        return None;
    }
    let m = doc.at(i + 1);
    let minutes = m.is_number() && m.len() == 2 && doc.value(i + 1) < 60;
    if minutes && doc.gap(i) == ":" && hour < 24 {
        let (end, last) = seconds(doc, i + 1);
        let marked = marker(doc, last, end, true);
        let longer = matches!(doc.byte(end), b':' | b'%' | b']')
            || is_word_byte(doc.byte(end)) && doc.byte(end) != b'Z';
        return match marked {
            Some(end) => Some((end, true)),
            None => (!longer).then_some((end, false)),
        };
    }
    // 14.30 Uhr, 3.30 pm
    if minutes
        && doc.gap(i) == "."
        && let Some(end) = marker(doc, i + 1, m.end, true)
    {
        return Some((end, true));
    }
    // 14h30, 14h after a preposition
    if doc.is_any(i + 1, &["h"]) && matches!(doc.gap(i), "" | " ") {
        let after = doc.at(i + 2);
        let tail = after.is_number() && after.len() == 2 && doc.value(i + 2) < 60;
        if tail && matches!(doc.gap(i + 1), "" | " ") {
            return Some((after.end, true));
        }
        let said = doc.is_any(
            i.wrapping_sub(1),
            &[
                "à", "vers", "de", "avant", "dès", "às", "las", "at", "est", "until", "jusqu",
                "parti",
            ],
        );
        return (said && doc.gap(i).is_empty()).then(|| (doc.at(i + 1).end, true));
    }
    marker(doc, i, t.end, hour <= 12)
        .filter(|_| hour > 0 || doc.is_any(i + 1, &["uhr"]))
        .map(|end| (end, true))
}

/// Seconds, fractions and zone after the minutes at token `i`: end and last token.
fn seconds(doc: &Doc, i: usize) -> (usize, usize) {
    let (mut end, mut last) = (doc.at(i).end, i);
    let s = doc.at(i + 1);
    if doc.gap(i) == ":" && s.is_number() && s.len() == 2 {
        (end, last) = (s.end, i + 1);
        let f = doc.at(last + 1);
        if matches!(doc.gap(last), "." | ",") && f.is_number() && f.len() <= 9 {
            (end, last) = (f.end, last + 1);
        }
    }
    if matches!(doc.byte(end), b'Z' | b'z') && !is_word_byte(doc.byte(end + 1)) {
        return (end + 1, last + 1);
    }
    let zone = doc.at(last + 1);
    if matches!(doc.gap(last), "+" | " +" | " -" | "-") && zone.is_number() && last > i {
        let half = doc.at(last + 2);
        if zone.len() == 4 {
            return (zone.end, last + 1);
        }
        if zone.len() == 2 && doc.gap(last + 1) == ":" && half.len() == 2 {
            return (half.end, last + 2);
        }
    }
    (end, last)
}

/// am, p.m., Uhr or o'clock after token `i`.
fn marker(doc: &Doc, i: usize, end: usize, twelve: bool) -> Option<usize> {
    let gap = doc.gap(i);
    if !matches!(gap, "" | " " | "\u{a0}") || doc.at(i).end != end {
        return None;
    }
    let j = i + 1;
    if twelve && doc.is_any(j, &["am", "pm"]) || doc.is_any(j, &["uhr"]) {
        return Some(doc.at(j).end);
    }
    if doc.is_any(j, &["o"]) && doc.is_any(j + 1, &["clock"]) {
        return Some(doc.at(j + 1).end);
    }
    let dotted = doc.is_any(j, &["a", "p"]) && doc.is_any(j + 1, &["m"]);
    (twelve && dotted && doc.gap(j) == ".").then(|| {
        let end = doc.at(j + 1).end;
        end + usize::from(doc.byte(end) == b'.')
    })
}

/// Extends a date that ends at `end` by the time after it.
pub(super) fn after(doc: &Doc, end: usize) -> usize {
    let i = doc.tokens.partition_point(|t| t.start < end);
    let mut j = i;
    let gap = doc.gap_before(i);
    if doc.is_any(i, &["t", "at", "um", "à", "alle", "às", "om", "o", "kl"])
        || doc.is_any(i, &["a"]) && doc.is_any(i + 1, &["las"])
    {
        j = if doc.is_any(i, &["a"]) { i + 2 } else { i + 1 };
    }
    let joined = matches!(gap, " " | ", " | ":" | "" | "  ")
        && matches!(doc.gap_before(j), " " | ", " | ":" | "" | ". " | "  ");
    if !joined || !doc.at(j).is_number() || doc.at(j).start < end {
        return end;
    }
    clock(doc, j).map_or(end, |(end, _)| end)
}

/// Times in words: half past seven, quarter to nine, five o'clock.
pub(super) fn spoken(doc: &Doc, i: usize) -> Span {
    let t = doc.at(i);
    let start = if doc.is_any(i, &["half", "quarter"]) { i } else { return clocked(doc, i) };
    let past = doc.is_any(i + 1, &["past", "to", "after"]);
    let hour = doc.at(start + 2);
    let named = hour.is(NUMBER_WORD) || (hour.is_number() && doc.value(start + 2) <= 12);
    // "a quarter to two thirds" is no time; "half past" always is.
    let sure = doc.is_any(i + 1, &["past"]) || doc.is_any(i, &["quarter"]);
    (past && sure && named).then_some((t.start, hour.end, 0.8))
}

fn clocked(doc: &Doc, i: usize) -> Span {
    let clock = doc.is_any(i + 1, &["o"]) && doc.is_any(i + 2, &["clock"]);
    let t = doc.at(i);
    let marked = doc.is_any(i + 1, &["pm", "uhr"]) && doc.gap(i) == " ";
    if t.is(NUMBER_WORD) && clock {
        return Some((t.start, doc.at(i + 2).end, 0.85));
    }
    (t.is(NUMBER_WORD) && marked).then(|| (t.start, doc.at(i + 1).end, 0.8))
}
