//! Postal codes with letters, and how addresses abroad are written.

use crate::classify::pii::doc::{Doc, is_word_byte};
use crate::classify::pii::lexicon::{STREET, ZIP};
use crate::classify::pii::token::Token;

/// Codes that begin with a letter: United Kingdom and Canada.
pub(super) fn letters(doc: &Doc, i: usize) -> Option<(usize, f32)> {
    let t = doc.at(i);
    if t.len() > 2 || !t.capital && doc.byte(t.start + 1).is_ascii_lowercase() && !doc.caseless {
        return None;
    }
    let start = t.start;
    let said = doc.near_before(i, 4, ZIP | STREET);
    [8, 7, 6, 5].into_iter().find_map(|n| {
        let code = doc.slice(start, start + n);
        let small =
            code.len() < 8 && !code.contains(' ') && code.bytes().any(|b| b.is_ascii_lowercase());
        if small && !said {
            return None;
        }
        let score = canadian(code).or_else(|| british(code))?;
        (!is_word_byte(doc.byte(start + n))).then_some((start + n, score))
    })
}

fn kinds(code: &str) -> impl Iterator<Item = u8> + '_ {
    code.bytes().map(|b| match b {
        b'0'..=b'9' => b'9',
        b'A'..=b'Z' | b'a'..=b'z' => b'A',
        b => b,
    })
}

fn is_form(code: &str, form: &str) -> bool {
    code.len() == form.len() && kinds(code).eq(form.bytes())
}

fn canadian(code: &str) -> Option<f32> {
    let letters = code.bytes().all(|b| !b"DFIOQU".contains(&b.to_ascii_uppercase()));
    if !letters {
        return None;
    }
    if is_form(code, "A9A 9A9") || is_form(code, "A9A-9A9") {
        return Some(0.85);
    }
    is_form(code, "A9A9A9").then_some(0.6)
}

fn british(code: &str) -> Option<f32> {
    const OUTWARD: [&str; 6] = ["A9", "A99", "AA9", "AA99", "A9A", "AA9A"];
    let cut = code.len().checked_sub(3)?;
    let (outward, inward) = code.split_at_checked(cut)?;
    let spaced = outward.ends_with(' ');
    let outward = outward.trim_end();
    let known = OUTWARD.iter().any(|form| is_form(outward, form));
    let unit = inward.bytes().skip(1).all(|b| !b"CIKMOV".contains(&b.to_ascii_uppercase()));
    if !known || !is_form(inward, "9AA") {
        return None;
    }
    Some(match (spaced, unit) {
        (true, true) => 0.85,
        (true, false) | (false, true) => 0.6,
        (false, false) => 0.5,
    })
}

/// A capitalised word right after token `next - 1` on the same line: a city.
pub(super) fn city_after(doc: &Doc, next: usize) -> bool {
    let gap = doc.gap_before(next);
    let Token { start, end, .. } = doc.at(next);
    doc.at(next).capital && gap == " " && end - start > 2
}

/// The code stands at the start of a line or after a comma.
pub(super) fn field(doc: &Doc, i: usize) -> bool {
    let gap = doc.gap_before(i);
    let place = doc.is_any(i.wrapping_sub(1), &["in", "à", "nach", "aus", "near", "a", "en"]);
    let round = doc.value(i).is_multiple_of(1000);
    let first = i == 0 && doc.gap(1).starts_with(',');
    if !doc.caseless && !round && (place || first) {
        return true;
    }
    gap.contains(',') || gap.contains('\n') || gap.contains(';')
}

/// Street words are endings in German, Dutch and Swedish.
pub(super) fn street_ending(word: &str) -> bool {
    const ENDINGS: [&str; 13] = [
        "straße", "strasse", "str", "weg", "platz", "gasse", "allee", "ufer", "straat", "laan",
        "gracht", "gatan", "vägen",
    ];
    let low = word.to_lowercase();
    word.len() > 5 && word.len() < 40 && ENDINGS.iter().any(|e| low.ends_with(e))
}
