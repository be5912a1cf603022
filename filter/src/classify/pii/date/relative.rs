//! Relative dates: yesterday, next week, two days ago, and their like in other languages.

use super::Span;
use crate::classify::pii::doc::Doc;
use crate::classify::pii::lexicon::{
    AGO, DAY_PART, DAY_WORD, NUMBER_WORD, TIME_UNIT, WEEKDAY, WHICH,
};

pub(super) fn find(doc: &Doc, i: usize) -> Span {
    if doc.at(i).is(DAY_WORD) {
        return day_word(doc, i);
    }
    which(doc, i)
        .or_else(|| before_amount(doc, i))
        .or_else(|| amount(doc, i))
        .or_else(|| other(doc, i))
}

fn day_word(doc: &Doc, i: usize) -> Span {
    let t = doc.at(i);
    // French "yesterday" is German "here".
    if doc.is_any(i, &["hier"]) && !french(doc) {
        return None;
    }
    // tomorrow morning, demain matin, mañana por la tarde, aujourd'hui
    let mut end = t.end;
    for k in 1..=3 {
        let next = doc.at(i + k);
        if next.is(DAY_PART) || doc.is_any(i + k, &["hui"]) {
            end = next.end;
        } else if !doc.is_any(i + k, &["at", "por", "la", "de", "da", "in", "the", "à"]) {
            break;
        }
    }
    let score = if doc.is_any(i, &["midi", "jutro", "yarın"]) { 0.55 } else { 0.8 };
    Some((t.start, end, score))
}

/// Enough French words, no German ones.
fn french(doc: &Doc) -> bool {
    let (mut french, mut german) = (0, 0);
    for i in 0..doc.tokens.len().min(400) {
        let t = doc.at(i);
        if t.len() <= 4 && t.is_word() {
            let is = |words: &[&str]| u32::from(doc.is_any(i, words));
            french += is(&[
                "je", "le", "les", "des", "du", "une", "est", "à", "la", "j", "c", "un", "que",
                "et",
            ]);
            german +=
                is(&["der", "die", "das", "ist", "ich", "und", "ein", "wir", "bin", "den", "mit"]);
        }
    }
    french > german
}

/// next week, this morning, la semaine prochaine, letzte Woche.
fn which(doc: &Doc, i: usize) -> Span {
    let (t, next) = (doc.at(i), doc.at(i + 1));
    if doc.gap(i) != " " {
        return None;
    }
    let unit = next.is(TIME_UNIT | DAY_PART)
        && !doc.is_any(
            i + 1,
            &["second", "seconds", "minute", "hours", "an", "fall", "spring", "ore"],
        );
    if t.is(WHICH) && unit && !doc.is_any(i, &["following", "diese", "dieses"]) {
        return Some((t.start, next.end, 0.7));
    }
    let after = next.is(WHICH)
        && !doc
            .is_any(i + 1, &["esta", "este", "questa", "questo", "this", "last", "deze", "coming"]);
    if (t.is(TIME_UNIT) || t.is(WEEKDAY)) && after {
        let start = if doc.is_any(i.wrapping_sub(1), &["la", "le", "el", "na", "no", "il", "l"]) {
            doc.back(i, 1).start
        } else {
            t.start
        };
        return Some((start, next.end, 0.7));
    }
    None
}

/// N units before the word ago: 3 days ago, two weeks ago, due giorni fa.
pub(super) fn amount(doc: &Doc, i: usize) -> Span {
    let (t, unit) = (doc.at(i), doc.at(i + 1));
    let article = doc.is_any(i, &["a", "an", "few", "several", "couple"]);
    if !(t.is(NUMBER_WORD) || t.is_number() || article) || !unit.is(TIME_UNIT) || doc.gap(i) != " "
    {
        return decade(doc, i);
    }
    let ago = doc.at(i + 2).is(AGO) && doc.gap(i + 1) == " ";
    let later = doc.is_any(i + 2, &["from"]) && doc.is_any(i + 3, &["now"]);
    let end = if later { doc.at(i + 3).end } else { doc.at(i + 2).end };
    (ago || later).then_some((t.start, end, 0.75))
}

/// A word before N units: hace dos semanas, vor 3 Tagen, il y a 2 jours, há dois dias.
fn before_amount(doc: &Doc, i: usize) -> Span {
    let t = doc.at(i);
    let french = doc.is_any(i, &["il"]) && doc.is_any(i + 1, &["y"]) && doc.is_any(i + 2, &["a"]);
    let one = doc.is_any(i, &["hace", "vor", "há"]);
    if !french && !one {
        return None;
    }
    let j = if french { i + 3 } else { i + 1 };
    let number = doc.at(j);
    let counted = number.is(NUMBER_WORD)
        || number.is_number()
        || doc.is_any(j, &["un", "una", "einem", "einer", "um", "uma", "une"]);
    (counted && doc.at(j + 1).is(TIME_UNIT)).then(|| (t.start, doc.at(j + 1).end, 0.7))
}

/// the 90s, 1990s.
fn decade(doc: &Doc, i: usize) -> Span {
    let (t, s) = (doc.at(i), doc.at(i + 1));
    let plural = doc.is_any(i + 1, &["s"]) && matches!(doc.gap(i), "" | "'" | "’") && s.len() == 1;
    let n = doc.value(i);
    if !plural || !t.is_number() || !n.is_multiple_of(10) || doc.byte_before(t.start) == b'-' {
        return None;
    }
    let the = doc.is_any(i.wrapping_sub(1), &["the"]) || doc.is_any(i.wrapping_sub(2), &["the"]);
    let start =
        if doc.is_any(i.wrapping_sub(1), &["the"]) { doc.back(i, 1).start } else { t.start };
    let long = t.len() == 4 && (1000..=2090).contains(&n);
    (long || (the && t.len() == 2 && n >= 10)).then_some((start, s.end, 0.7))
}

/// The day after tomorrow is found by its last word; here: weekends, mañana with a part of the day.
fn other(doc: &Doc, i: usize) -> Span {
    let t = doc.at(i);
    let next = doc.at(i + 1);
    if doc.is_any(i, &["mañana"]) && !doc.is_any(i.wrapping_sub(1), &["la", "buena", "esta"]) {
        let part = doc.is_any(i + 1, &["por"]) && doc.at(i + 3).is(DAY_PART);
        return Some((t.start, if part { doc.at(i + 3).end } else { t.end }, 0.6));
    }
    let greeting =
        doc.is_any(i.wrapping_sub(1), &["guten", "goede", "am", "goeden", "der", "jeden"]);
    if doc.is_any(i, &["morgen"]) && !greeting {
        let end = if next.is(DAY_PART) && doc.gap(i) == " " { next.end } else { t.end };
        return Some((t.start, end, if t.capital { 0.5 } else { 0.6 }));
    }
    None
}
