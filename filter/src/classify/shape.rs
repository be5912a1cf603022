//! What a lower-case vocabulary loses of a word: its capitals and digits.
//! `models/shape.py` does the same.

/// The shape of a special token.
pub const SPECIAL: u32 = 0;
const LOWER: u32 = 1;
const CAPITALISED: u32 = 2;
const CAPITALS: u32 = 3;
const MIXED: u32 = 4;
const DIGITS: u32 = 5;
const SIGN: u32 = 6;
const CASELESS: u32 = 7;

/// The shape of a word, as the bundle's models take it.
#[must_use]
pub fn of_word(word: &str) -> u32 {
    let (mut upper, mut lower, mut first_upper, mut digit) = (0, 0, false, false);
    for c in word.chars() {
        if c.is_uppercase() {
            first_upper |= upper + lower == 0;
            upper += 1;
        } else if c.is_lowercase() {
            lower += 1;
        }
        digit |= c.is_ascii_digit();
    }
    match (upper, lower) {
        (0, 0) if digit => DIGITS,
        _ if digit => MIXED,
        (0, 0) if word.is_ascii() => SIGN,
        (0, 0) => CASELESS,
        (0, _) => LOWER,
        (2.., 0) => CAPITALS,
        (1, _) if first_upper => CAPITALISED,
        _ => MIXED,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_have_the_shapes_that_training_gave_them() {
        for (word, shape) in [
            ("word", LOWER),
            ("Word", CAPITALISED),
            ("A", CAPITALISED),
            ("NASA", CAPITALS),
            ("iPhone", MIXED),
            ("McDonald", MIXED),
            ("x86", MIXED),
            ("1999", DIGITS),
            ("?", SIGN),
            ("", SIGN),
            ("你好", CASELESS),
            ("Österreich", CAPITALISED),
        ] {
            assert_eq!(of_word(word), shape, "{word}");
        }
    }
}
