//! From text to a document, and from the file that carries a configuration to
//! the configuration.

use serde_yaml::Value;

/// A configuration found inside another document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wrapped {
    /// The text of the configuration.
    pub text: String,
    /// What carried it, in words, for messages.
    pub carrier: &'static str,
}

/// Parses YAML or JSON.
///
/// # Errors
/// In words: what is wrong with the text and, where known, at which line.
pub fn parse(text: &str) -> Result<Value, String> {
    if text.trim().is_empty() {
        return Err("the configuration is empty".to_owned());
    }
    // JSON is read as JSON: YAML has rules of its own for tabs and escapes.
    if text.trim_start().starts_with('{')
        && let Ok(value) = serde_json::from_str(text)
    {
        return Ok(value);
    }
    let mut value: Value = serde_yaml::from_str(text).map_err(|error| error.to_string())?;
    value.apply_merge().map_err(|error| error.to_string())?;
    if !value.is_mapping() {
        return Err("the configuration is not a mapping of keys to values".to_owned());
    }
    Ok(value)
}

/// Finds the router's configuration in `text`: the text itself, or, where the
/// text is an Envoy bootstrap, an `EnvoyFilter` or a `WasmPlugin`, the plugin
/// configuration that it carries. Of several the first is taken.
///
/// # Errors
/// As [`parse`].
pub fn unwrap(text: &str) -> Result<Wrapped, String> {
    let own = || Wrapped { text: text.to_owned(), carrier: "file" };
    if text.contains("\n---") {
        // Several documents: manifests as a user applies them together.
        let found = text.split("\n---").filter_map(|part| find(&parse(part).ok()?));
        return Ok(found.into_iter().next().unwrap_or_else(own));
    }
    Ok(find(&parse(text)?).unwrap_or_else(own))
}

fn find(value: &Value) -> Option<Wrapped> {
    match value {
        Value::Mapping(entries) => {
            if let Some(config) = entries.get("pluginConfig") {
                let text = serde_yaml::to_string(config).ok()?;
                return Some(Wrapped { text, carrier: "pluginConfig of a WasmPlugin" });
            }
            if let Some(text) = entries.get("configuration").and_then(string_value) {
                return Some(Wrapped { text, carrier: "configuration of a Wasm filter" });
            }
            entries.values().find_map(find)
        }
        Value::Sequence(items) => items.iter().find_map(find),
        _ => None,
    }
}

/// The text of a `google.protobuf.StringValue`.
fn string_value(value: &Value) -> Option<String> {
    let kind = value.get("@type")?.as_str()?;
    let text = value.get("value")?.as_str()?;
    kind.ends_with("/google.protobuf.StringValue").then(|| text.to_owned())
}
