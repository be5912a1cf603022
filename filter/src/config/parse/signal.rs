//! Reads `keyword_rules` and `embedding_rules`.

use crate::config::reader::{Form, Node};
use crate::config::types::{Aggregation, EmbeddingRule, KeywordOperator, KeywordRule};
use crate::signal::FACT_CHECK_SIGNALS;

/// Reads an entry of `keyword_rules`.
pub fn keyword_rule(node: &Node<'_>) -> KeywordRule {
    const OPERATORS: [(&str, KeywordOperator); 3] =
        [("AND", KeywordOperator::And), ("OR", KeywordOperator::Or), ("NOR", KeywordOperator::Nor)];
    let fields = node.fields();
    let name = fields.text("name").unwrap_or_default();
    let operator = fields.require("operator").and_then(|node| node.choice(&OPERATORS));
    let keywords = fields.items("keywords").iter().filter_map(keyword).collect();
    let rule = KeywordRule {
        name,
        operator: operator.unwrap_or(KeywordOperator::Or),
        keywords,
        case_sensitive: fields.flag("case_sensitive").unwrap_or(false),
    };
    fields.finish();
    // The original takes such rules too.
    if rule.name.is_empty() || rule.keywords.is_empty() {
        node.warn("has no name or no keywords: it never matches");
    }
    rule
}

/// The original finds an empty keyword in every text.
fn keyword(node: &Node<'_>) -> Option<String> {
    let text = node.text()?;
    if text.is_empty() {
        node.warn("is empty: it is left out");
    }
    Some(text).filter(|text| !text.is_empty())
}

/// Reads an entry of `embedding_rules`.
pub fn embedding_rule(node: &Node<'_>) -> EmbeddingRule {
    // The original fails on each request that meets a method it does not know.
    const METHODS: [(&str, Aggregation); 3] =
        [("mean", Aggregation::Mean), ("max", Aggregation::Max), ("any", Aggregation::Any)];
    let fields = node.fields();
    let name = fields.text("name").unwrap_or_default();
    let threshold = fields.get("threshold").and_then(|node| node.fraction());
    let method = fields.get("aggregation_method");
    let method = method.and_then(|node| node.preference(&METHODS, "max is used"));
    let candidates = fields.texts("candidates");
    if fields.get("threshold").is_none() {
        node.warn("has no threshold: it matches every prompt that is not unlike all candidates");
    }
    // The original takes such rules too, and they never match.
    if name.is_empty() || candidates.is_empty() {
        node.warn("has no name or no candidates: it never matches");
    }
    let rule = EmbeddingRule {
        name,
        threshold: threshold.unwrap_or(0.0),
        candidates,
        aggregation: method.unwrap_or_default(),
    };
    fields.finish();
    rule
}

/// Reads an entry of `fact_check_rules`, which says nothing but that a signal
/// may be asked for.
pub fn fact_check_rule(node: &Node<'_>) {
    let fields = node.fields();
    let name = fields.required_text("name");
    fields.check(&[("description", Form::Text)]);
    fields.finish();
    if !name.is_empty() && !FACT_CHECK_SIGNALS.contains(&name.as_str()) {
        let signals = FACT_CHECK_SIGNALS.join(" and ");
        node.warn(format!("there are the signals {signals}, and no {name:?}"));
    }
}
