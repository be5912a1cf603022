//! What guard and fact check see besides the encoder: weights of token n-grams.
//! `models/ngrams.py` fits them, and says what the file looks like.

use super::{ClassifyError, fnv};

/// Tokens of the longest n-gram.
const LONGEST: usize = 3;
/// Bytes before the keys: the count and two scales.
const HEAD: usize = 12;
/// Bytes of an n-gram: its key, weight and idf.
const ENTRY: usize = 6;

/// A logistic regression on the tf-idf of n-grams.
pub struct Ngrams {
    /// FNV-1a of an n-gram's ids, sorted; and of each its weight and the square
    /// of its idf.
    entries: Vec<(u32, f32, f32)>,
}

impl Ngrams {
    /// Reads a table, called `file` where it is none.
    ///
    /// # Errors
    /// [`ClassifyError::File`].
    pub fn load(file: &'static str, bytes: &[u8]) -> Result<Self, ClassifyError> {
        Self::read(bytes).ok_or_else(|| ClassifyError::File {
            file,
            message: format!("{} bytes that are no table of n-grams", bytes.len()),
        })
    }

    fn read(bytes: &[u8]) -> Option<Self> {
        let word = |at: usize| bytes.get(at..at + 4).and_then(|word| word.try_into().ok());
        let count = usize::try_from(u32::from_le_bytes(word(0)?)).ok()?;
        let (weight, idf) = (f32::from_le_bytes(word(4)?), f32::from_le_bytes(word(8)?));
        if bytes.len() != HEAD + ENTRY.checked_mul(count)? {
            return None;
        }
        let weights = bytes.get(HEAD + 4 * count..)?;
        let (weights, idfs) = weights.split_at_checked(count)?;
        let keys = bytes.get(HEAD..HEAD + 4 * count)?.as_chunks::<4>().0;
        let entries: Vec<_> = keys
            .iter()
            .zip(weights.iter().zip(idfs))
            .map(|(key, (code, level))| {
                let idf = f32::from(*level) * idf;
                (u32::from_le_bytes(*key), f32::from(code.cast_signed()) * weight, idf * idf)
            })
            .collect();
        let sorted = entries.is_sorted_by_key(|(key, _, _)| *key);
        (sorted && weight.is_finite() && idf.is_finite()).then_some(Self { entries })
    }

    /// What is to be added to a logit for a window of tokens, those that frame it
    /// among them.
    #[must_use]
    pub fn score(&self, ids: &[i64]) -> f32 {
        let (mut sum, mut squares) = (0.0, 0.0);
        for start in 0..ids.len() {
            let mut key = fnv::OFFSET;
            for id in ids.iter().skip(start).take(LONGEST) {
                key = fnv::extend(key, bytes(*id));
                let found = self.entries.binary_search_by_key(&key, |(key, _, _)| *key).ok();
                if let Some((_, weight, square)) = found.and_then(|at| self.entries.get(at)) {
                    sum += weight;
                    squares += square;
                }
            }
        }
        sum / squares.sqrt().max(1e-6)
    }
}

/// An id as it is hashed: its lower 32 bits.
fn bytes(id: i64) -> impl Iterator<Item = u8> {
    id.to_le_bytes().into_iter().take(4)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::classify::Bundle;

    #[test]
    fn a_table_that_is_cut_or_unsorted_is_refused() {
        let good = Bundle::embedded().ngrams;
        assert!(Ngrams::load("ngrams.bin", good).is_ok());
        for cut in [0, 3, 11, 12, good.len() - 1] {
            let error = Ngrams::load("ngrams.bin", &good[..cut]).err().unwrap().to_string();
            assert!(error.starts_with("ngrams.bin: "), "{error}");
        }
        let mut unsorted = good.to_vec();
        unsorted[12..16].copy_from_slice(&[0xFF; 4]);
        assert!(Ngrams::load("ngrams.bin", &unsorted).is_err());
    }

    #[test]
    fn known_ngrams_weigh_by_their_share_of_the_window() {
        let key = |ids: &[i64]| fnv::extend(fnv::OFFSET, ids.iter().flat_map(|id| bytes(*id)));
        let mut entries = vec![(key(&[7]), 3.0, 4.0), (key(&[7, 8]), -1.0, 12.0)];
        entries.sort_by_key(|(key, _, _)| *key);
        let ngrams = Ngrams { entries };
        for (ids, score) in [([5, 6, 5], 0.0_f32), ([5, 7, 5], 1.5), ([5, 7, 8], 0.5)] {
            assert!((ngrams.score(&ids) - score).abs() < 1e-6, "{ids:?}");
        }
    }
}
