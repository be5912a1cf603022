//! How a blocked request is answered.

use serde_json::{Value, json};

use super::{Jailbreak, Pii};
use crate::clock::UnixNanos;
use crate::config::{BlockAs, Config};
use crate::headers::is_header_safe;
use crate::openai::{self, Api, Wanted};
use crate::pipeline::Reply;

/// The answer to a request that the guard blocks (`sendJailbreakResponse` in
/// `pkg/utils/http/response.go` upstream).
#[must_use]
pub fn jailbreak_reply(
    config: &Config,
    found: &Jailbreak,
    wanted: Wanted,
    now: UnixNanos,
) -> Reply {
    let Jailbreak { confidence, .. } = found;
    let text = format!(
        "I cannot process this request as it appears to contain a potential jailbreak attempt \
         (type: jailbreak, confidence: {confidence:.3}). Please rephrase your request in a way \
         that complies with our usage policies."
    );
    let headers = vec![
        ("x-vsr-jailbreak-blocked", "true".to_owned()),
        ("x-vsr-jailbreak-type", "jailbreak".to_owned()),
        ("x-vsr-jailbreak-confidence", format!("{confidence:.3}")),
    ];
    let blocked = Blocked {
        id: "jailbreak-blocked",
        model: "security-filter",
        text: &text,
        headers,
        details: "jailbreak_blocked",
    };
    blocked.reply(config.filter.block_as, wanted, now)
}

/// The answer to a request with personal data that its decision denies.
#[must_use]
pub fn pii_reply(
    config: &Config,
    found: &Pii,
    decision: &str,
    wanted: Wanted,
    now: UnixNanos,
) -> Reply {
    let denied = found.denied.join(" ");
    let text = format!(
        "I cannot process this request as it contains personally identifiable information \
         ([{denied}]) that is not allowed for the '{decision}' model according to the configured \
         privacy policy. Please remove any sensitive information and try again."
    );
    let headers = vec![
        ("x-vsr-pii-violation", "true".to_owned()),
        ("x-vsr-pii-types", found.denied.join(",")),
        ("x-vsr-selected-decision", decision.to_owned()),
    ];
    let blocked = Blocked {
        id: "pii-violation",
        model: decision,
        text: &text,
        headers,
        details: "pii_violation",
    };
    blocked.reply(config.filter.block_as, wanted, now)
}

/// A request that is not to reach an engine, and what is said to that.
struct Blocked<'a> {
    id: &'a str,
    model: &'a str,
    text: &'a str,
    headers: Vec<(&'static str, String)>,
    details: &'static str,
}

impl Blocked<'_> {
    fn reply(mut self, form: BlockAs, wanted: Wanted, now: UnixNanos) -> Reply {
        self.headers.retain(|(_, value)| is_header_safe(value));
        let (status, body, content_type) = match form {
            BlockAs::Error => (403, openai::policy_error_body(self.text), "application/json"),
            BlockAs::Completion if wanted.is_stream => {
                let chunk = self.completion(wanted, now);
                (200, format!("data: {chunk}\n\ndata: [DONE]\n\n"), "text/event-stream")
            }
            BlockAs::Completion => {
                (200, self.completion(wanted, now).to_string(), "application/json")
            }
        };
        Reply { status, body, content_type, headers: self.headers, details: self.details }
    }

    /// The completion, or the one chunk of its stream.
    fn completion(&self, wanted: Wanted, now: UnixNanos) -> Value {
        let seconds = now / 1_000_000_000;
        let (object, prefix) = match (wanted.api, wanted.is_stream) {
            (Api::Chat, false) => ("chat.completion", "chatcmpl"),
            (Api::Chat, true) => ("chat.completion.chunk", "chatcmpl"),
            (Api::Completion, _) => ("text_completion", "cmpl"),
        };
        let mut completion = json!({
            "id": format!("{prefix}-{}-{seconds}", self.id),
            "object": object,
            "created": seconds,
            "model": self.model,
            "choices": [self.choice(wanted)],
        });
        if !wanted.is_stream
            && let Some(members) = completion.as_object_mut()
        {
            let usage = json!({"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0});
            members.insert("usage".to_owned(), usage);
        }
        completion
    }

    fn choice(&self, wanted: Wanted) -> Value {
        let message = json!({"role": "assistant", "content": self.text});
        let finish_reason = "content_filter";
        match (wanted.api, wanted.is_stream) {
            (Api::Chat, false) => {
                json!({"index": 0, "message": message, "finish_reason": finish_reason})
            }
            (Api::Chat, true) => {
                json!({"index": 0, "delta": message, "finish_reason": finish_reason})
            }
            (Api::Completion, _) => json!({
                "index": 0, "text": self.text, "logprobs": null, "finish_reason": finish_reason,
            }),
        }
    }
}
