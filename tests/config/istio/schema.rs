//! A value against the schema of a Kubernetes resource.
//!
//! Kubernetes reads a schema in its own way: fields that it does not name are
//! dropped, so here they are problems. Rules in CEL are not checked; a keyword
//! that this does not know ends the test.

use regex::Regex;
use serde_json::{Map, Value};

/// What is wrong with `value`, each with its path.
pub fn problems(schema: &Value, value: &Value) -> Vec<String> {
    let mut found = Vec::new();
    check(schema, value, "", true, &mut found);
    found
}

/// Checks `value`; where not `strict`, as in the branches of `oneOf`, a schema
/// names only some of the fields.
fn check(schema: &Value, value: &Value, path: &str, strict: bool, found: &mut Vec<String>) {
    let schema = schema.as_object().unwrap();
    if value.is_null() {
        if schema.get("nullable") != Some(&Value::Bool(true)) {
            found.push(format!("{path}: is null"));
        }
        return;
    }
    for (keyword, rule) in schema {
        match keyword.as_str() {
            "properties" | "additionalProperties" => {}
            "items" => {
                for (index, item) in value.as_array().into_iter().flatten().enumerate() {
                    check(rule, item, &format!("{path}[{index}]"), strict, found);
                }
            }
            "required" => {
                let missing = |key: &&Value| value.get(key.as_str().unwrap()).is_none();
                for key in rule.as_array().unwrap().iter().filter(missing) {
                    found.push(format!("{path}: {key} is missing"));
                }
            }
            _ if breaks(keyword, rule, value) => found.push(format!("{path}: {keyword} {rule}")),
            _ => {}
        }
    }
    if let Some(fields) = value.as_object() {
        check_fields(schema, fields, path, strict, found);
    }
}

fn check_fields(
    schema: &Map<String, Value>,
    fields: &Map<String, Value>,
    path: &str,
    strict: bool,
    found: &mut Vec<String>,
) {
    let free = schema.get("x-kubernetes-preserve-unknown-fields").is_some();
    let others = schema.get("additionalProperties").filter(|others| others.is_object());
    for (key, value) in fields {
        let path = format!("{path}.{key}");
        let named = schema.get("properties").and_then(|properties| properties.get(key));
        match named.or(others) {
            Some(rule) => check(rule, value, &path, strict, found),
            None if strict && !free => found.push(format!("{path}: unknown field")),
            None => {}
        }
    }
}

/// Whether `value` is not as a keyword demands.
fn breaks(keyword: &str, rule: &Value, value: &Value) -> bool {
    let fits = |rule: &Value| {
        let mut found = Vec::new();
        check(rule, value, "", false, &mut found);
        found.is_empty()
    };
    let branches = || rule.as_array().unwrap().iter().filter(|branch| fits(branch)).count();
    let limit = || rule.as_u64().unwrap();
    let length = |count: Option<usize>| count.map(|count| count as u64);
    let characters = || length(value.as_str().map(|text| text.chars().count()));
    let items = || length(value.as_array().map(Vec::len));
    let entries = || length(value.as_object().map(Map::len));
    match keyword {
        "type" => !is(rule.as_str().unwrap(), value),
        "enum" => !rule.as_array().unwrap().contains(value),
        "pattern" => {
            let pattern = Regex::new(rule.as_str().unwrap()).unwrap();
            value.as_str().is_some_and(|text| !pattern.is_match(text))
        }
        "minimum" => value.as_f64() < rule.as_f64(),
        "maximum" => value.as_f64() > rule.as_f64(),
        "minLength" => characters().is_some_and(|count| count < limit()),
        "maxLength" => characters().is_some_and(|count| count > limit()),
        "minItems" => items().is_some_and(|count| count < limit()),
        "maxItems" => items().is_some_and(|count| count > limit()),
        "maxProperties" => entries().is_some_and(|count| count > limit()),
        "not" => fits(rule),
        "allOf" => branches() != rule.as_array().unwrap().len(),
        "anyOf" => branches() == 0,
        "oneOf" => branches() != 1,
        "x-kubernetes-int-or-string" => !value.is_string() && !value.is_i64(),
        "description"
        | "format"
        | "nullable"
        | "x-kubernetes-list-map-keys"
        | "x-kubernetes-list-type"
        | "x-kubernetes-preserve-unknown-fields"
        | "x-kubernetes-validations" => false,
        unknown => panic!("the schema says {unknown}, which is not checked here"),
    }
}

fn is(kind: &str, value: &Value) -> bool {
    match kind {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_i64(),
        "number" => value.is_number(),
        unknown => panic!("the schema knows a type {unknown}"),
    }
}
