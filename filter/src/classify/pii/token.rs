//! Word and number tokens.

use crate::classify::pii::lexicon;

/// What a token is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    /// Outside the text.
    Nothing,
    /// ASCII digits.
    Number,
    /// Letters; a Han, kana or Hangul sign is a word by itself.
    Word,
}

/// A run of digits or of letters.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Token {
    pub start: usize,
    pub end: usize,
    pub shape: Shape,
    /// Lexicon classes of a word, as bits.
    pub class: u32,
    /// The first letter is a capital.
    pub capital: bool,
}

impl Token {
    pub const NOTHING: Self =
        Self { start: 0, end: 0, shape: Shape::Nothing, class: 0, capital: false };

    pub fn len(self) -> usize {
        self.end - self.start
    }

    pub fn is_number(self) -> bool {
        self.shape == Shape::Number
    }

    pub fn is_word(self) -> bool {
        self.shape == Shape::Word
    }

    pub fn is(self, classes: u32) -> bool {
        self.class & classes != 0
    }
}

/// Cuts `text` into its tokens.
pub(crate) fn cut(text: &str) -> Vec<Token> {
    let mut tokens: Vec<Token> = Vec::with_capacity(text.len() / 5 + 4);
    let mut low = String::new();
    let mut open: Option<Token> = None;
    let mut last_small = false;
    for (i, c) in text.char_indices() {
        let shape = if c.is_ascii_digit() {
            Shape::Number
        } else if c.is_alphabetic() {
            Shape::Word
        } else {
            Shape::Nothing
        };
        let sign = shape == Shape::Word && c >= '\u{3040}';
        // A hump as in setZip starts a new word.
        let hump = last_small && c.is_uppercase();
        if let Some(t) = open.as_mut()
            && (t.shape != shape || sign || hump)
        {
            close(text, *t, i, &mut low, &mut tokens);
            open = None;
        }
        if open.is_none() && shape != Shape::Nothing {
            let capital = c.is_uppercase();
            open = Some(Token { start: i, end: i, shape, class: 0, capital });
        }
        if sign {
            if let Some(t) = open.take() {
                close(text, t, i + c.len_utf8(), &mut low, &mut tokens);
            }
            last_small = false;
        } else {
            last_small = c.is_lowercase();
        }
    }
    if let Some(t) = open {
        close(text, t, text.len(), &mut low, &mut tokens);
    }
    tokens
}

fn close(text: &str, mut t: Token, end: usize, low: &mut String, tokens: &mut Vec<Token>) {
    t.end = end;
    if t.shape == Shape::Word {
        t.class = lexicon::classes(text.get(t.start..end).unwrap_or(""), low);
    }
    tokens.push(t);
}
