//! The texts in a part of a request, as a model may come to read them.
//!
//! Engines differ in which fields their chat templates use, so that it is every
//! string that counts, but those that are names of kinds, identifiers or media.

use std::borrow::Cow;

use super::object::{Object, ObjectError, decode_string, parse_array};

/// Keys whose strings are no text.
const NO_TEXT: [&str; 16] = [
    "type",
    "role",
    "id",
    "call_id",
    "tool_call_id",
    "tool_use_id",
    "url",
    "image_url",
    "data",
    "file_data",
    "file_id",
    "format",
    "detail",
    "media_type",
    "mime_type",
    "signature",
];
/// Keys whose objects a model reads as they are written.
const AS_WRITTEN: [&str; 3] = ["arguments", "input", "parameters"];
/// How deep values are taken apart; what lies deeper is taken as it is written.
const DEPTH: usize = 8;

/// Adds every text of the member `key` of an object to `texts`, in order.
///
/// # Errors
/// [`ObjectError::Duplicate`], where an object in it can be read in two ways.
pub fn gather<'a>(
    key: &str,
    value: &'a str,
    texts: &mut Vec<Cow<'a, str>>,
) -> Result<(), ObjectError> {
    member(key, value, DEPTH, texts)
}

/// Those of some texts in which there is something to read.
pub fn readable<'t>(
    texts: impl IntoIterator<Item = &'t Cow<'t, str>>,
) -> impl Iterator<Item = String> {
    texts.into_iter().filter(|text| !text.trim().is_empty()).map(|text| text.clone().into_owned())
}

fn descend<'a>(
    json: &'a str,
    depth: usize,
    texts: &mut Vec<Cow<'a, str>>,
) -> Result<(), ObjectError> {
    match json.as_bytes().first() {
        Some(b'"') => texts.extend(decode_string(json)),
        Some(b'[' | b'{') if depth == 0 => texts.push(Cow::Borrowed(json)),
        Some(b'[') => {
            for item in parse_array(json).unwrap_or_default() {
                descend(item, depth - 1, texts)?;
            }
        }
        Some(b'{') => {
            for (key, value) in Object::parse(json)?.members() {
                member(key, value, depth - 1, texts)?;
            }
        }
        _ => {}
    }
    Ok(())
}

fn member<'a>(
    key: &str,
    value: &'a str,
    depth: usize,
    texts: &mut Vec<Cow<'a, str>>,
) -> Result<(), ObjectError> {
    match value.as_bytes().first() {
        Some(b'"') if NO_TEXT.contains(&key) => Ok(()),
        Some(b'{') if AS_WRITTEN.contains(&key) => {
            texts.push(Cow::Borrowed(value));
            Ok(())
        }
        _ => descend(value, depth, texts),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(json: &str) -> Vec<String> {
        let mut texts = Vec::new();
        gather("messages", json, &mut texts).unwrap();
        texts.into_iter().map(Cow::into_owned).collect()
    }

    #[test]
    fn every_string_counts_but_kinds_identifiers_and_media() {
        let message = r#"{"role":"assistant","name":"a n","content":[
            {"type":"text","text":"one\n"},"two",{"type":"thinking","thinking":"three","signature":"x"},
            {"type":"image_url","image_url":{"url":"data:image/png;base64,AAAA","detail":"low"}},
            {"type":"input_audio","input_audio":{"data":"AAAA","format":"wav"}}],
            "tool_calls":[{"id":"c1","type":"function","function":{"name":"f","arguments":"{\"q\":1}"}},
                {"id":"c2","type":"custom","custom":{"name":"g","input":{"deep":["x"]}}}],
            "refusal":null,"n":7}"#;
        let expected =
            ["a n", "one\n", "two", "three", "f", "{\"q\":1}", "g", "{\"deep\":[\"x\"]}"];
        assert_eq!(texts(message), expected);
    }

    #[test]
    fn what_lies_deep_is_taken_as_it_is_written() {
        let nested = |depth: usize| format!("{}\"x\"{}", "[".repeat(depth), "]".repeat(depth));
        assert_eq!(texts(&nested(100_000)), [nested(100_000 - DEPTH)]);
    }

    #[test]
    fn an_object_that_can_be_read_in_two_ways_is_refused() {
        let mut texts = Vec::new();
        let twice = r#"{"content":[{"text":"a","text":"b"}]}"#;
        let error = gather("messages", twice, &mut texts).unwrap_err();
        assert_eq!(error, ObjectError::Duplicate(Some("text")));
    }
}
