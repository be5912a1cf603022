//! Checks what one part of a configuration says of another.

use super::parse::CATEGORY_LABELS;
use super::reader::looks_like;
use super::report::Report;
use super::types::{Backend, Classifier, Condition, ConditionKind, Config, Decision, Mode};
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
        let same = |other: &Decision| other.name == decision.name;
        if config.decisions.iter().take(index).any(same) {
            report.warn(
                format!("decisions[{index}].name"),
                format!("there is another decision {:?}", decision.name),
            );
        }
    }
    for model in &config.models {
        for (index, name) in model.preferred_endpoints.iter().enumerate() {
            if !config.endpoints.iter().any(|endpoint| endpoint.name == *name) {
                report.warn(
                    format!("model_config.{}.preferred_endpoints[{index}]", model.name),
                    format!("no endpoint of vllm_endpoints is named {name:?}"),
                );
            }
        }
        if let Some(family) = &model.reasoning_family
            && !config.reasoning_families.iter().any(|known| known.name == *family)
        {
            report.warn(
                format!("model_config.{}.reasoning_family", model.name),
                format!("reasoning_families has no {family:?}: reasoning is never set"),
            );
        }
    }
    let candidates: usize = config.embedding_rules.iter().map(|rule| rule.candidates.len()).sum();
    if candidates > MAX_CANDIDATES {
        report.error(
            "embedding_rules",
            format!("has {candidates} candidates in all: at most {MAX_CANDIDATES} are kept"),
        );
    }
    let inference = &config.filter.inference;
    let asks = |(_, classifier): (_, &Classifier)| classifier.backend == Backend::Sidecar;
    if inference.memo_entries < LEAST_MEMO && config.classifiers().into_iter().any(asks) {
        report.error(
            "filter.inference.memo_entries",
            format!("must be at least {LEAST_MEMO}, since the sidecar's answers are kept there"),
        );
    }
    if config.default_model.is_none() {
        report.warn("default_model", "missing: a request that matches no decision keeps its model");
    }
    if !config.classify_category && !config.decisions.is_empty() {
        report.warn(
            "classifier.category_model",
            "names no model_id and category_mapping_path: prompts are not classified",
        );
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
        let path = format!("{path}.modelRefs[{index}]");
        let model = config.model(&model_ref.model);
        if model.is_none() && !model_ref.model.is_empty() {
            report.warn(
                format!("{path}.model"),
                format!("model_config has no {:?}: no endpoint is chosen for it", model_ref.model),
            );
        }
        if let Some(lora) = &model_ref.lora_name
            && !model.is_some_and(|model| model.loras.contains(lora))
        {
            report.error(
                format!("{path}.lora_name"),
                format!("model_config.{}.loras has no {lora:?}", model_ref.model),
            );
        }
    }
}

/// Why nothing can fulfil a condition, if so, with the nearest valid name.
fn unreachable(config: &Config, condition: &Condition) -> Option<String> {
    let name = condition.name.as_str();
    let (of, known): (&str, Vec<&str>) = match condition.kind {
        ConditionKind::Unevaluated => return None,
        ConditionKind::Domain => ("category of the classifier", domains(config)),
        ConditionKind::Keyword => (
            "rule of keyword_rules",
            config.keyword_rules.iter().map(|rule| rule.name.as_str()).collect(),
        ),
        ConditionKind::Embedding => (
            "rule of embedding_rules",
            config.embedding_rules.iter().map(|rule| rule.name.as_str()).collect(),
        ),
        ConditionKind::FactCheck => ("fact_check signal", FACT_CHECK_SIGNALS.to_vec()),
    };
    if known.contains(&name) {
        return None;
    }
    let near = known.iter().find(|known| looks_like(known, name));
    let hint = near.map(|near| format!(" (did you mean {near:?}?)")).unwrap_or_default();
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
