//! Reads the router's own sections into [`Config`].

use std::net::{IpAddr, Ipv4Addr};

use super::reader::{Fields, Node};
use super::types::{
    Category, Condition, ConditionKind, Config, Decision, Endpoint, JailbreakPolicy, Model,
    ModelRef, Operator, PiiPolicy, PromptMode, ReasoningControl, ReasoningFamily, Strategy,
    SystemPrompt,
};
use super::{filter, inference, tracing};
use crate::classify::pii::Kind;

/// The 14 labels of the category classifier, which `domain` conditions name.
pub const CATEGORY_LABELS: [&str; 14] = [
    "biology",
    "business",
    "chemistry",
    "computer science",
    "economics",
    "engineering",
    "health",
    "history",
    "law",
    "math",
    "other",
    "philosophy",
    "physics",
    "psychology",
];

/// Reads a whole configuration. Whatever is wrong with it is an error in the
/// node's report, and stands in the result as if it had not been written.
pub fn config(root: &Node<'_>) -> Config {
    let top = root.fields();
    // What configures the original's process, not its behaviour.
    top.ignore(&[
        "server",
        "clear_route_cache",
        "config_source",
        "bert_model",
        "embedding_models",
        "api",
        "listeners",
    ]);
    let mut asked = inference::classifier(&top);
    let prompt_guard = inference::prompt_guard(&top, &mut asked.stand_ins);
    let config = Config {
        auto_model_name: top.text("auto_model_name").unwrap_or_else(|| "MoM".to_owned()),
        include_config_models_in_list: top.flag("include_config_models_in_list").unwrap_or(false),
        default_model: top.text("default_model"),
        default_reasoning_effort: top.text("default_reasoning_effort"),
        strategy: strategy(&top),
        classify_category: asked.category,
        category_model: asked.category_model,
        pii_model: asked.pii,
        prompt_guard,
        stand_ins: asked.stand_ins,
        categories: top.items("categories").iter().map(category).collect(),
        decisions: top.items("decisions").iter().map(decision).collect(),
        reasoning_families: named(&top, "reasoning_families", reasoning_family),
        endpoints: top.items("vllm_endpoints").iter().map(endpoint).collect(),
        models: named(&top, "model_config", model),
        tracing: tracing::read(&top),
        filter: filter::read(&top),
        unavailable_stages: unavailable(&top),
    };
    top.finish();
    config
}

fn named<T>(top: &Fields<'_>, key: &'static str, read: impl Fn(String, &Node<'_>) -> T) -> Vec<T> {
    let entries = top.get(key).map(|node| node.entries()).unwrap_or_default();
    entries.into_iter().map(|(name, node)| read(name, &node)).collect()
}

fn strategy(top: &Fields<'_>) -> Strategy {
    let Some(node) = top.get("strategy") else { return Strategy::default() };
    match node.text().as_deref() {
        Some("confidence") => Strategy::Confidence,
        Some("priority" | "") | None => Strategy::Priority,
        Some(other) => {
            node.warn(format!("unknown strategy {other:?}, priority is used"));
            Strategy::Priority
        }
    }
}

fn category(node: &Node<'_>) -> Category {
    let fields = node.fields();
    let name = fields.required_text("name");
    let labels = fields.items("mmlu_categories").iter().filter_map(Node::text).collect();
    fields.ignore(&["description"]);
    fields.finish();
    Category { name, labels }
}

fn decision(node: &Node<'_>) -> Decision {
    let fields = node.fields();
    let name = fields.required_text("name");
    let priority = fields.get("priority").and_then(|node| node.integer(i64::MIN..=i64::MAX));
    let rules = fields.fields("rules");
    let (operator, conditions) = rules.map_or((Operator::Or, Vec::new()), |rules| rule(&rules));
    let model_refs = model_refs(&fields);
    let plugins = plugins(&fields);
    fields.ignore(&["description"]);
    fields.finish();
    Decision {
        name,
        priority: priority.unwrap_or(0),
        operator,
        conditions,
        model_refs,
        system_prompt: plugins.system_prompt,
        jailbreak: plugins.jailbreak,
        pii: plugins.pii,
    }
}

fn rule(rules: &Fields<'_>) -> (Operator, Vec<Condition>) {
    // The original compares with "AND" exactly and takes all else for OR.
    let operator = match rules.get("operator").map(|node| (node.text(), node)) {
        Some((Some(text), _)) if text == "AND" => Operator::And,
        Some((Some(text), node)) if text != "OR" => {
            node.warn(format!("is neither AND nor OR but {text:?}: OR is used"));
            Operator::Or
        }
        _ => Operator::Or,
    };
    let conditions = rules.items("conditions").iter().map(condition).collect();
    rules.finish();
    (operator, conditions)
}

fn condition(node: &Node<'_>) -> Condition {
    let fields = node.fields();
    let kind = fields.required_text("type");
    // The original takes one without a name, and it never holds.
    let name = fields.text("name").unwrap_or_default();
    fields.finish();
    let kind = match kind.as_str() {
        "domain" => ConditionKind::Domain,
        "" => ConditionKind::Unevaluated,
        other => {
            node.warn(format!("conditions of type {other:?} are not evaluated and never hold"));
            ConditionKind::Unevaluated
        }
    };
    Condition { kind, name }
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
            ("system_prompt" | "pii" | "jailbreak" | "semantic-cache" | "", _) => {}
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

fn reasoning_family(name: String, node: &Node<'_>) -> ReasoningFamily {
    let fields = node.fields();
    let kind = fields.require("type").and_then(|node| {
        node.choice(&[("chat_template_kwargs", true), ("reasoning_effort", false)])
    });
    let control = if kind == Some(true) {
        ReasoningControl::TemplateArgument(fields.required_text("parameter"))
    } else {
        fields.ignore(&["parameter"]);
        ReasoningControl::Effort
    };
    fields.finish();
    ReasoningFamily { name, control }
}

fn endpoint(node: &Node<'_>) -> Endpoint {
    let fields = node.fields();
    let name = fields.required_text("name");
    let address = fields.require("address").and_then(|node| {
        let text = node.text()?;
        let address = text.parse::<IpAddr>().ok();
        if address.is_none() {
            node.error(format!("must be an IP address without scheme, path or port, is {text:?}"));
        }
        address
    });
    let port = fields.require("port").and_then(|node| node.integer(1..=65_535));
    let weight = fields.get("weight").and_then(|node| node.integer(0..=i64::from(u32::MAX)));
    fields.ignore(&["health_check_path"]);
    fields.finish();
    Endpoint {
        name,
        address: address.unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED)),
        port: port.and_then(|port| u16::try_from(port).ok()).unwrap_or(0),
        weight: weight.unwrap_or(0),
    }
}

fn model(name: String, node: &Node<'_>) -> Model {
    let fields = node.fields();
    let preferred_endpoints =
        fields.items("preferred_endpoints").iter().filter_map(Node::text).collect();
    let reasoning_family = fields.text("reasoning_family");
    let loras = fields.items("loras").iter().map(lora).collect();
    fields.ignore(&["pricing"]);
    fields.finish();
    Model { name, preferred_endpoints, reasoning_family, loras }
}

fn lora(node: &Node<'_>) -> String {
    let fields = node.fields();
    fields.ignore(&["description"]);
    let name = fields.required_text("name");
    fields.finish();
    name
}

/// What the file turns on and this version does not run, each with a warning.
fn unavailable(top: &Fields<'_>) -> Vec<&'static str> {
    let mut stages = Vec::new();
    for (key, stage) in [
        ("semantic_cache", "cache.lookup"),
        ("hallucination_mitigation", ""),
        ("response_api", ""),
        ("tools", ""),
    ] {
        let Some(node) = top.get(key) else { continue };
        if node.fields().flag("enabled") != Some(true) {
            continue;
        }
        node.warn("is enabled here but not run by this version");
        if !stage.is_empty() {
            stages.push(stage);
        }
    }
    for key in ["keyword_rules", "embedding_rules", "fact_check_rules"] {
        if let Some(node) = top.get(key).filter(|node| !node.items().is_empty()) {
            node.warn("is not evaluated by this version");
        }
    }
    stages
}
