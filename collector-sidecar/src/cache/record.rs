//! What is sealed: what a prompt is like, and the answer to it.

use semantic_router_filter::cache::Embedding;
use semantic_router_filter::cache::remote::Prompt;
use semantic_router_filter::classify::Wording;

use super::seal::{Mark, NAME_BYTES, Name};

/// Milliseconds since 1970-01-01T00:00:00Z.
pub type UnixMillis = u64;

/// What an entry without an end ends at.
const NEVER: UnixMillis = UnixMillis::MAX;

/// What is known of an entry without its answer.
#[derive(Clone, Debug, PartialEq)]
pub struct Record {
    /// The entry.
    pub entry: Name,
    /// Which of its answers, should it be stored again.
    pub mark: Mark,
    /// When it ends, if ever.
    pub ends: Option<UnixMillis>,
    /// What its prompt is like; `None` where it is found for the very same only.
    pub prompt: Option<Prompt>,
}

impl Record {
    /// As bytes: the name, the mark, the end, the number of dimensions, the
    /// embedding and the words.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let (dimensions, embedding, words) = match &self.prompt {
            Some(Prompt { embedding, words }) => {
                (embedding.numbers().len(), embedding.to_bytes(), words.to_bytes())
            }
            None => (0, Vec::new(), Vec::new()),
        };
        let dimensions = u32::try_from(dimensions).unwrap_or(u32::MAX);
        [
            self.entry.as_slice(),
            &self.mark,
            &self.ends.unwrap_or(NEVER).to_le_bytes(),
            &dimensions.to_le_bytes(),
            &embedding,
            &words,
        ]
        .concat()
    }

    /// What [`Record::to_bytes`] made; `None` when it did not.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (entry, rest) = bytes.split_first_chunk::<NAME_BYTES>()?;
        let (mark, rest) = rest.split_first_chunk()?;
        let (ends, rest) = rest.split_first_chunk()?;
        let (dimensions, rest) = rest.split_first_chunk()?;
        let length = usize::try_from(u32::from_le_bytes(*dimensions)).ok()?.checked_mul(4)?;
        let (embedding, words) = rest.split_at_checked(length)?;
        let prompt = match (embedding, words) {
            ([], []) => None,
            (embedding, words) => Some(Prompt {
                embedding: Embedding::from_bytes(embedding).ok()?,
                words: Wording::from_bytes(words)?,
            }),
        };
        Some(Self { entry: *entry, mark: *mark, ends: end(*ends), prompt })
    }
}

/// An answer and its times.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    /// When it was stored.
    pub stored: UnixMillis,
    /// When it ends, if ever.
    pub ends: Option<UnixMillis>,
    /// The answer.
    pub answer: Vec<u8>,
}

impl Kept {
    /// As bytes.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let ends = self.ends.unwrap_or(NEVER).to_le_bytes();
        [self.stored.to_le_bytes().as_slice(), &ends, &self.answer].concat()
    }

    /// What [`Kept::to_bytes`] made; `None` when it did not.
    #[must_use]
    pub fn from_bytes(mut bytes: Vec<u8>) -> Option<Self> {
        let (stored, rest) = bytes.split_first_chunk()?;
        let (ends, _) = rest.split_first_chunk()?;
        let (stored, ends) = (UnixMillis::from_le_bytes(*stored), end(*ends));
        bytes.drain(..2 * size_of::<UnixMillis>());
        Some(Self { stored, ends, answer: bytes })
    }
}

fn end(bytes: [u8; 8]) -> Option<UnixMillis> {
    Some(UnixMillis::from_le_bytes(bytes)).filter(|ends| *ends != NEVER)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_come_back() {
        let prompt = Prompt {
            embedding: Embedding::new(vec![0.6, -0.8]).unwrap(),
            words: Wording::of("Do not boil 3 eggs"),
        };
        for prompt in [None, Some(prompt)] {
            for ends in [None, Some(1_700_000_000_000)] {
                let mark = Mark::default();
                let record = Record { entry: [7; NAME_BYTES], mark, ends, prompt: prompt.clone() };
                let bytes = record.to_bytes();
                assert_eq!(Record::from_bytes(&bytes), Some(record));
                assert_eq!(Record::from_bytes(&bytes[..bytes.len() - 1]), None);
                assert_eq!(Record::from_bytes(&bytes[..20]), None);
            }
        }
    }

    #[test]
    fn answers_come_back() {
        for ends in [None, Some(1_700_000_000_000)] {
            let kept = Kept { stored: 5, ends, answer: b"answer".to_vec() };
            assert_eq!(Kept::from_bytes(kept.to_bytes()), Some(kept));
            assert_eq!(Kept::from_bytes(vec![0; 15]), None);
        }
    }
}
