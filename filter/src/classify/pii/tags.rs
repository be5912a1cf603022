//! From the tags of tokens to names.

use std::ops::Range;

use super::{Entity, Kind};
use crate::classify::softmax;
use crate::classify::tokenizer::Token;

/// Bytes that may stand between the words of one name.
const GAP: usize = 3;

/// The tags of a window: labels, and rows of logits for each of its tokens.
pub struct Tagged<'a> {
    /// `O`, `B-PERSON`, `I-PERSON` and so on.
    pub labels: &'a [String],
    /// The tokens of the window.
    pub tokens: &'a [Token],
    /// Their logits, row by row.
    pub logits: &'a [f32],
    /// The tokens that this window decides on: at a seam, the neighbour sees
    /// more of what stands around the others.
    pub core: Range<usize>,
}

impl Tagged<'_> {
    /// Appends the names of the window. The first piece of a word decides for
    /// the word; a word that goes on, or a seam, joins what is of one type.
    pub fn names(&self, names: &mut Vec<Entity>) {
        let width = self.labels.len().max(1);
        let rows = self.logits.chunks_exact(width);
        let mut last: Option<&Token> = None;
        let mut open = self.core.start > 0;
        for (at, (token, row)) in self.tokens.iter().zip(rows).enumerate() {
            let glued = last.is_some_and(|last| last.word == token.word);
            last = Some(token);
            if !self.core.contains(&at) {
                continue;
            }
            if glued {
                if open && let Some(name) = names.last_mut() {
                    name.end = name.end.max(token.end);
                }
                continue;
            }
            let Some((label, score)) = best(self.labels, row) else { continue };
            let (begins, kind) = match label.split_once('-') {
                Some((prefix, kind)) => (prefix == "B", Kind::named(kind)),
                None => (false, None),
            };
            match (kind, names.last_mut()) {
                (None, _) => open = false,
                (Some(kind), Some(name))
                    if open
                        && !begins
                        && name.kind == kind
                        && (name.end..=name.end + GAP).contains(&token.start) =>
                {
                    name.end = token.end;
                    name.score = name.score.min(score);
                }
                (Some(kind), _) => {
                    names.push(Entity { kind, start: token.start, end: token.end, score });
                    open = true;
                }
            }
        }
    }
}

/// The most probable label, and its probability.
fn best<'a>(labels: &'a [String], row: &[f32]) -> Option<(&'a str, f32)> {
    let (at, label) = labels.iter().enumerate().max_by(|(one, _), (other, _)| {
        row.get(*one).unwrap_or(&f32::MIN).total_cmp(row.get(*other).unwrap_or(&f32::MIN))
    })?;
    #[expect(clippy::cast_possible_truncation, reason = "a probability")]
    let score = softmax(row).get(at).copied().unwrap_or(0.0) as f32;
    Some((label, score))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels() -> Vec<String> {
        ["O", "B-PERSON", "I-PERSON", "B-GPE", "I-GPE"].map(str::to_owned).to_vec()
    }

    /// Names in words of four bytes with a space between, by their tags.
    fn names(tags: &[usize], core: Range<usize>) -> Vec<(&'static str, usize, usize)> {
        let tokens: Vec<Token> = (0..tags.len())
            .map(|at| Token {
                id: 0,
                shape: 1,
                word: u32::try_from(at).unwrap(),
                start: at * 5,
                end: at * 5 + 4,
            })
            .collect();
        let logits: Vec<f32> = tags
            .iter()
            .flat_map(|tag| (0..5).map(|at| if at == *tag { 9.0 } else { 0.0 }).collect::<Vec<_>>())
            .collect();
        let mut names = Vec::new();
        let labels = labels();
        Tagged { labels: &labels, tokens: &tokens, logits: &logits, core }.names(&mut names);
        names.into_iter().map(|name| (name.kind.name(), name.start, name.end)).collect()
    }

    #[test]
    fn words_of_one_type_are_one_name_until_another_begins() {
        assert_eq!(names(&[0, 1, 2, 0], 0..4), [("PERSON", 5, 14)]);
        assert_eq!(names(&[1, 1, 2], 0..3), [("PERSON", 0, 4), ("PERSON", 5, 14)]);
        assert_eq!(names(&[2, 4, 4], 0..3), [("PERSON", 0, 4), ("GPE", 5, 14)]);
        assert_eq!(names(&[0, 0], 0..2), []);
    }

    #[test]
    fn only_the_core_counts() {
        assert_eq!(names(&[1, 0, 3, 1], 1..3), [("GPE", 10, 14)]);
    }
}
