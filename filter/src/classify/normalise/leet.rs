//! Digits and signs that stand for letters: `1gn0r3 pr3v10us`, `$y$tem`.

use super::english;

/// Longer words are blobs, and identifiers of machines.
const LONGEST: usize = 24;

/// `token` with its signs read as letters, where a word needs it.
pub fn unmask(token: &str) -> Option<String> {
    let address = token.contains("://")
        || token.contains(['/', '\\', '_', '=', '%', '#', '&', '{'])
        || token.split_once('@').is_some_and(|(name, host)| !name.is_empty() && host.contains('.'));
    if address || !token.is_ascii() {
        return None;
    }
    let mut out = String::with_capacity(token.len());
    let mut changed = false;
    for part in token.split_inclusive(|c| !is_part(c)) {
        let core = part.trim_end_matches(|c| !is_part(c) || c == '!');
        let shouted = !core.bytes().any(|b| b.is_ascii_lowercase());
        let read = word(core).map(|word| if shouted { word.to_ascii_uppercase() } else { word });
        changed |= read.is_some();
        out.push_str(read.as_deref().unwrap_or(core));
        out.push_str(part.get(core.len()..)?);
    }
    changed.then_some(out)
}

fn is_part(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '@' | '$' | '!')
}

/// The letter a sign stands for; a one is an i or an l.
fn letter(sign: char, one: char) -> Option<char> {
    Some(match sign {
        '0' => 'o',
        '1' => one,
        '!' => 'i',
        '3' => 'e',
        '4' | '@' => 'a',
        '5' | '$' => 's',
        '7' => 't',
        c if c.is_ascii_alphabetic() => c,
        _ => return None,
    })
}

/// What `core` reads as: a frequent word, or one with signs in several places.
fn word(core: &str) -> Option<String> {
    if !(3..=LONGEST).contains(&core.len()) || core.bytes().all(|b| b.is_ascii_alphabetic()) {
        return None;
    }
    let spell = |one| core.chars().map(|c| letter(c, one)).collect::<Option<String>>();
    let likely = spell('i')?;
    if !core.bytes().any(|b| b.is_ascii_alphabetic()) {
        return None;
    }
    if english::knows(&likely) {
        return Some(likely);
    }
    if core.contains('1') {
        let other = spell('l')?;
        if english::knows(&other) {
            return Some(other);
        }
    }
    is_disguise(core).then_some(likely)
}

/// Whether the signs in `core` are spread as letters are: in two places or
/// more, or one vowel in the midst of a long word. Versions, formulas, hex and
/// names with numbers are not.
fn is_disguise(core: &str) -> bool {
    let (mut letters, mut places, mut inner, mut hex) = (0, 0, 0, true);
    let (mut before, mut upper, mut run) = ('\0', false, 0);
    for (at, c) in core.chars().enumerate() {
        if c.is_ascii_alphabetic() {
            letters += 1;
            hex &= c.is_ascii_hexdigit();
            upper |= at > 0 && c.is_ascii_uppercase();
            inner += usize::from(places > 0 && !before.is_ascii_alphabetic() && letters > 1);
            run = 0;
        } else {
            run += 1;
            places += usize::from(run == 1 && c != '!');
        }
        if run > 2 {
            return false;
        }
        before = c;
    }
    let version = core.starts_with('v') && core.as_bytes().get(1).is_some_and(u8::is_ascii_digit);
    let named = core.starts_with("0x") || core.starts_with(['@', '$']);
    if hex || upper || version || named || letters < 3 || inner == 0 {
        return false;
    }
    places > 1 || (letters > 5 && core.chars().count() == letters + 1 && has_lone_vowel(core))
}

/// Whether the one sign of `core` is a vowel between two consonants, after
/// another vowel: `hypn0sis`, but not `sha1sum` or `html4lib`.
fn has_lone_vowel(core: &str) -> bool {
    let vowel = |c: char| matches!(c.to_ascii_lowercase(), 'a' | 'e' | 'i' | 'o' | 'u' | 'y');
    let Some((left, right)) = core.split_once(['0', '1', '3', '4']) else { return false };
    let beside = left.chars().next_back().zip(right.chars().next());
    left.chars().any(vowel) && beside.is_some_and(|(a, b)| !vowel(a) && !vowel(b))
}
