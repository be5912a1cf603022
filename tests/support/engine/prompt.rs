//! What a request asks for.

use serde::Deserialize;
use serde_json::{Map, Value};

/// Tokens that a chat template adds to a message.
const TEMPLATE_TOKENS: usize = 4;

/// The values of sampling, as far as a span or an answer shows them.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
pub(super) struct Sampling {
    max_tokens: Option<usize>,
    max_completion_tokens: Option<usize>,
    pub(super) temperature: Option<f64>,
    pub(super) top_p: Option<f64>,
    pub(super) n: Option<u32>,
}

impl Sampling {
    /// How many tokens the answer may have.
    pub(super) fn limit(&self) -> Option<usize> {
        self.max_completion_tokens.or(self.max_tokens)
    }
}

/// Whether and how hard the model is to think.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Thinking {
    Off,
    On,
    Effort(String),
}

/// A request for text, from either of the endpoints.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Prompt {
    /// The model it names.
    pub(super) model: Option<String>,
    /// The size of the prompt, in tokens.
    pub(super) tokens: usize,
    /// Whether there is a message from the system.
    pub(super) system: bool,
    pub(super) thinking: Thinking,
    /// Whether the answer is to be a stream.
    pub(super) stream: bool,
    /// Whether the stream is to end with token counts.
    pub(super) include_usage: bool,
    pub(super) sampling: Sampling,
}

/// The body of `POST /v1/chat/completions`.
#[derive(Deserialize)]
struct Chat {
    messages: Vec<Message>,
    #[serde(default, rename = "chat_template_kwargs")]
    template: Map<String, Value>,
    reasoning_effort: Option<String>,
    #[serde(flatten)]
    common: Common,
}

/// A message of a chat.
#[derive(Deserialize)]
struct Message {
    role: String,
    #[serde(default)]
    content: Value,
}

impl Message {
    fn is_system(&self) -> bool {
        matches!(self.role.as_str(), "system" | "developer")
    }
}

/// The body of `POST /v1/completions`.
#[derive(Deserialize)]
struct Text {
    prompt: Value,
    #[serde(flatten)]
    common: Common,
}

/// What both bodies have.
#[derive(Deserialize)]
struct Common {
    model: Option<String>,
    stream: Option<bool>,
    stream_options: Option<StreamOptions>,
    #[serde(flatten)]
    sampling: Sampling,
}

/// How a stream is to be.
#[derive(Deserialize)]
struct StreamOptions {
    #[serde(default)]
    include_usage: bool,
}

impl Prompt {
    /// Reads the body of a chat completion; the error in words.
    pub(super) fn chat(body: &[u8]) -> Result<Self, String> {
        let chat: Chat = serde_json::from_slice(body).map_err(|error| error.to_string())?;
        if chat.messages.is_empty() {
            return Err("`messages` must not be empty".to_owned());
        }
        let words = chat.messages.iter().map(|message| words(&message.content)).sum::<usize>();
        Ok(Self {
            tokens: words + TEMPLATE_TOKENS * chat.messages.len(),
            system: chat.messages.iter().any(Message::is_system),
            thinking: thinking(&chat.template, chat.reasoning_effort),
            ..chat.common.into_prompt()
        })
    }

    /// Reads the body of a completion; the error in words.
    pub(super) fn text(body: &[u8]) -> Result<Self, String> {
        let text: Text = serde_json::from_slice(body).map_err(|error| error.to_string())?;
        Ok(Self { tokens: words(&text.prompt), ..text.common.into_prompt() })
    }
}

impl Common {
    fn into_prompt(self) -> Prompt {
        Prompt {
            model: self.model,
            tokens: 0,
            system: false,
            thinking: Thinking::Off,
            stream: self.stream.unwrap_or_default(),
            include_usage: self.stream_options.is_some_and(|options| options.include_usage),
            sampling: self.sampling,
        }
    }
}

/// The words in a text, or in the texts of an array (parts of a message,
/// prompts of a batch).
pub(super) fn words(content: &Value) -> usize {
    match content {
        Value::String(text) => text.split_whitespace().count(),
        Value::Array(parts) => parts.iter().map(words).sum(),
        Value::Object(part) => part.get("text").map_or(0, words),
        _ => 0,
    }
}

/// Templates have names of their own for it (`enable_thinking`, `thinking`).
fn thinking(template: &Map<String, Value>, effort: Option<String>) -> Thinking {
    match effort {
        Some(effort) => Thinking::Effort(effort),
        None if template.values().any(|value| *value == Value::Bool(true)) => Thinking::On,
        None => Thinking::Off,
    }
}
