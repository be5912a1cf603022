//! Bytes written as hexadecimal or binary numbers, in one piece or several.

use super::super::english;
use super::printable;

/// The fewest digits of hexadecimal text, and of binary text.
const LEAST: [usize; 2] = [16, 24];

/// Numbers in a row, all to one base.
#[derive(Default)]
struct Row {
    digits: String,
    binary: bool,
    pieces: usize,
    end: usize,
}

impl Row {
    /// Hands over what the row spells and begins anew.
    fn finish(&mut self, found: &mut dyn FnMut(&str)) {
        let [hex, bits] = LEAST;
        if self.digits.len() >= if self.binary { bits } else { hex }
            && let Some(text) = self.decode().as_deref().and_then(printable)
            // Plain numbers in a table are bytes of letters by chance.
            && (self.binary || self.digits.bytes().any(|b| !b.is_ascii_digit()) || english::speaks(&text))
        {
            found(&text);
        }
        self.digits.clear();
        self.pieces = 0;
    }

    fn decode(&self) -> Option<Vec<u8>> {
        let (radix, width) = if self.binary { (2, 8) } else { (16, 2) };
        let byte = |digits: &[u8]| {
            let digits = std::str::from_utf8(digits).ok()?;
            u8::from_str_radix(digits, radix).ok()
        };
        self.digits.as_bytes().chunks(width).map(byte).collect()
    }
}

/// Finds the rows of numbers in `text` that spell text.
pub fn scan(text: &str, found: &mut dyn FnMut(&str)) {
    let mut row = Row::default();
    let mut start = None;
    for (at, byte) in text.bytes().chain([b' ']).enumerate() {
        match (byte.is_ascii_alphanumeric() || byte == b'_' || byte >= 0x80, start) {
            (true, None) => start = Some(at),
            (false, Some(from)) => {
                start = None;
                match text.get(from..at).and_then(number) {
                    Some((digits, binary)) => {
                        if row.pieces > 0 && (binary != row.binary || from - row.end > 3) {
                            row.finish(found);
                        }
                        row.digits.push_str(digits);
                        row.binary = binary;
                        row.pieces += 1;
                        row.end = at;
                    }
                    None if row.pieces > 0 => row.finish(found),
                    None => {}
                }
            }
            _ => {}
        }
    }
    row.finish(found);
}

/// The digits of a word that is whole bytes, and whether they are binary.
fn number(word: &str) -> Option<(&str, bool)> {
    let digits = word.strip_prefix("0x").unwrap_or(word);
    let hex = digits.len().is_multiple_of(2) && digits.bytes().all(|b| b.is_ascii_hexdigit());
    let binary = digits.len().is_multiple_of(8) && digits.bytes().all(|b| matches!(b, b'0' | b'1'));
    (!digits.is_empty() && (hex || binary)).then_some((digits, binary))
}
