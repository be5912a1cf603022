//! Reads the plugins of a decision.

use super::unsupported;
use crate::classify::pii::Kind;
use crate::config::reader::{Fields, Node, did_you_mean, nearest};
use crate::config::types::{
    CachePolicy, HeaderMutation, JailbreakPolicy, PiiPolicy, PromptMode, SystemPrompt,
};
use crate::headers::ROUTING_HEADERS;

/// The plugins of a decision that are run.
#[derive(Default)]
pub struct Plugins {
    /// `system_prompt`, if it is enabled.
    pub system_prompt: Option<SystemPrompt>,
    /// `jailbreak`.
    pub jailbreak: Option<JailbreakPolicy>,
    /// `pii`, if it is enabled.
    pub pii: Option<PiiPolicy>,
    /// `semantic-cache`.
    pub cache: Option<CachePolicy>,
    /// `header_mutation`.
    pub headers: Option<HeaderMutation>,
}

/// Reads the plugins of a decision; the first of a type counts.
pub fn plugins(decision: &Fields<'_>) -> Plugins {
    let mut plugins = Plugins::default();
    let mut seen: Vec<String> = Vec::new();
    for node in decision.items("plugins") {
        let fields = node.fields();
        let kind = fields.required_text("type");
        let settings = fields.get("configuration");
        fields.finish();
        if seen.contains(&kind) {
            node.warn(format!("is not run: the first plugin of type {kind:?} is"));
        } else if !TYPES.contains(&kind.as_str()) {
            if !kind.is_empty() {
                let hint = did_you_mean(nearest(TYPES, &kind));
                node.warn(format!("plugins of type {kind:?} are not run here{hint}"));
            }
        } else if let Some(settings) = settings {
            plugin(&mut plugins, &kind, &node, &settings);
        } else {
            node.warn("has no configuration: it is not run");
        }
        seen.push(kind);
    }
    plugins
}

/// The types of plugins of the original.
const TYPES: [&str; 6] =
    ["semantic-cache", "jailbreak", "pii", "system_prompt", "header_mutation", "hallucination"];

fn plugin(plugins: &mut Plugins, kind: &str, node: &Node<'_>, settings: &Node<'_>) {
    match kind {
        "semantic-cache" => plugins.cache = Some(cache(settings)),
        "jailbreak" => plugins.jailbreak = Some(jailbreak(settings)),
        "pii" => plugins.pii = pii(settings),
        "system_prompt" => plugins.system_prompt = system_prompt(settings),
        "header_mutation" => plugins.headers = Some(header_mutation(settings)),
        _ => unsupported::hallucination_plugin(node, settings),
    }
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
            let hint = did_you_mean(nearest(Kind::ALL.map(Kind::name), &bare));
            node.warn(format!("no type of personal data is {name:?}: it allows nothing{hint}"));
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
    let modes = [("replace", PromptMode::Replace), ("insert", PromptMode::Insert)];
    let mode = fields.get("mode").and_then(|node| node.preference(&modes, "replace is used"));
    let mode = mode.unwrap_or(PromptMode::Replace);
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
