//! The headers that a decision changes.

use crate::config::HeaderMutation;
use crate::headers::HeaderEdit;

/// The changes that a decision asks for, in the order in which they take
/// effect: what is deleted, what is set, what is added.
#[must_use]
pub fn mutate(mutation: &HeaderMutation) -> Vec<HeaderEdit> {
    let HeaderMutation { add, update, delete } = mutation;
    let gone = delete.iter().cloned().map(HeaderEdit::Remove);
    let set = update.iter().cloned().map(|(name, value)| HeaderEdit::Set(name, value));
    let added = add.iter().cloned().map(|(name, value)| HeaderEdit::Add(name, value));
    gone.chain(set).chain(added).collect()
}
