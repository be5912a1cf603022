//! A completion that is given again, as JSON or as a stream of events.

use std::fmt::Write;

use super::answer::{NO_USAGE, is_empty};
use super::object::{Edit, Object, compact, encode_string, parse_array, splice};

/// The form in which an answer is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// As JSON.
    Json,
    /// As events.
    Stream {
        /// Whether the last of them is to tell token counts.
        usage: bool,
    },
}

impl Form {
    /// What it is to HTTP.
    #[must_use]
    pub fn content_type(self) -> &'static str {
        match self {
            Self::Json => "application/json",
            Self::Stream { .. } => "text/event-stream",
        }
    }
}

/// A completion in the form that is asked for; `None` when it is none.
#[must_use]
pub fn replay(completion: &str, form: Form) -> Option<String> {
    // Events are lines: white space between tokens may end one.
    let completion = compact(completion);
    let object = Object::parse(&completion).ok()?;
    let usage = object.get("usage").filter(|usage| *usage != "null");
    match form {
        Form::Json if usage.is_some() => Some(completion),
        Form::Json => {
            let mut edit = Edit::of(&object);
            edit.set("usage", NO_USAGE);
            Some(splice(&completion, edit.splices(&completion)))
        }
        Form::Stream { usage: wanted } => {
            let usage = wanted.then(|| usage.unwrap_or(NO_USAGE));
            events(&object, usage)
        }
    }
}

/// Who speaks, what is said, why it ended, and the token counts.
fn events(object: &Object<'_>, usage: Option<&str>) -> Option<String> {
    let mut head = String::new();
    for name in ["id", "created", "model", "system_fingerprint"] {
        if let Some(value) = object.get(name) {
            let _ = write!(head, "\"{name}\":{value},");
        }
    }
    let mut events = String::new();
    let mut event = |choices: &str, usage: Option<&str>| {
        let usage = usage.map(|usage| format!(",\"usage\":{usage}")).unwrap_or_default();
        let _ = write!(
            events,
            "data: {{{head}\"object\":\"chat.completion.chunk\",\"choices\":[{choices}]{usage}}}\n\n"
        );
    };
    for (index, choice) in parse_array(object.get("choices")?)?.into_iter().enumerate() {
        let choice = Object::parse(choice).ok()?;
        let message = Object::parse(choice.get("message")?).ok()?;
        let mut said = |delta: &str, reason: &str| {
            event(
                &format!(
                    "{{\"index\":{index},\"delta\":{delta},\"logprobs\":null,\
                     \"finish_reason\":{reason}}}"
                ),
                None,
            );
        };
        let role = message.get("role").unwrap_or("\"assistant\"");
        said(&format!("{{\"role\":{role},\"content\":\"\"}}"), "null");
        let spoken = message.members().filter(|(name, value)| *name != "role" && !is_empty(value));
        // Reasoning comes before the content.
        let (content, before): (Vec<_>, Vec<_>) = spoken.partition(|(name, _)| *name == "content");
        for (name, value) in before.into_iter().chain(content) {
            said(&format!("{{{}:{value}}}", encode_string(name)), "null");
        }
        said("{}", choice.get("finish_reason").unwrap_or("\"stop\""));
    }
    if let Some(usage) = usage {
        event("", Some(usage));
    }
    events.push_str("data: [DONE]\n\n");
    Some(events)
}

#[cfg(test)]
mod tests {
    use super::*;

    const COMPLETION: &str = r#"{"id":"c-1","object":"chat.completion","created":7,
        "model":"m","choices":[{"index":0,
        "message":{"role":"assistant","content":"Hello,\n you","tool_calls":[],"refusal":null,
        "reasoning_content":"Hm."},"finish_reason":"stop"}],"usage":{"total_tokens":5}}"#;

    fn lines(form: Form) -> Vec<String> {
        let events = replay(COMPLETION, form).unwrap();
        let lines = events.split_terminator("\n\n").map(|line| line.strip_prefix("data: "));
        lines.map(|line| line.unwrap().to_owned()).collect()
    }

    #[test]
    fn a_stream_tells_what_the_completion_does() {
        let with_usage = lines(Form::Stream { usage: true });
        let expected = [
            (r#"{"role":"assistant","content":""}"#, "null"),
            (r#"{"reasoning_content":"Hm."}"#, "null"),
            (r#"{"content":"Hello,\n you"}"#, "null"),
            ("{}", "\"stop\""),
        ];
        for (line, (delta, reason)) in with_usage.iter().zip(expected) {
            assert_eq!(
                *line,
                format!(
                    "{{\"id\":\"c-1\",\"created\":7,\"model\":\"m\",\
                     \"object\":\"chat.completion.chunk\",\"choices\":[{{\"index\":0,\
                     \"delta\":{delta},\"logprobs\":null,\"finish_reason\":{reason}}}]}}"
                )
            );
        }
        assert!(with_usage[4].ends_with("\"choices\":[],\"usage\":{\"total_tokens\":5}}"));
        assert_eq!(with_usage[5..], ["[DONE]"]);
        assert_eq!(lines(Form::Stream { usage: false }).len(), 5);
    }

    #[test]
    fn a_completion_without_usage_gets_one() {
        let whole = replay(COMPLETION, Form::Json).unwrap();
        assert_eq!(whole, compact(COMPLETION));
        let silent = COMPLETION.replace(r#","usage":{"total_tokens":5}"#, "");
        assert!(
            replay(&silent, Form::Json).unwrap().ends_with(&format!(",\"usage\":{NO_USAGE}}}"))
        );
        assert_eq!(replay("[]", Form::Json), None);
        assert_eq!(replay("{}", Form::Stream { usage: false }), None);
    }
}
