//! What is known of a prompt when decisions are evaluated: each signal that a
//! decision asks for, whether it holds, and by what score.

mod domain;
mod embedding;
mod fact_check;
mod keyword;

use crate::classify::{Budget, Category, Classifiers, ClassifyError};
use crate::config::{Condition, ConditionKind, Config, EmbeddingRule};
use crate::stage::Outcome;

use keyword::Keywords;

/// The signal of a prompt that asks for facts which can be checked.
pub const NEEDS_FACT_CHECK: &str = "needs_fact_check";
/// What `fact_check` conditions can ask for (`pkg/config/config.go` upstream).
pub const FACT_CHECK_SIGNALS: [&str; 2] = [NEEDS_FACT_CHECK, "no_fact_check_needed"];

/// Whether something holds, as far as that is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Truth {
    /// It does.
    Holds,
    /// It does not.
    Fails,
    /// What would tell has failed.
    Unknown,
}

impl Truth {
    /// What a comparison says.
    #[must_use]
    pub fn of(holds: bool) -> Self {
        if holds { Self::Holds } else { Self::Fails }
    }

    /// The truth of the contrary.
    #[must_use]
    pub fn negated(self) -> Self {
        match self {
            Self::Holds => Self::Fails,
            Self::Fails => Self::Holds,
            Self::Unknown => Self::Unknown,
        }
    }
}

/// One signal of a prompt.
#[derive(Clone, Debug, PartialEq)]
pub struct Signal {
    /// What kind of condition asks for it.
    pub kind: ConditionKind,
    /// The name by which conditions do.
    pub name: String,
    /// Whether it holds.
    pub truth: Truth,
    /// What was compared with the threshold: the similarity of an `embedding`
    /// rule, the probability of a `fact_check` signal; for a `domain` that of
    /// the category. `None` where nothing was measured.
    pub score: Option<f64>,
}

/// The signals of one prompt; none where it has no text.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Signals(pub Vec<Signal>);

impl Signals {
    /// Whether a condition holds; `None` where nothing could ever tell, such as
    /// for a rule that does not exist.
    #[must_use]
    pub fn truth(&self, condition: &Condition) -> Option<Truth> {
        let asked =
            |signal: &&Signal| signal.kind == condition.kind && signal.name == condition.name;
        self.0.iter().find(asked).map(|signal| signal.truth)
    }

    /// Whether the prompt asks for facts that can be checked; `None` where
    /// that is not known.
    #[must_use]
    pub fn needs_fact_check(&self) -> Option<bool> {
        let mut signals = self.0.iter().filter(|signal| signal.kind == ConditionKind::FactCheck);
        let signal = signals.find(|signal| signal.truth != Truth::Unknown)?;
        Some((signal.name == NEEDS_FACT_CHECK) == (signal.truth == Truth::Holds))
    }

    /// The labels of all signals of this truth.
    #[must_use]
    pub fn labels(&self, truth: Truth) -> Vec<String> {
        let told = self.0.iter().filter(|signal| signal.truth == truth);
        told.map(|signal| signal.kind.label(&signal.name)).collect()
    }
}

/// The rules that some decision asks for, made ready once for a configuration.
/// What no decision asks for is never evaluated.
pub struct Rules {
    domains: Vec<String>,
    keywords: Keywords,
    embeddings: Vec<EmbeddingRule>,
    fact_checks: Vec<&'static str>,
    fact_check_threshold: f64,
}

impl Rules {
    /// The rules of a configuration.
    #[must_use]
    pub fn of(config: &Config) -> Self {
        let asked: Vec<_> =
            config.decisions.iter().flat_map(|decision| decision.rule.conditions()).collect();
        let asks = |kind: ConditionKind, name: &str| {
            asked.iter().any(|(_, condition)| condition.kind == kind && condition.name == name)
        };
        let of_domain = asked.iter().filter(|(_, asked)| asked.kind == ConditionKind::Domain);
        let mut domains: Vec<String> = of_domain.map(|(_, asked)| asked.name.clone()).collect();
        domains.sort_unstable();
        domains.dedup();
        let keywords =
            config.keyword_rules.iter().filter(|rule| asks(ConditionKind::Keyword, &rule.name));
        let embeddings =
            config.embedding_rules.iter().filter(|rule| asks(ConditionKind::Embedding, &rule.name));
        let fact_checks =
            FACT_CHECK_SIGNALS.into_iter().filter(|name| asks(ConditionKind::FactCheck, name));
        Self {
            fact_checks: fact_checks.collect(),
            fact_check_threshold: config.fact_check_threshold,
            domains,
            keywords: Keywords::of(keywords),
            embeddings: embeddings.cloned().collect(),
        }
    }

    /// Whether a decision asks for more than the category.
    #[must_use]
    pub fn is_more_than_domains(&self) -> bool {
        !self.keywords.is_empty() || self.reads()
    }

    /// Whether the bundled model is needed.
    #[must_use]
    pub fn reads(&self) -> bool {
        !self.embeddings.is_empty() || !self.fact_checks.is_empty()
    }

    /// The signals of a prompt, and what went wrong where one is unknown. The
    /// original evaluates none where there is no text.
    #[must_use]
    pub fn evaluate(
        &self,
        config: &Config,
        classifiers: &Classifiers,
        prompt: &str,
        category: &Outcome<Category>,
        budget: &Budget<'_>,
    ) -> (Signals, Option<ClassifyError>) {
        if prompt.is_empty() {
            return (Signals::default(), None);
        }
        let mut found = Signals(self.keywords.signals(prompt));
        let (near, error) = embedding::signals(&self.embeddings, classifiers, prompt, budget);
        found.0.extend(near);
        let (names, threshold) = (&self.fact_checks, self.fact_check_threshold);
        let (facts, failure) = fact_check::signals(names, threshold, classifiers, prompt, budget);
        found.0.extend(facts);
        let names = self.domains.iter();
        found.0.extend(names.filter_map(|name| domain::signal(config, name, category)));
        (found, error.or(failure))
    }
}
