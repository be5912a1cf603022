//! What the tests of the recognisers share.

use super::doc::Doc;
use super::{Entity, THRESHOLD};

/// The parts of a text that a recogniser reports.
pub fn found(find: impl Fn(&Doc<'_>, &mut Vec<Entity>), text: &str) -> Vec<&str> {
    let mut out = Vec::new();
    find(&Doc::new(text), &mut out);
    out.retain(|entity| entity.score >= THRESHOLD);
    out.iter().map(|entity| text.get(entity.start..entity.end).unwrap_or("")).collect()
}
