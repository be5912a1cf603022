//! Dates with the name of a month or a weekday.

use super::Span;
use crate::classify::pii::doc::{Doc, is_word_byte};
use crate::classify::pii::lexicon::{
    DAY_PART, MONTH, MONTH_WEAK, STREET, WEEKDAY, WEEKDAY_WEAK, WHICH,
};
use crate::classify::pii::token::Token;

/// Words between day, month and year.
const JOINTS: &[&str] = &["of", "de", "del", "di", "do", "the", "d"];

/// A date that begins with a number: 5 March, 5. März 2024, 5-Mar-2024, 5th of May.
pub(super) fn day_first(doc: &Doc, i: usize) -> Span {
    let t = doc.at(i);
    if !(1..=31).contains(&doc.value(i)) || t.len() > 2 || is_word_byte(doc.byte_before(t.start)) {
        return None;
    }
    let before = doc.byte_before(t.start);
    if matches!(before, b'.' | b'-' | b',') && doc.byte_before(t.start - 1).is_ascii_digit() {
        return None;
    }
    let mut j = ordinal(doc, i).map_or(i + 1, |_| i + 2);
    let mut start = t.start;
    if doc.is_any(j, JOINTS) && doc.gap_before(j) == " " && doc.gap(j) == " " {
        j += 1;
    }
    let month = doc.at(j);
    if !matches!(doc.gap_before(j), " " | ". " | "-" | "/" | "." | "" | ", " | "\u{a0}")
        || !month.is(MONTH | MONTH_WEAK)
    {
        return None;
    }
    let (end, year) = year_after(doc, j);
    let glued = doc.gap_before(j).is_empty() && year.is_none();
    // "10 may be enough", "5 mars bars": a small weak month needs a year or a stop.
    let english =
        doc.is_any(j, &["may", "march", "mar", "mars", "set", "out", "dec", "gen", "mart", "jan"]);
    let weak = english && !month.capital && year.is_none();
    let open = doc.at(j + 1).is_word()
        && doc.gap(j) == " "
        && !doc.is_any(
            j + 1,
            &[
                "at", "and", "to", "or", "in", "from", "um", "à", "a", "alle", "om", "with", "for",
                "is", "we", "i",
            ],
        );
    if glued || (weak && open) {
        return None;
    }
    // The weekday before belongs to the date: Dienstag, 5. März.
    let day = i.checked_sub(1).map(|k| doc.at(k)).filter(|d| d.is(WEEKDAY | WEEKDAY_WEAK));
    if let Some(day) = day.filter(|_| matches!(doc.gap_before(i), " " | ", " | ". ")) {
        start = day.start;
    } else if doc.is_any(i.wrapping_sub(1), &["the"]) && doc.gap_before(i) == " " {
        start = doc.back(i, 1).start;
    }
    Some((start, end, 0.9))
}

/// A date that begins with a word: March 5, Friday, in May.
pub(super) fn find(doc: &Doc, i: usize) -> Span {
    let t = doc.at(i);
    if is_word_byte(doc.byte_before(t.start)) && !doc.byte_before(t.start).is_ascii_digit() {
        return None;
    }
    if t.is(MONTH | MONTH_WEAK) {
        return month(doc, i);
    }
    if t.is(WEEKDAY | WEEKDAY_WEAK) {
        return weekday(doc, i);
    }
    // "next Friday", "last May"; "the 5th of May" begins at its article.
    if t.is(WHICH) && doc.gap(i) == " " {
        let (_, end, score) = weekday(doc, i + 1).or_else(|| month(doc, i + 1))?;
        return Some((t.start, end, score));
    }
    if doc.is_any(i, &["the"]) && ordinal(doc, i + 1).is_some() {
        return day_first(doc, i + 1);
    }
    None
}

/// The suffix of an ordinal after number token `i`.
fn ordinal(doc: &Doc, i: usize) -> Option<Token> {
    let suffix = doc.is_any(i + 1, &["st", "nd", "rd", "th", "er", "º", "ª"]);
    (doc.at(i).is_number() && suffix && doc.gap(i).is_empty()).then(|| doc.at(i + 1))
}

/// The end of a date whose month is token `j`, and the year after it.
fn year_after(doc: &Doc, j: usize) -> (usize, Option<u32>) {
    let mut k = j + 1;
    if doc.is_any(k, JOINTS) && doc.gap_before(k) == " " {
        k += 1;
    }
    let (t, gap) = (doc.at(k), doc.gap_before(k));
    let apart = matches!(gap, " " | ", " | ". " | "-" | "/" | "., " | "," | " '" | " ’");
    let short = t.len() == 2 && matches!(gap, "-" | "/" | " '" | " ’");
    let year = t.len() == 4 && (1000..=2199).contains(&doc.value(k));
    // 14:30 after the month is a time.
    let time = doc.byte(t.end) == b':' && !year;
    if t.is_number() && apart && (short || year) && !time && !is_letter(doc.byte(t.end)) {
        return (t.end, Some(doc.value(k)));
    }
    (doc.at(j).end, None)
}

fn is_letter(b: u8) -> bool {
    b.is_ascii_alphabetic() && b != b'T'
}

fn month(doc: &Doc, i: usize) -> Span {
    let t = doc.at(i);
    let sure = t.is(MONTH);
    if !t.is(MONTH | MONTH_WEAK) {
        return None;
    }
    let next = doc.at(i + 1);
    let day = doc.value(i + 1);
    let near = matches!(doc.gap(i), " " | ". " | "-" | "." | "  " | " the ");
    if near && (1..=31).contains(&day) && next.len() <= 2 && day_like(doc, i) {
        let at = ordinal(doc, i + 1).map_or(i + 1, |_| i + 2);
        let (end, year) = year_after(doc, at);
        let ordinal = at > i + 1;
        let alone = sure || t.capital || doc.caseless || ordinal || year.is_some();
        return alone.then_some((t.start, end, 0.9));
    }
    let (end, year) = year_after(doc, i);
    if year.is_some_and(|y| y >= 1900) || year.is_some_and(|y| y >= 1000) && (sure || t.capital) {
        return Some((t.start, end, 0.9));
    }
    if sure {
        let name = t.capital
            && doc.at(i + 1).capital
            && doc.gap(i) == " "
            && doc.is_any(i, &["april", "june"]);
        let name =
            name || doc.is_any(i.wrapping_sub(1), &["mr", "ms", "mrs", "miss", "dr", "judge"]);
        let place = doc.is_any(i, &["janeiro"]) && doc.is_any(i.wrapping_sub(2), &["rio"]);
        let street = doc.near_before(i, 3, STREET) && doc.is_any(i.wrapping_sub(1), JOINTS);
        return (!name && !place && !street).then_some((t.start, t.end, 0.7));
    }
    // May, March, August, mars: after a preposition only.
    let long = t.len() > 3 || doc.is_any(i, &["may", "mai", "mei", "maj"]);
    let before = doc.is_any(
        i.wrapping_sub(1),
        &[
            "in", "since", "until", "till", "by", "of", "next", "last", "this", "late", "early",
            "mid", "en", "im", "depuis", "desde", "em", "seit", "during", "around", "for", "from",
            "before", "after", "till",
        ],
    );
    // "..., August." and "submitted May." stand at the end.
    let gap = doc.gap(i);
    let end = gap.starts_with('.') || gap.is_empty() || gap.starts_with(';');
    let small = doc.gap_before(i) == ", " || doc.gap_before(i) == " " && !doc.back(i, 1).capital;
    let month = doc.is_any(i, &["may", "march", "august"]);
    if month && end && small && t.capital && !doc.caseless {
        return Some((t.start, t.end, 0.55));
    }
    let case = t.capital || doc.caseless && !doc.is_any(i, &["mart"]);
    (long && before && case && matches!(doc.gap_before(i), " " | "-"))
        .then_some((t.start, t.end, 0.6))
}

/// The number after the month is a day and not the start of something longer.
fn day_like(doc: &Doc, i: usize) -> bool {
    let t = doc.at(i + 1);
    let (b, next) = (doc.byte(t.end), doc.byte(t.end + 1));
    let longer = matches!(b, b'.' | b'%') && next.is_ascii_digit() || b == b'%';
    !longer && (!is_word_byte(b) || ordinal(doc, i + 1).is_some())
}

fn weekday(doc: &Doc, i: usize) -> Span {
    let t = doc.at(i);
    if t.is(WEEKDAY) {
        // terça-feira; a date that goes on: Friday, June 7.
        let fair = doc.is_any(i + 1, &["feira"]) && doc.gap(i) == "-";
        let lone = ["terça", "quarta", "quinta"].contains(&doc.word(i).to_lowercase().as_str());
        let j = if fair { i + 1 } else { i };
        if lone && !fair {
            return None;
        }
        let joined = matches!(doc.gap(j), ", " | " " | ". ");
        let rest = month(doc, j + 1).filter(|_| joined && doc.at(j + 1).is(MONTH | MONTH_WEAK));
        let rest = rest.or_else(|| day_first(doc, j + 1).filter(|_| joined));
        let part = doc.at(j + 1).is(DAY_PART | WHICH)
            && doc.gap(j) == " "
            && !doc.is_any(j + 1, &["this", "last", "next", "de"]);
        let alone = if part { doc.at(j + 1).end } else { doc.at(j).end };
        let end = rest.map_or(alone, |(_, end, _)| end);
        return Some((t.start, end, 0.8));
    }
    // Mon, Sun, sat are words too: only before a date.
    let joined = matches!(doc.gap(i), ", " | " " | ". ");
    let rest = if joined { month(doc, i + 1).or_else(|| day_first(doc, i + 1)) } else { None };
    rest.filter(|_| t.is(WEEKDAY_WEAK) && t.capital).map(|(_, end, score)| (t.start, end, score))
}
