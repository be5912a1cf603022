//! Last step: words one by one, between blanks.

use super::{leet, repeats, stray};

/// What in a token may need a closer look.
#[derive(Default)]
#[allow(clippy::struct_excessive_bools)] // Independent of each other.
struct Signs {
    letter: bool,
    leet: bool,
    split: bool,
    drawn: bool,
}

/// Notes what is odd in `token`, in one look.
fn signs(token: &str) -> Signs {
    let mut signs = Signs::default();
    let (mut last, mut run, mut sign) = (0, 0, false);
    for b in token.bytes() {
        run = if b == last { run + 1 } else { 1 };
        last = b;
        if b.is_ascii_alphabetic() {
            signs.split |= sign && signs.letter;
            signs.letter = true;
            signs.drawn |= run > 2;
            sign = false;
        } else if matches!(b, b'0' | b'1' | b'3' | b'4' | b'5' | b'7' | b'@' | b'$' | b'!') {
            signs.leet = true;
        } else if b.is_ascii_punctuation() {
            sign = true;
        } else if b >= 0x80 {
            // Letters of other alphabets take two bytes: left to the step.
            signs.drawn = true;
        }
    }
    signs
}

/// Undoes signs for letters, split and drawn-out words; nothing if there are none.
pub fn tidy(text: &str) -> Option<String> {
    let mut out = String::new();
    let (mut done, mut at) = (0, 0);
    for token in text.split_inclusive(|c: char| c.is_ascii_whitespace()) {
        let start = at;
        at += token.len();
        if let Some(tidied) = tidied(token) {
            out.push_str(text.get(done..start)?);
            out.push_str(&tidied);
            done = at;
        }
    }
    (done > 0).then(|| out + text.get(done..).unwrap_or_default())
}

fn tidied(token: &str) -> Option<String> {
    let signs = signs(token);
    let mut tidied = None;
    if signs.leet && signs.letter {
        tidied = leet::unmask(token);
    }
    if signs.split {
        tidied = stray::join(tidied.as_deref().unwrap_or(token)).or(tidied);
    }
    if signs.drawn {
        tidied = repeats::squeeze(tidied.as_deref().unwrap_or(token)).or(tidied);
    }
    tidied
}
