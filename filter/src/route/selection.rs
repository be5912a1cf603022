//! The model of a request.

use super::reasoning::Reasoning;
use crate::config::{Condition, Config, ModelRef, SystemPrompt};
use crate::decision::Match;

/// How the model was chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RoutingStrategy {
    /// By the router.
    Auto,
    /// By the client.
    Specified,
}

impl RoutingStrategy {
    /// Its name, as `routing.strategy` carries it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Specified => "specified",
        }
    }
}

/// The model of a request, and why.
#[derive(Clone, Debug, PartialEq)]
pub struct Selection<'a> {
    /// How it was chosen.
    pub strategy: RoutingStrategy,
    /// Why, in one word.
    pub reason: &'static str,
    /// The model that the client named.
    pub original_model: String,
    /// The model that the engine is asked for.
    pub model: String,
    /// The key of `model_config` that says where it is served: the model, or
    /// the base model of a LoRA adapter.
    pub base_model: String,
    /// The decision that matched.
    pub decision: Option<&'a str>,
    /// The conditions of it that hold, `type:name`.
    pub matched: Vec<String>,
    /// How many of its conditions are as it wants them, from 0 to 1.
    pub confidence: Option<f64>,
    /// The `domain` condition that matched.
    pub category: Option<&'a str>,
    /// The reasoning mode; `None` where the client's stays.
    pub reasoning: Option<Reasoning<'a>>,
    /// The system prompt of the decision, where it is to be set.
    pub system_prompt: Option<&'a SystemPrompt>,
}

/// Chooses the model of a request that names `original`. A model named by the
/// client is left alone, and with it its reasoning mode and system prompt.
#[must_use]
pub fn select<'a>(config: &'a Config, original: &str, found: Option<&Match<'a>>) -> Selection<'a> {
    let keep = |strategy, reason| Selection {
        strategy,
        reason,
        original_model: original.to_owned(),
        model: original.to_owned(),
        base_model: original.to_owned(),
        decision: found.map(|found| found.decision.name.as_str()),
        matched: found.map(|found| labels(&found.matched)).unwrap_or_default(),
        confidence: found.map(|found| found.confidence),
        category: found.and_then(Match::category),
        reasoning: None,
        system_prompt: None,
    };
    if !config.is_auto(original) {
        return keep(RoutingStrategy::Specified, "model_specified");
    }
    if let Some(found) = found
        && let Some(model_ref) = found.decision.model_refs.first()
    {
        let ModelRef { model, lora_name, .. } = model_ref;
        return Selection {
            model: lora_name.as_ref().unwrap_or(model).clone(),
            base_model: model.clone(),
            reasoning: Some(Reasoning::of(config, model_ref)),
            system_prompt: found.decision.system_prompt.as_ref(),
            ..keep(RoutingStrategy::Auto, "decision_engine_evaluation")
        };
    }
    match &config.default_model {
        Some(model) => Selection {
            model: model.clone(),
            base_model: model.clone(),
            reasoning: Some(Reasoning::off(config, model)),
            ..keep(RoutingStrategy::Auto, "no_decision_matched")
        },
        None => keep(RoutingStrategy::Auto, "no_default_model"),
    }
}

fn labels(conditions: &[&Condition]) -> Vec<String> {
    conditions.iter().map(|condition| condition.label()).collect()
}
