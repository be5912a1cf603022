//! Which attributes a rendered span shows.

use super::Node;

/// The attributes of spans without a row of their own.
const OTHERS: &[&str] = &["http.status_code", "http.response.status_code", "error.type"];

/// The attributes that say why a stage of the router did not run.
const OUTCOME: &[&str] = &["stage.outcome", "stage.reason"];

/// The attributes that name a trace for a person, best first.
pub(super) const TITLES: [&str; 4] = ["input.value", "cache.key", "http.path", "url.path"];

/// The keys of the attributes worth a look. A span need not have them.
pub(super) fn attributes(node: &Node) -> impl Iterator<Item = &'static str> {
    let ran = node.text("stage.outcome").is_none_or(|outcome| outcome == "ran");
    let outcome = if ran { &[] } else { OUTCOME };
    by_name(node.name()).iter().chain(outcome).copied()
}

fn by_name(name: &str) -> &'static [&'static str] {
    match name {
        "semantic_router.request.received" => &["http.status_code"],
        "semantic_router.classification" => &["category.name", "category.confidence"],
        "semantic_router.security.jailbreak_detection" => {
            &["jailbreak.detected", "jailbreak.type", "security.action"]
        }
        "semantic_router.security.pii_detection" => {
            &["pii.detected", "pii.types", "security.action"]
        }
        "semantic_router.cache.lookup" => &["cache.hit"],
        "semantic_router.routing.decision" => {
            &["routing.selected_model", "decision.name", "reasoning.enabled"]
        }
        "semantic_router.backend.selection" => &["endpoint.name", "endpoint.address"],
        "semantic_router.system_prompt.injection" => {
            &["system_prompt.injected", "system_prompt.mode"]
        }
        "semantic_router.tools.selection" => &["tools.count", "tools.selected"],
        "semantic_router.upstream.request" => &["http.status_code", "error.type"],
        "semantic_router.response.processing" => {
            &["token.count.prompt", "token.count.completion", "response.unread_reason"]
        }
        "llm_request" => &["gen_ai.usage.prompt_tokens", "gen_ai.usage.completion_tokens"],
        _ => OTHERS,
    }
}
