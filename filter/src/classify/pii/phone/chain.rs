//! A chain of digit groups that may be a telephone number.

use crate::classify::pii::doc::{Doc, is_word_byte};

/// The most groups a number is written in.
pub(super) const GROUPS: usize = 8;
/// The most digits of a number (E.164), with a "00" or "(0)" to spare.
const DIGITS: usize = 17;

/// The groups before make the number too long to be one: 9400 1000 0000 0000.
fn chain_goes_on(doc: &Doc, i: usize) -> bool {
    (1..=3).all(|k| doc.back(i, k).is_number() && doc.gap(i.wrapping_sub(k)) == " ")
}

/// Digit groups and how they begin.
pub(super) struct Chain {
    /// Index of the first token.
    pub first: usize,
    /// First byte, with a leading plus or bracket.
    pub start: usize,
    /// It begins with a plus.
    pub plus: bool,
    /// It begins with a bracketed group.
    pub bracket: bool,
    /// Separators are all empty, one byte, or a bracket with a space.
    pub separator: u8,
    /// The first group, as a number, and its leading digits.
    pub head: [u8; 4],
    /// Lengths of the groups; 0 where there is none.
    pub lengths: [usize; GROUPS],
    ends: [usize; GROUPS],
    /// First digits of the groups.
    pub firsts: [u8; GROUPS],
    /// Number of groups.
    pub count: usize,
}

impl Chain {
    /// The chain starting at number token `i`, if a telephone number may start there.
    pub fn read(doc: &Doc, i: usize) -> Option<Self> {
        let t = doc.at(i);
        if !t.is_number() || t.len() > 15 {
            return None;
        }
        let bracket = doc.byte_before(t.start) == b'(';
        let mut start = t.start - usize::from(bracket);
        let plus = doc.byte_before(start) == b'+';
        start -= usize::from(plus);
        let before = doc.byte_before(start);
        let earlier = doc.byte_before(start.saturating_sub(1));
        let glued =
            before == b' ' && earlier.is_ascii_digit() && t.len() >= 2 && chain_goes_on(doc, i)
                || matches!(before, b'-' | b'.' | b'/' | b',' | b'#') && is_word_byte(earlier);
        if is_word_byte(before) || glued || before == b'+' || matches!(before, b'$' | b'*') {
            return None;
        }
        let mut chain = Self {
            first: i,
            start,
            plus,
            bracket,
            separator: 0,
            head: [0; 4],
            lengths: [0; GROUPS],
            ends: [0; GROUPS],
            firsts: [0; GROUPS],
            count: 0,
        };
        for (k, h) in chain.head.iter_mut().enumerate() {
            *h = if k < t.len() { doc.byte(t.start + k) } else { 0 };
        }
        chain.collect(doc);
        (chain.count > 0).then_some(chain)
    }

    fn collect(&mut self, doc: &Doc) {
        let mut digits = 0;
        while self.count < GROUPS {
            let (k, j) = (self.count, self.first + self.count);
            let t = doc.at(j);
            digits += t.len();
            if !t.is_number() || digits > DIGITS {
                break;
            }
            for (all, value) in [(&mut self.lengths, t.len()), (&mut self.ends, t.end)] {
                if let Some(slot) = all.get_mut(k) {
                    *slot = value;
                }
            }
            if let Some(slot) = self.firsts.get_mut(k) {
                *slot = doc.byte(t.start);
            }
            self.count += 1;
            let gap = doc.gap(j);
            if !matches!(
                gap,
                " " | "-"
                    | "."
                    | "/"
                    | ") "
                    | ")"
                    | " ("
                    | ")-"
                    | "("
                    | "\u{a0}"
                    | "\u{2011}"
                    | " - "
            ) {
                break;
            }
            // A space after dashes begins something else.
            let sep = gap.bytes().last().unwrap_or(0);
            if sep == b' ' && gap == " " && k >= 2 && matches!(self.separator, b'-' | b'.' | b'/') {
                break;
            }
            if gap == "-"
                && k == 2
                && self.separator == b' '
                && self.lengths.starts_with(&[3, 3, 4])
            {
                break;
            }
            if self.separator == 0 || k <= 1 {
                self.separator = gap.bytes().last().unwrap_or(0);
            }
        }
        self.cut_glued(doc);
    }

    /// Drops the last group when it is glued to letters or to more of a longer code.
    fn cut_glued(&mut self, doc: &Doc) {
        let Some(end) = self.end_of(self.count) else { return };
        let (b, next) = (doc.byte(end), doc.byte(end + 1));
        let letters = is_word_byte(b) && !matches!(b, b'x' | b'X' | b'e');
        let longer =
            matches!(b, b'-' | b'.' | b':' | b',' | b'%') && next.is_ascii_digit() || b == b'%';
        if letters || longer || (b == b'-' && next.is_ascii_alphanumeric()) {
            // After a space it is another word: the number before it stays.
            let spaced = self.count > 1 && doc.gap_before(self.first + self.count - 1) == " ";
            self.count = if spaced { self.count - 1 } else { 0 };
        }
    }

    /// The end of the first `groups` groups.
    pub fn end_of(&self, groups: usize) -> Option<usize> {
        groups.checked_sub(1).and_then(|k| self.ends.get(k)).copied()
    }

    /// The token after the chain.
    pub fn next(&self) -> usize {
        self.first + self.count
    }

    /// The digits of the first `groups` groups.
    pub fn digits(&self, groups: usize) -> usize {
        self.lengths.iter().take(groups).sum()
    }

    /// The lengths of the groups begin with `lengths`.
    pub fn shaped(&self, lengths: &[usize]) -> bool {
        self.count >= lengths.len() && self.lengths.starts_with(lengths)
    }
}
