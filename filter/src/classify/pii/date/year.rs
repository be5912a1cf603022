//! A year standing alone: only where the words around say so.

use super::Span;
use crate::classify::pii::doc::{Doc, is_word_byte};
use crate::classify::pii::lexicon::{MEASURE, OTHER_ID, REFERENCE, YEAR};

pub(super) fn find(doc: &Doc, i: usize) -> Span {
    let t = doc.at(i);
    let n = doc.value(i);
    let (before, after) = (doc.byte_before(t.start), doc.byte(t.end));
    if t.len() != 4 || !(1500..=2099).contains(&n) {
        return None;
    }
    let next = doc.byte(t.end + 1);
    let longer = matches!(after, b'.' | b',' | b':' | b'-') && next.is_ascii_digit();
    let glued =
        is_word_byte(before) || matches!(before, b'.' | b'-' | b'$' | b'#' | b'/' | b':' | b'+');
    if glued || is_word_byte(after) || longer || matches!(after, b'%' | b'/') {
        return None;
    }
    if doc.at(i + 1).is(MEASURE) && doc.gap(i) == " " || doc.near_before(i, 1, OTHER_ID | REFERENCE)
    {
        return None;
    }
    let gap = doc.gap_before(i);
    let said = doc.back(i, 1).is(YEAR) && matches!(gap, " " | ": " | ") " | " © " | ") © " | "=");
    let season = doc.is_any(
        i.wrapping_sub(2),
        &[
            "spring",
            "summer",
            "autumn",
            "fall",
            "winter",
            "end",
            "start",
            "beginning",
            "middle",
            "quarter",
            "half",
        ],
    ) && doc.is_any(i.wrapping_sub(1), &["of"])
        || doc.is_any(i.wrapping_sub(1), &["spring", "summer", "autumn", "winter"]);
    let quarter =
        doc.back(i, 1).len() == 1 && doc.is_any(i.wrapping_sub(2), &["q", "h"]) && gap == " ";
    let said = said || gap == " " && (season || quarter);
    let range = gap == "-" || gap == "–";
    let end = matches!(after, b',' | b')' | b'.' | b';' | b'?' | b':' | b'\n' | 0);
    let modern = (1900..=2039).contains(&n);
    // (2019), "a portrait, 1987, ..." and "2003 or 2011"
    let bracket =
        modern && before == b'(' && after == b')' && doc.back(i, 1).is_word() && gap == " (";
    let listed = modern && gap == ", " && end && doc.back(i, 1).is_word();
    let choice = modern && doc.is_any(i + 1, &["or", "and"]) && doc.value(i + 2).abs_diff(n) < 60;
    let chosen = modern
        && doc.back(i, 1).is_word()
        && doc.back(i, 2).len() == 4
        && doc.value(i.wrapping_sub(2)).abs_diff(n) < 60;
    if said || range && modern {
        return Some((t.start, t.end, 0.7));
    }
    (bracket || listed && !doc.at(i + 1).is_number() || choice || chosen)
        .then_some((t.start, t.end, 0.55))
}
