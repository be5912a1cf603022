//! The configuration: types, reading and checking.
//!
//! [`load`] takes the text of a router configuration, as YAML or JSON, and
//! gives either a [`Config`] with its warnings or a [`Report`] of every error,
//! each with its path in the file. The filter and the collector share it.

mod dialect;
mod document;
mod filter;
mod inference;
mod parse;
mod reader;
mod report;
mod tracing;
mod types;
mod validate;

pub use document::{FILE, Found, find};
pub use reader::{Fields, Node};
pub use report::{Finding, Report};
pub use types::{
    Aggregation, Backend, BlockAs, CacheBackend, CachePolicy, CacheScope, CacheSettings, Category,
    Classifier, Collector, Condition, ConditionKind, Config, CustomModel, Decision, EmbeddingRule,
    Endpoint, EndpointChoice, EndpointPolicy, Eviction, Exporter, ExporterKind, FailurePolicy,
    Filter, HeaderMutation, Host, Inference, JailbreakPolicy, KeywordOperator, KeywordRule, Mode,
    Model, ModelRef, OnError, Operator, PiiModel, PiiPolicy, PromptGuard, PromptMode,
    ReasoningControl, ReasoningFamily, Resource, Rule, Sampling, SemanticCache, Strategy,
    SystemPrompt, Term, Tracing,
};

pub use parse::CATEGORY_LABELS;
pub use reader::{Form, Key, Keys};

use dialect::Translation;
use reader::Reading;

/// Reads a configuration from the text of a `config.yaml`, or from the JSON
/// that Istio makes of a `pluginConfig`.
///
/// # Errors
/// The report of everything that is wrong with it.
pub fn load(text: &str) -> Result<(Config, Vec<Finding>), Report> {
    read(text, Reading::default()).0
}

/// Every key that is asked for while a document is read, with its form: what
/// the schema is made from. Names that a user chooses have to be `*` in it.
///
/// # Errors
/// As [`load`].
pub fn keys(text: &str) -> Result<Keys, Report> {
    let (loaded, keys) = read(text, Reading::noting());
    loaded.map(|_| keys)
}

fn read(text: &str, reading: Reading) -> (Result<(Config, Vec<Finding>), Report>, Keys) {
    let refused = |message, path: &str| {
        let mut report = Report::default();
        report.error(path, message);
        (Err(report), Keys::default())
    };
    let Found { value, path, .. } = match document::find(text) {
        Ok(found) => found,
        Err(message) => return refused(message, ""),
    };
    let Translation { value, origins, report: translated } = match dialect::translate(value) {
        Ok(translation) => translation,
        Err(message) => return refused(message, path),
    };
    let config = parse::config(&Node::root(&value, &reading));
    let (mut report, keys) = reading.end();
    validate::check(&config, &mut report);
    report.relocate(|path| origins.of(path));
    report.add(translated);
    report.relocate(|below| reader::joined(path, below));
    let loaded = if report.errors.is_empty() { Ok((config, report.warnings)) } else { Err(report) };
    (loaded, keys)
}

/// Reads a file that a configuration names.
///
/// # Errors
/// The report of everything that is wrong with it.
pub fn read_named<T>(
    text: &str,
    parse: impl FnOnce(&Node<'_>) -> T,
) -> Result<(T, Vec<Finding>), Report> {
    let document = document::parse(text).map_err(|message| {
        let mut report = Report::default();
        report.error("", message);
        report
    })?;
    let reading = Reading::default();
    let value = parse(&Node::root(&document, &reading));
    let (report, _) = reading.end();
    if report.errors.is_empty() { Ok((value, report.warnings)) } else { Err(report) }
}
