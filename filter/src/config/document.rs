//! From text to the document of the configuration, whatever carries it.

use serde::Deserialize;
use serde_yaml::{Deserializer, Mapping, Value};

/// A configuration, and where it was found.
#[derive(Clone, Debug, PartialEq)]
pub struct Found {
    /// The configuration.
    pub value: Value,
    /// What carried it, in words, for messages.
    pub carrier: &'static str,
    /// The key below which it stands in the text that a user wrote; empty where
    /// it is a text of its own.
    pub path: &'static str,
}

/// What a text is that is nothing but a configuration.
pub const FILE: &str = "file";

/// Keys by which a configuration of any dialect is known.
const ROUTER_KEYS: [&str; 12] = [
    "categories",
    "classifier",
    "decisions",
    "default_model",
    "filter",
    "model_config",
    "observability",
    "prompt_guard",
    "providers",
    "routing",
    "semantic_cache",
    "vllm_endpoints",
];

/// Finds the router's configuration in a text of YAML or JSON: the text itself,
/// or, of Helm values, a `ConfigMap`, an Envoy bootstrap, an `EnvoyFilter` or a
/// `WasmPlugin`, what it carries. Of several the first is taken.
///
/// # Errors
/// In words: what is wrong with the text and, where known, at which line.
pub fn find(text: &str) -> Result<Found, String> {
    let mut documents = documents(text)?;
    for document in &documents {
        if let Some(found) = carried(document)? {
            return Ok(found);
        }
    }
    match documents.len() {
        0 => Err("the configuration is empty".to_owned()),
        1 => Ok(Found { value: documents.remove(0), carrier: FILE, path: "" }),
        // Something else has to be said of the original's own resources.
        _ => match documents.into_iter().find(|document| is_resource(document, "vllm.ai/")) {
            Some(value) => Ok(Found { value, carrier: FILE, path: "" }),
            None => Err("none of these documents carries a router's configuration".to_owned()),
        },
    }
}

/// Whether a document is a resource of Kubernetes, of an API whose name begins
/// so.
pub fn is_resource(document: &Value, api: &str) -> bool {
    let version = document.get("apiVersion").and_then(Value::as_str);
    version.is_some_and(|version| version.starts_with(api)) && document.get("kind").is_some()
}

/// The first document of a text of YAML or JSON; an empty one has no keys.
///
/// # Errors
/// As [`find`].
pub fn parse(text: &str) -> Result<Value, String> {
    let first = documents(text)?.into_iter().next();
    Ok(first.unwrap_or_else(|| Value::Mapping(Mapping::new())))
}

fn documents(text: &str) -> Result<Vec<Value>, String> {
    // JSON is read as JSON: YAML has rules of its own for tabs and escapes.
    if text.trim_start().starts_with('{')
        && let Ok(value) = serde_json::from_str(text)
    {
        return Ok(vec![value]);
    }
    let mut documents = Vec::new();
    for document in Deserializer::from_str(text) {
        let mut value = Value::deserialize(document).map_err(|error| error.to_string())?;
        value.apply_merge().map_err(|error| error.to_string())?;
        documents.push(value);
    }
    documents.retain(|document| !document.is_null());
    if documents.iter().any(|document| !document.is_mapping()) {
        return Err("the configuration is not a mapping of keys to values".to_owned());
    }
    Ok(documents)
}

/// The configuration that a document carries, if it does.
fn carried(document: &Value) -> Result<Option<Found>, String> {
    let is_values = |values: &&Value| ROUTER_KEYS.iter().any(|key| values.get(*key).is_some());
    if let Some(values) = document.get("config").filter(is_values) {
        let found = Found { value: values.clone(), carrier: "values of Helm", path: "config" };
        return Ok(Some(found));
    }
    below(document)
}

fn below(value: &Value) -> Result<Option<Found>, String> {
    match value {
        Value::Mapping(entries) => {
            if let Some(found) = here(entries)? {
                return Ok(Some(found));
            }
            first(entries.values())
        }
        Value::Sequence(items) => first(items.iter()),
        _ => Ok(None),
    }
}

fn first<'v>(mut values: impl Iterator<Item = &'v Value>) -> Result<Option<Found>, String> {
    values.find_map(|value| below(value).transpose()).transpose()
}

/// The configuration that stands right in a mapping, if one does.
fn here(entries: &Mapping) -> Result<Option<Found>, String> {
    if let Some(config) = entries.get("pluginConfig") {
        let carrier = "pluginConfig of a WasmPlugin";
        return Ok(Some(Found { value: config.clone(), carrier, path: "" }));
    }
    if let Some(text) = entries.get("configuration").and_then(string_value) {
        let value = text_of(text)?;
        return Ok(Some(Found { value, carrier: "configuration of a Wasm filter", path: "" }));
    }
    if entries.get("kind").and_then(Value::as_str) != Some("ConfigMap") {
        return Ok(None);
    }
    let Some(data) = entries.get("data").and_then(Value::as_mapping) else { return Ok(None) };
    if let Some(text) = data.get("config.yaml").and_then(Value::as_str) {
        let value = text_of(text).map_err(|error| format!("data.config.yaml: {error}"))?;
        return Ok(Some(Found { value, carrier: "ConfigMap", path: "" }));
    }
    // Of other files those that carry one in turn, as an Envoy's may.
    let texts = data.values().filter_map(Value::as_str);
    let mut documents = texts.filter_map(|text| text_of(text).ok());
    documents.find_map(|document| carried(&document).transpose()).transpose()
}

fn text_of(text: &str) -> Result<Value, String> {
    match documents(text)?.pop() {
        Some(value) => Ok(value),
        None => Err("the configuration is empty".to_owned()),
    }
}

/// The text of a `google.protobuf.StringValue`.
fn string_value(value: &Value) -> Option<&str> {
    let kind = value.get("@type")?.as_str()?;
    let text = value.get("value")?.as_str()?;
    kind.ends_with("/google.protobuf.StringValue").then_some(text)
}
