//! A whole answer, put together from the events of a stream or taken as it
//! came: a completion that can be given again.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::object::{Object, decode_string, encode_string};

/// Token counts of an answer for which the engine gave none.
pub const NO_USAGE: &str = r#"{"prompt_tokens":0,"completion_tokens":0,"total_tokens":0}"#;

/// Why an answer is not to be given again, in one word.
pub type Unfit = &'static str;

/// The members of a completion, or of an event of one.
#[derive(Debug, Deserialize)]
pub struct Parts<'a> {
    /// `id`.
    #[serde(default, borrow)]
    pub id: Option<Cow<'a, str>>,
    /// `created`.
    #[serde(default, borrow)]
    pub created: Option<&'a RawValue>,
    /// `model`.
    #[serde(default, borrow)]
    pub model: Option<Cow<'a, str>>,
    /// `system_fingerprint`.
    #[serde(default, borrow)]
    pub system_fingerprint: Option<Cow<'a, str>>,
    /// `choices`.
    #[serde(default, borrow)]
    pub choices: Option<Vec<Choice<'a>>>,
    /// `usage`.
    #[serde(default, borrow)]
    pub usage: Option<&'a RawValue>,
    /// `error`.
    #[serde(default, borrow)]
    pub error: Option<&'a RawValue>,
}

/// One of the alternatives.
#[derive(Debug, Deserialize)]
pub struct Choice<'a> {
    /// `index`.
    #[serde(default)]
    pub index: u32,
    /// `message`, or in an event `delta`.
    #[serde(default, borrow, alias = "delta")]
    pub message: Option<&'a RawValue>,
    /// `finish_reason`.
    #[serde(default, borrow)]
    pub finish_reason: Option<Cow<'a, str>>,
}

/// An answer in the making.
#[derive(Debug, Default)]
pub struct Answer {
    id: String,
    created: String,
    model: String,
    fingerprint: Option<String>,
    /// What the assistant said, by the name of the member: `content`, and
    /// perhaps `reasoning_content` or `refusal`.
    said: Vec<(String, String)>,
    finish: Option<String>,
    usage: Option<String>,
    done: bool,
    bytes: usize,
    unfit: Option<Unfit>,
}

impl Answer {
    /// Adds an event, so long as all of them have at most so many bytes.
    pub fn add(&mut self, parts: &Parts<'_>, most: usize) {
        if self.unfit.is_none()
            && let Err(why) = self.extend(parts, most)
        {
            *self = Self { unfit: Some(why), ..Self::default() };
        }
    }

    /// Notes that nothing can be made of it.
    pub fn spoil(&mut self, why: Unfit) {
        self.unfit.get_or_insert(why);
    }

    /// Notes that the last event has come.
    pub fn done(&mut self) {
        self.done = true;
    }

    fn extend(&mut self, parts: &Parts<'_>, most: usize) -> Result<(), Unfit> {
        if parts.error.is_some() {
            return Err("error_in_stream");
        }
        let first = |text: &mut String, value: Option<&str>| {
            if let Some(value) = value.filter(|_| text.is_empty()) {
                value.clone_into(text);
            }
        };
        first(&mut self.id, parts.id.as_deref());
        first(&mut self.created, parts.created.map(RawValue::get));
        first(&mut self.model, parts.model.as_deref());
        if self.fingerprint.is_none() {
            self.fingerprint = parts.system_fingerprint.as_deref().map(str::to_owned);
        }
        self.usage = parts.usage.map(|usage| usage.get().to_owned()).or(self.usage.take());
        for choice in parts.choices.iter().flatten() {
            if choice.index > 0 {
                return Err("several_choices");
            }
            if let Some(reason) = &choice.finish_reason {
                self.finish = Some(reason.clone().into_owned());
            }
            if let Some(delta) = choice.message {
                self.say(delta.get(), most)?;
            }
        }
        Ok(())
    }

    fn say(&mut self, delta: &str, most: usize) -> Result<(), Unfit> {
        let delta = Object::parse(delta).map_err(|_| "event_malformed")?;
        for (name, value) in delta.members().filter(|(name, _)| *name != "role") {
            if is_empty(value) {
                continue;
            }
            let Some(text) = decode_string(value) else { return Err(unsaid(name)) };
            self.bytes += text.len();
            if self.bytes > most {
                return Err("answer_too_large");
            }
            let full = self.said.len() >= MAX_MEMBERS;
            match self.said.iter_mut().find(|(known, _)| known == name) {
                Some((_, said)) => said.push_str(&text),
                None if !full => {
                    self.said.push((name.to_owned(), text.into_owned()));
                }
                None => return Err("event_malformed"),
            }
        }
        Ok(())
    }

    /// The answer as a completion.
    ///
    /// # Errors
    /// Why it is none that can be given again.
    pub fn finish(self) -> Result<String, Unfit> {
        if let Some(why) = self.unfit {
            return Err(why);
        }
        if !self.done {
            return Err("incomplete");
        }
        if self.finish.as_deref() != Some("stop") {
            return Err("not_finished");
        }
        let member = |(name, text): &(String, String)| {
            format!(",{}:{}", encode_string(name), encode_string(text))
        };
        let has_content = self.said.iter().any(|(name, _)| name == "content");
        let said: String = self.said.iter().map(member).collect();
        Ok(format!(
            "{{\"id\":{},\"object\":\"chat.completion\",\"created\":{},\"model\":{}{},\
             \"choices\":[{{\"index\":0,\"message\":{{\"role\":\"assistant\"{said}{}}},\
             \"logprobs\":null,\"finish_reason\":\"stop\"}}],\"usage\":{}}}",
            encode_string(&self.id),
            if self.created.is_empty() { "0" } else { &self.created },
            encode_string(&self.model),
            self.fingerprint.as_deref().map_or_else(String::new, |print| {
                format!(",\"system_fingerprint\":{}", encode_string(print))
            }),
            if has_content { "" } else { ",\"content\":null" },
            self.usage.as_deref().unwrap_or(NO_USAGE),
        ))
    }
}

/// Members of a message that are put together at most.
const MAX_MEMBERS: usize = 8;

/// Whether a member says nothing.
pub fn is_empty(json: &str) -> bool {
    matches!(json, "null" | "\"\"" | "[]" | "{}")
}

/// Why an answer is unfit that has more in this member than text.
fn unsaid(member: &str) -> Unfit {
    match member {
        "tool_calls" | "function_call" => "tool_calls",
        _ => "not_only_text",
    }
}

/// Whether a completion that came whole can be given again.
///
/// # Errors
/// Why not.
pub fn check(parts: &Parts<'_>) -> Result<(), Unfit> {
    let choices = parts.choices.as_deref().unwrap_or_default();
    if parts.error.is_some() || choices.is_empty() {
        return Err("no_completion");
    }
    for choice in choices {
        if choice.finish_reason.as_deref() != Some("stop") {
            return Err("not_finished");
        }
        let message = choice.message.and_then(|message| Object::parse(message.get()).ok());
        let message = message.ok_or("no_completion")?;
        for name in ["tool_calls", "function_call"] {
            if message.get(name).is_some_and(|value| !is_empty(value)) {
                return Err(unsaid(name));
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(events: &[&str]) -> Result<String, Unfit> {
        let mut answer = Answer::default();
        for event in events {
            answer.add(&serde_json::from_str(event).unwrap(), 64);
        }
        answer.done();
        answer.finish()
    }

    const OPENING: &str = r#"{"id":"c-1","created":7,"model":"m","system_fingerprint":"fp",
        "choices":[{"index":0,"delta":{"role":"assistant","content":""},"finish_reason":null}]}"#;
    const STOP: &str = r#"{"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}"#;

    fn delta(json: &str) -> String {
        format!(r#"{{"choices":[{{"index":0,"delta":{json}}}],"usage":null}}"#)
    }

    #[test]
    fn events_become_a_completion() {
        let whole = answer(&[
            OPENING,
            &delta(r#"{"reasoning_content":"Hm."}"#),
            &delta(r#"{"content":"Hello \"","tool_calls":[],"function_call":null}"#),
            &delta(r#"{"content":"you\""}"#),
            STOP,
            r#"{"choices":[],"usage":{"prompt_tokens":3,"completion_tokens":2,"x":1e400}}"#,
        ]);
        assert_eq!(
            whole.unwrap(),
            "{\"id\":\"c-1\",\"object\":\"chat.completion\",\"created\":7,\"model\":\"m\",\
             \"system_fingerprint\":\"fp\",\"choices\":[{\"index\":0,\"message\":\
             {\"role\":\"assistant\",\"reasoning_content\":\"Hm.\",\
             \"content\":\"Hello \\\"you\\\"\"},\"logprobs\":null,\"finish_reason\":\"stop\"}],\
             \"usage\":{\"prompt_tokens\":3,\"completion_tokens\":2,\"x\":1e400}}"
        );
        let silent = answer(&[OPENING, STOP]).unwrap();
        assert!(silent.contains("\"content\":null") && silent.contains(NO_USAGE), "{silent}");
    }

    #[test]
    fn what_is_not_a_whole_text_is_unfit() {
        let tool = delta(r#"{"tool_calls":[{"index":0}]}"#);
        let long = delta(&format!("{{\"content\":\"{}\"}}", "x".repeat(65)));
        for (events, why) in [
            (&[OPENING][..], "not_finished"),
            (&[OPENING, &STOP.replace("stop", "length")], "not_finished"),
            (&[OPENING, &tool, STOP], "tool_calls"),
            (&[OPENING, &delta(r#"{"audio":{"id":"a"}}"#), STOP], "not_only_text"),
            (&[OPENING, &long, STOP], "answer_too_large"),
            (&[OPENING, &delta("7"), STOP], "event_malformed"),
            (&[OPENING, r#"{"choices":[{"index":1,"delta":{}}]}"#, STOP], "several_choices"),
            (&[OPENING, r#"{"error":{"message":"no"}}"#, STOP], "error_in_stream"),
        ] {
            assert_eq!(answer(events), Err(why), "{events:?}");
        }
        let mut cut = Answer::default();
        cut.add(&serde_json::from_str(STOP).unwrap(), 64);
        assert_eq!(cut.finish(), Err("incomplete"));
    }

    #[test]
    fn a_completion_is_fit_when_every_choice_has_stopped() {
        let fit = |choices: &str| check(&serde_json::from_str(choices).unwrap());
        let choice = |message: &str, reason: &str| {
            format!(r#"{{"choices":[{{"message":{message},"finish_reason":"{reason}"}}]}}"#)
        };
        assert_eq!(fit(&choice(r#"{"content":"hi","tool_calls":[]}"#, "stop")), Ok(()));
        assert_eq!(fit(&choice(r#"{"content":"hi"}"#, "length")), Err("not_finished"));
        assert_eq!(fit(&choice(r#"{"tool_calls":[{}]}"#, "stop")), Err("tool_calls"));
        assert_eq!(fit(&choice("null", "stop")), Err("no_completion"));
        assert_eq!(fit(r#"{"choices":[]}"#), Err("no_completion"));
        assert_eq!(fit(r#"{"error":{}}"#), Err("no_completion"));
    }
}
