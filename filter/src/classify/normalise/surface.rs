//! First step: compatibility forms, invisible characters and piled-up marks.

use std::borrow::Cow;

use unicode_normalization_alignments::UnicodeNormalization;

use super::decode::printable;
use super::invisible::{is_invisible, is_loose_mark, is_overlay, smuggled};
use super::table::is_latin;

/// Marks on one letter from which on they are no writing: polytonic Greek
/// has three at most.
const PILE: usize = 4;

/// The visible text of `text` under NFKC; what its invisible characters spell
/// goes to `hidden`.
pub fn clean<'a>(text: &'a str, hidden: &mut Vec<String>) -> Cow<'a, str> {
    if text.is_ascii() && !text.chars().any(is_invisible) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(settle(&nfkc(&visible(text, hidden))))
}

/// `text` without invisible characters and without piles of marks, which would
/// also cost NFKC its linear time.
fn visible(text: &str, hidden: &mut Vec<String>) -> String {
    let mut out = String::with_capacity(text.len());
    let mut spelt = Vec::new();
    let mut flag = false;
    // Where the marks on the last letter begin in `out`, and how many they are.
    let (mut pile, mut marks) = (0, 0);
    for c in text.chars() {
        if is_invisible(c) {
            spelt.extend(smuggled(c));
            continue;
        }
        keep(&mut spelt, flag, hidden);
        flag = c == '\u{1F3F4}';
        if is_loose_mark(c) {
            marks += 1;
            if marks >= PILE {
                out.truncate(pile);
                continue;
            }
        } else if c >= '\u{300}' && !c.is_alphanumeric() {
            // Marks of one script: harmless, but never many in a row.
            marks += 1;
            if marks > 8 && !c.is_whitespace() && !is_symbol(c) {
                continue;
            }
        } else {
            marks = 0;
        }
        out.push(if matches!(c, '\u{2028}' | '\u{2029}') { '\n' } else { c });
        if marks == 0 {
            pile = out.len();
        }
    }
    keep(&mut spelt, flag, hidden);
    out
}

/// Punctuation and pictures, which may well stand in long rows.
fn is_symbol(c: char) -> bool {
    matches!(c, '\u{2000}'..='\u{2BFF}' | '\u{3000}'..='\u{3029}' | '\u{3030}'..='\u{303F}')
        || c >= '\u{1F000}'
}

/// Moves what the invisible characters spelt to `hidden`, if it is text. The
/// flags of regions, such as Scotland's, spell up to six letters.
fn keep(spelt: &mut Vec<u8>, flag: bool, hidden: &mut Vec<String>) {
    if spelt.len() >= 4 && !(flag && spelt.len() <= 6) {
        hidden.extend(printable(spelt));
    }
    spelt.clear();
}

/// The one use of the normalisation crate. Dots and the wide punctuation of
/// Chinese and Japanese stay: they are how those texts are written.
fn nfkc(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for piece in text.split_inclusive(is_wide_punctuation) {
        let letters = piece.trim_end_matches(is_wide_punctuation);
        out.extend(letters.nfkc().map(|(c, _)| c));
        out.push_str(piece.get(letters.len()..).unwrap_or_default());
    }
    out
}

fn is_wide_punctuation(c: char) -> bool {
    matches!(c, '…' | '！' | '（' | '）' | '，' | '：' | '；' | '？')
}

/// Drops the marks NFC found no place for: all on a Latin letter, all but one
/// on any other, and strokes through letters anywhere.
fn settle(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut bare = false;
    for c in text.chars() {
        if is_loose_mark(c) {
            if bare && !is_overlay(c) {
                out.push(c);
            }
            bare = false;
        } else {
            bare = !is_latin(c) && c.is_alphabetic();
            out.push(c);
        }
    }
    out
}
