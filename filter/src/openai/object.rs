//! JSON objects as slices of their source text, so that an edit touches the
//! bytes it is about and no others: key order, unknown fields, numbers of any
//! size and white space stay as the client wrote them.

use std::borrow::Cow;
use std::collections::HashSet;
use std::fmt;
use std::ops::Range;

use serde::de::{self, Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;
use thiserror::Error;

/// Keys that an error may name. Any other is the client's own text, which is to
/// stand in no span and no log.
const KEYS: [&str; 20] = [
    "model",
    "messages",
    "stream",
    "tools",
    "functions",
    "tool_choice",
    "temperature",
    "user",
    "prompt",
    "chat_template_kwargs",
    "role",
    "content",
    "name",
    "tool_calls",
    "function",
    "arguments",
    "refusal",
    "type",
    "text",
    "description",
];

/// Why a text is not an object that can be read.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum ObjectError {
    /// It is not JSON.
    #[error("not JSON: {0}")]
    Syntax(String),
    /// It is other JSON.
    #[error("not a JSON object")]
    Other,
    /// A key stands there twice: two readers may see two different objects. The
    /// key, where it is one that may be named.
    #[error("{} is there more than once", .0.map_or("a key".to_owned(), |key| format!("the key {key}")))]
    Duplicate(Option<&'static str>),
}

impl From<serde_json::Error> for ObjectError {
    fn from(error: serde_json::Error) -> Self {
        // What is found in place of an object is told with its content.
        if error.is_data() { Self::Other } else { Self::Syntax(error.to_string()) }
    }
}

/// One member of an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member<'a> {
    /// The key, escapes decoded.
    pub key: Cow<'a, str>,
    /// The value as it stands in the source.
    pub value: &'a str,
}

/// The members of an object in source order, each key once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Object<'a> {
    source: &'a str,
    members: Vec<Member<'a>>,
}

impl<'a> Object<'a> {
    /// Parses `source`, which must be one JSON object. Values are checked to
    /// be JSON, without recursion, and not decoded.
    ///
    /// # Errors
    /// [`ObjectError`], which says nothing of the values.
    pub fn parse(source: &'a str) -> Result<Self, ObjectError> {
        let Members(members) = serde_json::from_str(source)?;
        match duplicate(&members) {
            Some(key) => {
                let known = KEYS.into_iter().find(|known| *known == key);
                Err(ObjectError::Duplicate(known))
            }
            None => Ok(Self { source, members }),
        }
    }

    /// The object as it stands in the source.
    #[must_use]
    pub fn source(&self) -> &'a str {
        self.source
    }

    /// The members, in order.
    pub fn members(&self) -> impl Iterator<Item = (&str, &'a str)> {
        self.members.iter().map(|member| (member.key.as_ref(), member.value))
    }

    /// The value under `key`, as it stands in the source.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&'a str> {
        self.members.iter().find(|member| member.key == key).map(|member| member.value)
    }

    /// The string under `key`; `None` when absent or not a string.
    #[must_use]
    pub fn string(&self, key: &str) -> Option<Cow<'a, str>> {
        decode_string(self.get(key)?)
    }

    /// Whether the value under `key` is `true`.
    #[must_use]
    pub fn is_true(&self, key: &str) -> bool {
        self.get(key) == Some("true")
    }
}

/// The first key that stands there a second time.
fn duplicate<'m>(members: &'m [Member<'_>]) -> Option<&'m str> {
    /// So few are compared with one another sooner than hashed.
    const FEW: usize = 16;
    let keys = || members.iter().map(|member| member.key.as_ref());
    if members.len() <= FEW {
        return keys()
            .enumerate()
            .find_map(|(at, key)| keys().take(at).find(|other| *other == key));
    }
    let mut seen = HashSet::with_capacity(members.len());
    keys().find(|key| !seen.insert(*key))
}

/// Edits of one object, gathered and then put into the text it stands in.
#[derive(Debug)]
pub struct Edit<'o, 'a> {
    object: &'o Object<'a>,
    set: Vec<(&'o str, String)>,
    removed: Vec<&'o str>,
}

impl<'o, 'a> Edit<'o, 'a> {
    /// No edits yet.
    #[must_use]
    pub fn of(object: &'o Object<'a>) -> Self {
        Self { object, set: Vec::new(), removed: Vec::new() }
    }

    /// Sets `key` to a value that is JSON: in its place, or at the end.
    pub fn set(&mut self, key: &'o str, json: impl Into<String>) {
        self.set.push((key, json.into()));
    }

    /// Removes `key`.
    pub fn remove(&mut self, key: &'o str) {
        self.removed.push(key);
    }

    /// Whether nothing would change.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.set.is_empty() && self.removed.iter().all(|key| self.object.get(key).is_none())
    }

    /// The edits as replacements in `outer`, the text that the object is a
    /// slice of.
    #[must_use]
    pub fn splices(&self, outer: &str) -> Vec<Splice> {
        let mut splices = Vec::new();
        let mut end = offset(outer, self.object.source) + 1;
        let mut kept = false;
        for member in &self.object.members {
            let value = range_of(outer, member.value);
            if self.removed.iter().any(|key| member.key == *key) {
                // The comma before goes too, or, where nothing is before, the
                // comma behind.
                let until = if kept { value.end } else { comma_after(outer, value.end) };
                splices.push(Splice { range: end..until, text: String::new() });
                end = until;
                continue;
            }
            if let Some((_, json)) = self.set.iter().find(|(key, _)| member.key == *key) {
                splices.push(Splice { range: value.clone(), text: json.clone() });
            }
            kept = true;
            end = value.end;
        }
        for (key, json) in &self.set {
            if self.object.get(key).is_none() {
                let comma = if kept { "," } else { "" };
                let text = format!("{comma}{}:{json}", encode_string(key));
                splices.push(Splice { range: end..end, text });
                kept = true;
            }
        }
        splices
    }
}

/// A replacement of some bytes of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Splice {
    /// The bytes replaced; empty to insert.
    pub range: Range<usize>,
    /// What stands there instead.
    pub text: String,
}

/// Puts replacements, none of which overlap, into `source`.
#[must_use]
pub fn splice(source: &str, mut splices: Vec<Splice>) -> String {
    splices.sort_by_key(|splice| (splice.range.start, splice.range.end));
    let grown: usize = splices.iter().map(|splice| splice.text.len()).sum();
    let mut result = String::with_capacity(source.len() + grown);
    let mut copied = 0;
    for splice in splices {
        result.push_str(source.get(copied..splice.range.start).unwrap_or_default());
        result.push_str(&splice.text);
        copied = splice.range.end;
    }
    result.push_str(source.get(copied..).unwrap_or_default());
    result
}

/// The items of a JSON array, as they stand in the source; `None`
/// for any other JSON.
#[must_use]
pub fn parse_array(source: &str) -> Option<Vec<&str>> {
    // Of anything else serde's error would tell, all of it, to nobody.
    if !source.trim_start().starts_with('[') {
        return None;
    }
    let items: Vec<&RawValue> = serde_json::from_str(source).ok()?;
    Some(items.into_iter().map(RawValue::get).collect())
}

/// Decodes a JSON string; lone surrogates, which JSON allows and UTF-8 does
/// not, become U+FFFD. `None` for any other JSON.
#[must_use]
pub fn decode_string(json: &str) -> Option<Cow<'_, str>> {
    if !json.starts_with('"') {
        return None;
    }
    if let Ok(Text(text)) = serde_json::from_str(json) {
        return Some(text);
    }
    let LossyText(text) = serde_json::from_str(json).ok()?;
    Some(Cow::Owned(text))
}

/// Encodes a string as JSON.
#[must_use]
pub fn encode_string(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// JSON without the white space between its tokens.
#[must_use]
pub fn compact(json: &str) -> String {
    let mut compact = String::with_capacity(json.len());
    let (mut within_string, mut escaped) = (false, false);
    let mut copied = 0;
    for (at, byte) in json.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => within_string = !within_string,
            b' ' | b'\n' | b'\r' | b'\t' if !within_string => {
                compact.push_str(json.get(copied..at).unwrap_or_default());
                copied = at + 1;
            }
            _ => {}
        }
    }
    compact.push_str(json.get(copied..).unwrap_or_default());
    compact
}

fn range_of(whole: &str, part: &str) -> Range<usize> {
    let start = offset(whole, part);
    start..start + part.len()
}

/// Where `part`, a slice of `whole`, begins in it.
#[must_use]
pub fn offset(whole: &str, part: &str) -> usize {
    (part.as_ptr() as usize).saturating_sub(whole.as_ptr() as usize)
}

/// The end of the comma that follows `from`, or `from` where none does.
fn comma_after(text: &str, from: usize) -> usize {
    let rest = text.get(from..).unwrap_or_default();
    match rest.find(|c: char| !c.is_ascii_whitespace()) {
        Some(at) if rest.get(at..).is_some_and(|rest| rest.starts_with(',')) => from + at + 1,
        _ => from,
    }
}

struct Members<'a>(Vec<Member<'a>>);

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visit;
        impl<'de> Visitor<'de> for Visit {
            type Value = Members<'de>;

            fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str("a JSON object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::new();
                while let Some((Text(key), value)) = map.next_entry::<Text<'de>, &RawValue>()? {
                    members.push(Member { key, value: value.get() });
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(Visit)
    }
}

/// A string, borrowed where it has no escapes.
struct Text<'a>(Cow<'a, str>);

impl<'de> Deserialize<'de> for Text<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visit;
        impl<'de> Visitor<'de> for Visit {
            type Value = Text<'de>;

            fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str("a string")
            }

            fn visit_borrowed_str<E: de::Error>(self, text: &'de str) -> Result<Self::Value, E> {
                Ok(Text(Cow::Borrowed(text)))
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Self::Value, E> {
                Ok(Text(Cow::Owned(text.to_owned())))
            }
        }
        deserializer.deserialize_str(Visit)
    }
}

/// A string whose lone surrogates are replaced: asked for as bytes,
/// `serde_json` gives them in WTF-8 instead of refusing.
struct LossyText(String);

impl<'de> Deserialize<'de> for LossyText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visit;
        impl Visitor<'_> for Visit {
            type Value = LossyText;

            fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str("a string")
            }

            fn visit_bytes<E: de::Error>(self, bytes: &[u8]) -> Result<Self::Value, E> {
                Ok(LossyText(String::from_utf8_lossy(bytes).into_owned()))
            }
        }
        deserializer.deserialize_bytes(Visit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn edited(source: &str, edit: impl FnOnce(&mut Edit<'_, '_>)) -> String {
        let object = Object::parse(source).unwrap();
        let mut edits = Edit::of(&object);
        edit(&mut edits);
        splice(source, edits.splices(source))
    }

    #[test]
    fn setting_touches_only_the_value() {
        let source = r#" { "a" : 1e400 , "model" : "auto","z":18446744073709551616000 } "#;
        assert_eq!(
            edited(source, |edit| edit.set("model", "\"x\"")),
            r#" { "a" : 1e400 , "model" : "x","z":18446744073709551616000 } "#
        );
    }

    #[test]
    fn absent_keys_are_added_at_the_end() {
        assert_eq!(edited(r#"{"a":1 }"#, |edit| edit.set("b", "2")), r#"{"a":1,"b":2 }"#);
        assert_eq!(edited("{}", |edit| edit.set("b", "2")), r#"{"b":2}"#);
    }

    #[test]
    fn removing_takes_one_comma_along() {
        for (source, expected) in [
            (r#"{"x":1,"b":2}"#, r#"{"b":2}"#),
            (r#"{"a":0, "x":1 ,"b":2}"#, r#"{"a":0 ,"b":2}"#),
            (r#"{"a":0,"x":1}"#, r#"{"a":0}"#),
            (r#"{"x":1}"#, "{}"),
        ] {
            assert_eq!(edited(source, |edit| edit.remove("x")), expected, "{source}");
        }
    }

    #[test]
    fn one_key_replaces_another() {
        assert_eq!(
            edited(r#"{"x":1}"#, |edit| {
                edit.remove("x");
                edit.set("y", "2");
            }),
            r#"{"y":2}"#
        );
    }

    #[test]
    fn a_key_stands_once_however_it_is_written() {
        let error = |source: &str| Object::parse(source).unwrap_err();
        let model = ObjectError::Duplicate(Some("model"));
        assert_eq!(error(r#"{"mod\u0065l":1,"model":2}"#), model);
        assert_eq!(error(r#"{"a":1,"a":2}"#).to_string(), "a key is there more than once");
        let many = |last: &str| {
            let keys: Vec<String> = (0..1000).map(|key| format!("\"k{key}\":0")).collect();
            format!("{{{},\"{last}\":0}}", keys.join(","))
        };
        assert!(Object::parse(&many("model")).is_ok());
        assert_eq!(error(&many("k7")), ObjectError::Duplicate(None));
    }

    #[test]
    fn errors_do_not_repeat_what_they_are_about() {
        for source in [r#""secret""#, "[\"secret\"]", "{\"secret\":1,\"secret\":2}", "{\"secret\""]
        {
            let error = Object::parse(source).unwrap_err().to_string();
            assert!(!error.contains("secret"), "{error}");
        }
    }

    #[test]
    fn deep_nesting_is_checked_without_recursion() {
        let deep = format!("{{\"a\":{}1{}}}", "[".repeat(200_000), "]".repeat(200_000));
        assert!(Object::parse(&deep).is_ok());
        assert!(Object::parse(&format!("{{\"a\":{}", "[".repeat(200_000))).is_err());
    }

    #[test]
    fn compact_json_has_no_space_but_that_of_strings() {
        let json = "{ \"a b\" : [ 1 ,\n\t\"c \\\" d\\\\\" , \"\u{e9} \\\\\" ] } ";
        assert_eq!(compact(json), "{\"a b\":[1,\"c \\\" d\\\\\",\"\u{e9} \\\\\"]}");
    }

    #[test]
    fn lone_surrogates_are_readable() {
        assert_eq!(decode_string(r#""a\ud800b""#).unwrap(), "a\u{fffd}\u{fffd}\u{fffd}b");
        assert_eq!(decode_string(r#""\u00e9\ud83d\ude00""#).unwrap(), "é😀");
        assert_eq!(decode_string("12"), None);
    }
}
