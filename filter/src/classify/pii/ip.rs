//! `IP_ADDRESS`: v4 and v6, parsed by the standard library; no versions, no parts of longer numbers.

use std::net::{Ipv4Addr, Ipv6Addr};

use crate::classify::pii::doc::{Doc, is_word_byte};
use crate::classify::pii::{Entity, Kind};

/// No address is longer in text.
const LONGEST: usize = 48;

pub(crate) fn find(doc: &Doc, out: &mut Vec<Entity>) {
    let mut skip = 0;
    for (i, t) in doc.tokens.iter().enumerate() {
        if t.start < skip {
            continue;
        }
        let four = t.is_number() && t.len() <= 3 && doc.byte(t.end) == b'.';
        if four && !joined(doc.byte_before(t.start)) {
            let end = run(doc, t.start, |b| b.is_ascii_digit() || b == b'.');
            skip = end;
            if let Some(end) = v4(doc, i, t.start, end) {
                out.push(Entity::new(Kind::IpAddress, t.start, end, 0.95));
            }
        }
        // The first token of a v6 address, or the one after its leading colons.
        let start =
            t.start - if doc.slice(t.start.saturating_sub(2), t.start) == "::" { 2 } else { 0 };
        if !joined(doc.byte_before(start)) && colon_ahead(doc, start) {
            let end = run(doc, start, |b| b.is_ascii_hexdigit() || b == b':' || b == b'.');
            skip = skip.max(end);
            if let Some(end) = v6(doc, start, end) {
                out.push(Entity::new(Kind::IpAddress, start, end, 0.95));
            }
        }
    }
}

/// A byte that would make the candidate part of something longer.
fn joined(b: u8) -> bool {
    is_word_byte(b) || b == b'.' || b == b':'
}

fn run(doc: &Doc, start: usize, part: fn(u8) -> bool) -> usize {
    let tail = doc.text.as_bytes().get(start..).unwrap_or(&[]);
    start + tail.iter().take_while(|b| part(**b)).count()
}

fn v4(doc: &Doc, i: usize, start: usize, end: usize) -> Option<usize> {
    let run = doc.slice(start, end).trim_end_matches('.');
    let end = start + run.len();
    // 1.2.3.4-rc1 and "version 1.2.3.4" are releases.
    let release = is_word_byte(doc.byte(end))
        || (doc.byte(end) == b'-' && doc.byte(end + 1).is_ascii_alphabetic())
        || version(doc, i);
    (!release && run.parse::<Ipv4Addr>().is_ok()).then_some(end)
}

/// A word about versions among the two before.
fn version(doc: &Doc, i: usize) -> bool {
    const WORDS: &[&str] = &[
        "version", "versions", "versión", "versione", "v", "ver", "release", "firmware", "build",
        "rev", "revision", "upgrade", "section", "kernel", "driver", "update", "patch",
    ];
    (1..=2).any(|k| doc.is_any(i.wrapping_sub(k), WORDS))
}

fn colon_ahead(doc: &Doc, start: usize) -> bool {
    (0..5).any(|k| doc.byte(start + k) == b':')
}

fn v6(doc: &Doc, start: usize, end: usize) -> Option<usize> {
    if end - start > LONGEST || is_word_byte(doc.byte(end)) {
        return None;
    }
    let run = doc.slice(start, end);
    // A full stop or a colon after the address is punctuation; "::" at its end is not.
    let run = run.strip_suffix('.').unwrap_or(run);
    let run = if run.ends_with("::") { run } else { run.strip_suffix(':').unwrap_or(run) };
    // A port after a full address: 2001:db8:...:1:8080.
    let full = run.bytes().filter(|b| *b == b':').count() == 8 && !run.contains("::");
    let run = if full { run.rsplit_once(':').map_or(run, |(head, _)| head) } else { run };
    let digits = run.bytes().any(|b| b.is_ascii_digit());
    let long = run == "::1" || run.split(':').filter(|g| !g.is_empty()).count() >= 3;
    let wide = run.split(':').any(|g| g.len() >= 3);
    (digits && (long || wide) && run.parse::<Ipv6Addr>().is_ok()).then_some(start + run.len())
}

#[cfg(test)]
mod tests {
    fn found(text: &str) -> Vec<&str> {
        crate::classify::pii::testing::found(super::find, text)
    }

    #[test]
    fn addresses() {
        assert_eq!(found("from 10.0.0.1:8080, [192.168.1.20]."), ["10.0.0.1", "192.168.1.20"]);
        assert_eq!(found("at 2001:db8:85a3::8a2e:370:7334."), ["2001:db8:85a3::8a2e:370:7334"]);
        assert_eq!(found("ip=::ffff:10.1.2.3 [::1]"), ["::ffff:10.1.2.3", "::1"]);
        assert_eq!(found("FD12:3456:789A:1::1"), ["FD12:3456:789A:1::1"]);
        assert_eq!(found("fe80::1ff:fe23:4567:890a"), ["fe80::1ff:fe23:4567:890a"]);
    }

    #[test]
    fn tempting() {
        for text in [
            "Firmware 2.10.4.7",
            "256.1.1.1",
            "1.2.3",
            "1.2.3.4.5",
            "1.2.3.x",
            "v1.2.3.4",
            "2001:db8:::1",
            "12ab:gh34::1",
            "std::vec",
            "a::b",
            "12:30:45",
            "aa:bb:cc:dd:ee:ff",
            "x[1::2]",
            "1.2.3.4-rc1",
            "::",
            "build 10.0.190.3",
        ] {
            assert!(found(text).is_empty(), "{text} {:?}", found(text));
        }
    }
}
