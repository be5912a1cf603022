//! `CREDIT_CARD`: issuer prefix, length and Luhn check digit; spaces, dashes or dots between groups.

use crate::classify::pii::doc::{Doc, is_word_byte};
use crate::classify::pii::lexicon::{CARD, OTHER_ID};
use crate::classify::pii::{Entity, Kind};

const LONGEST: usize = 19;

pub(crate) fn find(doc: &Doc, out: &mut Vec<Entity>) {
    let mut skip = 0;
    for i in 0..doc.tokens.len() {
        let t = doc.at(i);
        if i < skip || !t.is_number() || t.len() > LONGEST || !starts(doc, t.start) {
            continue;
        }
        if let Some((end, score, after)) = read(doc, i) {
            out.push(Entity::new(Kind::CreditCard, t.start, end, score));
            skip = after;
        }
    }
}

/// Not in the middle of a longer number or code.
fn starts(doc: &Doc, start: usize) -> bool {
    let before = doc.byte_before(start);
    let glued = matches!(before, b'-' | b'.' | b'+')
        && doc.byte_before(start.saturating_sub(1)).is_ascii_digit();
    !is_word_byte(before) && !glued
}

/// The longest chain of number tokens from `i` that is a card: end, score, next token.
fn read(doc: &Doc, i: usize) -> Option<(usize, f32, usize)> {
    let mut digits = [0u8; LONGEST];
    let (mut count, mut groups, mut best) = (0, 0, None);
    let (mut separator, mut j, mut even) = ("", i, true);
    loop {
        let t = doc.at(j);
        if !t.is_number() || count + t.len() > LONGEST {
            break;
        }
        for b in doc.slice(t.start, t.end).bytes() {
            *digits.get_mut(count)? = b - b'0';
            count += 1;
        }
        groups += 1;
        let number = digits.get(..count)?;
        let next = doc.gap(j);
        let closed = !doc.byte(t.end).is_ascii_alphabetic() && doc.byte(t.end) != b'_';
        let whole = closed && (groups == 1 || even) && luhn(number);
        if whole && let Some(score) = judge(doc, i, number, groups) {
            best = Some((t.end, score, j + 1));
        }
        // Groups of a card have 4 to 6 digits, one and the same separator between them.
        even &= (3..=6).contains(&t.len());
        if !matches!(next, " " | "-" | "." | "\u{a0}") || (groups > 1 && next != separator) {
            break;
        }
        separator = next;
        j += 1;
    }
    best
}

fn judge(doc: &Doc, i: usize, number: &[u8], groups: usize) -> Option<f32> {
    let card = doc.near_before(i, 6, CARD);
    let other = doc.near_before(i, 3, OTHER_ID) && !card;
    let issued = issuer(number);
    if groups > 1 && number.len() < 14 && !card {
        return None;
    }
    match (issued, card, other) {
        (true, true, _) => Some(1.0),
        (true, false, false) => Some(if number.len() >= 14 { 0.9 } else { 0.3 }),
        (false, true, _) if number.len() >= 13 => Some(0.6),
        _ => None,
    }
}

/// Known issuer prefix with its length.
fn issuer(number: &[u8]) -> bool {
    let head = |n| number.iter().take(n).fold(0u32, |v, d| v * 10 + u32::from(*d));
    let (two, three, four) = (head(2), head(3), head(4));
    match number.len() {
        12..=13 => matches!(four, 5018 | 5020 | 5038 | 6304 | 6759 | 6761..=6763) || head(1) == 4,
        14 => matches!(three, 300..=305 | 309) || matches!(two, 36 | 38 | 39),
        15 => matches!(two, 34 | 37),
        16..=19 => {
            head(1) == 4
                || matches!(two, 51..=55 | 62 | 65)
                || matches!(three, 644..=649)
                || matches!(four, 2200..=2204 | 2221..=2720 | 3528..=3589 | 6011 | 8171)
                || matches!(four, 5018 | 5020 | 5038 | 5893 | 6304 | 6759 | 6761..=6763 | 9792)
        }
        _ => false,
    }
}

fn luhn(number: &[u8]) -> bool {
    let sum: u32 = number
        .iter()
        .rev()
        .enumerate()
        .map(|(i, d)| {
            let d = u32::from(*d) << (i % 2);
            if d > 9 { d - 9 } else { d }
        })
        .sum();
    number.len() >= 12 && sum.is_multiple_of(10) && number.iter().any(|d| *d != 0)
}

#[cfg(test)]
mod tests {
    fn found(text: &str) -> Vec<&str> {
        crate::classify::pii::testing::found(super::find, text)
    }

    #[test]
    fn cards() {
        assert_eq!(found("4111 1111 1111 1111 12/27"), ["4111 1111 1111 1111"]);
        assert_eq!(found("3782-822463-10005"), ["3782-822463-10005"]);
        assert_eq!(found("pan=5555555555554444;"), ["5555555555554444"]);
        assert_eq!(found("card 3056 930902 5904"), ["3056 930902 5904"]);
    }

    #[test]
    fn tempting() {
        for text in [
            "4111 1111 1111 1112",
            "411111111111",
            "4006381333931",
            "978-0-00-000000-2",
            "XXXX XXXX XXXX 1111",
            "1Z999AA10123456784",
            "0000 0000 0000 0000",
            "ISBN 9781234567897",
            "d41d8cd98f00b204e9800998ecf8427e",
        ] {
            assert!(found(text).is_empty(), "{text}");
        }
    }
}
