//! Whether an answer to one prompt serves another.

use super::remote::Prompt;
use crate::classify::{Bundle, ClassifyError, Likeness};

/// The least cosine where the configuration says nothing, as the original's
/// documentation recommends.
pub const DEFAULT_THRESHOLD: f64 = 0.8;

/// Judges prompts that are near to one another. A cosine alone takes a prompt
/// with one word exchanged for the same, so that the bundle's judge must agree.
#[derive(Debug)]
pub struct Judge {
    likeness: Likeness,
    least: f64,
}

impl Judge {
    /// The judge of the bundle.
    ///
    /// # Errors
    /// [`ClassifyError::File`].
    pub fn bundled() -> Result<Self, ClassifyError> {
        let bundle = Bundle::embedded();
        Ok(Self { likeness: bundle.likeness()?, least: bundle.thresholds()?.likeness })
    }

    /// Whether they ask the same, so much as their words tell.
    #[must_use]
    pub fn agrees(&self, one: &Prompt, other: &Prompt, cosine: f32) -> bool {
        self.likeness.probability(&one.words, &other.words, cosine) >= self.least
    }
}
