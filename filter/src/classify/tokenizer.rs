//! From text to token ids.

use super::ClassifyError;

/// Bytes of text that are tokenized for each token that the model may see. A
/// longer text would be cut after tokenizing anyway, and tokenizing blocks the
/// worker.
const BYTES_PER_TOKEN: usize = 12;

/// The token ids of a text, and whether they are all of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tokens {
    /// The ids, special tokens among them.
    pub ids: Vec<u32>,
    /// Whether text was left out.
    pub truncated: bool,
}

/// A tokenizer and how many tokens its model takes.
pub struct Tokenizer {
    tokenizer: tokenizers::Tokenizer,
    max_tokens: usize,
}

impl Tokenizer {
    /// Reads a `tokenizer.json`; texts are cut to `max_tokens`.
    ///
    /// # Errors
    /// [`ClassifyError::File`].
    pub fn load(json: &[u8], max_tokens: usize) -> Result<Self, ClassifyError> {
        let file = |message: String| ClassifyError::File { file: "tokenizer.json", message };
        let mut tokenizer =
            tokenizers::Tokenizer::from_bytes(json).map_err(|error| file(error.to_string()))?;
        let truncation = tokenizers::TruncationParams {
            max_length: max_tokens,
            ..tokenizers::TruncationParams::default()
        };
        tokenizer.with_truncation(Some(truncation)).map_err(|error| file(error.to_string()))?;
        Ok(Self { tokenizer, max_tokens })
    }

    /// Tokenizes a text.
    ///
    /// # Errors
    /// [`ClassifyError::Tokenizer`].
    pub fn tokens(&self, text: &str) -> Result<Tokens, ClassifyError> {
        let head = text.get(..text.floor_char_boundary(self.max_tokens * BYTES_PER_TOKEN));
        let head = head.unwrap_or(text);
        let encoding = self
            .tokenizer
            .encode_fast(head, true)
            .map_err(|error| ClassifyError::Tokenizer(error.to_string()))?;
        let truncated = head.len() < text.len() || !encoding.get_overflowing().is_empty();
        Ok(Tokens { ids: encoding.get_ids().to_vec(), truncated })
    }
}
