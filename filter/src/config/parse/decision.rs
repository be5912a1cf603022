//! Reads `decisions`.

use crate::classify::pii::Kind;
use crate::config::reader::{Fields, Node};
use crate::config::types::{
    CachePolicy, Condition, ConditionKind, Decision, HeaderMutation, JailbreakPolicy, ModelRef,
    Operator, PiiPolicy, PromptMode, Rule, SystemPrompt, Term,
};
use crate::headers::ROUTING_HEADERS;

/// How deep rules may stand within rules.
const MAX_DEPTH: usize = 8;

/// Reads an entry of `decisions`.
pub fn decision(node: &Node<'_>) -> Decision {
    let fields = node.fields();
    let name = fields.required_text("name");
    let priority = fields.get("priority").and_then(|node| node.integer(i64::MIN..=i64::MAX));
    let rule = fields.fields("rules").map(|rules| rule(&rules, MAX_DEPTH));
    let model_refs = model_refs(&fields);
    let plugins = plugins(&fields);
    fields.ignore(&["description"]);
    fields.finish();
    Decision {
        name,
        priority: priority.unwrap_or(0),
        rule: rule.unwrap_or(Rule { operator: Operator::Or, terms: Vec::new() }),
        model_refs,
        system_prompt: plugins.system_prompt,
        jailbreak: plugins.jailbreak,
        pii: plugins.pii,
        cache: plugins.cache,
        headers: plugins.headers,
    }
}

/// Reads a rule and the rules in it, down to a depth.
fn rule(rules: &Fields<'_>, depth: usize) -> Rule {
    // The original compares with "AND" exactly and takes all else for OR.
    let operator = match rules.get("operator").map(|node| (node.text(), node)) {
        Some((Some(text), _)) if text == "AND" => Operator::And,
        Some((Some(text), _)) if text == "NOT" => Operator::Not,
        Some((Some(text), node)) if text != "OR" => {
            node.warn(format!("is none of AND, OR and NOT but {text:?}: OR is used"));
            Operator::Or
        }
        _ => Operator::Or,
    };
    let terms = rules.items("conditions").iter().filter_map(|node| term(node, depth)).collect();
    rules.finish();
    Rule { operator, terms }
}

/// Reads a condition, or a rule in its place: a mapping with an operator.
fn term(node: &Node<'_>, depth: usize) -> Option<Term> {
    let fields = node.fields();
    if !fields.has("operator") {
        return Some(Term::Condition(condition(node, &fields)));
    }
    if depth == 0 {
        node.error(format!("rules within rules go {MAX_DEPTH} deep at most"));
        return None;
    }
    Some(Term::Rule(rule(&fields, depth - 1)))
}

fn condition(node: &Node<'_>, fields: &Fields<'_>) -> Condition {
    let kind = fields.required_text("type");
    // The original takes one without a name, and it never holds.
    let name = fields.text("name").unwrap_or_default();
    fields.finish();
    let known = ConditionKind::NAMES.iter().find(|(name, _)| *name == kind);
    if known.is_none() && !kind.is_empty() {
        node.warn(format!("conditions of type {kind:?} are not evaluated and never hold"));
    }
    Condition { kind: known.map_or(ConditionKind::Unevaluated, |(_, kind)| *kind), name }
}

fn model_refs(decision: &Fields<'_>) -> Vec<ModelRef> {
    let Some(list) = decision.require("modelRefs") else { return Vec::new() };
    let items = list.items();
    if items.is_empty() {
        list.error("must name at least one model");
    }
    items.iter().map(model_ref).collect()
}

fn model_ref(node: &Node<'_>) -> ModelRef {
    let fields = node.fields();
    let model = fields.required_text("model");
    let use_reasoning = fields.require("use_reasoning").and_then(|node| node.flag());
    let lora_name = fields.text("lora_name");
    let reasoning_effort = fields.text("reasoning_effort");
    fields.ignore(&["reasoning_description"]);
    fields.finish();
    let use_reasoning = use_reasoning.unwrap_or(false);
    ModelRef { model, lora_name, use_reasoning, reasoning_effort }
}

/// The plugins of a decision that are run.
#[derive(Default)]
struct Plugins {
    system_prompt: Option<SystemPrompt>,
    jailbreak: Option<JailbreakPolicy>,
    pii: Option<PiiPolicy>,
    cache: Option<CachePolicy>,
    headers: Option<HeaderMutation>,
}

/// Reads the plugins of a decision; the first of a type counts.
fn plugins(decision: &Fields<'_>) -> Plugins {
    let mut plugins = Plugins::default();
    let mut seen: Vec<String> = Vec::new();
    for node in decision.items("plugins") {
        let fields = node.fields();
        let kind = fields.required_text("type");
        let settings = fields.get("configuration").filter(|_| !seen.contains(&kind));
        match (kind.as_str(), settings) {
            ("system_prompt", Some(node)) => plugins.system_prompt = system_prompt(&node),
            ("jailbreak", Some(node)) => plugins.jailbreak = Some(jailbreak(&node)),
            ("pii", Some(node)) => plugins.pii = pii(&node),
            ("semantic-cache", Some(node)) => plugins.cache = Some(cache(&node)),
            ("header_mutation", Some(node)) => plugins.headers = Some(header_mutation(&node)),
            (
                "system_prompt" | "pii" | "jailbreak" | "semantic-cache" | "header_mutation" | "",
                _,
            ) => {}
            (other, _) => {
                node.warn(format!("plugins of type {other:?} are not run by this version"));
            }
        }
        seen.push(kind);
        fields.finish();
    }
    plugins
}

fn jailbreak(node: &Node<'_>) -> JailbreakPolicy {
    let fields = node.fields();
    let enabled = fields.flag("enabled").unwrap_or(false);
    let threshold = fields.get("threshold").and_then(|node| node.fraction());
    fields.finish();
    JailbreakPolicy { enabled, threshold }
}

fn pii(node: &Node<'_>) -> Option<PiiPolicy> {
    let fields = node.fields();
    let enabled = fields.flag("enabled").unwrap_or(false);
    let threshold = fields.get("threshold").and_then(|node| node.fraction());
    let mut allowed = Vec::new();
    for node in fields.items("pii_types_allowed") {
        let Some(name) = node.text() else { continue };
        // As in the original: with or without the prefix of a tag.
        let bare = ["B-", "I-", "O-", "E-"].iter().find_map(|prefix| name.strip_prefix(prefix));
        let bare = bare.unwrap_or(&name).to_owned();
        if Kind::named(&bare).is_none() && bare != "NO_PII" {
            node.warn(format!("no type of personal data is {name:?}: it allows nothing"));
        }
        allowed.push(bare);
    }
    fields.finish();
    enabled.then_some(PiiPolicy { threshold, allowed })
}

fn system_prompt(node: &Node<'_>) -> Option<SystemPrompt> {
    let fields = node.fields();
    let text = fields.text("system_prompt");
    let enabled = fields.flag("enabled").unwrap_or(text.is_some());
    let mode = match fields.get("mode").map(|node| (node.text(), node)) {
        Some((Some(mode), _)) if mode == "insert" => PromptMode::Insert,
        Some((Some(mode), node)) if mode != "replace" && !mode.is_empty() => {
            node.warn(format!("is neither replace nor insert but {mode:?}: replace is used"));
            PromptMode::Replace
        }
        _ => PromptMode::Replace,
    };
    fields.finish();
    text.filter(|_| enabled).map(|text| SystemPrompt { text, mode })
}

/// Headers by which messages are framed, or that say how to read them.
const FRAMING: [&str; 9] = [
    "content-length",
    "content-encoding",
    "transfer-encoding",
    "connection",
    "expect",
    "host",
    "te",
    "trailer",
    "upgrade",
];
/// Headers that the router sets besides those of [`ROUTING_HEADERS`].
const SET: [&str; 3] = ["traceparent", "tracestate", "accept-encoding"];

fn cache(node: &Node<'_>) -> CachePolicy {
    let fields = node.fields();
    let enabled = fields.flag("enabled").unwrap_or(false);
    let threshold = fields.get("similarity_threshold").and_then(|node| node.fraction());
    fields.finish();
    CachePolicy { enabled, threshold }
}

fn header_mutation(node: &Node<'_>) -> HeaderMutation {
    let fields = node.fields();
    let pairs = |key| fields.items(key).iter().filter_map(header).collect();
    let mutation = HeaderMutation {
        add: pairs("add"),
        update: pairs("update"),
        delete: fields.items("delete").iter().filter_map(header_name).collect(),
    };
    fields.finish();
    mutation
}

/// A header's name and value, as long as they can stand in a request.
fn header(node: &Node<'_>) -> Option<(String, String)> {
    let fields = node.fields();
    let name = fields.require("name").and_then(|node| header_name(&node));
    let value = fields.require("value").and_then(|node| {
        let text = node.text()?;
        let safe = text.bytes().all(|byte| byte == b'\t' || (0x20..0x7f).contains(&byte));
        if !safe {
            node.error("must be printable ASCII");
        }
        safe.then_some(text)
    });
    fields.finish();
    Some((name?, value?))
}

/// The lower-case name of a header that the configuration may change: not one
/// by which messages are framed, nor one of the router's own.
fn header_name(node: &Node<'_>) -> Option<String> {
    let name = node.text()?.to_ascii_lowercase();
    let is_token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    if name.is_empty() || !name.bytes().all(is_token) {
        node.error(format!("is not the name of a header: {name:?}"));
        return None;
    }
    if FRAMING.contains(&name.as_str()) {
        node.error(format!("{name} frames the message and cannot be changed"));
        return None;
    }
    if ROUTING_HEADERS.contains(&name.as_str()) || SET.contains(&name.as_str()) {
        node.error(format!("{name} is set by the router and cannot be changed"));
        return None;
    }
    Some(name)
}
