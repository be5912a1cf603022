//! From text to tokens, and from tokens to windows.

use super::{ClassifyError, shape};

/// Bytes of text that are tokenized for each token that may be looked at.
/// Text beyond is not tokenized, since that blocks the worker too; its tokens
/// are estimated.
const BYTES_PER_TOKEN: usize = 12;

/// A piece of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Token {
    /// Its place in the vocabulary.
    pub id: u32,
    /// The shape of the word that it is part of.
    pub shape: u32,
    /// The number of that word in the text.
    pub word: u32,
    /// Where it begins in the text, in bytes.
    pub start: usize,
    /// Where it ends.
    pub end: usize,
}

/// The tokens of a text, without those that only frame it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tokens {
    /// As many as may be looked at.
    pub tokens: Vec<Token>,
    /// How many the text has; an estimate where it is longer than what may be
    /// looked at by far.
    pub total: usize,
}

/// The beginning of a text that `most` tokens of it can stand in.
#[must_use]
pub fn readable(text: &str, most: usize) -> &str {
    let cut = text.floor_char_boundary(most.saturating_mul(BYTES_PER_TOKEN));
    text.get(..cut).unwrap_or(text)
}

/// How many tokens a model sees at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Windowing {
    /// Tokens of a window, those that frame it among them.
    pub tokens: usize,
    /// Tokens that a window shares with the one before.
    pub overlap: usize,
}

impl Windowing {
    /// Tokens of the text in a window of which `frame` only frame it.
    fn content(self, frame: usize) -> usize {
        self.tokens.saturating_sub(frame).max(1)
    }

    /// The windows that `tokens` tokens of text take, as ranges of them; one
    /// without any where there are none.
    pub fn ranges(
        self,
        tokens: usize,
        frame: usize,
    ) -> impl Iterator<Item = std::ops::Range<usize>> {
        let content = self.content(frame);
        let step = content.saturating_sub(self.overlap).max(1);
        let starts = if tokens <= content { 0..1 } else { 0..tokens.saturating_sub(self.overlap) };
        starts.step_by(step).map(move |start| start..(start + content).min(tokens))
    }
}

/// A `tokenizer.json`.
pub struct Tokenizer {
    inner: tokenizers::Tokenizer,
    before: Vec<u32>,
    after: Vec<u32>,
}

impl Tokenizer {
    /// Reads a `tokenizer.json`.
    ///
    /// # Errors
    /// [`ClassifyError::File`].
    pub fn load(json: &[u8]) -> Result<Self, ClassifyError> {
        let file = |message: String| ClassifyError::File { file: "tokenizer.json", message };
        let mut tokenizer =
            tokenizers::Tokenizer::from_bytes(json).map_err(|error| file(error.to_string()))?;
        tokenizer.with_truncation(None).map_err(|error| file(error.to_string()))?;
        tokenizer.with_padding(None);
        // What stands around every text: [CLS] and [SEP], or their like.
        let framed = tokenizer.encode("a", true).map_err(|error| file(error.to_string()))?;
        let special = framed.get_special_tokens_mask();
        let ids = framed.get_ids();
        let lead = special.iter().take_while(|is| **is == 1).count();
        let tail = special.iter().rev().take_while(|is| **is == 1).count();
        let before = ids.get(..lead).unwrap_or_default().to_vec();
        let after = ids.get(ids.len().saturating_sub(tail)..).unwrap_or_default().to_vec();
        Ok(Self { inner: tokenizer, before, after })
    }

    /// Tokens that frame a window.
    #[must_use]
    pub fn frame(&self) -> usize {
        self.before.len() + self.after.len()
    }

    /// Ids and shapes of a window, framed.
    #[must_use]
    pub fn framed(&self, window: &[Token]) -> (Vec<i64>, Vec<i64>) {
        let special = |ids: &[u32]| -> Vec<(i64, i64)> {
            ids.iter().map(|id| (i64::from(*id), i64::from(shape::SPECIAL))).collect()
        };
        let content = window.iter().map(|token| (i64::from(token.id), i64::from(token.shape)));
        special(&self.before).into_iter().chain(content).chain(special(&self.after)).unzip()
    }

    /// Where the text of a window begins among its framed tokens.
    #[must_use]
    pub fn lead(&self) -> usize {
        self.before.len()
    }

    /// Tokenizes a text of which at most `most` tokens are looked at.
    ///
    /// # Errors
    /// [`ClassifyError::Tokenizer`].
    pub fn tokens(&self, text: &str, most: usize) -> Result<Tokens, ClassifyError> {
        let head = readable(text, most);
        let encoding = self
            .inner
            .encode(head, false)
            .map_err(|error| ClassifyError::Tokenizer(error.to_string()))?;
        let words = encoding.get_word_ids();
        let spans = encoding.get_offsets();
        let mut tokens: Vec<Token> = encoding
            .get_ids()
            .iter()
            .zip(words)
            .zip(spans)
            .map(|((id, word), (start, end))| Token {
                id: *id,
                shape: 0,
                word: word.unwrap_or(u32::MAX),
                start: *start,
                end: *end,
            })
            .collect();
        for pieces in tokens.chunk_by_mut(|one, other| one.word == other.word) {
            let start = pieces.first().map_or(0, |token| token.start);
            let end = pieces.last().map_or(0, |token| token.end);
            let shape = shape::of_word(head.get(start..end).unwrap_or_default());
            for token in pieces {
                token.shape = shape;
            }
        }
        let total = tokens.len() + estimate(tokens.len(), head.len(), text.len() - head.len());
        tokens.truncate(most);
        Ok(Tokens { tokens, total })
    }
}

/// Tokens in `more` bytes if `bytes` have `tokens`; at least one in any.
fn estimate(tokens: usize, bytes: usize, more: usize) -> usize {
    if more == 0 { 0 } else { (more.saturating_mul(tokens) / bytes.max(1)).max(1) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::classify::Bundle;

    fn tokenizer() -> Tokenizer {
        Tokenizer::load(Bundle::embedded().tokenizer).unwrap()
    }

    #[test]
    fn tokens_know_where_they_are_and_how_their_word_looks() {
        let text = "Ask Österreich about x86, please";
        let tokens = tokenizer().tokens(text, 100).unwrap().tokens;
        let found: Vec<(&str, u32)> = tokens
            .iter()
            .map(|token| (text.get(token.start..token.end).unwrap(), token.shape))
            .collect();
        assert_eq!(found.first(), Some(&("Ask", 2)));
        assert_eq!(found.last(), Some(&("please", 1)));
        assert!(found.contains(&(",", 6)), "{found:?}");
        let of_x86: Vec<_> = tokens.iter().filter(|token| token.shape == 4).collect();
        assert!(!of_x86.is_empty(), "{found:?}");
    }

    #[test]
    fn what_is_not_tokenized_is_estimated() {
        let tokens = tokenizer().tokens(&"word ".repeat(10_000), 50).unwrap();
        assert_eq!(tokens.tokens.len(), 50);
        assert!((9_000..11_000).contains(&tokens.total), "{}", tokens.total);
        let tokens = tokenizer().tokens("three little words", 50).unwrap();
        assert_eq!((tokens.tokens.len(), tokens.total), (3, 3));
    }

    #[test]
    fn windows_overlap_and_leave_nothing_out() {
        let windowing = Windowing { tokens: 128, overlap: 24 };
        for tokens in [0, 1, 125, 126, 127, 150, 228, 229, 512, 4096] {
            let ranges: Vec<_> = windowing.ranges(tokens, 2).collect();
            assert_eq!(ranges.first().unwrap().start, 0);
            assert_eq!(ranges.last().unwrap().end, tokens, "{ranges:?}");
            for pair in ranges.windows(2) {
                assert_eq!(pair[0].end - pair[1].start, 24, "{ranges:?}");
                assert_eq!(pair[0].len(), 126);
            }
        }
        assert_eq!(windowing.ranges(126, 2).count(), 1);
        assert_eq!(windowing.ranges(127, 2).count(), 2);
    }
}
