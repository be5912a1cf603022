//! The system prompt of a conversation.

use crate::config::{PromptMode, SystemPrompt};
use crate::openai::{ChatRequest, Edit, Splice, encode_string, offset};

/// What was done with a system prompt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Injection {
    /// How it was put in.
    pub mode: PromptMode,
}

impl Injection {
    /// The mode's name, as `system_prompt.mode` carries it.
    #[must_use]
    pub fn mode_name(self) -> &'static str {
        match self.mode {
            PromptMode::Replace => "replace",
            PromptMode::Insert => "insert",
        }
    }
}

/// Roles of a first message that is a system prompt. Where the original knows
/// `system` alone, `developer` is what newer models of `OpenAI` call the same.
const ROLES: [&str; 2] = ["system", "developer"];

/// Puts a system prompt into a conversation (`addSystemPromptToRequestBody` in
/// `pkg/extproc/req_filter_sys_prompt.go` upstream): over, or before, that of
/// the first message, or as a first message of its own. Content in parts, which
/// the original drops, stays behind it.
#[must_use]
pub fn inject(prompt: &SystemPrompt, request: &ChatRequest<'_>) -> Vec<Splice> {
    let first = request.messages.first();
    let first = first.filter(|message| ROLES.contains(&message.role.as_ref()));
    let Some(first) = first else {
        let comma = if request.messages.is_empty() { "" } else { "," };
        let content = encode_string(&prompt.text);
        let text = format!("{{\"role\":\"system\",\"content\":{content}}}{comma}");
        let at = request.messages_start();
        return vec![Splice { range: at..at, text }];
    };
    let content = match (prompt.mode, first.object.get("content")) {
        (PromptMode::Insert, Some(parts)) if parts.starts_with('[') => {
            return vec![first_part(prompt, parts, request.source)];
        }
        (PromptMode::Insert, _) => {
            let existing = first.object.string("content").unwrap_or_default();
            format!("{}\n\n{existing}", prompt.text)
        }
        (PromptMode::Replace, _) => prompt.text.clone(),
    };
    let mut edit = Edit::of(&first.object);
    edit.set("content", encode_string(&content));
    edit.splices(request.source)
}

/// The prompt as a part before those of an array.
fn first_part(prompt: &SystemPrompt, parts: &str, source: &str) -> Splice {
    let is_empty = parts.get(1..).is_some_and(|rest| rest.trim_start().starts_with(']'));
    let comma = if is_empty { "" } else { "," };
    let text = encode_string(&prompt.text);
    let at = offset(source, parts) + 1;
    Splice { range: at..at, text: format!("{{\"type\":\"text\",\"text\":{text}}}{comma}") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::openai::{Body, splice};

    fn injected(mode: PromptMode, body: &str) -> String {
        let Body::Chat(chat) = Body::parse(body.as_bytes()).unwrap() else { panic!("not a chat") };
        let prompt = SystemPrompt { text: "Be \"exact\".".to_owned(), mode };
        splice(body, inject(&prompt, &chat))
    }

    #[test]
    fn goes_first_where_there_is_none() {
        for mode in [PromptMode::Replace, PromptMode::Insert] {
            assert_eq!(
                injected(mode, r#"{"messages": [ {"role":"user","content":"hi"}],"n":1}"#),
                r#"{"messages": [{"role":"system","content":"Be \"exact\"."}, {"role":"user","content":"hi"}],"n":1}"#
            );
            assert_eq!(
                injected(mode, r#"{"messages":[]}"#),
                r#"{"messages":[{"role":"system","content":"Be \"exact\"."}]}"#
            );
        }
    }

    #[test]
    fn content_in_parts_is_kept_behind_what_is_inserted() {
        let body = r#"{"messages":[{"role":"system","content": [ {"type":"text","text":"old"}]}]}"#;
        assert_eq!(
            injected(PromptMode::Insert, body),
            r#"{"messages":[{"role":"system","content": [{"type":"text","text":"Be \"exact\"."}, {"type":"text","text":"old"}]}]}"#
        );
        assert_eq!(
            injected(PromptMode::Replace, body),
            r#"{"messages":[{"role":"system","content": "Be \"exact\"."}]}"#
        );
        let empty = r#"{"messages":[{"role":"system","content":[ ]}]}"#;
        assert_eq!(
            injected(PromptMode::Insert, empty),
            r#"{"messages":[{"role":"system","content":[{"type":"text","text":"Be \"exact\"."} ]}]}"#
        );
        let none =
            r#"{"messages":[{"role":"system","content":null},{"role":"user","content":"u"}]}"#;
        assert_eq!(
            injected(PromptMode::Insert, none),
            r#"{"messages":[{"role":"system","content":"Be \"exact\".\n\n"},{"role":"user","content":"u"}]}"#
        );
    }

    #[test]
    fn a_developer_message_is_a_system_prompt_too() {
        let body = r#"{"messages":[{"role":"developer","content":"old"}]}"#;
        assert_eq!(
            injected(PromptMode::Insert, body),
            r#"{"messages":[{"role":"developer","content":"Be \"exact\".\n\nold"}]}"#
        );
        assert_eq!(
            injected(PromptMode::Replace, body),
            r#"{"messages":[{"role":"developer","content":"Be \"exact\"."}]}"#
        );
    }

    #[test]
    fn replaces_or_precedes_the_one_there() {
        let body = r#"{"messages":[{"name":"x","role":"system","content":"old"},{"role":"user","content":"hi"}]}"#;
        assert_eq!(
            injected(PromptMode::Replace, body),
            r#"{"messages":[{"name":"x","role":"system","content":"Be \"exact\"."},{"role":"user","content":"hi"}]}"#
        );
        assert_eq!(
            injected(PromptMode::Insert, body),
            r#"{"messages":[{"name":"x","role":"system","content":"Be \"exact\".\n\nold"},{"role":"user","content":"hi"}]}"#
        );
    }
}
