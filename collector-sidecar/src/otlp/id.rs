//! Trace and span ids: hexadecimal and validity.

use std::fmt::Write;

/// What is wrong with an id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IdFault {
    /// It has another length, in bytes, than it should.
    #[error("must be {expected} bytes, is {actual}")]
    Length {
        /// The length of such an id.
        expected: usize,
        /// The length that it has.
        actual: usize,
    },
    /// It stands for no trace or span.
    #[error("is all zero")]
    Zero,
}

/// Checks that an id has `expected` bytes, not all of them zero.
pub fn check(id: &[u8], expected: usize) -> Result<(), IdFault> {
    if id.len() != expected {
        return Err(IdFault::Length { expected, actual: id.len() });
    }
    if id.iter().all(|&byte| byte == 0) { Err(IdFault::Zero) } else { Ok(()) }
}

/// Lower-case hexadecimal.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        // Writing to a string does not fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}

/// The bytes that hexadecimal `text`, in either case, stands for.
pub fn unhex(text: &str) -> Option<Vec<u8>> {
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let (pairs, []) = text.as_bytes().as_chunks::<2>() else { return None };
    pairs.iter().map(|&[high, low]| Some((digit(high)? << 4) | digit(low)?)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hexadecimal_goes_both_ways() {
        assert_eq!(unhex("5B8eff00"), Some(vec![0x5b, 0x8e, 0xff, 0x00]));
        assert_eq!(hex(&[0x5b, 0x8e, 0xff, 0x00]), "5b8eff00");
        for bad in ["5", "5g", "0x5b", "\u{e9}", "+1"] {
            assert_eq!(unhex(bad), None, "{bad}");
        }
    }

    #[test]
    fn ids_have_their_length_and_are_not_zero() {
        assert_eq!(check(&[1; 16], 16), Ok(()));
        assert_eq!(check(&[], 8).unwrap_err().to_string(), "must be 8 bytes, is 0");
        assert_eq!(check(&[0; 8], 8).unwrap_err().to_string(), "is all zero");
    }
}
