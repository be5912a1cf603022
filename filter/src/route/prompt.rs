//! The system prompt of a conversation.

use crate::config::{PromptMode, SystemPrompt};
use crate::openai::{ChatRequest, Edit, Splice, encode_string};

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

/// Puts a system prompt into a conversation (`addSystemPromptToRequestBody` in
/// `pkg/extproc/req_filter_sys_prompt.go` upstream): over, or before, that of
/// the first message, or as a first message of its own.
#[must_use]
pub fn inject(prompt: &SystemPrompt, request: &ChatRequest<'_>) -> Vec<Splice> {
    let first = request.messages.first().filter(|message| message.role == "system");
    let Some(first) = first else {
        let comma = if request.messages.is_empty() { "" } else { "," };
        let content = encode_string(&prompt.text);
        let text = format!("{{\"role\":\"system\",\"content\":{content}}}{comma}");
        let at = request.messages_start();
        return vec![Splice { range: at..at, text }];
    };
    let content = match prompt.mode {
        PromptMode::Replace => prompt.text.clone(),
        PromptMode::Insert => {
            // As upstream: content in parts counts as none.
            let existing = first.object.string("content").unwrap_or_default();
            format!("{}\n\n{existing}", prompt.text)
        }
    };
    let mut edit = Edit::of(&first.object);
    edit.set("content", encode_string(&content));
    edit.splices(request.source)
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
