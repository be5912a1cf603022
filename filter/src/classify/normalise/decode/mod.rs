//! Texts hidden under an encoding.

mod base64;
mod cipher;
mod escapes;
mod morse;
mod numbers;

/// The most texts that are taken from one.
const MOST: usize = 8;

/// What has been decoded, within bounds.
pub struct Findings {
    texts: Vec<String>,
    left: usize,
}

impl Findings {
    /// None yet, and never more than `bytes` in all.
    pub fn within(bytes: usize) -> Self {
        Self { texts: Vec::new(), left: bytes }
    }

    /// Keeps `text` if there is room; two decoders may have found the same.
    pub fn add(&mut self, text: &str) {
        let fits = self.texts.len() < MOST && text.len() <= self.left;
        if fits && !text.is_empty() && !self.texts.iter().any(|kept| kept == text) {
            self.left -= text.len();
            self.texts.push(text.to_owned());
        }
    }

    /// What was kept.
    pub fn into_texts(self) -> Vec<String> {
        self.texts
    }
}

/// Hands every text encoded in `text` to `found`.
pub fn scan(text: &str, found: &mut dyn FnMut(&str)) {
    for decoder in [base64::scan, numbers::scan, escapes::scan, morse::scan, cipher::scan] {
        decoder(text, found);
    }
}

/// The text in `bytes`, if a person could read it: mostly letters and blanks.
pub fn printable(bytes: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(bytes).ok()?;
    let (mut all, mut letters) = (0, 0);
    for c in text.chars() {
        if c.is_control() && !matches!(c, '\n' | '\r' | '\t') || c == '\u{FFFD}' {
            return None;
        }
        all += 1;
        letters += usize::from(c.is_alphanumeric() || c.is_whitespace());
    }
    (letters > 2 && letters * 10 >= all * 6).then(|| text.to_owned())
}
