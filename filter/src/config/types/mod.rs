//! The router's configuration as the filter and the collector use it.
//!
//! Keys and defaults are those of vLLM Semantic Router at the commit of its
//! pull request 852 (`src/semantic-router/pkg/config/config.go`); the section
//! `filter` is this project's own.

mod backend;
mod cache;
mod decision;
mod filter;
mod model;
mod signal;
mod tracing;

pub use backend::{Endpoint, Host, Model, Pricing, ReasoningControl, ReasoningFamily};
pub use cache::{CacheBackend, CacheScope, CacheSettings, Eviction, SemanticCache};
pub use decision::{
    CachePolicy, Condition, ConditionKind, Decision, HeaderMutation, JailbreakPolicy, ModelRef,
    Operator, PiiPolicy, PromptMode, Rule, SystemPrompt, Term,
};
pub use filter::{
    BlockAs, Collector, EndpointChoice, EndpointPolicy, FailurePolicy, Filter, Mode, OnError,
};
pub use model::{Backend, Classifier, CustomModel, Inference, PiiModel, PromptGuard};
pub use signal::{Aggregation, EmbeddingRule, KeywordOperator, KeywordRule};
pub use tracing::{Exporter, ExporterKind, Resource, Sampling, Tracing};

/// The default of `auto_model_name`.
pub const DEFAULT_AUTO_NAME: &str = "MoM";

/// A whole configuration.
#[derive(Clone, Debug, PartialEq)]
pub struct Config {
    /// `auto_model_name`: the model name, besides `auto` and `MoM`, that asks
    /// the router to choose.
    pub auto_model_name: String,
    /// `include_config_models_in_list`: whether `GET /v1/models` also lists the
    /// configured models.
    pub include_config_models_in_list: bool,
    /// `default_model`: used when no decision matches.
    pub default_model: Option<String>,
    /// `default_reasoning_effort`: used where a model reference names none.
    pub default_reasoning_effort: Option<String>,
    /// `strategy`: how one of several matching decisions is chosen.
    pub strategy: Strategy,
    /// Whether `classifier.category_model` asks for the category classifier.
    pub classify_category: bool,
    /// `classifier.category_model`, where it is the user's own.
    pub category_model: Option<CustomModel>,
    /// `classifier.pii_model`.
    pub pii_model: PiiModel,
    /// `prompt_guard`, where it is enabled.
    pub prompt_guard: Option<PromptGuard>,
    /// Names of the original's models in the file, in whose place the bundled
    /// one stands.
    pub stand_ins: Vec<String>,
    /// `keyword_rules`, in file order.
    pub keyword_rules: Vec<KeywordRule>,
    /// `embedding_rules`, in file order.
    pub embedding_rules: Vec<EmbeddingRule>,
    /// `hallucination_mitigation.fact_check_model.threshold`: the least
    /// probability with which a prompt asks for facts, from 0 to 1.
    pub fact_check_threshold: f64,
    /// `semantic_cache`, where it is enabled.
    pub semantic_cache: Option<SemanticCache>,
    /// `categories`, in file order.
    pub categories: Vec<Category>,
    /// `decisions`, in file order.
    pub decisions: Vec<Decision>,
    /// `reasoning_families`, in file order.
    pub reasoning_families: Vec<ReasoningFamily>,
    /// `vllm_endpoints`, in file order.
    pub endpoints: Vec<Endpoint>,
    /// `model_config`, in file order.
    pub models: Vec<Model>,
    /// `observability.tracing`.
    pub tracing: Tracing,
    /// `filter`: what the original does not have.
    pub filter: Filter,
}

/// How one of several matching decisions is chosen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Strategy {
    /// The highest `priority`; the first in the file among equals.
    #[default]
    Priority,
    /// The highest ratio of matched conditions; the first among equals.
    Confidence,
}

/// A named group of the classifier's labels.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Category {
    /// `name`, as `domain` conditions refer to it.
    pub name: String,
    /// `mmlu_categories`: labels of the category classifier.
    pub labels: Vec<String>,
}

impl Config {
    /// Whether a client's model name asks the router to choose.
    #[must_use]
    pub fn is_auto(&self, model: &str) -> bool {
        model == "auto"
            || model == self.auto_model_name
            || (model == DEFAULT_AUTO_NAME && self.model(model).is_none())
    }

    /// Whether some decision has personal data looked for.
    #[must_use]
    pub fn detects_pii(&self) -> bool {
        self.decisions.iter().any(|decision| decision.pii.is_some())
    }

    /// What a policy comes to: a request that is only observed goes on whatever
    /// is configured.
    #[must_use]
    pub fn effective(&self, policy: FailurePolicy) -> FailurePolicy {
        if self.filter.mode.observes() { FailurePolicy::Pass } else { policy }
    }

    /// The user's own models for categories, attacks and personal data, in this
    /// order, each with what else is said of its classifier.
    #[must_use]
    pub fn classifiers(&self) -> [(Option<&CustomModel>, &Classifier); 3] {
        let inference = &self.filter.inference;
        let guard = self.prompt_guard.as_ref();
        [
            (self.category_model.as_ref(), &inference.category),
            (guard.and_then(|guard| guard.model.as_ref()), &inference.jailbreak),
            (self.pii_model.model.as_ref(), &inference.pii),
        ]
    }

    /// The hash that the configuration asks of a user's own model.
    #[must_use]
    pub fn pinned(&self, model: &CustomModel) -> Option<String> {
        let mut uses = self.classifiers().into_iter().filter(|(of, _)| *of == Some(model));
        uses.find_map(|(_, classifier)| classifier.sha256.clone())
    }

    /// The entry of `model_config` for a name: its own, or that of the base model
    /// of a LoRA adapter.
    #[must_use]
    pub fn model(&self, name: &str) -> Option<&Model> {
        let adapts = |model: &&Model| model.loras.iter().any(|lora| lora == name);
        let own = self.models.iter().find(|model| model.name == name);
        own.or_else(|| self.models.iter().find(adapts))
    }

    /// Whether the configuration itself names a model, and no client made the
    /// name up.
    #[must_use]
    pub fn names_model(&self, name: &str) -> bool {
        let is = |named: &String| named == name;
        let named_by = |decision: &Decision| {
            let mut refs = decision.model_refs.iter();
            refs.any(|to| is(&to.model) || to.lora_name.as_ref().is_some_and(is))
        };
        self.is_auto(name)
            || self.default_model.as_ref().is_some_and(is)
            || self.models.iter().any(|model| is(&model.name) || model.loras.iter().any(is))
            || self.decisions.iter().any(named_by)
    }

    /// The reasoning family of a model.
    #[must_use]
    pub fn reasoning_family(&self, model: &str) -> Option<&ReasoningFamily> {
        let family = self.model(model)?.reasoning_family.as_deref()?;
        self.reasoning_families.iter().find(|known| known.name == family)
    }
}
