//! The router's configuration as the filter and the collector use it.
//!
//! Keys and defaults are those of vLLM Semantic Router at the commit of its
//! pull request 852 (`src/semantic-router/pkg/config/config.go`); the section
//! `filter` is this project's own.

use std::net::IpAddr;
use std::time::Duration;

use crate::openai::ROLES;

/// A whole configuration.
#[derive(Clone, Debug, PartialEq)]
pub struct Config {
    /// `auto_model_name`: the model name, besides `auto`, that asks the router
    /// to choose. Default `MoM`.
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
    /// Names of stages that the file asks for and this version does not run,
    /// as in `security.pii_detection`.
    pub unavailable_stages: Vec<&'static str>,
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

/// A rule that picks a model.
#[derive(Clone, Debug, PartialEq)]
pub struct Decision {
    /// `name`.
    pub name: String,
    /// `priority`, 0 by default.
    pub priority: i64,
    /// `rules.operator`.
    pub operator: Operator,
    /// `rules.conditions`.
    pub conditions: Vec<Condition>,
    /// `modelRefs`; the first is used.
    pub model_refs: Vec<ModelRef>,
    /// The first plugin of type `system_prompt`, if it is enabled.
    pub system_prompt: Option<SystemPrompt>,
    /// The first plugin of type `jailbreak`.
    pub jailbreak: Option<JailbreakPolicy>,
    /// The first plugin of type `pii`, if it is enabled.
    pub pii: Option<PiiPolicy>,
}

/// What a decision says of jailbreaks.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct JailbreakPolicy {
    /// `enabled`.
    pub enabled: bool,
    /// `threshold`, in place of the guard's.
    pub threshold: Option<f64>,
}

/// What a decision says of personal data.
#[derive(Clone, Debug, PartialEq)]
pub struct PiiPolicy {
    /// `threshold`, in place of the model's.
    pub threshold: Option<f64>,
    /// `pii_types_allowed`: all other types are denied.
    pub allowed: Vec<String>,
}

/// A model of the user's own, in the folder of models that the collector
/// serves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CustomModel {
    /// Its folder there: `model_id` without `models/`.
    pub folder: String,
    /// The name of its mapping file there.
    pub mapping: String,
}

/// `classifier.pii_model`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PiiModel {
    /// `threshold`: the least confidence that counts, from 0 to 1.
    pub threshold: Option<f64>,
    /// The user's own model.
    pub model: Option<CustomModel>,
}

/// `prompt_guard`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PromptGuard {
    /// `threshold`: the least confidence that counts, from 0 to 1.
    pub threshold: Option<f64>,
    /// The user's own model.
    pub model: Option<CustomModel>,
}

/// `filter.inference`: what models may cost, and what happens where they did
/// not see everything.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inference {
    /// `max_tokens` of a text that are looked at.
    pub max_tokens: usize,
    /// `budget_ms`: milliseconds that one request may spend in the models.
    pub budget_ms: u64,
    /// `memo_entries`: texts that a worker remembers the verdicts of.
    pub memo_entries: usize,
    /// `sidecar_timeout_ms`: milliseconds that a request waits for classifiers in
    /// the sidecar.
    pub sidecar_timeout_ms: u64,
    /// `memory_mb`: memory for the user's own models in each worker.
    pub memory_bytes: usize,
    /// `category`.
    pub category: Classifier,
    /// `jailbreak`.
    pub jailbreak: Classifier,
    /// `pii`.
    pub pii: Classifier,
}

/// Where a classifier runs and what it looks at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Classifier {
    /// `backend`.
    pub backend: Backend,
    /// `sha256` of the user's own model file, in lower-case hexadecimal digits.
    pub sha256: Option<String>,
    /// `scan`: roles of the messages that it looks at.
    pub scan: Vec<&'static str>,
}

/// Where a classifier runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Backend {
    /// In the filter.
    #[default]
    Filter,
    /// In the collector beside Envoy.
    Sidecar,
}

impl Default for Classifier {
    fn default() -> Self {
        Self { backend: Backend::Filter, sha256: None, scan: ROLES.to_vec() }
    }
}

impl Default for Inference {
    fn default() -> Self {
        Self {
            max_tokens: 4096,
            budget_ms: 200,
            memo_entries: 1024,
            sidecar_timeout_ms: 2000,
            memory_bytes: 256 << 20,
            category: Classifier::default(),
            jailbreak: Classifier::default(),
            pii: Classifier::default(),
        }
    }
}

/// How the conditions of a rule combine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operator {
    /// All must hold.
    And,
    /// One must hold.
    Or,
}

/// One condition of a rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Condition {
    /// `type`: which signal it asks for.
    pub kind: ConditionKind,
    /// `name`: what the signal must say.
    pub name: String,
}

/// The signals that a condition can ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConditionKind {
    /// The category of the prompt.
    Domain,
    /// A signal that this version does not evaluate: never holds.
    Unevaluated,
}

/// A model that a decision may choose.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModelRef {
    /// `model`: a key of `model_config`.
    pub model: String,
    /// `lora_name`: sent upstream in place of the model's name.
    pub lora_name: Option<String>,
    /// `use_reasoning`.
    pub use_reasoning: bool,
    /// `reasoning_effort`.
    pub reasoning_effort: Option<String>,
}

/// A system prompt and how it is put into a conversation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SystemPrompt {
    /// The text.
    pub text: String,
    /// `mode`.
    pub mode: PromptMode,
}

/// What happens to a system prompt that is there already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PromptMode {
    /// It is overwritten.
    Replace,
    /// It follows the configured one, an empty line between.
    Insert,
}

/// How a family of models is told to reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReasoningFamily {
    /// The key under `reasoning_families`.
    pub name: String,
    /// `type` and `parameter`.
    pub control: ReasoningControl,
}

/// The request field that turns reasoning on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReasoningControl {
    /// `chat_template_kwargs: {<parameter>: true}`.
    TemplateArgument(String),
    /// `reasoning_effort: <effort>`.
    Effort,
}

/// An engine that serves models.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    /// `name`.
    pub name: String,
    /// `address`, an IP literal.
    pub address: IpAddr,
    /// `port`.
    pub port: u16,
    /// `weight`, 0 by default.
    pub weight: i64,
}

impl Endpoint {
    /// `ip:port`, with brackets around an IPv6 address.
    #[must_use]
    pub fn authority(&self) -> String {
        std::net::SocketAddr::new(self.address, self.port).to_string()
    }
}

/// An entry of `model_config`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Model {
    /// The key: the model's name.
    pub name: String,
    /// `preferred_endpoints`: names of endpoints.
    pub preferred_endpoints: Vec<String>,
    /// `reasoning_family`: a key of `reasoning_families`.
    pub reasoning_family: Option<String>,
    /// Names under `loras`.
    pub loras: Vec<String>,
}

/// `observability.tracing`.
#[derive(Clone, Debug, PartialEq)]
pub struct Tracing {
    /// `enabled`, off by default.
    pub enabled: bool,
    /// `exporter`: where the collector sends the spans.
    pub exporter: Exporter,
    /// `sampling`.
    pub sampling: Sampling,
    /// `resource`.
    pub resource: Resource,
}

/// Where spans go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exporter {
    /// `type`.
    pub kind: ExporterKind,
    /// `endpoint`, `host:port` or a URL.
    pub endpoint: Option<String>,
    /// `insecure`: whether the connection is without TLS.
    pub insecure: bool,
}

/// A way to export spans.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ExporterKind {
    /// OTLP over gRPC or HTTP.
    #[default]
    Otlp,
    /// Printed, in the shape of the Go SDK's stdouttrace.
    Stdout,
}

/// Which new traces are recorded; a caller's decision is kept either way.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Sampling {
    /// All.
    #[default]
    AlwaysOn,
    /// None.
    AlwaysOff,
    /// This part of them, from 0 to 1.
    Probabilistic(f64),
}

/// What the spans are about.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Resource {
    /// `service_name`.
    pub service_name: Option<String>,
    /// `service_version`.
    pub service_version: Option<String>,
    /// `deployment_environment`.
    pub deployment_environment: Option<String>,
}

/// The section `filter`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Filter {
    /// `mode`.
    pub mode: Mode,
    /// `collector`.
    pub collector: Collector,
    /// `max_request_bytes`: longer bodies are not read.
    pub max_request_bytes: usize,
    /// `on_unclassified`: what happens to a request that cannot be read.
    pub on_unclassified: FailurePolicy,
    /// `on_error`.
    pub on_error: OnError,
    /// `block_as`.
    pub block_as: BlockAs,
    /// `inference`.
    pub inference: Inference,
}

/// How the filter takes part in a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Holds the request's headers until its body is read and decided on.
    Single,
    /// Changes nothing but the trace context.
    Observe,
}

/// What happens to a request that the guard or the decision's PII policy blocks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum BlockAs {
    /// It is answered with a completion that says so, as in the original.
    #[default]
    Completion,
    /// It is answered with status 403 and an error.
    Error,
}

/// What happens to a request that a stage could not do its work for, by stage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OnError {
    /// `category`: classification.
    pub category: FailurePolicy,
    /// `guard`: the detection of attacks.
    pub guard: FailurePolicy,
    /// `pii`: the detection of personal data.
    pub pii: FailurePolicy,
    /// `cache`: the semantic cache.
    pub cache: FailurePolicy,
}

impl Default for OnError {
    fn default() -> Self {
        Self {
            category: FailurePolicy::Pass,
            guard: FailurePolicy::Reject,
            pii: FailurePolicy::Reject,
            cache: FailurePolicy::Pass,
        }
    }
}

/// Whether a request goes on for which a stage could not do its work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FailurePolicy {
    /// It goes on.
    Pass,
    /// It is answered with an error.
    Reject,
}

impl FailurePolicy {
    /// The policies by their names.
    pub const CHOICES: [(&str, Self); 2] = [("pass", Self::Pass), ("reject", Self::Reject)];
}

/// Where the filter sends its spans, and how many it keeps until then.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Collector {
    /// `cluster`: the name of the Envoy cluster.
    pub cluster: String,
    /// `path` of the OTLP/HTTP traces endpoint.
    pub path: String,
    /// `timeout` of one batch.
    pub timeout: Duration,
    /// `max_queued_spans`: the most that one worker keeps.
    pub max_queued_spans: usize,
    /// `max_queued_bytes`: the most that one worker keeps.
    pub max_queued_bytes: usize,
}

impl Default for Collector {
    fn default() -> Self {
        Self {
            cluster: "semantic-router-collector".to_owned(),
            path: "/v1/traces".to_owned(),
            timeout: Duration::from_secs(5),
            max_queued_spans: 32_768,
            max_queued_bytes: 16 << 20,
        }
    }
}

impl Default for Filter {
    fn default() -> Self {
        Self {
            mode: Mode::Single,
            collector: Collector::default(),
            max_request_bytes: 1 << 20,
            on_unclassified: FailurePolicy::Pass,
            on_error: OnError::default(),
            block_as: BlockAs::default(),
            inference: Inference::default(),
        }
    }
}

impl Config {
    /// Whether a client's model name asks the router to choose.
    #[must_use]
    pub fn is_auto(&self, model: &str) -> bool {
        model == "auto" || model == self.auto_model_name
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
        match self.filter.mode {
            Mode::Single => policy,
            Mode::Observe => FailurePolicy::Pass,
        }
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

    /// The entry of `model_config` for a name.
    #[must_use]
    pub fn model(&self, name: &str) -> Option<&Model> {
        self.models.iter().find(|model| model.name == name)
    }

    /// The reasoning family of a model.
    #[must_use]
    pub fn reasoning_family(&self, model: &str) -> Option<&ReasoningFamily> {
        let family = self.model(model)?.reasoning_family.as_deref()?;
        self.reasoning_families.iter().find(|known| known.name == family)
    }
}
