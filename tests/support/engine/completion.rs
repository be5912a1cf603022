//! Answers in the shapes of vLLM's OpenAI-compatible server.

use std::time::{SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use serde::Serialize;

use super::generation::{Generation, Usage};
use super::record::Recorded;
use super::span::random;

/// What every part of an answer repeats.
pub(super) struct Identity {
    pub(super) id: String,
    /// Seconds since 1970.
    pub(super) created: u64,
    pub(super) model: String,
    pub(super) fingerprint: Option<String>,
}

/// The endpoint that was asked.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Endpoint {
    Chat,
    Text,
}

/// A whole answer.
#[derive(Serialize)]
struct Completion<'a> {
    id: &'a str,
    object: &'static str,
    created: u64,
    model: &'a str,
    choices: Vec<Choice<'a>>,
    service_tier: (),
    system_fingerprint: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    usage: Option<&'a Usage>,
    prompt_logprobs: (),
    prompt_token_ids: (),
    kv_transfer_params: (),
}

/// An event of a stream.
#[derive(Serialize)]
struct Chunk<'a> {
    id: &'a str,
    object: &'static str,
    created: u64,
    model: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    system_fingerprint: Option<&'a str>,
    choices: Vec<Choice<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    usage: Option<&'a Usage>,
}

/// One of the alternatives, or a piece of it.
#[derive(Serialize)]
struct Choice<'a> {
    index: u32,
    #[serde(flatten)]
    content: Content<'a>,
    logprobs: (),
    finish_reason: Option<&'a str>,
    stop_reason: (),
    token_ids: (),
}

/// Where the text is.
#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
enum Content<'a> {
    Message(Message),
    Delta(Delta<'a>),
    Text(&'a str),
}

/// What the assistant says.
#[derive(Serialize)]
struct Message {
    role: &'static str,
    content: String,
    refusal: (),
    annotations: (),
    audio: (),
    function_call: (),
    tool_calls: [(); 0],
    reasoning: (),
}

/// What the assistant goes on to say.
#[derive(Serialize)]
struct Delta<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    role: Option<&'static str>,
    content: &'a str,
}

impl Endpoint {
    /// What ids begin with.
    pub(super) fn id_prefix(self) -> &'static str {
        match self {
            Self::Chat => "chatcmpl",
            Self::Text => "cmpl",
        }
    }

    /// The whole answer as JSON, with `n` equal choices.
    pub(super) fn whole(
        self,
        identity: &Identity,
        generation: &Generation,
        n: u32,
        usage: bool,
    ) -> Bytes {
        let content = generation.words.concat();
        let finish = generation.finish.as_deref();
        let choices = (0..n).map(|index| choice(index, self.message(&content), finish)).collect();
        json(&Completion {
            id: &identity.id,
            object: match self {
                Self::Chat => "chat.completion",
                Self::Text => "text_completion",
            },
            created: identity.created,
            model: &identity.model,
            choices,
            service_tier: (),
            system_fingerprint: identity.fingerprint.as_deref(),
            usage: usage.then_some(&generation.usage),
            prompt_logprobs: (),
            prompt_token_ids: (),
            kv_transfer_params: (),
        })
        .into()
    }

    /// The event that a chat begins with: who speaks.
    pub(super) fn opening(self, identity: &Identity, n: u32) -> Option<Bytes> {
        let delta = || Content::Delta(Delta { role: Some("assistant"), content: "" });
        let choices = (0..n).map(|index| choice(index, delta(), None)).collect();
        (self == Self::Chat).then(|| self.event(identity, choices, None))
    }

    /// The event of one more word, for each of `n` choices.
    pub(super) fn word(self, identity: &Identity, word: &str, n: u32) -> Bytes {
        let choices = (0..n).map(|index| choice(index, self.piece(word), None)).collect();
        self.event(identity, choices, None)
    }

    /// The event that says why it ended.
    pub(super) fn closing(self, identity: &Identity, finish: &str, n: u32) -> Bytes {
        let choices = (0..n).map(|index| choice(index, self.piece(""), Some(finish))).collect();
        self.event(identity, choices, None)
    }

    /// The event of the token counts.
    pub(super) fn usage(self, identity: &Identity, usage: &Usage) -> Bytes {
        self.event(identity, Vec::new(), Some(usage))
    }

    fn event(self, identity: &Identity, choices: Vec<Choice>, usage: Option<&Usage>) -> Bytes {
        let chunk = json(&Chunk {
            id: &identity.id,
            object: match self {
                Self::Chat => "chat.completion.chunk",
                Self::Text => "text_completion",
            },
            created: identity.created,
            model: &identity.model,
            system_fingerprint: identity.fingerprint.as_deref(),
            choices,
            usage,
        });
        event(&chunk)
    }

    fn message(self, content: &str) -> Content<'_> {
        match self {
            Self::Chat => Content::Message(Message {
                role: "assistant",
                content: content.to_owned(),
                refusal: (),
                annotations: (),
                audio: (),
                function_call: (),
                tool_calls: [],
                reasoning: (),
            }),
            Self::Text => Content::Text(content),
        }
    }

    fn piece(self, content: &str) -> Content<'_> {
        match self {
            Self::Chat => Content::Delta(Delta { role: None, content }),
            Self::Text => Content::Text(content),
        }
    }
}

/// The event after the last.
pub(super) fn done() -> Bytes {
    event(b"[DONE]")
}

/// `chatcmpl-` and the request's own id, or a random one.
pub(super) fn id(prefix: &str, request: &Recorded) -> String {
    let random = || u128::from_be_bytes(random().unwrap_or_default());
    let id = request.header("x-request-id").map(str::to_owned);
    format!("{prefix}-{}", id.unwrap_or_else(|| format!("{:032x}", random())))
}

/// Seconds since 1970.
pub(super) fn seconds(at: SystemTime) -> u64 {
    at.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs()
}

fn choice<'a>(index: u32, content: Content<'a>, finish_reason: Option<&'a str>) -> Choice<'a> {
    Choice { index, content, logprobs: (), finish_reason, stop_reason: (), token_ids: () }
}

/// A server-sent event with this data.
fn event(data: &[u8]) -> Bytes {
    [b"data: ".as_slice(), data, b"\n\n"].concat().into()
}

/// Structures of texts and numbers always serialize.
pub(super) fn json(value: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(value).unwrap_or_default()
}
