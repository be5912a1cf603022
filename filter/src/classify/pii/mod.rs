//! Personal data in a text: what has a pattern is found by validated
//! recognisers with the words around it, as Presidio does; names by the tags
//! that the model gives each token.
//!
//! The text is cut once into word and number tokens, each word looked up once in
//! a lexicon of context words; every recogniser then walks the tokens, checks a
//! pattern, validates it and lets the words around it raise or sink the score.

mod age;
mod card;
mod date;
mod doc;
mod domain;
mod email;
mod entity;
mod iban;
mod ip;
mod kind;
mod lexicon;
mod licence;
mod phone;
mod ssn;
mod tags;
mod token;
mod zip;

#[cfg(test)]
mod testing;
#[cfg(test)]
mod whole;

pub use entity::{Entity, THRESHOLD};
pub use kind::Kind;
pub(super) use tags::Tagged;

use doc::Doc;

/// The personal data of a text whose `names` are known: sorted by place, no two
/// overlapping.
#[must_use]
pub fn find(text: &str, names: &[Entity]) -> Vec<Entity> {
    let mut found = recognise(text);
    found.extend_from_slice(names);
    entity::settle(found)
}

/// Finds pattern-like personal data in a text: sorted by start, no two
/// overlapping.
#[must_use]
pub fn recognise(text: &str) -> Vec<Entity> {
    let doc = Doc::new(text);
    let mut found = Vec::new();
    email::find(&doc, &mut found);
    domain::find(&doc, &mut found);
    iban::find(&doc, &mut found);
    card::find(&doc, &mut found);
    ip::find(&doc, &mut found);
    // An expiry date is told from a fraction by the card in the same text.
    let has_card = found.iter().any(|e| e.kind == Kind::CreditCard);
    ssn::find(&doc, &mut found);
    licence::find(&doc, &mut found);
    phone::find(&doc, &mut found);
    zip::find(&doc, &mut found);
    date::find(&doc, has_card, &mut found);
    age::find(&doc, &mut found);
    entity::settle(found)
}
