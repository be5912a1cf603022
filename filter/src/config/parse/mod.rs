//! Reads the router's own sections into [`Config`].

mod backend;
mod cache;
mod decision;
mod plugin;
pub mod process;
mod signal;
pub mod unsupported;

use super::reader::{Fields, Form, Node};
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

/// Keys that categories had before there were decisions, which the original
/// does not read any more, and what says the same now.
const BEFORE_DECISIONS: [(&str, &str); 10] = [
    ("model_scores", "modelRefs"),
    ("system_prompt", "a plugin system_prompt"),
    ("system_prompt_enabled", "a plugin system_prompt"),
    ("system_prompt_mode", "a plugin system_prompt"),
    ("semantic_cache_enabled", "a plugin semantic-cache"),
    ("semantic_cache_similarity_threshold", "a plugin semantic-cache"),
    ("jailbreak_enabled", "a plugin jailbreak"),
    ("jailbreak_threshold", "a plugin jailbreak"),
    ("pii_enabled", "a plugin pii"),
    ("pii_threshold", "a plugin pii"),
];

/// Reads a whole configuration. Whatever is wrong with it is an error in the
/// node's report, and stands in the result as if it had not been written.
pub fn config(root: &Node<'_>) -> Config {
    let top = root.fields();
    let mut asked = inference::classifier(&top);
    let prompt_guard = inference::prompt_guard(&top, &mut asked.stand_ins);
    process::read(&top, &mut asked.stand_ins);
    unsupported::read(&top);
    top.items("fact_check_rules").iter().for_each(signal::fact_check_rule);
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
        fact_check_threshold: unsupported::hallucination_mitigation(&top).unwrap_or(0.7),
        semantic_cache: cache::read(&top),
        categories: top.items("categories").iter().map(category).collect(),
        decisions: top.items("decisions").iter().map(decision::decision).collect(),
        reasoning_families: named(&top, "reasoning_families", backend::reasoning_family),
        endpoints: endpoints.iter().map(|node| backend::endpoint(node, host_names)).collect(),
        models: named(&top, "model_config", backend::model),
        tracing: tracing::read(&top),
        filter,
    };
    top.finish();
    config
}

fn named<T>(top: &Fields<'_>, key: &'static str, read: impl Fn(String, &Node<'_>) -> T) -> Vec<T> {
    let entries = top.get(key).map(|node| node.entries()).unwrap_or_default();
    entries.into_iter().map(|(name, node)| read(name, &node)).collect()
}

fn strategy(top: &Fields<'_>) -> Strategy {
    let strategies = [("priority", Strategy::Priority), ("confidence", Strategy::Confidence)];
    let strategy = top.get("strategy");
    strategy.and_then(|node| node.preference(&strategies, "priority is used")).unwrap_or_default()
}

fn category(node: &Node<'_>) -> Category {
    let fields = node.fields();
    let name = fields.required_text("name");
    let labels = fields.texts("mmlu_categories");
    fields.check(&[("description", Form::Text)]);
    for (key, instead) in BEFORE_DECISIONS {
        if let Some(node) = fields.get(key) {
            node.note(|| Form::Any);
            node.warn(format!("has no effect on a category: {instead} of a decision says it"));
        }
    }
    fields.finish();
    Category { name, labels }
}
