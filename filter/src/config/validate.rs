//! Checks what one part of a configuration says of another.

use super::CATEGORY_LABELS;
use super::reader::{did_you_mean, nearest};
use super::report::Report;
use super::types::{
    Backend, CacheScope, Classifier, Condition, ConditionKind, Config, Decision, Mode, ModelRef,
    ReasoningControl,
};
use crate::classify::MAX_CANDIDATES;
use crate::signal::FACT_CHECK_SIGNALS;

/// Answers of the sidecar that must find room: those of a long conversation.
const LEAST_MEMO: usize = 256;

/// Adds to `report` every reference that leads nowhere: an error where the
/// original refuses the file, a warning where it silently does nothing.
pub fn check(config: &Config, report: &mut Report) {
    if config.filter.mode == Mode::Hold {
        // All else is read from the configuration of the other half.
        return;
    }
    for (index, decision) in config.decisions.iter().enumerate() {
        check_decision(config, decision, &format!("decisions[{index}]"), report);
    }
    let candidates: usize = config.embedding_rules.iter().map(|rule| rule.candidates.len()).sum();
    if candidates > MAX_CANDIDATES {
        report.error(
            "embedding_rules",
            format!("has {candidates} candidates in all: at most {MAX_CANDIDATES} are kept"),
        );
    }
    check_names(config, report);
    check_models(config, report);
    check_labels(config, report);
    let inference = &config.filter.inference;
    let asks = |(_, classifier): (_, &Classifier)| classifier.backend == Backend::Sidecar;
    if inference.memo_entries < LEAST_MEMO && config.classifiers().into_iter().any(asks) {
        report.error(
            "filter.inference.memo_entries",
            format!("must be at least {LEAST_MEMO}, since the sidecar's answers are kept there"),
        );
    }
    if config.semantic_cache.is_some() && config.filter.cache.scope == CacheScope::Shared {
        report.warn(
            "filter.cache.scope",
            "is shared: whoever asks may be given an answer that another tenant got",
        );
    }
    let asks = |(_, condition): (_, &Condition)| condition.kind == ConditionKind::Domain;
    let mut decisions = config.decisions.iter();
    if !config.classify_category
        && decisions.any(|decision| decision.rule.conditions().into_iter().any(asks))
    {
        report.warn(
            "classifier.category_model",
            "names no model_id and category_mapping_path: prompts are not classified",
        );
    }
}

/// Names that are there twice: the first of a name counts.
fn check_names(config: &Config, report: &mut Report) {
    let mut check = |section: &str, what: &str, names: Vec<&str>| {
        for (index, name) in names.iter().enumerate() {
            let before = names.iter().take(index);
            if !name.is_empty() && before.into_iter().any(|other| other == name) {
                let path = format!("{section}[{index}].name");
                report.warn(path, format!("there is another {what} {name:?}"));
            }
        }
    };
    let keyword_rules = config.keyword_rules.iter().map(|rule| rule.name.as_str()).collect();
    let embedding_rules = config.embedding_rules.iter().map(|rule| rule.name.as_str()).collect();
    let categories = config.categories.iter().map(|category| category.name.as_str()).collect();
    let decisions = config.decisions.iter().map(|decision| decision.name.as_str()).collect();
    let endpoints = config.endpoints.iter().map(|endpoint| endpoint.name.as_str()).collect();
    check("keyword_rules", "keyword rule", keyword_rules);
    check("embedding_rules", "embedding rule", embedding_rules);
    check("categories", "category", categories);
    check("decisions", "decision", decisions);
    check("vllm_endpoints", "endpoint", endpoints);
}

fn check_models(config: &Config, report: &mut Report) {
    for model in &config.models {
        let path = format!("model_config.{}", model.name);
        for (index, name) in model.preferred_endpoints.iter().enumerate() {
            let known = || config.endpoints.iter().map(|endpoint| endpoint.name.as_str());
            if !known().any(|known| known == name) {
                let hint = did_you_mean(nearest(known(), name));
                report.warn(
                    format!("{path}.preferred_endpoints[{index}]"),
                    format!("no endpoint is named {name:?}{hint}"),
                );
            }
        }
        if let Some(family) = &model.reasoning_family {
            let known = || config.reasoning_families.iter().map(|known| known.name.as_str());
            if !known().any(|known| known == family) {
                let hint = did_you_mean(nearest(known(), family));
                report.warn(
                    format!("{path}.reasoning_family"),
                    format!("no reasoning family is {family:?}: reasoning is never set{hint}"),
                );
            }
        }
    }
    match &config.default_model {
        None => {
            let message = "missing: a request that matches no decision keeps its model";
            report.warn("default_model", message);
        }
        // Where no model is configured, the routes of Envoy lead to them.
        Some(_) if config.models.is_empty() => {}
        Some(name) => check_model(config, name, "default_model", report),
    }
}

fn check_model(config: &Config, name: &str, path: &str, report: &mut Report) {
    if name.is_empty() || config.model(name).is_some() {
        return;
    }
    let known = config.models.iter().map(|model| model.name.as_str());
    let hint = did_you_mean(nearest(known, name));
    report.warn(path, format!("no model is {name:?}: no endpoint is chosen for it{hint}"));
}

/// Labels that categories list and the bundled classifier does not have.
fn check_labels(config: &Config, report: &mut Report) {
    if config.category_model.is_some() {
        return;
    }
    for (index, category) in config.categories.iter().enumerate() {
        for (at, label) in category.labels.iter().enumerate().filter(|(_, label)| !is_label(label))
        {
            let hint = did_you_mean(nearest(CATEGORY_LABELS, label));
            report.warn(
                format!("categories[{index}].mmlu_categories[{at}]"),
                format!("no category of the classifier is {label:?}{hint}"),
            );
        }
    }
}

fn check_decision(config: &Config, decision: &Decision, path: &str, report: &mut Report) {
    let conditions = decision.rule.conditions();
    if conditions.is_empty() {
        report.warn(format!("{path}.rules.conditions"), "is empty: the decision never matches");
    }
    for (below, condition) in conditions {
        if let Some(why) = unreachable(config, condition) {
            report.warn(format!("{path}.rules.{below}.name"), why);
        }
    }
    for (index, model_ref) in decision.model_refs.iter().enumerate() {
        check_model_ref(config, model_ref, &format!("{path}.modelRefs[{index}]"), report);
    }
    // What a decision turns on and nothing runs, unlike what it turns off.
    let guarded = decision.jailbreak.is_some_and(|policy| policy.enabled);
    if guarded && config.prompt_guard.is_none() {
        let message = "the plugin jailbreak looks for nothing: prompt_guard is not enabled";
        report.warn(format!("{path}.plugins"), message);
    }
    let cached = decision.cache.is_some_and(|policy| policy.enabled);
    if cached && config.semantic_cache.is_none() {
        let message = "the plugin semantic-cache finds nothing: semantic_cache is not enabled";
        report.warn(format!("{path}.plugins"), message);
    }
}

fn check_model_ref(config: &Config, model_ref: &ModelRef, path: &str, report: &mut Report) {
    let name = &model_ref.model;
    check_model(config, name, &format!("{path}.model"), report);
    if let Some(lora) = &model_ref.lora_name {
        let known: Vec<&str> = config
            .model(name)
            .map(|model| model.loras.iter().map(String::as_str).collect())
            .unwrap_or_default();
        if !known.contains(&lora.as_str()) {
            let hint = did_you_mean(nearest(known, lora));
            report
                .error(format!("{path}.lora_name"), format!("{name:?} has no LoRA {lora:?}{hint}"));
        }
    }
    let family = config.reasoning_family(name);
    let takes_effort = family.is_some_and(|family| family.control == ReasoningControl::Effort);
    if model_ref.reasoning_effort.is_some() && !(takes_effort && model_ref.use_reasoning) {
        let why = if model_ref.use_reasoning {
            "the model is of no family that is told an effort"
        } else {
            "use_reasoning is false"
        };
        report.warn(format!("{path}.reasoning_effort"), format!("has no effect: {why}"));
    }
}

/// Why nothing can fulfil a condition, if so, with the nearest valid name.
fn unreachable(config: &Config, condition: &Condition) -> Option<String> {
    let name = condition.name.as_str();
    let (of, known): (&str, Vec<&str>) = match condition.kind {
        ConditionKind::Unevaluated => return None,
        // The labels of a model of one's own are not known here.
        ConditionKind::Domain if config.category_model.is_some() => return None,
        ConditionKind::Domain => ("category of the classifier", domains(config)),
        ConditionKind::Keyword => {
            ("keyword rule", config.keyword_rules.iter().map(|rule| rule.name.as_str()).collect())
        }
        ConditionKind::Embedding => (
            "embedding rule",
            config.embedding_rules.iter().map(|rule| rule.name.as_str()).collect(),
        ),
        ConditionKind::FactCheck => ("fact_check signal", FACT_CHECK_SIGNALS.to_vec()),
    };
    if known.contains(&name) {
        return None;
    }
    let hint = did_you_mean(nearest(known.iter().copied(), name));
    Some(format!("no {of} is {name:?}: it never holds{hint}"))
}

/// Names that some label of the classifier fulfils.
fn domains(config: &Config) -> Vec<&str> {
    let categories = config.categories.iter();
    let lists = categories
        .filter(|category| category.labels.iter().any(|label| is_label(label)))
        .map(|category| category.name.as_str());
    CATEGORY_LABELS.into_iter().chain(lists).collect()
}

fn is_label(name: &str) -> bool {
    CATEGORY_LABELS.contains(&name)
}
