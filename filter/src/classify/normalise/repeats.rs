//! Letters drawn out: `ignoooore`.

/// Whether a letter of an alphabet stands in `token` three times in a row.
pub fn drawn_out(token: &str) -> bool {
    let mut last = ('\0', 0);
    token.chars().any(|c| {
        last = if c == last.0 { (c, last.1 + 1) } else { (c, 1) };
        last.1 > 2 && (c.is_lowercase() || c.is_uppercase())
    })
}

/// `token` with every run of three or more of a letter cut to two; nothing if
/// there is none, or if it is a pattern, a Roman number or an identifier.
pub fn squeeze(token: &str) -> Option<String> {
    if token.bytes().any(|b| b.is_ascii_digit()) || !drawn_out(token) || is_address(token) {
        return None;
    }
    let mut out = String::with_capacity(token.len());
    for part in token.split_inclusive(|c: char| !c.is_alphabetic()) {
        let word = part.trim_end_matches(|c: char| !c.is_alphabetic());
        let mut last = ('\0', 0);
        let keep = is_pattern(word);
        out.extend(part.chars().filter(|c| {
            last = if *c == last.0 { (*c, last.1 + 1) } else { (*c, 1) };
            keep || last.1 <= 2 || !(c.is_lowercase() || c.is_uppercase())
        }));
    }
    (out != token).then_some(out)
}

fn is_address(token: &str) -> bool {
    token.contains("://") || token.contains('\\') || token.starts_with("www.")
}

/// `AAA`, `IEEE`, `www`, `yyyy`, `#FFFFFF`, `VIII`.
fn is_pattern(word: &str) -> bool {
    let first = word.chars().next();
    (word.len() <= 4 && word.bytes().all(|b| b.is_ascii_uppercase()))
        || (word.len() <= 6 && word.chars().all(|c| Some(c) == first))
        || (word.len() <= 9 && word.bytes().all(|b| b"IVXLCDM".contains(&b)))
}
