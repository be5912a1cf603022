//! The configuration: types, reading and checking.
//!
//! [`load`] takes the text of a router configuration, as YAML or JSON, and
//! gives either a [`Config`] with its warnings or a [`Report`] of every error,
//! each with its path in the file. The filter and the collector share it.

mod document;
mod filter;
mod inference;
mod parse;
mod reader;
mod report;
mod tracing;
mod types;
mod validate;

pub use document::{Wrapped, unwrap};
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

use std::cell::RefCell;

/// Reads a configuration from the text of a `config.yaml`, or from the JSON
/// that Istio makes of a `pluginConfig`.
///
/// # Errors
/// The report of everything that is wrong with it.
pub fn load(text: &str) -> Result<(Config, Vec<Finding>), Report> {
    let value = document::parse(text).map_err(Report::refusal)?;
    let report = RefCell::new(Report::default());
    let config = parse::config(&reader::Node::root(&value, &report));
    let mut report = report.into_inner();
    validate::check(&config, &mut report);
    if report.errors.is_empty() { Ok((config, report.warnings)) } else { Err(report) }
}
