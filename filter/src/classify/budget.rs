//! What a request may cost in the models, and how much of its text they saw.

use serde::{Deserialize, Serialize};

use crate::clock::{Clock, UnixNanos};

/// The time that one request may spend in the models.
#[derive(Clone, Copy)]
pub struct Budget<'a> {
    end: Option<(&'a dyn Clock, UnixNanos)>,
}

impl<'a> Budget<'a> {
    /// A budget of `millis` milliseconds from now.
    #[must_use]
    pub fn new(clock: &'a dyn Clock, millis: u64) -> Self {
        let until = clock.now().saturating_add(millis.saturating_mul(1_000_000));
        Self { end: Some((clock, until)) }
    }

    /// A budget without an end.
    #[must_use]
    pub fn unlimited() -> Self {
        Self { end: None }
    }

    /// Whether there is time left.
    #[must_use]
    pub fn lasts(&self) -> bool {
        self.end.is_none_or(|(clock, until)| clock.now() < until)
    }
}

/// How much of a text, or of several, a classifier saw.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq, Serialize)]
pub struct Coverage {
    /// Tokens of the text; an estimate where it is far longer than what may be
    /// scanned.
    pub total: usize,
    /// Tokens that were to be seen: fewer where the first windows are enough.
    pub wanted: usize,
    /// Tokens that were seen.
    pub scanned: usize,
    /// Windows that the model ran on; none where the verdict was remembered.
    pub windows: usize,
}

/// Bytes of an average token, to reckon those of text that is not tokenized.
const BYTES_PER_TOKEN: usize = 4;

impl Coverage {
    /// That of so many bytes which nobody looks at.
    #[must_use]
    pub fn unread(bytes: usize) -> Self {
        let tokens = bytes.div_ceil(BYTES_PER_TOKEN);
        Self { total: tokens, wanted: tokens, scanned: 0, windows: 0 }
    }

    /// Whether tokens that were to be seen were not.
    #[must_use]
    pub fn is_truncated(&self) -> bool {
        self.scanned < self.wanted
    }

    /// With another text's.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self {
            total: self.total + other.total,
            wanted: self.wanted + other.wanted,
            scanned: self.scanned + other.scanned,
            windows: self.windows + other.windows,
        }
    }
}
