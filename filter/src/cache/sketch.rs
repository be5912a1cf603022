//! Rough pictures of embeddings, by which those that are far away are left out
//! at a glance.

use super::Embedding;

/// The signs of an embedding's first numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sketch(u128);

/// Standard deviations above the mean up to which bits may differ. On the
/// held-out pairs of prompts none differed by as many.
const SPREAD: f64 = 3.5;

impl Sketch {
    /// The sketch of an embedding.
    #[must_use]
    pub fn of(embedding: &Embedding) -> Self {
        let bits = embedding.numbers().iter().take(128).enumerate();
        Self(bits.fold(0, |sketch, (at, number)| sketch | (u128::from(*number > 0.0) << at)))
    }

    /// How many bits differ.
    #[must_use]
    pub fn distance(self, other: Self) -> u32 {
        (self.0 ^ other.0).count_ones()
    }
}

/// The greatest distance that sketches of embeddings with so many dimensions
/// have when their cosine is at least `threshold`, but for some in thousands.
///
/// Of two directions at an angle, a plane through the origin separates as many
/// as the angle is of a half turn (Charikar 2002, "Similarity estimation
/// techniques from rounding algorithms").
#[must_use]
pub fn farthest(threshold: f64, dimensions: usize) -> u32 {
    let bits = u32::try_from(dimensions.min(128)).map_or(128.0, f64::from);
    let share = threshold.clamp(-1.0, 1.0).acos() / std::f64::consts::PI;
    let distance = bits * share + SPREAD * (bits * share * (1.0 - share)).sqrt();
    // At least some, for numbers that are nearly 0.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to 128")]
    let distance = distance.ceil() as u32;
    distance.max(8)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearer_the_fewer_bits_differ() {
        let bounds = [0.95, 0.9, 0.85, 0.8, 0.0, -1.0].map(|least| farthest(least, 128));
        assert_eq!(bounds, [25, 33, 38, 43, 84, 128]);
        assert_eq!(farthest(1.0, 128), 8);
        assert_eq!(farthest(0.0, 4), 8, "more than there are");
    }

    #[test]
    fn signs_are_compared() {
        let sketch = |numbers: &[f32]| Sketch::of(&Embedding::new(numbers.to_vec()).unwrap());
        assert_eq!(sketch(&[1.0, -1.0, 0.5]).distance(sketch(&[0.1, 1.0, 0.5])), 1);
        assert_eq!(sketch(&[1.0; 200]).distance(sketch(&[-1.0; 200])), 128);
    }
}
