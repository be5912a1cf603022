//! What a request body asks for.

use std::borrow::Cow;

use thiserror::Error;

use super::message::Message;
use super::object::{Object, ObjectError, decode_string, offset, parse_array};
use super::replay::Form;
use super::texts::{gather, readable};

/// Roles of messages.
pub const ROLES: [&str; 6] = ["system", "developer", "user", "assistant", "tool", "function"];
/// What stands beside the roles where texts are chosen: the definitions of tools.
pub const TOOLS: &str = "tools";

/// Members of a chat request, besides its messages, that a model may come to
/// read, and the role in which it does.
const BESIDE: [(&str, &str); 10] = [
    ("prompt", "user"),
    ("suffix", "user"),
    ("input", "user"),
    ("system", "system"),
    ("instructions", "system"),
    ("chat_template", "system"),
    ("chat_template_kwargs", "system"),
    ("documents", "tool"),
    ("tools", TOOLS),
    ("functions", TOOLS),
];
/// The same of a text completion.
const OF_COMPLETION: [&str; 2] = ["prompt", "suffix"];

/// Messages of a conversation: more are no conversation, and would take many
/// times the memory of the body.
const MAX_MESSAGES: usize = 1 << 14;

/// What a request body turned out to be.
#[derive(Debug)]
pub enum Body<'a> {
    /// A chat completion request.
    Chat(ChatRequest<'a>),
    /// A text completion request.
    Completion(CompletionRequest<'a>),
    /// JSON without `messages` or `prompt`: some other API of the engine.
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
    /// Texts that stand beside the messages, each with the role in which a
    /// model reads it.
    beside: Vec<(&'static str, Cow<'a, str>)>,
    /// `model`; empty when the client named none.
    pub model: Cow<'a, str>,
}

/// A text completion request.
#[derive(Debug)]
pub struct CompletionRequest<'a> {
    /// Every text in it that the model reads.
    texts: Vec<Cow<'a, str>>,
    /// Whether a part of the prompt is no text but tokens or their embeddings.
    pub is_opaque: bool,
    is_stream: bool,
}

/// The APIs that a request may be of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Api {
    /// Chat completions.
    Chat,
    /// Text completions.
    Completion,
}

/// What form the answer to a request is to have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// That of this API.
    pub api: Api,
    /// `stream`: whether it is to come as events.
    pub is_stream: bool,
}

/// Why a body cannot be read. What is said of it holds nothing of the client's.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum BodyError {
    /// Bytes that are not UTF-8.
    #[error("the body is not UTF-8: invalid byte at offset {0}")]
    NotUtf8(usize),
    /// Text that is not a JSON object.
    #[error("the body is {0}")]
    NotAnObject(ObjectError),
    /// A key that stands twice: two readers may see two different requests.
    #[error("{path}{error}")]
    Duplicate {
        /// Where, as in `messages[3]: `; empty for the body as a whole.
        path: String,
        /// What stands there twice.
        error: ObjectError,
    },
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
            Self::NotAnObject(_) => "body_not_json",
            Self::Duplicate { .. } => "duplicate_key",
            Self::Malformed { .. } => "body_malformed",
        }
    }

    /// The error of an object in the body; `path` says which.
    pub(super) fn of(path: &str, error: ObjectError) -> Self {
        match error {
            ObjectError::Duplicate(_) => Self::Duplicate { path: format!("{path}: "), error },
            other => Self::Malformed { path: path.to_owned(), message: other.to_string() },
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
        let object = Object::parse(source).map_err(|error| match error {
            ObjectError::Duplicate(_) => BodyError::Duplicate { path: String::new(), error },
            error => BodyError::NotAnObject(error),
        })?;
        if let Some(messages_json) = object.get("messages") {
            return ChatRequest::parse(source, object, messages_json).map(Self::Chat);
        }
        let is_completion = ["prompt", "prompt_embeds"].iter().any(|key| object.get(key).is_some());
        Ok(if is_completion {
            Self::Completion(CompletionRequest::of(&object)?)
        } else {
            Self::Other
        })
    }
}

impl<'a> ChatRequest<'a> {
    fn parse(
        source: &'a str,
        object: Object<'a>,
        messages_json: &'a str,
    ) -> Result<Self, BodyError> {
        let items =
            parse_array(messages_json).ok_or_else(|| malformed("messages", "not a list"))?;
        if items.len() > MAX_MESSAGES {
            return Err(malformed("messages", &format!("more than {MAX_MESSAGES}")));
        }
        let messages: Result<_, _> = items
            .into_iter()
            .enumerate()
            .map(|(index, item)| Message::parse(item, index))
            .collect();
        let mut beside = Vec::new();
        for (key, role) in BESIDE {
            let Some(json) = object.get(key) else { continue };
            let mut texts = Vec::new();
            gather(key, json, &mut texts).map_err(|error| BodyError::of(key, error))?;
            beside.extend(texts.into_iter().map(|text| (role, text)));
        }
        let model = match object.get("model") {
            None => Cow::Borrowed(""),
            Some(json) => decode_string(json).ok_or_else(|| malformed("model", "not a string"))?,
        };
        Ok(Self { source, object, messages_json, messages: messages?, beside, model })
    }

    /// The text to classify, as the original takes it: that of the last user
    /// message, or, where there is none, that of all system and assistant
    /// messages (`extractUserAndNonUserContent` in
    /// `pkg/extproc/request_processor.go`); where that is none either, all that
    /// there is to read in any message.
    #[must_use]
    pub fn prompt(&self) -> String {
        let last_user = self.messages.iter().rev().find(|message| message.role == "user");
        let user = last_user.map(Message::text).unwrap_or_default();
        if !user.is_empty() {
            return user;
        }
        let is_own = |message: &&Message<'_>| matches!(&*message.role, "system" | "assistant");
        let own = joined(self.messages.iter().filter(is_own).map(Message::text));
        if own.is_empty() { joined(self.messages.iter().map(Message::everything)) } else { own }
    }

    /// Where in the body the first message begins, or would.
    #[must_use]
    pub fn messages_start(&self) -> usize {
        offset(self.source, self.messages_json) + 1
    }

    /// Every text in these roles, and in those that the API does not know: an
    /// engine may take them for anything. [`TOOLS`] counts as a role.
    #[must_use]
    pub fn texts_of(&self, roles: &[&str]) -> Vec<String> {
        let messages = self.messages.iter().filter(|message| {
            let role = message.role.as_ref();
            roles.contains(&role) || !ROLES.contains(&role)
        });
        let beside = self.beside.iter().filter(|(role, _)| roles.contains(role));
        let beside = readable(beside.map(|(_, text)| text));
        messages.flat_map(Message::texts).chain(beside).collect()
    }

    /// What form the answer is to have.
    #[must_use]
    pub fn wanted(&self) -> Wanted {
        Wanted { api: Api::Chat, is_stream: self.object.is_true("stream") }
    }

    /// The form in which the answer is to come.
    #[must_use]
    pub fn form(&self) -> Form {
        if !self.wanted().is_stream {
            return Form::Json;
        }
        let options = self.object.get("stream_options").and_then(|json| Object::parse(json).ok());
        Form::Stream { usage: options.is_some_and(|options| options.is_true("include_usage")) }
    }

    /// `user`: the client's name for its end user, if it is a string.
    #[must_use]
    pub fn user(&self) -> Option<Cow<'_, str>> {
        self.object.string("user")
    }
}

impl<'a> CompletionRequest<'a> {
    fn of(object: &Object<'a>) -> Result<Self, BodyError> {
        let mut texts = Vec::new();
        for key in OF_COMPLETION {
            if let Some(json) = object.get(key) {
                gather(key, json, &mut texts).map_err(|error| BodyError::of(key, error))?;
            }
        }
        let given = |key: &str| object.get(key).filter(|json| *json != "null");
        let is_opaque = given("prompt_embeds").is_some() || given("prompt").is_some_and(has_tokens);
        Ok(Self { texts, is_opaque, is_stream: object.is_true("stream") })
    }

    /// Every text in these roles: a prompt is the user's.
    #[must_use]
    pub fn texts_of(&self, roles: &[&str]) -> Vec<String> {
        let is_asked = roles.contains(&"user");
        readable(self.texts.iter().filter(|_| is_asked)).collect()
    }

    /// What form the answer is to have.
    #[must_use]
    pub fn wanted(&self) -> Wanted {
        Wanted { api: Api::Completion, is_stream: self.is_stream }
    }
}

/// Texts, but for empty ones, with spaces between.
fn joined(texts: impl Iterator<Item = String>) -> String {
    texts.filter(|text| !text.is_empty()).collect::<Vec<_>>().join(" ")
}

/// Whether a prompt is something else than a text or a list of texts.
fn has_tokens(prompt: &str) -> bool {
    let is_text = |json: &str| json.starts_with('"');
    match parse_array(prompt) {
        Some(items) => !items.into_iter().all(is_text),
        None => !is_text(prompt),
    }
}

pub(super) fn malformed(path: &str, message: &str) -> BodyError {
    BodyError::Malformed { path: path.to_owned(), message: message.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chat(body: &str) -> ChatRequest<'_> {
        match Body::parse(body.as_bytes()).unwrap() {
            Body::Chat(chat) => chat,
            other => panic!("not a chat: {other:?}"),
        }
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
    fn prompt_without_any_of_these_is_all_there_is() {
        let body =
            r#"{"messages":[{"role":"oracle","content":"a"},{"role":"tool","content":"b"}]}"#;
        assert_eq!(chat(body).prompt(), "a b");
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
        assert_eq!(chat.texts_of(&["user"]), ["one", "two", "onetwo", "one two"]);
        assert_eq!(chat.texts_of(&["assistant"]), ["f", "{\"q\":\"args\"}"]);
        assert_eq!(chat.texts_of(&["system", "tool"]), ["s", "out"]);
        assert!(!chat.wanted().is_stream);
        let odd = self::chat(r#"{"messages":[{"role":"User","content":"a"},{"content":"b"}]}"#);
        assert_eq!(odd.texts_of(&["system"]), ["a", "b"], "roles that the API does not know");
    }

    #[test]
    fn texts_beside_the_messages_are_found_in_their_role() {
        let body = r#"{"messages":[{"role":"user","content":"hi"}],"prompt":["a","b"],"system":[
            {"type":"text","text":"c"}],"documents":[{"title":"d","text":"e"}],
            "chat_template_kwargs":{"enable_thinking":true,"persona":"f"},
            "tools":[{"type":"function","function":{"name":"g","description":"h",
                "parameters":{"type":"object"}}}]}"#;
        let chat = chat(body);
        assert_eq!(chat.texts_of(&["user"]), ["hi", "a", "b"]);
        assert_eq!(chat.texts_of(&["system"]), ["c", "f"]);
        assert_eq!(chat.texts_of(&["tool"]), ["d", "e"]);
        assert_eq!(chat.texts_of(&[TOOLS]), ["g", "h", "{\"type\":\"object\"}"]);
    }

    #[test]
    fn completions_tell_their_texts_and_what_is_none() {
        for (body, texts, is_opaque) in [
            (r#"{"prompt":"a","suffix":"b"}"#, &["a", "b"][..], false),
            (r#"{"prompt":["a","b"]}"#, &["a", "b"], false),
            (r#"{"prompt":[1,2]}"#, &[], true),
            (r#"{"prompt":["a",[1,2]]}"#, &["a"], true),
            (r#"{"prompt":null,"prompt_embeds":"AAAA"}"#, &[], true),
            (r#"{"prompt":{"text":"a"}}"#, &["a"], true),
        ] {
            let Body::Completion(request) = Body::parse(body.as_bytes()).unwrap() else {
                panic!("{body}")
            };
            let found = request.texts_of(&["user"]);
            assert_eq!(found, texts, "{body}");
            assert_eq!(request.is_opaque, is_opaque, "{body}");
        }
    }

    #[test]
    fn json_without_messages_and_prompt_is_another_api() {
        assert!(matches!(Body::parse(br#"{"input":"x"}"#), Ok(Body::Other)));
    }

    #[test]
    fn unreadable_bodies_say_why() {
        for (body, reason, says) in [
            ("hello", "body_not_json", "the body is not JSON: expected value at line 1 column 1"),
            ("[]", "body_not_json", "the body is not a JSON object"),
            ("\"hello\"", "body_not_json", "the body is not a JSON object"),
            (
                "",
                "body_not_json",
                "the body is not JSON: EOF while parsing a value at line 1 column 0",
            ),
            (
                r#"{"model":"a","model":"b"}"#,
                "duplicate_key",
                "the key model is there more than once",
            ),
            (
                r#"{"messages":[],"x y":1,"x y":2}"#,
                "duplicate_key",
                "a key is there more than once",
            ),
            (
                r#"{"messages":[{"role":"user","content":"a","content":"b"}]}"#,
                "duplicate_key",
                "messages[0]: the key content is there more than once",
            ),
            (
                r#"{"messages":[{"content":[{"text":"a","text":"b"}]}]}"#,
                "duplicate_key",
                "messages[0]: the key text is there more than once",
            ),
            (
                r#"{"messages":[],"tools":[{"function":{"name":"a","name":"b"}}]}"#,
                "duplicate_key",
                "tools: the key name is there more than once",
            ),
            (r#"{"messages":"x"}"#, "body_malformed", "messages: not a list"),
            (r#"{"messages":[1]}"#, "body_malformed", "messages[0]: not a JSON object"),
            (r#"{"model":1,"messages":[]}"#, "body_malformed", "model: not a string"),
            (
                r#"{"messages":[{"role":"user","content":["x",1]}]}"#,
                "body_malformed",
                "messages[0].content[1]: neither a text nor an object",
            ),
        ] {
            let error = Body::parse(body.as_bytes()).unwrap_err();
            assert_eq!((error.reason(), error.to_string().as_str()), (reason, says), "{body}");
        }
        assert_eq!(Body::parse(b"{\"a\":\"\xff\"}").unwrap_err(), BodyError::NotUtf8(6));
    }
}
