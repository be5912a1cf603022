//! Decisions: rules over signals, the models they choose, and their plugins.

/// A rule that picks a model.
#[derive(Clone, Debug, PartialEq)]
pub struct Decision {
    /// `name`.
    pub name: String,
    /// `priority`, 0 by default.
    pub priority: i64,
    /// `rules`.
    pub rule: Rule,
    /// `modelRefs`; the first is used.
    pub model_refs: Vec<ModelRef>,
    /// The first plugin of type `system_prompt`, if it is enabled.
    pub system_prompt: Option<SystemPrompt>,
    /// The first plugin of type `jailbreak`.
    pub jailbreak: Option<JailbreakPolicy>,
    /// The first plugin of type `pii`, if it is enabled.
    pub pii: Option<PiiPolicy>,
    /// The first plugin of type `semantic-cache`.
    pub cache: Option<CachePolicy>,
    /// The first plugin of type `header_mutation`.
    pub headers: Option<HeaderMutation>,
}

/// What a decision says of the semantic cache.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CachePolicy {
    /// `enabled`.
    pub enabled: bool,
    /// `similarity_threshold`, in place of the cache's.
    pub threshold: Option<f64>,
}

/// Changes of the headers that go upstream.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HeaderMutation {
    /// `add`: names and values that stand beside those there.
    pub add: Vec<(String, String)>,
    /// `update`: names and values that take the place of those there.
    pub update: Vec<(String, String)>,
    /// `delete`: names.
    pub delete: Vec<String>,
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

/// Terms and how they combine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// `operator`.
    pub operator: Operator,
    /// `conditions`, in file order.
    pub terms: Vec<Term>,
}

/// One term of a rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Term {
    /// A signal that must hold.
    Condition(Condition),
    /// A rule of its own.
    Rule(Rule),
}

/// How the terms of a rule combine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operator {
    /// All must hold.
    And,
    /// One must hold.
    Or,
    /// None may hold.
    Not,
}

/// A signal that must hold.
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
    /// A rule of `keyword_rules`.
    Keyword,
    /// A rule of `embedding_rules`.
    Embedding,
    /// The category of the prompt.
    Domain,
    /// Whether the prompt asks for facts: [`crate::signal::NEEDS_FACT_CHECK`] or not.
    FactCheck,
    /// A signal of no kind known here: never holds.
    Unevaluated,
}

impl Condition {
    /// `type:name`, as spans carry it.
    #[must_use]
    pub fn label(&self) -> String {
        self.kind.label(&self.name)
    }
}

impl ConditionKind {
    /// The kinds by their names.
    pub const NAMES: [(&str, Self); 4] = [
        ("keyword", Self::Keyword),
        ("embedding", Self::Embedding),
        ("domain", Self::Domain),
        ("fact_check", Self::FactCheck),
    ];

    /// `type:name`, as spans carry it.
    #[must_use]
    pub fn label(self, name: &str) -> String {
        format!("{}:{name}", self.name())
    }

    /// Its name; empty for a kind that is not known.
    #[must_use]
    pub fn name(self) -> &'static str {
        Self::NAMES.iter().find(|(_, kind)| *kind == self).map_or("", |(name, _)| name)
    }
}

impl Rule {
    /// Every condition of the rule and of the rules in it, with its path below
    /// that of the rule.
    #[must_use]
    pub fn conditions(&self) -> Vec<(String, &Condition)> {
        let below = self.terms.iter().enumerate().flat_map(|(index, term)| {
            let path = format!("conditions[{index}]");
            match term {
                Term::Condition(condition) => vec![(path, condition)],
                Term::Rule(rule) => {
                    let below = rule.conditions().into_iter();
                    below.map(|(rest, of)| (format!("{path}.{rest}"), of)).collect()
                }
            }
        });
        below.collect()
    }
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
