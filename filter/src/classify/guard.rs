//! Attacks on the model that a text is for.

use super::Coverage;

/// What the guard made of one text or several.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Guarded {
    /// The highest probability, from 0 to 1, that a part is a jailbreak or an
    /// injected instruction.
    pub jailbreak: f64,
    /// How much was looked at, decoded text included.
    pub coverage: Coverage,
}

impl Guarded {
    /// With another text's.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self {
            jailbreak: self.jailbreak.max(other.jailbreak),
            coverage: self.coverage.and(other.coverage),
        }
    }
}
