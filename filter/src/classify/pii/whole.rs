//! The recognisers together: overlaps, near misses, innocent texts, hostile input.

use std::time::{Duration, Instant};

use super::{Kind, THRESHOLD, recognise};

fn names(text: &str) -> Vec<(&'static str, &str)> {
    recognise(text).iter().map(|e| (e.kind.name(), text.get(e.start..e.end).unwrap())).collect()
}

#[test]
fn one_text_with_all_types() {
    let text = "Maria Lopez, 41, born 03/05/1984, mail m.lopez@acme-pay.io, tel. +1 (212) 555-0147, \
        SSN 123-45-6789, driver's license D1234567, card 4111 1111 1111 1111, \
        IBAN DE89 3704 0044 0532 0130 00, from 10.0.0.1 via shop.acme.com, 12 Oak St, Austin, TX 78701";
    assert_eq!(
        names(text),
        [
            ("AGE", "41"),
            ("DATE_TIME", "03/05/1984"),
            ("EMAIL_ADDRESS", "m.lopez@acme-pay.io"),
            ("PHONE_NUMBER", "+1 (212) 555-0147"),
            ("US_SSN", "123-45-6789"),
            ("US_DRIVER_LICENSE", "D1234567"),
            ("CREDIT_CARD", "4111 1111 1111 1111"),
            ("IBAN_CODE", "DE89 3704 0044 0532 0130 00"),
            ("IP_ADDRESS", "10.0.0.1"),
            ("DOMAIN_NAME", "shop.acme.com"),
            ("ZIP_CODE", "78701"),
        ]
    );
}

#[test]
fn sorted_and_apart() {
    let text =
        "5/5/2020 2020-05-05 10.0.0.1 a@b.de 12:30 5pm +49 30 1234567 4111111111111111 ".repeat(20);
    let found = recognise(&text);
    assert!(found.windows(2).all(|w| w[0].end <= w[1].start));
    assert!(found.iter().all(|e| e.score >= THRESHOLD && e.score <= 1.0 && e.end <= text.len()));
}

#[test]
fn near_misses_are_not_reported() {
    use Kind::*;
    let samples = [
        (CreditCard, "3427268398405 32"),
        (CreditCard, "4997827368704494"),
        (CreditCard, "41111111"),
        (CreditCard, "**** **** **** 1111"),
        (CreditCard, "XXXXXXXXXXXX3532"),
        (IbanCode, "DE12370400440532013000"),
        (IbanCode, "GB82WEST1234569876543"),
        (IbanCode, "ZZ8937040044053201300"),
        (UsSsn, "000-12-3456"),
        (UsSsn, "666-12-3456"),
        (UsSsn, "912-34-5678"),
        (UsSsn, "123-00-4567"),
        (UsSsn, "123-45-0000"),
        (UsSsn, "12-34-5678"),
        (UsDriverLicense, "ABCDE12"),
        (UsDriverLicense, "A12"),
        (UsDriverLicense, "AB-1234-CD-12345-EFG"),
        (IpAddress, "256.1.2.3"),
        (IpAddress, "1.2.3"),
        (IpAddress, "1.2.3.4.5"),
        (IpAddress, "1.2.3.x"),
        (IpAddress, "2001:db8:::5"),
        (IpAddress, "12ab:gh34::9"),
        (EmailAddress, "jo@"),
        (EmailAddress, "@acme.com"),
        (EmailAddress, "jo@@acme.com"),
        (EmailAddress, "jo@acme"),
        (EmailAddress, "jo@.acme.com"),
        (DomainName, "oak.py"),
        (DomainName, "oak.txt"),
        (DomainName, "oak..com"),
        (DomainName, "-oak-.com"),
        (DomainName, "self.oak"),
        (PhoneNumber, "123-456"),
        (PhoneNumber, "123-456-789-123-4567"),
        (PhoneNumber, "v4.1.22"),
        (PhoneNumber, "XXX-XXX-XXXX"),
        (ZipCode, "123"),
        (ZipCode, "1234567-89"),
        (ZipCode, "12345-67"),
        (ZipCode, "12,345"),
        (DateTime, "2024-13-45"),
        (DateTime, "35/66/1999"),
        (DateTime, "27:75"),
        (DateTime, "25/63"),
        (Age, "406"),
        (Age, "-15"),
        (Age, "3.1.4"),
        (Age, "30%"),
    ];
    for (kind, text) in samples {
        assert!(!recognise(text).iter().any(|e| e.kind == kind), "{kind:?} {text}");
    }
}

#[test]
fn innocent_texts() {
    for text in [
        "Upgrade from 2.4.1 to 3.0.0-rc2, build 10.0.19045.3693.",
        "It costs $1,299.99 plus 8.25% tax, or 1.250,00 EUR for 5 of them.",
        "ISBN 978-0-00-000000-2, order 48213-77, ticket INC0098812, SKU 482-10-99.",
        "5 newtons, 10.5 GB, pi is 3.14, chapter 12, section 4.2.1, ratio 16:9, they won 3-2.",
        "id 550e8400-e29b-41d4-a716-446655440000, sha d41d8cd98f00b204e9800998ecf8427e, 0x1F600",
        "The second law; may I ask? They march on. The sun sat low over 1999 sheep.",
        "for (int i = 0; i < 10; ++i) { a[i] = f(x, 3) + 2*y; } // main.cpp",
        "Which city is higher? (1) Quito (2) Bogotá (3) La Paz (4) Lima",
        "Find y'' - 4y' + 4y = 0 and x + 2y + 3z = 12.",
        "rows[10:20], list[1::2], std::vec::Vec, np.random.seed(42), self.app.run()",
        "SELECT * FROM t WHERE id IN (1, 22, 333, 4444, 55555, 666666);",
        "RFC 2616, ISO 8601, IEEE 802.11, Boeing 747, Windows 10, RTX 4090, M8 x 40",
        "Set seed = 1234567890 and port 50051; the epoch is 1700000000.",
    ] {
        assert!(recognise(text).is_empty(), "{text} {:?}", names(text));
    }
}

#[test]
fn odd_text_does_not_panic() {
    for text in [
        "",
        "@",
        "é@é.éé",
        "😀1😀",
        "٣٤ years",
        "1",
        "(",
        "+",
        "年",
        "1年",
        "a.",
        "::",
        "\u{0}",
        "ß1/2",
    ] {
        let _ = recognise(text);
        let _ = recognise(&text.repeat(50));
    }
    let text =
        "Größe 12 m²; «34 ans»… +49\u{a0}30\u{a0}1234567, 5.\u{a0}März 2024 – 14h30 ¿cumple 90?";
    for (i, _) in text.char_indices() {
        let _ = recognise(text.get(i..).unwrap());
        let _ = recognise(text.get(..i).unwrap());
    }
}

/// A megabyte of anything takes time in proportion: doubling the text must not quadruple it.
#[test]
fn hostile_input_is_linear() {
    let units = [
        "1",
        ".",
        "@",
        "-",
        "1.",
        "1-",
        "1 ",
        "a@",
        ":",
        "1:",
        "a.",
        "one ",
        "12/",
        "(1",
        "DE89 ",
        "1,",
        "(2) A ",
        "May ",
        "12 Oak St, ",
        "$",
        "é",
        "x1",
        "+1",
        "://a@b.c",
        "::1 ",
        "A1-",
        "year ",
        "(1) ",
    ];
    for unit in units {
        let time = |size: usize| {
            let text = unit.repeat(size / unit.len());
            let start = Instant::now();
            let _ = recognise(&text);
            start.elapsed()
        };
        // A debug build is slow: a quarter of the size will do.
        let size = if cfg!(debug_assertions) { 250_000 } else { 1_000_000 };
        let small = time(size / 8);
        let large = time(size);
        let fair = small * 24 + Duration::from_millis(100);
        assert!(large < fair, "{unit:?}: {small:?} for an eighth, {large:?} for the whole");
    }
}
