//! `IBAN_CODE`: country length and check digits modulo 97.

use crate::classify::pii::doc::{Doc, is_word_byte};
use crate::classify::pii::{Entity, Kind};

/// Country codes and their lengths.
const LENGTHS: &str = "AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BI27 BR29 BY28 CH21 CR22 CY28 \
    CZ24 DE22 DJ27 DK18 DO28 EE20 EG29 ES24 FI18 FK18 FO18 FR27 GB22 GE22 GI23 GL18 GR27 GT28 HR21 \
    HU28 IE22 IL23 IQ23 IS26 IT27 JO30 KW30 KZ20 LB28 LC32 LI21 LT20 LU20 LV21 LY25 MC27 MD24 ME22 \
    MK19 MN20 MR27 MT31 MU30 NI28 NL18 NO15 OM23 PK24 PL28 PS29 PT25 QA29 RO24 RS22 RU33 SA24 SC31 \
    SD18 SE24 SI19 SK24 SM27 SO23 ST25 SV28 TL23 TN24 TR26 UA29 VA22 VG24 XK20 YE30";

pub(crate) fn find(doc: &Doc, out: &mut Vec<Entity>) {
    for (i, t) in doc.tokens.iter().enumerate() {
        // A label may be glued to the code: acctDE89... Two letters and two check digits side by side start a candidate.
        let check = doc.at(i + 1);
        if t.is_word()
            && t.len() >= 2
            && check.is_number()
            && check.start == t.end
            && check.len() >= 2
            && !matches!(doc.byte_before(t.end - 2), b'0'..=b'9' | b'_')
            && let Some(end) = read(doc, t.end - 2)
        {
            out.push(Entity::new(Kind::IbanCode, t.end - 2, end, 1.0));
        }
    }
}

fn length(country: &str) -> Option<usize> {
    let entry =
        LENGTHS.split(' ').find(|e| e.get(..2).is_some_and(|c| c.eq_ignore_ascii_case(country)));
    entry?.get(2..)?.parse().ok()
}

/// The end of a valid IBAN starting at `start`; groups may be apart by one space or dash.
fn read(doc: &Doc, start: usize) -> Option<usize> {
    let want = length(doc.slice(start, start + 2))?;
    let mut code = [0u8; 34];
    let (mut count, mut at) = (0, start);
    while count < want {
        let b = doc.byte(at);
        if b.is_ascii_alphanumeric() {
            *code.get_mut(count)? = b.to_ascii_uppercase();
            count += 1;
        } else if !matches!(b, b' ' | b'-') || !doc.byte(at + 1).is_ascii_alphanumeric() {
            return None;
        }
        at += 1;
    }
    let code = code.get(..want)?;
    (!is_word_byte(doc.byte(at)) && remainder(code)? == 1).then_some(at)
}

fn remainder(code: &[u8]) -> Option<u32> {
    let (head, tail) = code.split_at_checked(4)?;
    let mut rest = 0;
    for b in tail.iter().chain(head) {
        let digit = char::from(*b).to_digit(36)?;
        rest = (rest * if digit < 10 { 10 } else { 100 } + digit) % 97;
    }
    Some(rest)
}

#[cfg(test)]
mod tests {
    fn found(text: &str) -> Vec<&str> {
        crate::classify::pii::testing::found(super::find, text)
    }

    #[test]
    fn codes() {
        assert_eq!(found("pay DE89 3704 0044 0532 0130 00 now"), ["DE89 3704 0044 0532 0130 00"]);
        assert_eq!(found("iban=gb82west12345698765432;"), ["gb82west12345698765432"]);
        assert_eq!(found("GB82-WEST-1234-5698-7654-32"), ["GB82-WEST-1234-5698-7654-32"]);
        assert_eq!(found("(FR1420041010050500013M02606)"), ["FR1420041010050500013M02606"]);
    }

    #[test]
    fn tempting() {
        for text in [
            "DE88370400440532013000",
            "DE8937040044053201300",
            "DE893704004405320130001",
            "ZZ89370400440532013000",
            "IBAN: ____ ____",
            "de12",
            "PO77120 and SN7F42K99Q",
        ] {
            assert!(found(text).is_empty(), "{text}");
        }
    }
}
