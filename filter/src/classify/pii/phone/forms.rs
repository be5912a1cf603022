//! The written forms of telephone numbers.

use super::chain::Chain;

/// Groupings of numbers without a leading zero that occur outside North America.
const NATIONAL: &[&[usize]] = &[
    &[2, 3, 2, 2],
    &[3, 2, 2, 2],
    &[3, 3, 3],
    &[2, 4, 4],
    &[3, 4, 4],
    &[3, 3, 2, 2],
    &[1, 3, 3, 2, 2],
    &[2, 2, 2, 2],
    &[2, 5, 4],
    &[3, 7],
    &[3, 6],
    &[2, 7],
    &[2, 8],
    &[5, 5],
    &[4, 3, 3],
    &[4, 6],
];

/// The number of groups that make the likeliest number, and the score of its form.
pub(super) fn best(chain: &Chain, spoken: bool) -> Option<(usize, f32)> {
    if chain.shaped(&[3, 2, 4]) || dotted_quad(chain) {
        return None;
    }
    international(chain).or_else(|| american(chain)).or_else(|| national(chain, spoken))
}

/// Looks like an IP address.
fn dotted_quad(chain: &Chain) -> bool {
    chain.separator == b'.' && chain.count == 4 && chain.lengths.iter().all(|n| *n <= 3)
}

fn international(chain: &Chain) -> Option<(usize, f32)> {
    let [a, b, c, ..] = chain.head;
    let zeros =
        a == b'0' && b == b'0' && c != b'0' && chain.lengths.first().is_some_and(|n| *n != 10);
    if !zeros && (!chain.plus || a == b'0') {
        return None;
    }
    // As many groups as fit into a number.
    let limit = if a == b'1' { 11 } else { 16 };
    let most = (1..=chain.count).rev().find(|n| chain.digits(*n) <= limit)?;
    let digits = chain.digits(most) - if zeros { 2 } else { 0 };
    let grouped = chain.plus || most > 1 && chain.lengths.first().is_some_and(|n| *n <= 5);
    (8..=15).contains(&digits).then_some((most, if grouped { 0.85 } else { 0.4 }))
}

/// North America: area and exchange begin with 2 to 9.
fn american(chain: &Chain) -> Option<(usize, f32)> {
    let first = |k: usize| chain.firsts.get(k).is_some_and(|d| (b'2'..=b'9').contains(d));
    let one = chain.head.first() == Some(&b'1');
    if chain.shaped(&[3, 3, 4]) && first(0) && first(1) {
        // Three groups and no more: 123-456-789-123 is some other number.
        return (chain.count == 3 || chain.separator == b' ').then_some((3, 0.7));
    }
    if one && chain.shaped(&[1, 3, 3, 4]) && first(1) && first(2) {
        return Some((4, 0.8));
    }
    if chain.shaped(&[3, 7]) && chain.bracket && first(0) {
        return Some((2, 0.6));
    }
    let solid = chain.count == 1 || chain.separator == b' ';
    (solid && chain.shaped(&[10]) && first(0)).then_some((1, 0.3))
}

fn national(chain: &Chain, spoken: bool) -> Option<(usize, f32)> {
    let digits = chain.digits(chain.count);
    let zero = chain.head.first() == Some(&b'0') && chain.head.get(1) != Some(&b'0');
    let head = chain.lengths.first().copied().unwrap_or(0);
    let groups = chain.count;
    if groups == 1 {
        // Solid mobile and national numbers: only with a word about calling.
        let shape = if zero { (10..=12).contains(&digits) } else { (9..=11).contains(&digits) };
        return shape.then_some((1, 0.25));
    }
    if zero && (2..=5).contains(&head) && (9..=12).contains(&digits) {
        // Dates and other codes have dots and slashes too.
        if chain.shaped(&[5, 4]) {
            return None;
        }
        let second = chain.lengths.get(1).copied().unwrap_or(0);
        let sure =
            matches!(chain.separator, b' ' | b'-') || groups >= 4 || head >= 3 && second >= 5;
        return Some((groups, if sure { 0.55 } else { 0.3 }));
    }
    let known = NATIONAL
        .iter()
        .rev()
        .find(|form| chain.shaped(form) && (spoken || form.len() == groups))?;
    if chain.bracket {
        return (8..=11).contains(&digits).then_some((groups, 0.55));
    }
    let russian = known.len() == 5 && chain.head.first().is_some_and(|d| matches!(d, b'7' | b'8'));
    Some((known.len(), if russian { 0.55 } else { 0.2 }))
}
