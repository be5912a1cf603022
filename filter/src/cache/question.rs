//! What is asked: the part of a request that must be the same for an answer to
//! serve again, and the part that may be put in other words.

use std::fmt::Write;

use super::key::Key;
use super::{Caller, Fingerprint, signs};
use crate::config::{PromptMode, ReasoningControl};
use crate::openai::{ChatRequest, Message, Object, Part, compact, encode_string};
use crate::route::Selection;

/// Members of a request that change the form of the answer and not the answer.
const FORM: [&str; 2] = ["stream", "stream_options"];

/// The most bytes of a text that is matched by similarity: the judge of
/// likeness has seen questions of a sentence or two, and one word less among
/// hundreds would not weigh.
const MAX_BYTES: usize = 512;

/// A question to the cache.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// Of everything that must be the same.
    pub scope: Fingerprint,
    /// Of that and the last user turn as it is written.
    pub exact: Fingerprint,
    /// The text of that turn, where it may be matched by similarity.
    pub text: Option<String>,
}

impl Question {
    /// The question that a request asks, once it is known which model it goes
    /// to.
    ///
    /// # Errors
    /// Why it is none, in one word.
    pub fn of(
        key: &Key,
        caller: &Caller,
        request: &ChatRequest<'_>,
        selection: &Selection<'_>,
    ) -> Result<Self, &'static str> {
        let [earlier @ .., last] = request.messages.as_slice() else { return Err("no_message") };
        if last.role != "user" {
            return Err("not_a_user_turn");
        }
        let mut same = String::new();
        members(request, &mut same)?;
        selected(selection, &mut same);
        for message in earlier {
            same.push_str(&compact(message.object.source()));
        }
        let turn = turn(last, &mut same);
        if turn.iter().all(|text| text.trim().is_empty()) {
            return Err("no_text");
        }
        let text = turn.join(" ");
        let likeable = text.len() <= MAX_BYTES && text.chars().all(is_known);
        let signs = if likeable { signs::of(&text) } else { String::new() };
        let scope = key
            .digest("scope")
            .with_all(caller.parts())
            .with(same.as_bytes())
            .with(signs.as_bytes())
            .finish();
        let exact =
            key.digest("exact").with(&scope.0).with_all(turn.iter().map(String::as_bytes)).finish();
        Ok(Self { scope, exact, text: likeable.then_some(text) })
    }
}

/// Letters that the embedding and the judge know: those of Latin script.
fn is_known(c: char) -> bool {
    !c.is_alphabetic() || c < '\u{250}'
}

/// The members of a request in the order of their names, but for the messages
/// and what is only form.
fn members(request: &ChatRequest<'_>, same: &mut String) -> Result<(), &'static str> {
    for (name, value) in request.object.members() {
        match name {
            "n" if !matches!(value, "1" | "null") => return Err("several_choices"),
            "logprobs" if !matches!(value, "false" | "null") => return Err("logprobs"),
            _ => {}
        }
    }
    let other = |name: &str| !matches!(name, "messages" | "model") && !FORM.contains(&name);
    write(&request.object, other, same);
    Ok(())
}

/// The members of an object that are `wanted`, in the order of their names.
fn write(object: &Object<'_>, wanted: impl Fn(&str) -> bool, same: &mut String) {
    let mut members: Vec<_> = object.members().filter(|(name, _)| wanted(name)).collect();
    members.sort_by_key(|(name, _)| *name);
    same.push('{');
    for (name, value) in members {
        let _ = write!(same, "{}:{},", encode_string(name), compact(value));
    }
    same.push('}');
}

/// What the router makes of the request: model, reasoning and system prompt.
fn selected(selection: &Selection<'_>, same: &mut String) {
    let reasoning = selection.reasoning.as_ref().and_then(|reasoning| {
        let control = match &reasoning.family?.control {
            ReasoningControl::TemplateArgument(name) => name,
            ReasoningControl::Effort => &reasoning.effort,
            ReasoningControl::Nothing => return None,
        };
        Some(format!("{}:{}", reasoning.enabled, encode_string(control)))
    });
    let prompt = selection.system_prompt.map(|prompt| {
        let replaces = prompt.mode == PromptMode::Replace;
        format!("{replaces}:{}", encode_string(&prompt.text))
    });
    let _ = write!(
        same,
        "[{},{},{},{},{}]",
        encode_string(&selection.original_model),
        encode_string(&selection.model),
        selection.decision.map(encode_string).unwrap_or_default(),
        reasoning.unwrap_or_default(),
        prompt.unwrap_or_default(),
    );
}

/// The texts of the last turn; all else of it must be the same.
fn turn(message: &Message<'_>, same: &mut String) -> Vec<String> {
    let mut texts = Vec::new();
    write(&message.object, |name| name != "content", same);
    let has_parts = message.object.get("content").is_some_and(|json| json.starts_with('['));
    let _ = write!(same, "{has_parts}:");
    for part in message.parts() {
        match part {
            Part::Text(text) => {
                same.push_str("\"\",");
                texts.push(text.into_owned());
            }
            Part::Object(part) => match part.string("text") {
                Some(text) if part.string("type").as_deref() == Some("text") => {
                    write(&part, |name| name != "text", same);
                    texts.push(text.into_owned());
                }
                _ => same.push_str(&compact(part.source())),
            },
            Part::Other(json) => same.push_str(&compact(json)),
        }
    }
    texts
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cache::key::KEY_BYTES;
    use crate::config::{self, Config};
    use crate::headers::Headers;
    use crate::openai::Body;
    use crate::route;

    fn config() -> Config {
        config::load("default_model: small").unwrap().0
    }

    fn asked(body: &str) -> Result<Question, &'static str> {
        let config = config();
        let Body::Chat(request) = Body::parse(body.as_bytes()).unwrap() else { panic!("no chat") };
        let caller = Caller::read(&Headers::default(), &config.filter.cache);
        let selection = route::select(&config, &request.model, None);
        Question::of(&Key::new([7; KEY_BYTES]), &caller, &request, &selection)
    }

    const BASE: &str = r#"{"model":"auto","temperature":0.5,"messages":[
        {"role":"system","content":"Be brief."},{"role":"user","content":"How do I boil an egg?"}]}"#;

    /// [`BASE`] with a piece of it replaced.
    fn with(from: &str, to: &str) -> Question {
        assert!(BASE.contains(from), "{from}");
        asked(&BASE.replace(from, to)).unwrap()
    }

    #[test]
    fn whatever_can_change_the_answer_is_part_of_the_scope() {
        let base = asked(BASE).unwrap();
        for (from, to) in [
            ("\"auto\"", "\"small\""),
            ("0.5", "0.7"),
            ("\"temperature\":0.5,", ""),
            ("\"temperature\":0.5", "\"temperature\":0.5,\"user\":\"anna\""),
            ("\"temperature\":0.5", "\"temperature\":0.5,\"tools\":[]"),
            ("Be brief.", "Be long."),
            ("\"system\"", "\"developer\""),
            ("Be brief.\"}", "Be brief.\"},{\"role\":\"user\",\"content\":\"Hi\"}"),
            ("\"role\":\"user\"", "\"role\":\"user\",\"name\":\"anna\""),
            ("an egg", "3 eggs"),
            (
                "\"How do I boil an egg?\"",
                "[{\"type\":\"text\",\"text\":\"How do I boil an egg?\"}]",
            ),
        ] {
            assert_ne!(with(from, to).scope, base.scope, "{from} -> {to}");
        }
    }

    #[test]
    fn form_and_order_do_not_matter() {
        let base = asked(BASE).unwrap();
        for (from, to) in [
            ("{\"model\":\"auto\",\"temperature\":0.5", "{\"temperature\":0.5,\"model\":\"auto\""),
            ("0.5,", "0.5, \"stream\": true, \"stream_options\": {\"include_usage\": true},"),
            ("0.5,", " 0.5 , \"n\": 1,"),
            ("\"role\":\"system\"", "\"role\" : \"system\""),
        ] {
            if to.contains("\"n\"") {
                assert_ne!(with(from, to), base, "another member");
            } else {
                assert_eq!(with(from, to), base, "{from} -> {to}");
            }
        }
        let other = with("How do I boil an egg?", "what is the way to boil an egg");
        assert_eq!(other.scope, base.scope);
        assert_ne!(other.exact, base.exact);
        assert_eq!(other.text.as_deref(), Some("what is the way to boil an egg"));
    }

    #[test]
    fn only_text_of_the_last_turn_may_differ() {
        let image = |text: &str, url: &str| {
            asked(&format!(
                r#"{{"messages":[{{"role":"user","content":[{{"type":"text","text":"{text}"}},
                {{"type":"image_url","image_url":{{"url":"{url}"}}}}]}}]}}"#
            ))
            .unwrap()
        };
        let one = image("what is it", "data:a");
        assert_eq!(one.scope, image("what is this", "data:a").scope);
        assert_ne!(one.scope, image("what is it", "data:b").scope);
    }

    #[test]
    fn parts_are_not_joined() {
        let parts = |one: &str, two: &str| {
            asked(&format!(
                r#"{{"messages":[{{"role":"user","content":[{{"type":"text","text":"{one}"}},
                {{"type":"text","text":"{two}"}}]}}]}}"#
            ))
            .unwrap()
        };
        assert_ne!(parts("a b", "c").exact, parts("a", "b c").exact);
    }

    #[test]
    fn long_or_foreign_texts_are_matched_exactly() {
        assert_eq!(with("an egg", &"egg ".repeat(200)).text, None);
        assert_eq!(with("an egg", "\u{9e21}\u{86cb}").text, None);
        assert!(with("an egg", "ein Frühstücksei").text.is_some());
    }

    #[test]
    fn what_is_no_question_says_why() {
        let why = |body: &str| asked(body).unwrap_err();
        let one = r#""messages":[{"role":"user","content":"hi"}]"#;
        assert_eq!(why(r#"{"messages":[]}"#), "no_message");
        assert_eq!(why(&format!(r#"{{"n":2,{one}}}"#)), "several_choices");
        assert_eq!(why(&format!(r#"{{"logprobs":true,{one}}}"#)), "logprobs");
        let spoken = |role| format!(r#"{{"messages":[{{"role":"{role}","content":"hi"}}]}}"#);
        assert_eq!(why(&spoken("assistant")), "not_a_user_turn");
        assert_eq!(why(&spoken("tool")), "not_a_user_turn");
        assert_eq!(why(r#"{"messages":[{"role":"user","content":" "}]}"#), "no_text");
        assert_eq!(why(r#"{"messages":[{"role":"user","content":null}]}"#), "no_text");
    }
}
