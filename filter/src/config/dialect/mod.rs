//! The dialects in which configurations of the router are written.
//!
//! Beside the plain one, which is read, there are that of the original's command
//! line (`version: v0.1`), which is translated into it, and two that say things
//! for which the plain one has no words: those are refused by their names.

mod command_line;
mod origins;

use serde_yaml::Value;

use super::document::is_resource;
use super::report::Report;

pub use origins::Origins;

/// A configuration in the plain dialect.
pub struct Translation {
    /// The configuration.
    pub value: Value,
    /// Where its parts stand in what the user wrote.
    pub origins: Origins,
    /// What was found on the way, at paths of what the user wrote.
    pub report: Report,
}

/// Brings a configuration of whatever dialect into the plain one.
///
/// # Errors
/// Why it is not read, and what to do.
pub fn translate(value: Value) -> Result<Translation, String> {
    if let Some(refusal) = refusal(&value) {
        return Err(refusal);
    }
    let has = |key| value.get(key).is_some_and(Value::is_mapping);
    if version(&value).starts_with("0.1") || has("providers") || has("signals") {
        return Ok(command_line::translate(&value));
    }
    Ok(Translation { value, origins: Origins::default(), report: Report::default() })
}

fn refusal(value: &Value) -> Option<String> {
    let kind = value.get("kind").and_then(Value::as_str).unwrap_or_default();
    if is_resource(value, "vllm.ai/") {
        return Some(format!(
            "this is a Kubernetes resource of vLLM Semantic Router ({kind}), which is not read \
             here: write a config.yaml, with its signals as keyword_rules, embedding_rules and \
             categories and its models as model_config (docs/compatibility.md, section Dialects)"
        ));
    }
    if is_resource(value, "") {
        return Some(format!(
            "this is a Kubernetes resource ({kind}) that carries no router's configuration"
        ));
    }
    if value.get("static_resources").is_some() {
        return Some("this Envoy bootstrap carries no router's configuration".to_owned());
    }
    let is_canonical = version(value).starts_with("0.3")
        || ["routing", "global", "recipes"].iter().any(|key| value.get(key).is_some());
    is_canonical.then(|| {
        "this is written in the v0.3 format of vLLM Semantic Router (routing, global), which is \
         not read here: write a config.yaml of v0.1 or before, with routing.signals as signals, \
         routing.decisions as decisions and backend_refs as endpoints (docs/compatibility.md, \
         section Dialects)"
            .to_owned()
    })
}

fn version(value: &Value) -> &str {
    let version = value.get("version").and_then(Value::as_str).unwrap_or_default();
    version.trim_start_matches('v')
}
