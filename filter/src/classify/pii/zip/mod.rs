//! `ZIP_CODE`: US ZIP and ZIP+4, and the postal codes of other countries, told by what is around.

mod abroad;
mod around;

use crate::classify::pii::doc::{Doc, is_word_byte};
use crate::classify::pii::{Entity, Kind};

pub(crate) fn find(doc: &Doc, out: &mut Vec<Entity>) {
    for (i, t) in doc.tokens.iter().enumerate() {
        if !starts(doc, t.start) {
            continue;
        }
        let found = if t.is_number() { digits(doc, i) } else { abroad::letters(doc, i) };
        if let Some((end, score)) = found
            && score >= crate::classify::pii::THRESHOLD
            && ends(doc, end)
        {
            out.push(Entity::new(Kind::ZipCode, t.start, end, score));
        }
    }
}

fn starts(doc: &Doc, start: usize) -> bool {
    let before = doc.byte_before(start);
    let glued = matches!(before, b'-' | b'.' | b',' | b'/' | b':' | b'+' | b' ')
        && doc.byte_before(start.saturating_sub(1)).is_ascii_digit();
    let glued = glued && !(before == b',' || before == b' ' || before == b'/');
    !is_word_byte(before) && !glued && !matches!(before, b'$' | b'#' | b'*' | b'+')
}

fn ends(doc: &Doc, end: usize) -> bool {
    let (b, next) = (doc.byte(end), doc.byte(end + 1));
    let longer =
        matches!(b, b'-' | b'.' | b':') && next.is_ascii_digit() || matches!(b, b'%' | b'@');
    let thousands = b == b',' && next.is_ascii_digit() && thousands(doc, end + 1);
    !(is_word_byte(b) || longer || thousands)
}

/// "12,345": a comma, three digits and no more.
fn thousands(doc: &Doc, at: usize) -> bool {
    (0..3).all(|k| doc.byte(at + k).is_ascii_digit()) && !doc.byte(at + 3).is_ascii_digit()
}

/// Codes that begin with a digit, by their groups.
fn digits(doc: &Doc, i: usize) -> Option<(usize, f32)> {
    let (t, next) = (doc.at(i), doc.at(i + 1));
    let gap = doc.gap(i);
    let pair = next.is_number() && matches!(gap, " " | "-");
    if pair
        && t.len() <= 3
        && gap == " "
        && doc.byte(next.end) == b' '
        && doc.byte(next.end + 1).is_ascii_digit()
    {
        return None;
    }
    let (end, strong) = match (t.len(), next.len()) {
        // ZIP+4, Brazil
        (5, 4 | 3) if pair && gap == "-" => (next.end, 0.35),
        // Portugal, Poland; Japan
        (4 | 2, 3) | (3, 4) if pair && gap == "-" => (next.end, 0.05),
        // Sweden, Greece, India
        (3, 2 | 3) | (2, 3) if pair && gap == " " => (next.end, 0.0),
        // The Netherlands
        (4, 2) if next.is_word() && matches!(gap, " " | "") && dutch(doc, i) => (next.end, 0.35),
        (5, _) => (t.end, 0.15),
        (4 | 6, _) => (t.end, 0.0),
        _ => return None,
    };
    Some((end, strong + around::surroundings(doc, i, end)))
}

fn dutch(doc: &Doc, i: usize) -> bool {
    let word = doc.word(i + 1);
    doc.byte(doc.at(i).start) != b'0'
        && word.bytes().all(|b| b.is_ascii_uppercase())
        && !matches!(
            word,
            "AM" | "PM" | "KM" | "KG" | "GB" | "MB" | "MM" | "CM" | "SA" | "SD" | "SS"
        )
}

#[cfg(test)]
mod tests {
    fn found(text: &str) -> Vec<&str> {
        crate::classify::pii::testing::found(super::find, text)
    }

    #[test]
    fn codes() {
        assert_eq!(found("12 Oak St, Austin, TX 78701-1234"), ["78701-1234"]);
        assert_eq!(found("zip=60614"), ["60614"]);
        assert_eq!(found("Is it in the 60614 zip code?"), ["60614"]);
        assert_eq!(found("Hauptstraße 5, 10115 Berlin"), ["10115"]);
        assert_eq!(found("London SW1A 1AA"), ["SW1A 1AA"]);
        assert_eq!(found("Toronto M5V 3L9."), ["M5V 3L9"]);
        assert_eq!(found("郵便番号：100-0001"), ["100-0001"]);
        assert_eq!(found("Postcode 1012 AB"), ["1012 AB"]);
    }

    #[test]
    fn tempting() {
        for text in [
            "12000 boxes in 40 rows",
            "I owe 90210 points",
            "CPT 99213",
            "order 48213-77",
            "port 50051",
            "12,345",
            "123",
            "1234567-89",
            "12345-67",
            "vocabulary of 32000 entries",
            "#77120",
            "0x80070005",
            "build 19045",
            "engine cuts off at 12000 rpm",
            "A1B 2C",
            "RTX 4090",
        ] {
            assert!(found(text).is_empty(), "{text} {:?}", found(text));
        }
    }
}
