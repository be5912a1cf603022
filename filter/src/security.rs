//! What is done about attacks and personal data: what is looked at, what counts,
//! and how a blocked request is answered.

use serde_json::json;

use crate::classify::{Budget, Bundle, Classifiers, ClassifyError, Coverage, Guarded};
use crate::clock::UnixNanos;
use crate::config::{BlockAs, Config, Decision, PiiPolicy, PromptGuard};
use crate::decision::Decided;
use crate::headers::is_header_safe;
use crate::openai::{self, ChatRequest};
use crate::pipeline::Reply;

/// What the guard said of a request.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Jailbreak {
    /// Whether it reached the threshold.
    pub detected: bool,
    /// The highest probability of any text.
    pub confidence: f64,
    /// How much was looked at.
    pub coverage: Coverage,
}

/// The personal data of a request.
#[derive(Clone, Debug, PartialEq)]
pub struct Pii {
    /// Types that were found, sorted.
    pub types: Vec<&'static str>,
    /// Those of them that the decision does not allow.
    pub denied: Vec<&'static str>,
    /// How much was looked at.
    pub coverage: Coverage,
}

/// Whether a decision turns the guard off for its requests.
#[must_use]
pub fn is_unguarded(decision: Option<&Decision>) -> bool {
    decision.and_then(|decision| decision.jailbreak).is_some_and(|policy| !policy.enabled)
}

/// Asks the guard about every text that the policy names. What counts is the
/// decision's threshold, else the guard's, else the bundle's; the lowest where
/// several decisions are possible.
///
/// # Errors
/// [`ClassifyError`].
pub fn jailbreak(
    config: &Config,
    classifiers: &Classifiers,
    guard: &PromptGuard,
    decided: &Decided<'_>,
    request: &ChatRequest<'_>,
    budget: &Budget<'_>,
) -> Result<Jailbreak, ClassifyError> {
    let mut guarded = Guarded::default();
    for text in request.texts_of(&config.filter.inference.jailbreak.scan) {
        guarded = guarded.and(classifiers.guard(&text, budget)?);
    }
    let otherwise = match guard.threshold {
        Some(threshold) => threshold,
        None => Bundle::embedded().thresholds()?.guard,
    };
    let thresholds = decided.possible().map(|decision| {
        let policy = decision.and_then(|decision| decision.jailbreak);
        policy.and_then(|policy| policy.threshold).unwrap_or(otherwise)
    });
    let threshold = thresholds.fold(f64::INFINITY, f64::min);
    let Guarded { jailbreak: confidence, coverage } = guarded;
    // As in the original, jailbreak must also be the likelier label.
    let detected = confidence >= threshold && confidence >= 0.5;
    Ok(Jailbreak { detected, confidence, coverage })
}

/// Looks for personal data in every text that the policy names.
///
/// # Errors
/// [`ClassifyError`].
pub fn pii(
    config: &Config,
    classifiers: &Classifiers,
    policy: &PiiPolicy,
    request: &ChatRequest<'_>,
    budget: &Budget<'_>,
) -> Result<Pii, ClassifyError> {
    let least = policy.threshold.or(config.pii_model.threshold).unwrap_or(0.0);
    let mut pii = Pii { types: Vec::new(), denied: Vec::new(), coverage: Coverage::default() };
    for text in request.texts_of(&config.filter.inference.pii.scan) {
        let personal = classifiers.personal(&text, budget)?;
        let counted = personal.entities.iter().filter(|entity| f64::from(entity.score) >= least);
        pii.types.extend(counted.map(|entity| entity.kind.name()));
        pii.coverage = pii.coverage.and(personal.coverage);
    }
    pii.types.sort_unstable();
    pii.types.dedup();
    let denied = |name: &&&str| !policy.allowed.iter().any(|allowed| allowed == *name);
    pii.denied = pii.types.iter().filter(denied).copied().collect();
    Ok(pii)
}

/// The answer to a request that the guard blocks (`sendJailbreakResponse` in
/// `pkg/utils/http/response.go` upstream).
#[must_use]
pub fn jailbreak_reply(
    config: &Config,
    found: &Jailbreak,
    request: &ChatRequest<'_>,
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
    blocked.reply(config.filter.block_as, request, now)
}

/// The answer to a request with personal data that its decision denies.
#[must_use]
pub fn pii_reply(
    config: &Config,
    found: &Pii,
    decision: &str,
    request: &ChatRequest<'_>,
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
    blocked.reply(config.filter.block_as, request, now)
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
    fn reply(mut self, form: BlockAs, request: &ChatRequest<'_>, now: UnixNanos) -> Reply {
        self.headers.retain(|(_, value)| is_header_safe(value));
        let (status, body, content_type) = match form {
            BlockAs::Error => (403, openai::policy_error_body(self.text), "application/json"),
            BlockAs::Completion if request.is_stream() => {
                (200, self.stream(now), "text/event-stream")
            }
            BlockAs::Completion => (200, self.completion(now), "application/json"),
        };
        Reply { status, body, content_type, headers: self.headers, details: self.details }
    }

    fn completion(&self, now: UnixNanos) -> String {
        json!({
            "id": self.completion_id(now),
            "object": "chat.completion",
            "created": seconds(now),
            "model": self.model,
            "choices": [{
                "index": 0,
                "message": {"role": "assistant", "content": self.text},
                "finish_reason": "content_filter",
            }],
            "usage": {"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0},
        })
        .to_string()
    }

    fn stream(&self, now: UnixNanos) -> String {
        let chunk = json!({
            "id": self.completion_id(now),
            "object": "chat.completion.chunk",
            "created": seconds(now),
            "model": self.model,
            "choices": [{
                "index": 0,
                "delta": {"role": "assistant", "content": self.text},
                "finish_reason": "content_filter",
            }],
        });
        format!("data: {chunk}\n\ndata: [DONE]\n\n")
    }

    fn completion_id(&self, now: UnixNanos) -> String {
        format!("chatcmpl-{}-{}", self.id, seconds(now))
    }
}

fn seconds(now: UnixNanos) -> u64 {
    now / 1_000_000_000
}
