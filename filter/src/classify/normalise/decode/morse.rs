//! Morse code.

use super::super::english;

/// The fewest letters that are a text.
const LEAST: usize = 8;

/// What the signs spell, under a one with a bit for each: dash or dot.
const LETTERS: &[u8] = b"  etianmsurwdkgohvf l pjbxcyzq  54 3   2       16       7   8 90";

/// Finds the stretches of `text` in dots and dashes.
pub fn scan(text: &str, found: &mut dyn FnMut(&str)) {
    let mut out = String::new();
    for token in text.split([' ', '\n']) {
        match letter(token) {
            Some(c) => out.push(c),
            // Two blanks, a stroke or a new line part words.
            None if matches!(token, "" | "/" | "|" | "\r") => out.push(' '),
            None if out.is_empty() => {}
            None => finish(&mut out, found),
        }
    }
    finish(&mut out, found);
}

fn finish(out: &mut String, found: &mut dyn FnMut(&str)) {
    if out.bytes().filter(|b| *b != b' ').count() >= LEAST && english::speaks(out) {
        let words: Vec<&str> = out.split_ascii_whitespace().collect();
        found(&words.join(" "));
    }
    out.clear();
}

fn letter(token: &str) -> Option<char> {
    let mut signs = 1_usize;
    for c in token.chars() {
        let dash = match c {
            '.' | '·' | '•' => 0,
            '-' | '–' | '—' | '−' | '_' => 1,
            _ => return None,
        };
        signs = signs << 1 | dash;
        if signs > LETTERS.len() {
            return None;
        }
    }
    LETTERS.get(signs).filter(|b| **b != b' ').map(|b| char::from(*b))
}
