//! From what the reader asks for to a JSON Schema.

use std::collections::BTreeSet;

use semantic_router_filter::config::{Form, Key, Keys};
use serde_json::{Map, Value, json};

use super::page::Page;

/// The schema, with the words of the page.
pub fn schema(keys: &Keys, page: &Page) -> Value {
    let mut schema = Maker { keys, page }.value("");
    let about = schema.as_object_mut().unwrap();
    about.insert("$schema".into(), "http://json-schema.org/draft-07/schema#".into());
    about.insert("title".into(), "Configuration of the semantic router".into());
    schema
}

struct Maker<'a> {
    keys: &'a Keys,
    page: &'a Page,
}

impl Maker<'_> {
    /// The schema of the value at a path.
    fn value(&self, path: &str) -> Value {
        let key = &self.keys.0[path];
        let mut forms: Vec<Value> =
            key.forms.iter().filter_map(|form| self.form(path, key, form)).collect();
        let mut schema = if forms.len() == 1 { forms.remove(0) } else { json!({ "anyOf": forms }) };
        let row = self.page.rows.get(path);
        let said = row.map(|row| &row.effect).or_else(|| self.page.sections.get(path));
        if let Some(said) = said {
            schema["description"] = said.as_str().into();
        }
        if let Some(default) = row.and_then(|row| row.default_value()) {
            schema["default"] =
                serde_yaml::from_str(default).unwrap_or_else(|_| default.to_owned().into());
        }
        schema
    }

    /// The schema of a form; `None` where another says more.
    fn form(&self, path: &str, key: &Key, form: &Form) -> Option<Value> {
        Some(match form {
            Form::Text => text(),
            Form::Flag => {
                let words = "^([Yy]([Ee][Ss])?|[Nn][Oo]?|[Oo]([Nn]|[Ff][Ff]))$";
                json!({"type": ["boolean", "string"], "pattern": words})
            }
            Form::Number => json!({"type": "number"}),
            Form::Fraction => json!({"type": "number", "minimum": 0, "maximum": 1}),
            Form::Integer(least, most) => {
                let mut schema = json!({"type": "integer"});
                if *least != i64::MIN {
                    schema["minimum"] = (*least).into();
                }
                if *most != i64::MAX {
                    schema["maximum"] = (*most).into();
                }
                schema
            }
            Form::Duration => json!({"type": "string", "pattern": "^[0-9.]+ *(ms|s|m|h)$"}),
            Form::Choice(names) => json!({"enum": names}),
            Form::Preference(names) => json!({"anyOf": [{"enum": names}, text()]}),
            Form::List | Form::Texts => {
                json!({"type": "array", "items": self.value(&format!("{path}[]"))})
            }
            Form::Entries => {
                json!({"type": "object", "additionalProperties": self.value(&format!("{path}.*"))})
            }
            Form::Mapping if key.forms.contains(&Form::Strict) => return None,
            Form::Mapping => self.mapping(path, key),
            Form::Strict => {
                let mut schema = self.mapping(path, key);
                schema["additionalProperties"] = false.into();
                schema
            }
            Form::Any => json!({}),
        })
    }

    fn mapping(&self, path: &str, key: &Key) -> Value {
        let mut properties = Map::new();
        let mut required = Vec::new();
        for name in names(self.keys, path) {
            let child = joined(path, name);
            let mut schema = self.value(&child);
            if self.keys.0[&child].required == key.opened {
                required.push(name);
            } else {
                allow_null(&mut schema);
            }
            properties.insert(name.to_owned(), schema);
        }
        let mut schema = json!({"type": "object", "properties": properties});
        if !required.is_empty() {
            schema["required"] = required.into();
        }
        schema
    }
}

fn text() -> Value {
    json!({"type": ["string", "number", "boolean"]})
}

/// A key without a value is as good as none.
fn allow_null(schema: &mut Value) {
    if let Some(names) = schema.get_mut("enum") {
        names.as_array_mut().unwrap().push(Value::Null);
    } else if let Some(forms) = schema.get_mut("anyOf") {
        forms.as_array_mut().unwrap().push(json!({"type": "null"}));
    } else if let Some(kind) = schema.get_mut("type") {
        match kind {
            Value::Array(kinds) => kinds.push("null".into()),
            kind => *kind = json!([kind.take(), "null"]),
        }
    }
}

/// The keys of a mapping.
fn names<'a>(keys: &'a Keys, path: &str) -> BTreeSet<&'a str> {
    let below = |known: &'a String| {
        let rest =
            if path.is_empty() { known } else { known.strip_prefix(path)?.strip_prefix('.')? };
        (!rest.is_empty() && !rest.contains(['.', '['])).then_some(rest)
    };
    keys.0.keys().filter_map(below).collect()
}

fn joined(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") }
}

fn is_mapping(keys: &Keys, path: &str) -> bool {
    keys.0.get(path).is_some_and(|key| key.forms.contains(&Form::Mapping))
}

/// The keys that have a value of their own, or a list or mapping of such: each
/// has a row on the page.
pub fn rows(keys: &Keys) -> BTreeSet<&str> {
    let paths = keys.0.keys().map(String::as_str);
    let own = |path: &&str| {
        let is_part = path.ends_with("[]") || path.ends_with(".*");
        let holds_mappings = ["", "[]", ".*"].map(|part| format!("{path}{part}"));
        !is_part && !holds_mappings.iter().any(|path| is_mapping(keys, path))
    };
    paths.filter(own).collect()
}

/// What a row says of the form of a value.
pub fn words(keys: &Keys, path: &str) -> String {
    let key = &keys.0[path];
    let mut words: Vec<String> = key
        .forms
        .iter()
        .map(|form| match form {
            Form::Text => "text".to_owned(),
            Form::Flag => "true or false".to_owned(),
            Form::Number => "number".to_owned(),
            Form::Fraction => "0 to 1".to_owned(),
            Form::Integer(i64::MIN, i64::MAX) => "whole number".to_owned(),
            Form::Integer(least, i64::MAX) => format!("{least} or more"),
            Form::Integer(least, most) => format!("{least} to {most}"),
            Form::Duration => "time, such as `5s`".to_owned(),
            Form::Choice(names) | Form::Preference(names) => {
                let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
                names.join(", ")
            }
            Form::List => format!("list of {}s", self::words(keys, &format!("{path}[]"))),
            Form::Entries => format!("mapping of {}s", self::words(keys, &format!("{path}.*"))),
            Form::Any => "anything".to_owned(),
            Form::Texts | Form::Mapping | Form::Strict => panic!("{path}"),
        })
        .collect();
    let above = path.rsplit_once('.').map_or("", |(above, _)| above);
    if key.required > 0 && key.required == keys.0[above].opened {
        words.push("required".to_owned());
    }
    words.join(", ")
}
