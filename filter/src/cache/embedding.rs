//! Sentence embeddings, as the cache compares them.

use thiserror::Error;

/// The most numbers of an embedding.
pub const MAX_DIMENSIONS: usize = 4096;

/// Why numbers are no embedding.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum EmbeddingError {
    /// Bytes that are no 32-bit numbers.
    #[error("{0} bytes are no list of 32-bit numbers")]
    Bytes(usize),
    /// None or too many of them.
    #[error("{0} numbers, not 1 to {MAX_DIMENSIONS}")]
    Dimensions(usize),
    /// Numbers without a direction: one is not finite, or all are nearly zero.
    #[error("the numbers have no direction")]
    Direction,
}

/// An embedding of length 1.
#[derive(Clone, Debug, PartialEq)]
pub struct Embedding(Vec<f32>);

impl Embedding {
    /// Brings numbers to length 1.
    ///
    /// # Errors
    /// [`EmbeddingError`].
    pub fn new(mut numbers: Vec<f32>) -> Result<Self, EmbeddingError> {
        if numbers.is_empty() || numbers.len() > MAX_DIMENSIONS {
            return Err(EmbeddingError::Dimensions(numbers.len()));
        }
        let length = numbers.iter().map(|number| number * number).sum::<f32>().sqrt();
        if !length.is_normal() {
            return Err(EmbeddingError::Direction);
        }
        for number in &mut numbers {
            *number /= length;
        }
        Ok(Self(numbers))
    }

    /// The numbers.
    #[must_use]
    pub fn numbers(&self) -> &[f32] {
        &self.0
    }

    /// The numbers one after the other, little-endian.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        self.0.iter().flat_map(|number| number.to_le_bytes()).collect()
    }

    /// What [`Embedding::to_bytes`] made.
    ///
    /// # Errors
    /// [`EmbeddingError`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, EmbeddingError> {
        let (numbers, rest) = bytes.as_chunks::<4>();
        if !rest.is_empty() {
            return Err(EmbeddingError::Bytes(bytes.len()));
        }
        Self::new(numbers.iter().map(|number| f32::from_le_bytes(*number)).collect())
    }

    /// The cosine of the angle to another; `None` when they differ in the
    /// number of their dimensions.
    #[must_use]
    pub fn cosine(&self, other: &Self) -> Option<f32> {
        let products = || self.0.iter().zip(&other.0).map(|(one, other)| one * other);
        (self.0.len() == other.0.len()).then(|| products().sum())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_angle_counts_and_not_the_length() {
        let embedding = |numbers: &[f32]| Embedding::new(numbers.to_vec()).unwrap();
        let (one, other) = (embedding(&[3.0, 4.0]), embedding(&[0.6, 0.8]));
        assert!((one.cosine(&other).unwrap() - 1.0).abs() < 1e-6);
        assert!(one.cosine(&embedding(&[-4.0, 3.0])).unwrap().abs() < 1e-6);
        assert_eq!(one.cosine(&embedding(&[1.0])), None);
        assert_eq!(Embedding::from_bytes(&other.to_bytes()), Ok(other));
    }

    #[test]
    fn what_is_no_embedding_is_refused() {
        for (numbers, error) in [
            (vec![], EmbeddingError::Dimensions(0)),
            (vec![1.0; MAX_DIMENSIONS + 1], EmbeddingError::Dimensions(MAX_DIMENSIONS + 1)),
            (vec![0.0; 3], EmbeddingError::Direction),
            (vec![1.0, f32::NAN], EmbeddingError::Direction),
            (vec![f32::MAX; 2], EmbeddingError::Direction),
        ] {
            assert_eq!(Embedding::new(numbers), Err(error));
        }
        assert_eq!(Embedding::from_bytes(&[0; 7]), Err(EmbeddingError::Bytes(7)));
    }
}
