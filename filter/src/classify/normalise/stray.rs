//! Signs and mark-up that split a word: `ig*no*re`, `ign<b></b>ore`.

use super::english;

/// The fewest letters of a word that is put together again: short ones arise
/// by chance.
const LEAST: usize = 6;

/// `token` with the signs inside its one word dropped, if that makes a frequent
/// word; the signs around it stay.
pub fn join(token: &str) -> Option<String> {
    let start = token.find(|c: char| c.is_ascii_alphabetic())?;
    let end = token.rfind(|c: char| c.is_ascii_alphabetic())? + 1;
    let (mut word, mut tag, mut split) = (String::new(), false, false);
    for c in token.get(start..end)?.chars() {
        match c {
            '<' => (tag, split) = (true, true),
            '>' => tag = false,
            _ if tag => {}
            _ if c.is_ascii_alphabetic() => word.push(c),
            // Words with digits or an apostrophe, and long ones, are as meant.
            _ if c.is_alphanumeric() || c == '\'' || word.len() > english::LONGEST => return None,
            _ => split = true,
        }
    }
    if tag || !split || word.len() < LEAST || !english::knows(&word) {
        return None;
    }
    Some([token.get(..start)?, &word, token.get(end..)?].concat())
}
