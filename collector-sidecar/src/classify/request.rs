//! What `POST /v1/classify` is asked: texts for each classifier.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};

/// The most texts of one request.
pub const MAX_TEXTS: usize = 4096;

/// Texts for each classifier; `None` where it is not asked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Texts {
    /// `category`.
    pub category: Option<Vec<String>>,
    /// `jailbreak`.
    pub jailbreak: Option<Vec<String>>,
    /// `pii`.
    pub pii: Option<Vec<String>>,
}

/// Why a body is none.
#[derive(Debug, thiserror::Error)]
pub enum RequestError {
    /// It is not what is asked for; says where.
    #[error("the body is no request to classify: {0}")]
    Shape(#[from] serde_json::Error),
    /// It holds more than may be asked at once.
    #[error("the body holds {0} texts, more than {MAX_TEXTS}")]
    TooMany(usize),
}

/// Reads the body of a request.
///
/// # Errors
/// Why it is none.
pub fn parse(body: &[u8]) -> Result<Texts, RequestError> {
    let texts: Texts = serde_json::from_slice(body)?;
    let lists = [&texts.category, &texts.jailbreak, &texts.pii];
    match lists.into_iter().flatten().map(Vec::len).sum() {
        count if count > MAX_TEXTS => Err(RequestError::TooMany(count)),
        _ => Ok(texts),
    }
}

/// Written out since the derived one does not say at which key it failed.
impl<'de> Deserialize<'de> for Texts {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(TextsVisitor)
    }
}

struct TextsVisitor;

impl<'de> Visitor<'de> for TextsVisitor {
    type Value = Texts;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("an object with the keys category, jailbreak and pii")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Texts, A::Error> {
        let mut texts = Texts::default();
        while let Some(key) = map.next_key::<String>()? {
            let list = match key.as_str() {
                "category" => &mut texts.category,
                "jailbreak" => &mut texts.jailbreak,
                "pii" => &mut texts.pii,
                _ => {
                    let known = "neither category, jailbreak nor pii";
                    return Err(Error::custom(format!("the key {key:?} is {known}")));
                }
            };
            if list.is_some() {
                return Err(Error::custom(format!("{key}: is there twice")));
            }
            let value = map.next_value::<List>();
            *list = Some(value.map_err(|error| Error::custom(format!("{key}{error}")))?.0);
        }
        Ok(texts)
    }
}

/// A list of texts; its errors begin with the place in it.
struct List(Vec<String>);

impl<'de> Deserialize<'de> for List {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let list = deserializer.deserialize_seq(ListVisitor);
        list.map_err(|error| match error.to_string() {
            placed if placed.starts_with('[') => error,
            plain => Error::custom(format!(": {plain}")),
        })
    }
}

struct ListVisitor;

impl<'de> Visitor<'de> for ListVisitor {
    type Value = List;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a list of strings")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<List, A::Error> {
        let mut texts = Vec::new();
        loop {
            let text = list.next_element::<String>();
            let at = texts.len();
            match text.map_err(|error| Error::custom(format!("[{at}]: {error}")))? {
                Some(text) => texts.push(text),
                None => return Ok(List(texts)),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_key_may_be_left_out() {
        let texts = parse(br#"{"pii": ["a", "b\u00e9"], "category": []}"#).unwrap();
        let expected = Texts {
            category: Some(Vec::new()),
            jailbreak: None,
            pii: Some(vec!["a".to_owned(), "b\u{e9}".to_owned()]),
        };
        assert_eq!(texts, expected);
        assert_eq!(parse(b"{}").unwrap(), Texts::default());
    }

    #[test]
    fn what_is_wrong_is_named() {
        let many = serde_json::to_vec(&serde_json::json!({"pii": vec![""; 4097]})).unwrap();
        for (body, expected) in [
            (b"".as_slice(), "EOF while parsing a value at line 1 column 0"),
            (b"[]", "expected an object with the keys category, jailbreak and pii"),
            (b"{\"category\": [\"a\"]", "EOF while parsing an object at line 1 column 18"),
            (b"{\"category\": \"a\"}", ": category: invalid type: string \"a\", expected a list"),
            (b"{\"category\": null}", ": category: invalid type: null, expected a list of strings"),
            (b"{\"pii\": [\"a\", 1]}", ": pii[1]: invalid type: integer `1`, expected a string"),
            (b"{\"pii\": [\"a\", \"\xff\"]}", ": pii[1]: invalid unicode code point"),
            (b"{\"pii\": [], \"pii\": []}", ": pii: is there twice"),
            (b"{\"intent\": []}", "the key \"intent\" is neither category, jailbreak nor pii"),
            (b"{} {}", "trailing characters"),
            (&many, "the body holds 4097 texts, more than 4096"),
        ] {
            let error = parse(body).unwrap_err().to_string();
            assert!(error.contains(expected), "{error} is not {expected}");
        }
    }
}
