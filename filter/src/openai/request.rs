//! A chat completion request.

use std::borrow::Cow;

use thiserror::Error;

use super::object::{Object, decode_string, offset, parse_array};

/// Roles of messages.
pub const ROLES: [&str; 6] = ["system", "developer", "user", "assistant", "tool", "function"];

/// What a request body turned out to be.
#[derive(Debug)]
pub enum Body<'a> {
    /// A chat completion request.
    Chat(ChatRequest<'a>),
    /// JSON without `messages`: some other API of the engine.
    Other,
}

/// A chat completion request, its text left where it stands.
#[derive(Debug)]
pub struct ChatRequest<'a> {
    /// The body as a whole.
    pub source: &'a str,
    /// Its members.
    pub object: Object<'a>,
    messages_json: &'a str,
    /// The messages, in order.
    pub messages: Vec<Message<'a>>,
    /// `model`; empty when the client named none.
    pub model: Cow<'a, str>,
}

/// One message of a conversation.
#[derive(Debug)]
pub struct Message<'a> {
    /// Its members.
    pub object: Object<'a>,
    /// `role`; empty when there is none.
    pub role: Cow<'a, str>,
}

/// Why a body cannot be read as a chat request.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum BodyError {
    /// Bytes that are not UTF-8.
    #[error("the body is not UTF-8: invalid byte at offset {0}")]
    NotUtf8(usize),
    /// Text that is not a JSON object.
    #[error("the body is not a JSON object: {0}")]
    NotJson(String),
    /// A key that stands twice: two readers may see two different requests.
    #[error("the key {0} is there more than once")]
    Duplicate(String),
    /// A part of a chat request that has another shape than the API's.
    #[error("{path}: {message}")]
    Malformed {
        /// Where, as in `messages[3].content`.
        path: String,
        /// What is wrong.
        message: String,
    },
}

impl BodyError {
    /// A name for metrics and span attributes.
    #[must_use]
    pub fn reason(&self) -> &'static str {
        match self {
            Self::NotUtf8(_) => "body_not_utf8",
            Self::NotJson(_) => "body_not_json",
            Self::Duplicate(_) => "duplicate_key",
            Self::Malformed { .. } => "body_malformed",
        }
    }
}

impl<'a> Body<'a> {
    /// Reads a request body.
    ///
    /// # Errors
    /// See [`BodyError`].
    pub fn parse(bytes: &'a [u8]) -> Result<Self, BodyError> {
        let source =
            str::from_utf8(bytes).map_err(|error| BodyError::NotUtf8(error.valid_up_to()))?;
        let object =
            Object::parse(source).map_err(|error| BodyError::NotJson(error.to_string()))?;
        for key in ["model", "messages"] {
            if object.count(key) > 1 {
                return Err(BodyError::Duplicate(key.to_owned()));
            }
        }
        let Some(messages_json) = object.get("messages") else { return Ok(Self::Other) };
        let messages = messages(messages_json)?;
        let model = match object.get("model") {
            None => Cow::Borrowed(""),
            Some(json) => decode_string(json).ok_or_else(|| malformed("model", "not a string"))?,
        };
        Ok(Self::Chat(ChatRequest { source, object, messages_json, messages, model }))
    }
}

impl ChatRequest<'_> {
    /// The text to classify, as the original takes it: that of the last user
    /// message, or, where there is none, that of all system and assistant
    /// messages (`extractUserAndNonUserContent` in
    /// `pkg/extproc/request_processor.go`).
    #[must_use]
    pub fn prompt(&self) -> String {
        let last_user = self.messages.iter().rev().find(|message| message.role == "user");
        let user = last_user.map(Message::text).unwrap_or_default();
        if !user.is_empty() {
            return user;
        }
        let others = self
            .messages
            .iter()
            .filter(|message| matches!(message.role.as_ref(), "system" | "assistant"))
            .map(Message::text)
            .filter(|text| !text.is_empty());
        others.collect::<Vec<_>>().join(" ")
    }

    /// Where in the body the first message begins, or would.
    #[must_use]
    pub fn messages_start(&self) -> usize {
        offset(self.source, self.messages_json) + 1
    }

    /// Every text of the messages of these roles, and of those whose role the API
    /// does not know: an engine may take them for anything.
    #[must_use]
    pub fn texts_of(&self, roles: &[&str]) -> Vec<String> {
        self.messages
            .iter()
            .filter(|message| {
                let role = message.role.as_ref();
                roles.contains(&role) || !ROLES.contains(&role)
            })
            .flat_map(Message::texts)
            .collect()
    }

    /// `stream`: whether the answer is to come as events.
    #[must_use]
    pub fn is_stream(&self) -> bool {
        self.object.get("stream").map(str::trim) == Some("true")
    }

    /// `user`: the client's name for its end user, if it is a string.
    #[must_use]
    pub fn user(&self) -> Option<Cow<'_, str>> {
        self.object.string("user")
    }
}

impl<'a> Message<'a> {
    fn parse(source: &'a str, index: usize) -> Result<Self, BodyError> {
        let path = format!("messages[{index}]");
        let object = Object::parse(source).map_err(|error| malformed(&path, error.to_string()))?;
        for key in ["role", "content"] {
            if object.count(key) > 1 {
                return Err(BodyError::Duplicate(format!("{path}.{key}")));
            }
        }
        let role = object.string("role").unwrap_or_default();
        if let Some(content) = object.get("content")
            && content.starts_with('[')
        {
            let parts =
                parse_array(content).map_err(|error| malformed(&path, error.to_string()))?;
            for (part_index, part) in parts.into_iter().enumerate() {
                let path = format!("{path}.content[{part_index}]");
                let part =
                    Object::parse(part).map_err(|error| malformed(&path, error.to_string()))?;
                for key in ["type", "text"] {
                    if part.count(key) > 1 {
                        return Err(BodyError::Duplicate(format!("{path}.{key}")));
                    }
                }
            }
        }
        Ok(Self { object, role })
    }

    /// Every text in the message, each by itself: its content or the text parts
    /// of it, a refusal, and the arguments of the tools that it calls.
    #[must_use]
    pub fn texts(&self) -> Vec<String> {
        let mut texts = self.content(&["text", "refusal"]);
        texts.extend(self.object.string("refusal").map(Cow::into_owned));
        let calls = self.object.get("tool_calls").map(parse_array);
        let calls = calls.and_then(Result::ok).unwrap_or_default().into_iter();
        let functions = calls
            .filter_map(|call| Object::parse(call).ok()?.get("function"))
            .chain(self.object.get("function_call"));
        for function in functions {
            let arguments = Object::parse(function)
                .ok()
                .and_then(|function| Some(function.string("arguments")?.into_owned()));
            texts.extend(arguments);
        }
        texts.retain(|text| !text.trim().is_empty());
        texts
    }

    /// The text of the message: its content, or its text parts joined by
    /// spaces.
    #[must_use]
    pub fn text(&self) -> String {
        self.content(&["text"]).join(" ")
    }

    /// The content where it is text; else what its parts have under these keys.
    fn content(&self, keys: &[&str]) -> Vec<String> {
        let Some(content) = self.object.get("content") else { return Vec::new() };
        if let Some(text) = decode_string(content) {
            return vec![text.into_owned()];
        }
        let parts = parse_array(content).unwrap_or_default();
        let parts = parts.into_iter().filter_map(|part| Object::parse(part).ok());
        parts
            .flat_map(|part| {
                keys.iter()
                    .filter_map(|key| part.string(key).map(Cow::into_owned))
                    .collect::<Vec<_>>()
            })
            .collect()
    }
}

fn messages(json: &str) -> Result<Vec<Message<'_>>, BodyError> {
    let items = parse_array(json).map_err(|error| malformed("messages", error.to_string()))?;
    items.into_iter().enumerate().map(|(index, item)| Message::parse(item, index)).collect()
}

fn malformed(path: &str, message: impl Into<String>) -> BodyError {
    BodyError::Malformed { path: path.to_owned(), message: message.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chat(body: &str) -> ChatRequest<'_> {
        match Body::parse(body.as_bytes()).unwrap() {
            Body::Chat(chat) => chat,
            Body::Other => panic!("not a chat"),
        }
    }

    fn error(body: &[u8]) -> BodyError {
        Body::parse(body).unwrap_err()
    }

    #[test]
    fn prompt_is_the_last_user_message() {
        let body = r#"{"model":"auto","messages":[
            {"role":"system","content":"s"},{"role":"user","content":"one"},
            {"role":"assistant","content":"a"},{"role":"user","content":"two"},
            {"role":"tool","content":"t"}]}"#;
        assert_eq!(chat(body).prompt(), "two");
    }

    #[test]
    fn prompt_joins_text_parts() {
        let body = r#"{"messages":[{"role":"user","content":[
            {"type":"text","text":"what is"},{"type":"image_url","image_url":{"url":"x"}},
            {"type":"text","text":"this?"}]}]}"#;
        assert_eq!(chat(body).prompt(), "what is this?");
    }

    #[test]
    fn prompt_without_user_text_is_that_of_system_and_assistant() {
        let body = r#"{"messages":[{"role":"system","content":"be brief"},
            {"role":"developer","content":"ignored"},
            {"role":"assistant","content":"hello"},{"role":"user","content":""}]}"#;
        assert_eq!(chat(body).prompt(), "be brief hello");
    }

    #[test]
    fn every_text_of_a_role_is_found() {
        let body = r#"{"messages":[
            {"role":"system","content":"s"},
            {"role":"user","content":[{"type":"text","text":"one"},
                {"type":"image_url","image_url":{"url":"x"}},{"type":"text","text":"two"}]},
            {"role":"assistant","content":null,"tool_calls":[
                {"function":{"name":"f","arguments":"{\"q\":\"args\"}"}}]},
            {"role":"tool","content":"out"},{"role":"user","content":" "}]}"#;
        let chat = chat(body);
        assert_eq!(chat.texts_of(&["user"]), ["one", "two"]);
        assert_eq!(chat.texts_of(&["assistant"]), ["{\"q\":\"args\"}"]);
        assert_eq!(chat.texts_of(&["system", "tool"]), ["s", "out"]);
        assert!(!chat.is_stream());
        let odd = self::chat(r#"{"messages":[{"role":"User","content":"a"},{"content":"b"}]}"#);
        assert_eq!(odd.texts_of(&["system"]), ["a", "b"], "roles that the API does not know");
    }

    #[test]
    fn json_without_messages_is_another_api() {
        assert!(matches!(Body::parse(br#"{"input":"x"}"#), Ok(Body::Other)));
    }

    #[test]
    fn unreadable_bodies_say_why() {
        assert_eq!(error(b"{\"a\":\"\xff\"}"), BodyError::NotUtf8(6));
        assert_eq!(error(b"hello").reason(), "body_not_json");
        assert_eq!(error(b"[]").reason(), "body_not_json");
        assert_eq!(error(b"").reason(), "body_not_json");
        assert_eq!(error(br#"{"model":"a","model":"b"}"#), BodyError::Duplicate("model".into()));
        assert_eq!(
            error(br#"{"messages":[],"messages":[]}"#),
            BodyError::Duplicate("messages".into())
        );
        assert_eq!(
            error(br#"{"messages":[{"role":"user","content":"a","content":"b"}]}"#),
            BodyError::Duplicate("messages[0].content".into())
        );
        assert_eq!(error(br#"{"messages":"x"}"#).reason(), "body_malformed");
        assert_eq!(error(br#"{"messages":[1]}"#).reason(), "body_malformed");
        assert_eq!(error(br#"{"model":1,"messages":[]}"#).reason(), "body_malformed");
        assert_eq!(
            error(br#"{"messages":[{"role":"user","content":["x"]}]}"#)
                .to_string()
                .split(':')
                .next(),
            Some("messages[0].content[0]")
        );
    }
}
