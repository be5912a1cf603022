//! `PHONE_NUMBER`: international and national forms, with extensions.

mod chain;
mod forms;

use crate::classify::pii::doc::Doc;
use crate::classify::pii::lexicon::{
    CARD, EXPIRY, LICENCE, OTHER_ID, PHONE, REFERENCE, SSN, STREET, ZIP,
};
use crate::classify::pii::{Entity, Kind};
use chain::Chain;

/// How far back a word such as "call" reaches, in tokens.
const NEAR: usize = 7;

pub(crate) fn find(doc: &Doc, out: &mut Vec<Entity>) {
    let mut i = 0;
    while i < doc.tokens.len() {
        let found = Chain::read(doc, i).and_then(|chain| judge(doc, &chain));
        match found {
            Some((mut entity, next)) => {
                entity.end = extension(doc, next, entity.end);
                out.push(entity);
                i = next.max(i + 1);
            }
            None => i += 1,
        }
    }
}

/// The score of the form, lifted by words about calling, sunk by words about other numbers.
fn judge(doc: &Doc, chain: &Chain) -> Option<(Entity, usize)> {
    let i = chain.first;
    let spoken =
        doc.near_before(i, NEAR, PHONE) || doc.near_after(chain.next().wrapping_sub(1), 3, PHONE);
    let other = (doc.near_before(i, 2, OTHER_ID | REFERENCE | EXPIRY)
        || doc.near_before(i, 1, CARD | SSN | ZIP | LICENCE) && !doc.gap_before(i).contains('\n'))
        && !doc.near_before(i, 2, PHONE);
    let (groups, base) = forms::best(chain, spoken)?;
    // Solid digits: their place tells, in brackets after a name, in an address, before an e-mail.
    let placed = base < 0.5 && (here(doc, i) || groups == 1 && place(doc, chain));
    let score =
        base + if spoken {
            0.35
        } else if placed {
            0.3
        } else {
            0.0
        } - if other { 0.4 } else { 0.0 };
    let end = chain.end_of(groups)?;
    let entity = Entity::new(Kind::PhoneNumber, chain.start, end, score.min(1.0));
    (score >= crate::classify::pii::THRESHOLD).then_some((entity, i + groups))
}

/// "I am at 376 2541063", "it's 2125550147".
fn here(doc: &Doc, i: usize) -> bool {
    let pair = |a: &str, b: &str| {
        doc.is_any(i.wrapping_sub(2), &[a]) && doc.is_any(i.wrapping_sub(1), &[b])
    };
    // T 2125550147, M: ... in a signature.
    let label = doc.is_any(i.wrapping_sub(1), &["t", "m", "p", "f", "h", "w", "c"])
        && doc.gap_before(i.wrapping_sub(1)).ends_with('\n');
    label
        || doc.gap_before(i) == " " && (pair("am", "at") || pair("it", "s") || pair("number", "is"))
}

fn place(doc: &Doc, chain: &Chain) -> bool {
    let i = chain.first;
    let bracket = chain.bracket && doc.byte(doc.at(i).end) == b')' && doc.back(i, 1).is_word();
    let before = doc.gap_before(i);
    let line =
        before.ends_with('\n') && (doc.gap(i).starts_with('\n') || i + 1 == doc.tokens.len());
    let zero = chain.head.starts_with(b"0");
    let field = before == ", " && (zero || doc.near_before(i, 7, STREET | ZIP));
    let mail = (1..4).any(|k| doc.gap(i + k).contains('@'));

    bracket || line || field || mail
}

/// The end including an extension such as "x123" or "ext. 1234".
fn extension(doc: &Doc, i: usize, end: usize) -> usize {
    let named = doc.is_any(i, &["x", "ext", "extension", "extn", "poste", "int", "durchwahl"]);
    let number = doc.at(i + 1);
    let near = matches!(doc.gap_before(i), "" | " " | ", " | " (")
        && matches!(doc.gap(i), "" | " " | ". " | ".");
    if named && near && number.is_number() && number.len() <= 6 { number.end } else { end }
}

#[cfg(test)]
mod tests {
    fn found(text: &str) -> Vec<&str> {
        crate::classify::pii::testing::found(super::find, text)
    }

    #[test]
    fn numbers() {
        for (text, number) in [
            ("ring (212) 555-0147 ext. 1234 now", "(212) 555-0147 ext. 1234"),
            ("at 212-555-0147.", "212-555-0147"),
            ("call 2125550147", "2125550147"),
            ("+1 (212) 555-0147", "+1 (212) 555-0147"),
            ("1-212-555-0147", "1-212-555-0147"),
            ("212/555-0147", "212/555-0147"),
            ("+44 (0)20 7946 0018", "+44 (0)20 7946 0018"),
            ("020 7946 0018", "020 7946 0018"),
            ("+336123456789", "+336123456789"),
            ("06 12 34 56 78", "06 12 34 56 78"),
            ("030/1234567", "030/1234567"),
            ("tel. 91 123 45 67", "91 123 45 67"),
            ("電話番号は090-1234-5678です", "090-1234-5678"),
            ("8 (495) 123-45-67", "8 (495) 123-45-67"),
            ("(21) 91234-5678", "(21) 91234-5678"),
        ] {
            assert_eq!(found(text), [number], "{text}");
        }
    }

    #[test]
    fn tempting() {
        for text in [
            "978-0-00-000000-2",
            "555-0147",
            "2024-03-05",
            "order 7724-0099-17",
            "12345",
            "1234567890 is divisible by 9",
            "ISBN 9781234567897",
            "123-456-789-123-4567",
            "v4.1.22",
            "XXX-XXX-XXXX",
            "0000123456 failed",
            "10.0.0.1",
            "4111 1111 1111 1111",
            "3.14159265",
            "01/02/2024",
            "[192, 168, 1, 20]",
            "0.12,4.4,9.1",
            "chapter 12",
            "550e8400-e29b-41d4",
        ] {
            assert!(found(text).is_empty(), "{text} {:?}", found(text));
        }
    }
}
