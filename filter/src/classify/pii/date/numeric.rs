//! Dates in digits: year first, day or month first, card expiry, and the East Asian form.

use super::Span;
use crate::classify::pii::doc::{Doc, is_word_byte};
use crate::classify::pii::lexicon::{CARD, DATE, EXPIRY, OTHER_ID, REFERENCE};

pub(super) fn find(doc: &Doc, i: usize, has_card: bool) -> Span {
    let t = doc.at(i);
    if t.len() > 8 || !free(doc, t.start) {
        return None;
    }
    compact(doc, i)
        .or_else(|| signs(doc, i))
        .or_else(|| three(doc, i))
        .or_else(|| two(doc, i, has_card))
}

fn free(doc: &Doc, start: usize) -> bool {
    let before = doc.byte_before(start);
    let glued = matches!(before, b'-' | b'.' | b'/' | b':' | b',')
        && is_word_byte(doc.byte_before(start.saturating_sub(1)));
    // "date:05.03.2024" and "a,05/03/2024" are fields, not codes.
    let field =
        matches!(before, b':' | b',') && !doc.byte_before(start.saturating_sub(1)).is_ascii_digit();
    !is_word_byte(before) && (!glued || field) && before != b'$'
}

fn is_year(n: u32) -> bool {
    (1000..=2199).contains(&n)
}

fn is_day(day: u32, month: u32) -> bool {
    let most = match month {
        2 => 29,
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => 0,
    };
    (1..=most).contains(&day)
}

/// 20240305T142211Z.
fn compact(doc: &Doc, i: usize) -> Span {
    let (t, time) = (doc.at(i), doc.at(i + 2));
    let n = doc.value(i);
    let date =
        t.len() == 8 && (1900..=2099).contains(&(n / 10_000)) && is_day(n % 100, n / 100 % 100);
    let joined = doc.is_any(i + 1, &["t"]) && doc.gap(i).is_empty() && doc.gap(i + 1).is_empty();
    let end = time.end + usize::from(doc.byte(time.end) == b'Z');
    (date && joined && matches!(time.len(), 4 | 6)).then_some((t.start, end, 0.9))
}

/// 2024年3月5日, or its beginning.
fn signs(doc: &Doc, i: usize) -> Span {
    let t = doc.at(i);
    let (mut end, mut last) = (0, 0);
    for (k, sign) in ["年", "月", "日"].iter().enumerate() {
        let j = i + 2 * k;
        if doc.value(j) > 9999 || doc.word(j + 1) != *sign || !doc.gap(j).is_empty() {
            break;
        }
        (end, last) = (doc.at(j + 1).end, k);
    }
    let month = doc.word(i + 1) == "月" && doc.word(i + 3) == "日";
    if month && doc.value(i) <= 12 {
        return Some((t.start, doc.at(i + 3).end, 0.9));
    }
    (end > 0 && (last > 0 || is_year(doc.value(i)))).then_some((t.start, end, 0.95))
}

fn three(doc: &Doc, at: usize) -> Span {
    let (first, second, third) = (doc.at(at), doc.at(at + 1), doc.at(at + 2));
    let separator = doc.gap(at);
    let same = separator == doc.gap(at + 1) || (separator == ". " && doc.gap(at + 1) == ".");
    if !second.is_number() || !third.is_number() || !same || second.len() > 2 {
        return None;
    }
    if !matches!(separator, "-" | "/" | "." | ". " | " / ") {
        return None;
    }
    let (next, after) = (doc.byte(third.end), doc.byte(third.end + 1));
    let longer = matches!(next, b'-' | b'/' | b'.') && after.is_ascii_digit();
    let letters = is_word_byte(next) && !matches!(next, b'T' | b't' | b'_');
    if longer || letters {
        return None;
    }
    let (one, another, last) = (doc.value(at), doc.value(at + 1), doc.value(at + 2));
    if first.len() == 4 && third.len() <= 2 {
        let valid = is_year(one) && is_day(last, another);
        return valid.then_some((first.start, third.end, 0.95));
    }
    let valid = is_day(one, another) || is_day(another, one);
    if first.len() > 2 || !valid {
        return None;
    }
    if third.len() == 4 && is_year(last) {
        return Some((first.start, third.end, 0.95));
    }
    let code = doc.near_before(at, 2, REFERENCE | OTHER_ID);
    let full = first.len() == 2 && second.len() == 2;
    let dated = doc.near_before(at, 3, DATE);
    let score = match separator {
        "/" => 0.7,
        "." if full && !code => 0.6,
        "-" | "." if dated && !code => 0.6,
        "-" if full && !code => 0.5,
        _ => 0.0,
    };
    (third.len() == 2 && score > 0.0).then_some((first.start, third.end, score))
}

/// 03/2024, and 03/27 as the expiry of a card.
fn two(doc: &Doc, at: usize, has_card: bool) -> Span {
    let (first, second) = (doc.at(at), doc.at(at + 1));
    let separator = doc.gap(at);
    if !second.is_number() || !matches!(separator, "/" | "-" | " / " | ".") {
        return None;
    }
    let (next, after) = (doc.byte(second.end), doc.byte(second.end + 1));
    let longer =
        matches!(next, b'-' | b'/' | b'.' | b'%') && (after.is_ascii_digit() || next == b'%');
    if longer || is_word_byte(next) {
        return None;
    }
    let (one, another) = (doc.value(at), doc.value(at + 1));
    if first.len() <= 2
        && second.len() == 4
        && (1..=12).contains(&one)
        && (1900..=2099).contains(&another)
    {
        let near = doc.near_before(at, 5, EXPIRY | DATE) || has_card;
        let score = if separator.contains('/') {
            0.8
        } else if near {
            0.7
        } else {
            0.0
        };
        return (score > 0.0).then_some((first.start, second.end, score));
    }
    if first.len() == 4
        && second.len() == 2
        && (1900..=2099).contains(&one)
        && (1..=12).contains(&another)
    {
        return matches!(separator, "-" | "/").then_some((first.start, second.end, 0.6));
    }
    let expiry = doc.near_before(at, 5, EXPIRY)
        || (has_card && !separator.contains('.'))
        || doc.near_before(at, 3, CARD);
    let shape = first.len() == 2
        && second.len() == 2
        && (1..=12).contains(&one)
        && (15..=60).contains(&another);
    if shape && expiry && separator != "." {
        return Some((first.start, second.end, 0.75));
    }
    // 3/14 is a fraction unless a word says otherwise.
    let due = doc
        .is_any(at.wrapping_sub(1), &["by", "due", "until", "till", "dated", "on", "date", "vom"]);
    let day = (is_day(one, another) || is_day(another, one))
        && first.len() <= 2
        && second.len() <= 2
        && separator == "/";
    (due && day && !doc.at(at + 2).is_number()).then_some((first.start, second.end, 0.6))
}
