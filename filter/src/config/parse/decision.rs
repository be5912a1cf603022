//! Reads `decisions`.

use super::plugin::plugins;
use crate::config::reader::{Fields, Form, Node, did_you_mean, nearest};
use crate::config::types::{Condition, ConditionKind, Decision, ModelRef, Operator, Rule, Term};

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
    fields.check(&[("description", Form::Text)]);
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
    let operators = [("AND", Operator::And), ("OR", Operator::Or), ("NOT", Operator::Not)];
    let operator = rules.get("operator");
    let operator = operator.and_then(|node| node.preference(&operators, "OR is used"));
    let operator = operator.unwrap_or(Operator::Or);
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
        let kinds = ConditionKind::NAMES.iter().map(|(name, _)| *name);
        let hint = did_you_mean(nearest(kinds, &kind));
        node.warn(format!("conditions of type {kind:?} are not evaluated and never hold{hint}"));
    }
    Condition { kind: known.map_or(ConditionKind::Unevaluated, |(_, kind)| *kind), name }
}

fn model_refs(decision: &Fields<'_>) -> Vec<ModelRef> {
    let Some(list) = decision.require("modelRefs") else { return Vec::new() };
    let items = list.items();
    if items.is_empty() {
        list.error("must name at least one model");
    }
    for further in items.iter().skip(1) {
        further.warn("is never chosen: a decision takes its first model, as in the original");
    }
    items.iter().map(model_ref).collect()
}

fn model_ref(node: &Node<'_>) -> ModelRef {
    let fields = node.fields();
    let model = fields.required_text("model");
    let use_reasoning = fields.require("use_reasoning").and_then(|node| node.flag());
    let lora_name = fields.text("lora_name");
    let reasoning_effort = fields.text("reasoning_effort");
    fields.check(&[("reasoning_description", Form::Text)]);
    fields.finish();
    let use_reasoning = use_reasoning.unwrap_or(false);
    ModelRef { model, lora_name, use_reasoning, reasoning_effort }
}
