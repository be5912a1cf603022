//! Checks what one part of a configuration says of another.

use super::parse::CATEGORY_LABELS;
use super::reader::looks_like;
use super::report::Report;
use super::types::{Backend, Classifier, ConditionKind, Config, Decision};

/// Answers of the sidecar that must find room: those of a long conversation.
const LEAST_MEMO: usize = 256;

/// Adds to `report` every reference that leads nowhere: an error where the
/// original refuses the file, a warning where it silently does nothing.
pub fn check(config: &Config, report: &mut Report) {
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
    if decision.conditions.is_empty() {
        report.warn(format!("{path}.rules.conditions"), "is empty: the decision never matches");
    }
    for (index, condition) in decision.conditions.iter().enumerate() {
        if condition.kind == ConditionKind::Domain && !reachable(config, &condition.name) {
            let near = CATEGORY_LABELS.iter().find(|label| looks_like(label, &condition.name));
            let hint = near.map(|label| format!(" (did you mean {label:?}?)")).unwrap_or_default();
            report.warn(
                format!("{path}.rules.conditions[{index}].name"),
                format!(
                    "no category of the classifier is {:?}: it never holds{hint}",
                    condition.name
                ),
            );
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

/// Whether some label of the classifier fulfils a `domain` condition.
fn reachable(config: &Config, name: &str) -> bool {
    let known = |label: &str| CATEGORY_LABELS.contains(&label);
    known(name)
        || config
            .categories
            .iter()
            .filter(|category| category.name == name)
            .any(|category| category.labels.iter().any(|label| known(label)))
}
