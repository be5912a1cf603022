//! The text cut into tokens, with the few questions recognisers ask of it.

use crate::classify::pii::token::{Token, cut};

/// A text and its tokens.
pub(crate) struct Doc<'a> {
    pub text: &'a str,
    pub tokens: Vec<Token>,
    /// All classes of all words: tells at once whether a context occurs at all.
    pub classes: u32,
    /// No capital in the text (or no small letter), so that capitals tell nothing.
    pub caseless: bool,
}

impl<'a> Doc<'a> {
    pub fn new(text: &'a str) -> Self {
        let tokens = cut(text);
        let classes = tokens.iter().fold(0, |all, t| all | t.class);
        let caseless = !tokens.iter().any(|t| t.capital);
        Self { text, tokens, classes, caseless }
    }

    /// Token `i`, or an empty one outside the text.
    pub fn at(&self, i: usize) -> Token {
        self.tokens.get(i).copied().unwrap_or(Token::NOTHING)
    }

    /// The token `k` before token `i`.
    pub fn back(&self, i: usize, k: usize) -> Token {
        i.checked_sub(k).map_or(Token::NOTHING, |j| self.at(j))
    }

    pub fn slice(&self, start: usize, end: usize) -> &'a str {
        self.text.get(start..end).unwrap_or("")
    }

    pub fn word(&self, i: usize) -> &'a str {
        let t = self.at(i);
        self.slice(t.start, t.end)
    }

    /// Token `i` equals one of `words`, ASCII case aside.
    pub fn is_any(&self, i: usize, words: &[&str]) -> bool {
        let word = self.word(i);
        words.iter().any(|w| word.eq_ignore_ascii_case(w))
    }

    /// The text between token `i` and the next one (or the end).
    pub fn gap(&self, i: usize) -> &'a str {
        let Some(t) = self.tokens.get(i) else { return "" };
        let end = self.tokens.get(i + 1).map_or(self.text.len(), |t| t.start);
        self.slice(t.end, end)
    }

    /// The text between token `i` and the one before (or the start).
    pub fn gap_before(&self, i: usize) -> &'a str {
        match i.checked_sub(1) {
            Some(j) => self.gap(j),
            None => self.slice(0, self.at(i).start),
        }
    }

    /// The byte at `i`; 0 outside the text.
    pub fn byte(&self, i: usize) -> u8 {
        self.text.as_bytes().get(i).copied().unwrap_or(0)
    }

    /// The byte before `i`; 0 at the start.
    pub fn byte_before(&self, i: usize) -> u8 {
        i.checked_sub(1).map_or(0, |j| self.byte(j))
    }

    /// Neither neighbour of the span is an ASCII letter, digit or underscore.
    pub fn alone(&self, start: usize, end: usize) -> bool {
        !is_word_byte(self.byte_before(start)) && !is_word_byte(self.byte(end))
    }

    /// The value of number token `i`; `u32::MAX` if it is no number or too long.
    pub fn value(&self, i: usize) -> u32 {
        let t = self.at(i);
        if !t.is_number() || t.len() > 9 {
            return u32::MAX;
        }
        self.slice(t.start, t.end).bytes().fold(0, |n, b| n * 10 + u32::from(b - b'0'))
    }

    /// One of the `n` tokens before token `i` is of `classes`.
    pub fn near_before(&self, i: usize, n: usize, classes: u32) -> bool {
        (1..=n).any(|k| self.back(i, k).is(classes))
    }

    /// One of the `n` tokens after token `i` is of `classes`.
    pub fn near_after(&self, i: usize, n: usize, classes: u32) -> bool {
        (1..=n).any(|k| self.at(i + k).is(classes))
    }

    /// The token may be a name: a capital, or a text in which capitals tell nothing.
    pub fn name_like(&self, t: Token) -> bool {
        t.is_word() && (t.capital || self.caseless)
    }
}

/// ASCII letter, digit or underscore.
pub(crate) fn is_word_byte(b: u8) -> bool {
    b.is_ascii_alphanumeric() || b == b'_'
}
