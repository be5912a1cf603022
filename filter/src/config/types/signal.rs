//! Rules that make signals of a prompt.

/// An entry of `keyword_rules`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeywordRule {
    /// `name`, as `keyword` conditions refer to it.
    pub name: String,
    /// `operator`.
    pub operator: KeywordOperator,
    /// `keywords`, literal.
    pub keywords: Vec<String>,
    /// `case_sensitive`, off by default.
    pub case_sensitive: bool,
}

/// How the keywords of a rule combine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeywordOperator {
    /// All must be there.
    And,
    /// One must be there.
    Or,
    /// None may be there.
    Nor,
}

/// An entry of `embedding_rules`.
#[derive(Clone, Debug, PartialEq)]
pub struct EmbeddingRule {
    /// `name`, as `embedding` conditions refer to it.
    pub name: String,
    /// `threshold`: the least similarity that counts.
    pub threshold: f64,
    /// `candidates`: texts that the prompt is compared with.
    pub candidates: Vec<String>,
    /// `aggregation_method`.
    pub aggregation: Aggregation,
}

/// What the similarities with the candidates of a rule come to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Aggregation {
    /// Their mean.
    Mean,
    /// The highest.
    #[default]
    Max,
    /// Any that reaches the threshold.
    Any,
}
