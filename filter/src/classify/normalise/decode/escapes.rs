//! Percent, `\x`, `\u` and HTML escapes.

use super::printable;

/// The fewest escapes of letters and blanks that hide a text.
const LEAST: usize = 3;
/// Tokens without an escape that may stand between two with one.
const GAP: usize = 3;

const NAMED: [(&str, char); 7] = [
    ("amp;", '&'),
    ("apos;", '\''),
    ("gt;", '>'),
    ("lt;", '<'),
    ("nbsp;", ' '),
    ("quot;", '"'),
    ("sol;", '/'),
];

/// Finds the stretches of `text` that are written in escapes.
pub fn scan(text: &str, found: &mut dyn FnMut(&str)) {
    if !text.contains(['%', '&', '\\']) {
        return;
    }
    // `sure` is the length of `bytes` up to the last token with an escape.
    let (mut bytes, mut sure, mut count, mut gap) = (Vec::new(), 0, 0, 0);
    for token in text.split_inclusive(char::is_whitespace).chain([" "; GAP + 1]) {
        let escapes = unescape(token, &mut bytes);
        if let Some(letters) = escapes {
            count += letters;
            (sure, gap) = (bytes.len(), 0);
            continue;
        }
        gap += 1;
        if sure == 0 || gap > GAP {
            bytes.truncate(sure);
            if count >= LEAST
                && let Some(text) = printable(&bytes)
            {
                found(text.trim());
            }
            bytes.clear();
            (sure, count) = (0, 0);
        }
    }
}

/// Appends `token` to `out` with its escapes read; how many of those are letters
/// or blanks, or nothing if there are no escapes at all.
fn unescape(token: &str, out: &mut Vec<u8>) -> Option<usize> {
    let (mut rest, mut letters, mut any) = (token, 0, false);
    // Half of a pair of UTF-16 units.
    let mut high: Option<u32> = None;
    while let Some(at) = rest.find(['%', '&', '\\']) {
        let (plain, tail) = rest.split_at_checked(at)?;
        out.extend_from_slice(plain.as_bytes());
        let Some((unit, next)) = escape(tail) else {
            let (sign, next) = tail.split_at_checked(1)?;
            out.extend_from_slice(sign.as_bytes());
            rest = next;
            continue;
        };
        any = true;
        rest = next;
        let code = match (unit, high.take()) {
            (Unit::Byte(byte), _) => {
                letters += usize::from(byte.is_ascii_alphanumeric() || byte == b' ');
                out.push(byte);
                continue;
            }
            (Unit::Code(low @ 0xDC00..=0xDFFF), Some(high)) => {
                0x10000 + ((high & 0x3FF) << 10 | low & 0x3FF)
            }
            (Unit::Code(code), _) => code,
        };
        if let 0xD800..=0xDBFF = code {
            high = Some(code);
        } else if let Some(c) = char::from_u32(code) {
            letters += usize::from(c.is_alphanumeric() || c == ' ');
            out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
        }
    }
    out.extend_from_slice(rest.as_bytes());
    any.then_some(letters)
}

enum Unit {
    Byte(u8),
    Code(u32),
}

/// The escape `text` begins with, and what follows it.
fn escape(text: &str) -> Option<(Unit, &str)> {
    if let Some(rest) = text.strip_prefix('%').or_else(|| text.strip_prefix("\\x")) {
        let (code, rest) = number(rest, 2, 16)?;
        return Some((Unit::Byte(u8::try_from(code).ok()?), rest));
    }
    let (code, rest) = if let Some(rest) = text.strip_prefix("\\u{") {
        let (digits, rest) = rest
            .get(..9)
            .unwrap_or(rest)
            .split_once('}')
            .map(|(digits, _)| (digits, rest.get(digits.len() + 1..).unwrap_or_default()))?;
        (u32::from_str_radix(digits, 16).ok()?, rest)
    } else if let Some(rest) = text.strip_prefix("\\u") {
        number(rest, 4, 16)?
    } else if let Some(rest) = text.strip_prefix("&#") {
        let hex = rest.strip_prefix(['x', 'X']);
        let digits = hex.unwrap_or(rest);
        let width = digits.bytes().take(7).take_while(u8::is_ascii_hexdigit).count();
        let (code, rest) = number(digits, width, if hex.is_some() { 16 } else { 10 })?;
        (code, rest.strip_prefix(';').unwrap_or(rest))
    } else {
        let name = text.strip_prefix('&')?;
        NAMED.iter().find_map(|(key, c)| Some((u32::from(*c), name.strip_prefix(key)?)))?
    };
    Some((Unit::Code(code), rest))
}

/// The number of `width` digits `text` begins with, and what follows it.
fn number(text: &str, width: usize, radix: u32) -> Option<(u32, &str)> {
    let (digits, rest) = text.split_at_checked(width)?;
    let plain = digits.bytes().all(|b| b.is_ascii_hexdigit());
    Some((u32::from_str_radix(digits, radix).ok().filter(|_| plain)?, rest))
}
