//! A finding, and the rule that settles overlapping findings.

use crate::classify::pii::Kind;

/// Findings below this score are not reported.
pub const THRESHOLD: f32 = 0.5;

/// A finding: byte offsets in the original text, end exclusive.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Entity {
    /// What was found.
    pub kind: Kind,
    /// First byte.
    pub start: usize,
    /// One past the last byte.
    pub end: usize,
    /// Confidence from 0 to 1.
    pub score: f32,
}

impl Entity {
    pub(crate) fn new(kind: Kind, start: usize, end: usize, score: f32) -> Self {
        Self { kind, start, end, score }
    }
}

/// Of overlapping findings keeps the longer; of equally long ones the higher score; then the
/// first in the order of recognisers. One pass over findings sorted by start, so that many
/// findings stay cheap: a finding is compared with the last one kept.
pub(crate) fn settle(mut found: Vec<Entity>) -> Vec<Entity> {
    found.retain(|e| e.score >= THRESHOLD && e.start < e.end);
    found.sort_by_key(|e| e.start);
    let mut kept: Vec<Entity> = Vec::with_capacity(found.len());
    for next in found {
        match kept.last_mut() {
            Some(last) if next.start < last.end => {
                if beats(&next, last) {
                    *last = next;
                }
            }
            _ => kept.push(next),
        }
    }
    kept
}

fn beats(a: &Entity, b: &Entity) -> bool {
    let (long_a, long_b) = (a.end - a.start, b.end - b.start);
    long_a > long_b || (long_a == long_b && a.score > b.score)
}
