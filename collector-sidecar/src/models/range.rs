//! `Range`, one at a time.

use std::ops::Range;

/// What of a file is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// All of it.
    Whole,
    /// These bytes.
    Part(Range<u64>),
    /// Bytes that it has not.
    Beyond,
}

/// Reads the value of a `Range` header for a file of `length` bytes.
///
/// Source: RFC 9110 §14.2: what is ill-formed, of another unit or of several
/// ranges is ignored.
#[must_use]
pub fn wanted(value: &str, length: u64) -> Wanted {
    let Some((first, last)) = bounds(value) else { return Wanted::Whole };
    let range = match (number(first), number(last)) {
        (Some(first), Some(last)) if first > last => return Wanted::Whole,
        (Some(first), Some(last)) => first..length.min(last.saturating_add(1)),
        (Some(first), None) => first..length,
        (None, Some(count)) => length.saturating_sub(count)..length,
        (None, None) => return Wanted::Whole,
    };
    if range.is_empty() { Wanted::Beyond } else { Wanted::Part(range) }
}

/// The digits at both sides of the hyphen.
fn bounds(value: &str) -> Option<(&str, &str)> {
    let (unit, range) = value.split_once('=')?;
    let (first, last) = range.trim().split_once('-')?;
    let are_digits = [first, last].concat().bytes().all(|digit| digit.is_ascii_digit());
    (unit.trim().eq_ignore_ascii_case("bytes") && are_digits).then_some((first, last))
}

/// A number, if there is one; what is larger than any file counts as the
/// largest.
fn number(digits: &str) -> Option<u64> {
    (!digits.is_empty()).then(|| digits.parse().unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn single_ranges_are_understood() {
        for (value, expected) in [
            ("bytes=0-0", 0..1),
            ("bytes=2-5", 2..6),
            ("bytes=2-", 2..10),
            ("bytes=2-99", 2..10),
            ("bytes=-3", 7..10),
            ("bytes=-99", 0..10),
            ("BYTES= 9-9 ", 9..10),
            ("bytes=0-99999999999999999999999", 0..10),
        ] {
            assert_eq!(wanted(value, 10), Wanted::Part(expected), "{value}");
        }
    }

    #[test]
    fn what_the_file_has_not_is_told_from_what_is_ill_formed() {
        for value in ["bytes=10-", "bytes=10-12", "bytes=-0", "bytes=99999999999999999999999-"] {
            assert_eq!(wanted(value, 10), Wanted::Beyond, "{value}");
        }
        assert_eq!(wanted("bytes=0-", 0), Wanted::Beyond);
        for value in [
            "",
            "bytes",
            "bytes=",
            "bytes=-",
            "bytes=5-2",
            "bytes=a-b",
            "bytes=0-1,4-5",
            "bytes=1",
            "items=0-1",
            "bytes=+1-2",
            "bytes=1--2",
            "bytes=0x1-2",
            "bytes=1 -2",
            "0-1",
        ] {
            assert_eq!(wanted(value, 10), Wanted::Whole, "{value}");
        }
    }
}
