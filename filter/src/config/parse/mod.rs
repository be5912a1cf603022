//! Reads the router's own sections into [`Config`].

mod backend;
mod cache;
mod decision;
mod signal;

use super::reader::{Fields, Node};
use super::types::{Category, Config, DEFAULT_AUTO_NAME, Strategy};
use super::{filter, inference, tracing};

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
        "fact_check_rules",
        "embedding_models",
        "api",
        "listeners",
    ]);
    let mut asked = inference::classifier(&top);
    let prompt_guard = inference::prompt_guard(&top, &mut asked.stand_ins);
    let filter = filter::read(&top);
    let host_names = filter.endpoints.host_names;
    let endpoints = top.items("vllm_endpoints");
    let config = Config {
        auto_model_name: top
            .text("auto_model_name")
            .unwrap_or_else(|| DEFAULT_AUTO_NAME.to_owned()),
        include_config_models_in_list: top.flag("include_config_models_in_list").unwrap_or(false),
        default_model: top.text("default_model"),
        default_reasoning_effort: top.text("default_reasoning_effort"),
        strategy: strategy(&top),
        classify_category: asked.category,
        category_model: asked.category_model,
        pii_model: asked.pii,
        prompt_guard,
        stand_ins: asked.stand_ins,
        keyword_rules: top.items("keyword_rules").iter().map(signal::keyword_rule).collect(),
        embedding_rules: top.items("embedding_rules").iter().map(signal::embedding_rule).collect(),
        fact_check_threshold: fact_check_threshold(&top),
        semantic_cache: cache::read(&top),
        categories: top.items("categories").iter().map(category).collect(),
        decisions: top.items("decisions").iter().map(decision::decision).collect(),
        reasoning_families: named(&top, "reasoning_families", backend::reasoning_family),
        endpoints: endpoints.iter().map(|node| backend::endpoint(node, host_names)).collect(),
        models: named(&top, "model_config", backend::model),
        tracing: tracing::read(&top),
        filter,
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

/// What the file turns on and this version does not run, each with a warning.
fn unavailable(top: &Fields<'_>) -> Vec<&'static str> {
    for key in ["hallucination_mitigation", "response_api", "tools"] {
        let Some(node) = top.get(key) else { continue };
        if node.fields().flag("enabled") == Some(true) {
            node.warn("is enabled here but not run by this version");
        }
    }
    let cached = top.fields("semantic_cache").and_then(|fields| fields.flag("enabled"));
    if cached == Some(true) { vec!["cache.lookup"] } else { Vec::new() }
}

/// The least probability of a prompt that asks for facts: 0.7 as in the
/// original.
fn fact_check_threshold(top: &Fields<'_>) -> f64 {
    let model = top.fields("hallucination_mitigation");
    let model = model.and_then(|fields| fields.fields("fact_check_model"));
    model.and_then(|model| model.get("threshold")?.fraction()).unwrap_or(0.7)
}
