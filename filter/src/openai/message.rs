//! One message of a conversation.

use std::borrow::Cow;

use super::object::{Object, decode_string, parse_array};
use super::request::{BodyError, malformed};
use super::texts::{gather, readable};

/// A part of the content of a message.
#[derive(Debug)]
pub enum Part<'a> {
    /// Text: all of the content, or one of its parts.
    Text(Cow<'a, str>),
    /// A part that says what it is.
    Object(Object<'a>),
    /// Anything else, as it is written.
    Other(&'a str),
}

/// One message of a conversation.
#[derive(Debug)]
pub struct Message<'a> {
    /// Its members.
    pub object: Object<'a>,
    /// `role`; empty when there is none.
    pub role: Cow<'a, str>,
    /// Every text of `content`, in order.
    content: Vec<Cow<'a, str>>,
    /// Every other text.
    beside: Vec<Cow<'a, str>>,
}

impl<'a> Message<'a> {
    /// Reads the message number `index` of a conversation.
    ///
    /// # Errors
    /// It is not an object, or one that can be read in two ways.
    pub fn parse(source: &'a str, index: usize) -> Result<Self, BodyError> {
        let path = format!("messages[{index}]");
        let object = Object::parse(source).map_err(|error| BodyError::of(&path, error))?;
        let role = object.string("role").unwrap_or_default();
        let parts = object.get("content").and_then(parse_array).unwrap_or_default();
        let is_part = |json: &&str| json.starts_with(['"', '{']);
        if let Some(at) = parts.iter().position(|part| !is_part(part)) {
            let path = format!("{path}.content[{at}]");
            return Err(malformed(&path, "neither a text nor an object"));
        }
        let (mut content, mut beside) = (Vec::new(), Vec::new());
        for (key, value) in object.members() {
            let texts = if key == "content" { &mut content } else { &mut beside };
            gather(key, value, texts).map_err(|error| BodyError::of(&path, error))?;
        }
        Ok(Self { object, role, content, beside })
    }

    /// Every text in the message, each by itself. Content in parts counts
    /// besides as one text, without spaces between and with: an engine may put
    /// it together in either way.
    #[must_use]
    pub fn texts(&self) -> Vec<String> {
        let mut texts: Vec<String> = readable(self.content.iter().chain(&self.beside)).collect();
        if self.content.len() > 1 {
            texts.extend([joined(&self.content), self.content.join(" ")]);
            texts.retain(|text| !text.trim().is_empty());
        }
        texts
    }

    /// All that there is to read in the message.
    #[must_use]
    pub fn everything(&self) -> String {
        readable(self.content.iter().chain(&self.beside)).collect::<Vec<_>>().join(" ")
    }

    /// The parts of the content.
    #[must_use]
    pub fn parts(&self) -> Vec<Part<'a>> {
        let Some(content) = self.object.get("content") else { return Vec::new() };
        let items = parse_array(content).unwrap_or_else(|| vec![content]);
        let part = |json: &'a str| match (decode_string(json), Object::parse(json)) {
            (Some(text), _) => Part::Text(text),
            (None, Ok(object)) => Part::Object(object),
            (None, Err(_)) => Part::Other(json),
        };
        items.into_iter().map(part).collect()
    }

    /// The text of the message: its content, or its text parts joined by
    /// spaces.
    #[must_use]
    pub fn text(&self) -> String {
        let Some(content) = self.object.get("content") else { return String::new() };
        if let Some(text) = decode_string(content) {
            return text.into_owned();
        }
        let part = |part: &'a str| match decode_string(part) {
            Some(text) => Some(text),
            None => Object::parse(part).ok()?.string("text"),
        };
        let parts = parse_array(content).unwrap_or_default();
        parts.into_iter().filter_map(part).collect::<Vec<_>>().join(" ")
    }
}

/// Texts put together, with a space only between what looks like two sentences.
fn joined(parts: &[Cow<'_, str>]) -> String {
    let mut whole = String::new();
    for part in parts {
        let begins = part.starts_with(char::is_uppercase);
        if begins && whole.ends_with(['.', '!', '?']) {
            whole.push(' ');
        }
        whole.push_str(part);
    }
    whole
}
