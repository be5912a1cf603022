//! Text as a reader would take it, for the classifier that runs after it.
//!
//! Every step is one pass over the text and gives back what it was handed when
//! there is nothing to do, so that plain prose is hardly touched.

mod decode;
mod english;
mod homoglyph;
mod invisible;
mod leet;
mod repeats;
mod spaced;
mod stray;
mod surface;
mod table;
mod tokens;

#[cfg(test)]
mod tests;

use std::borrow::Cow;

/// What a text says once its disguises are off.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Reading {
    /// The text itself, as a reader would take it.
    pub text: String,
    /// Texts that were hidden in it under an encoding, each read the same way.
    pub decoded: Vec<String>,
}

/// Takes the disguises off `text` and decodes, once, what is encoded in it.
#[must_use]
pub fn read(text: &str) -> Reading {
    let mut found = decode::Findings::within(text.len());
    let mut hidden = Vec::new();
    let visible = surface::clean(text, &mut hidden);
    for blob in &hidden {
        found.add(&plain(blob));
    }
    decode::scan(&visible, &mut |blob| {
        // The hidden characters of a blob are not followed any further.
        found.add(&plain(&surface::clean(blob, &mut Vec::new())));
    });
    Reading { text: plain(&visible).into_owned(), decoded: found.into_texts() }
}

/// The steps that work on letters and words, over text without invisibles.
fn plain(text: &str) -> Cow<'_, str> {
    let mut text = Cow::Borrowed(text);
    for step in [homoglyph::fold, spaced::rejoin, tokens::tidy] {
        if let Some(changed) = step(&text) {
            text = Cow::Owned(changed);
        }
    }
    text
}
