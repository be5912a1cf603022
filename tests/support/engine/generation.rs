//! The text that the engine makes up.

use serde::Serialize;

use super::prompt::{Prompt, Thinking};
use super::switches::Switches;

/// The size of a word of padding, in bytes.
const FILLER: usize = 8 << 10;

/// Token counts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Usage {
    pub(super) prompt_tokens: usize,
    pub(super) total_tokens: usize,
    pub(super) completion_tokens: usize,
    prompt_tokens_details: (),
}

impl Usage {
    pub(super) fn new(prompt_tokens: usize, completion_tokens: usize) -> Self {
        let total_tokens = prompt_tokens + completion_tokens;
        Self { prompt_tokens, total_tokens, completion_tokens, prompt_tokens_details: () }
    }
}

/// What was generated.
pub(super) struct Generation {
    /// The words of the content, each with the space after it. A word is a
    /// token here.
    pub(super) words: Vec<String>,
    /// Why it ended; `None` when it does not say.
    pub(super) finish: Option<String>,
    pub(super) usage: Usage,
}

impl Generation {
    /// The answer of the engine called `engine` in the name of `model`.
    pub(super) fn new(engine: &str, model: &str, prompt: &Prompt, switches: &Switches) -> Self {
        let mut content = content(engine, model, prompt);
        pad(&mut content, switches.big.unwrap_or_default());
        let mut words: Vec<_> = content.split_inclusive(' ').map(str::to_owned).collect();
        let limit = prompt.sampling.limit().unwrap_or(usize::MAX);
        let natural = if words.len() > limit { "length" } else { "stop" };
        words.truncate(limit);
        let finish = switches.finish.as_deref().unwrap_or(natural);
        Self {
            finish: (!switches.no_finish).then(|| finish.to_owned()),
            usage: Usage::new(prompt.tokens, words.len()),
            words,
        }
    }
}

/// Says who answers and what of the request it saw.
fn content(engine: &str, model: &str, prompt: &Prompt) -> String {
    let system = if prompt.system { "with a system prompt" } else { "without a system prompt" };
    let thinking = match &prompt.thinking {
        Thinking::Off => "off".to_owned(),
        Thinking::On => "on".to_owned(),
        Thinking::Effort(effort) => format!("at {effort} effort"),
    };
    format!("This is {engine} as {model}, {system}, thinking {thinking}.")
}

/// Lengthens `content` to `size` bytes.
fn pad(content: &mut String, size: usize) {
    while content.len() < size {
        content.push(' ');
        let missing = size - content.len();
        content.push_str(&"x".repeat(missing.min(FILLER)));
    }
}
