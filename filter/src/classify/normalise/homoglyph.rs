//! Letters of other scripts that stand in for Latin ones.

use super::invisible::is_loose_mark;
use super::table::{Look, Script, is_latin, look};

/// What a word is, by the scripts of its letters.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Latin letters only.
    Latin,
    /// Latin letters among look-alikes: a disguise.
    Mixed,
    /// Look-alikes only: the words around decide.
    Alike,
    /// Letters that pass for nothing else.
    Foreign,
    /// No letters.
    Neutral,
}

/// Folds look-alikes to Latin where the word or the words around it are Latin;
/// nothing if there are none.
pub fn fold(text: &str) -> Option<String> {
    if text.is_ascii() || !text.chars().any(|c| !c.is_ascii() && look(c).is_some()) {
        return None;
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    // Words of look-alikes wait, with what is between them, for a word that
    // decides; `left` is the last such word.
    let (mut left, mut waiting) = (Kind::Neutral, String::new());
    while !rest.is_empty() {
        let gap = rest.find(is_wordly).unwrap_or(rest.len());
        let (between, after) = rest.split_at_checked(gap)?;
        let end = after.find(|c| !is_wordly(c)).unwrap_or(after.len());
        let (word, next) = after.split_at_checked(end)?;
        rest = next;
        waiting.push_str(between);
        match kind(word) {
            Kind::Neutral | Kind::Alike => waiting.push_str(word),
            right => {
                release(&mut out, &mut waiting, left, right);
                if right == Kind::Mixed {
                    out.extend(word.chars().map(latin));
                } else {
                    phonetic(&mut out, word);
                }
                left = right;
            }
        }
    }
    release(&mut out, &mut waiting, left, Kind::Neutral);
    Some(out)
}

fn is_wordly(c: char) -> bool {
    c.is_ascii_alphanumeric()
        || (!c.is_ascii() && (look(c).is_some() || c.is_alphanumeric()))
        || is_loose_mark(c)
}

fn latin(c: char) -> char {
    look(c).map_or(c, |look| look.latin)
}

/// Writes `word` with its small capitals folded, which are Latin anywhere.
fn phonetic(out: &mut String, word: &str) {
    let small = |look: &Look| look.script == Script::Phonetic;
    out.extend(word.chars().map(|c| look(c).filter(small).map_or(c, |look| look.latin)));
}

/// Writes the words that waited: folded between Latin neighbours.
fn release(out: &mut String, waiting: &mut String, left: Kind, right: Kind) {
    let around = [left, right];
    let fold = !around.contains(&Kind::Foreign) && around != [Kind::Neutral; 2];
    write(out, waiting, fold);
    waiting.clear();
}

/// Writes `words`; a Greek letter by itself is a symbol and stays.
fn write(out: &mut String, words: &str, fold: bool) {
    let mut letters = words.chars().peekable();
    let mut before = false;
    while let Some(c) = letters.next() {
        let beside = before || letters.peek().is_some_and(|next| next.is_alphabetic());
        before = c.is_alphabetic();
        let folds = |look: &Look| match look.script {
            Script::Phonetic => true,
            Script::Greek => fold && beside,
            Script::Other => fold,
        };
        out.push(look(c).filter(folds).map_or(c, |look| look.latin));
    }
}

fn kind(word: &str) -> Kind {
    if word.is_ascii() {
        let letters = word.bytes().any(|b| b.is_ascii_alphabetic());
        return if letters { Kind::Latin } else { Kind::Neutral };
    }
    let (mut letters, mut plain, mut small, mut alike, mut inexact) = (0, 0, 0, 0, 0);
    let (mut greek, mut foreign) = (false, false);
    for c in word.chars().filter(|c| look(*c).is_some() || c.is_alphabetic()) {
        letters += 1;
        match look(c) {
            _ if is_latin(c) => {
                plain += 1;
                small += usize::from(c.is_lowercase());
            }
            Some(look) if look.script == Script::Phonetic => plain += 1,
            Some(look) => {
                alike += 1;
                inexact += usize::from(!look.exact);
                greek |= look.script == Script::Greek && c.is_lowercase();
            }
            None => foreign = true,
        }
    }
    match (plain, alike) {
        _ if foreign => Kind::Foreign,
        (0, 0) => Kind::Neutral,
        (_, 0) => Kind::Latin,
        (0, _) => {
            if inexact == 0 {
                Kind::Alike
            } else {
                Kind::Foreign
            }
        }
        // Formulas and genes: "ρgh", "TNFα".
        _ if greek && (letters < 4 || small == 0) => Kind::Latin,
        _ => Kind::Mixed,
    }
}
