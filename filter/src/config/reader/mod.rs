//! A reader over a YAML value that collects every problem with its path,
//! instead of stopping at the first as a derived deserializer does.

mod form;
mod name;

use std::cell::RefCell;
use std::time::Duration;

use serde_yaml::{Mapping, Value};

use super::report::Report;

pub use form::{Form, Key, Keys};
pub use name::{did_you_mean, nearest};

/// What a reading of one document gives besides its values.
#[derive(Default)]
pub struct Reading {
    report: RefCell<Report>,
    /// Kept only where the schema is made.
    keys: Option<RefCell<Keys>>,
}

impl Reading {
    /// One that also notes every key that is asked for.
    #[must_use]
    pub fn noting() -> Self {
        Self { keys: Some(RefCell::default()), ..Self::default() }
    }

    /// What was found, and the keys that were asked for, if they were noted.
    #[must_use]
    pub fn end(self) -> (Report, Keys) {
        (self.report.into_inner(), self.keys.map(RefCell::into_inner).unwrap_or_default())
    }

    fn note(&self, path: &str, note: impl FnOnce(&mut Key)) {
        if let Some(keys) = &self.keys {
            note(keys.borrow_mut().at(path));
        }
    }

    fn note_form(&self, path: &str, form: impl FnOnce() -> Form) {
        self.note(path, |key| {
            key.forms.insert(form());
        });
    }
}

/// A value and where it stands in the file.
#[derive(Clone)]
pub struct Node<'a> {
    path: String,
    value: &'a Value,
    reading: &'a Reading,
}

/// A mapping being read; remembers which keys were asked for, so that
/// [`Fields::finish`] can name the others.
pub struct Fields<'a> {
    path: String,
    /// `None` where no mapping stands: an error already, so nothing is missed.
    entries: Option<&'a Mapping>,
    reading: &'a Reading,
    known: RefCell<Vec<&'static str>>,
}

impl<'a> Node<'a> {
    /// The top of a document.
    #[must_use]
    pub fn root(value: &'a Value, reading: &'a Reading) -> Self {
        Self { path: String::new(), value, reading }
    }

    /// Where it stands.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Where the value of a key below it stands.
    #[must_use]
    pub fn path_of(&self, key: &str) -> String {
        joined(&self.path, key)
    }

    /// The value as it is written.
    #[must_use]
    pub fn value(&self) -> &'a Value {
        self.value
    }

    /// Records an error here.
    pub fn error(&self, message: impl Into<String>) {
        self.reading.report.borrow_mut().error(self.path.clone(), message);
    }

    /// Records a warning here.
    pub fn warn(&self, message: impl Into<String>) {
        self.reading.report.borrow_mut().warn(self.path.clone(), message);
    }

    /// Notes what the value may be, where it is not read otherwise.
    pub fn note(&self, form: impl FnOnce() -> Form) {
        self.reading.note_form(&self.path, form);
    }

    fn expected<T>(&self, kind: &str) -> Option<T> {
        self.error(format!("expected {kind}, found {}", describe(self.value)));
        None
    }

    /// A string; numbers and booleans are taken as they are written, as the
    /// original's parser (Go yaml.v2) does.
    #[must_use]
    pub fn text(&self) -> Option<String> {
        self.note(|| Form::Text);
        self.string()
    }

    fn string(&self) -> Option<String> {
        match self.value {
            Value::String(text) => Some(text.clone()),
            Value::Number(number) => Some(number.to_string()),
            Value::Bool(flag) => Some(flag.to_string()),
            _ => self.expected("a string"),
        }
    }

    /// A boolean, also in the YAML 1.1 spellings that Go yaml.v2 reads.
    #[must_use]
    pub fn flag(&self) -> Option<bool> {
        self.note(|| Form::Flag);
        match self.value {
            Value::Bool(flag) => Some(*flag),
            Value::String(text) => match text.to_ascii_lowercase().as_str() {
                "yes" | "on" | "y" => Some(true),
                "no" | "off" | "n" => Some(false),
                _ => self.expected("true or false"),
            },
            _ => self.expected("true or false"),
        }
    }

    /// A finite number.
    #[must_use]
    pub fn number(&self) -> Option<f64> {
        self.note(|| Form::Number);
        self.finite()
    }

    fn finite(&self) -> Option<f64> {
        match self.value.as_f64() {
            Some(number) if number.is_finite() => Some(number),
            _ => self.expected("a number"),
        }
    }

    /// A number from 0 to 1.
    #[must_use]
    pub fn fraction(&self) -> Option<f64> {
        self.note(|| Form::Fraction);
        let number = self.finite()?;
        if (0.0..=1.0).contains(&number) {
            return Some(number);
        }
        self.error(format!("must be from 0 to 1, is {number}"));
        None
    }

    /// A whole number within `range`; `3.0`, which a protobuf Struct makes of
    /// 3, is whole.
    #[must_use]
    pub fn integer(&self, range: std::ops::RangeInclusive<i64>) -> Option<i64> {
        self.note(|| Form::Integer(*range.start(), *range.end()));
        let whole = self.value.as_i64().or_else(|| {
            let number = self.value.as_f64()?;
            #[expect(clippy::cast_possible_truncation, reason = "checked to be whole and small")]
            (number.fract() == 0.0 && number.abs() < 9e15).then_some(number as i64)
        });
        match whole {
            Some(whole) if range.contains(&whole) => Some(whole),
            Some(whole) => {
                self.error(format!(
                    "must be from {} to {}, is {whole}",
                    range.start(),
                    range.end()
                ));
                None
            }
            None => self.expected("a whole number"),
        }
    }

    /// A duration such as `5s`, `250ms` or `1m`.
    #[must_use]
    pub fn duration(&self) -> Option<Duration> {
        self.note(|| Form::Duration);
        let Value::String(text) = self.value else {
            return self.expected("a duration such as 5s or 250ms");
        };
        let unit_at = text.find(|c: char| c.is_ascii_alphabetic()).unwrap_or(text.len());
        let (amount, unit) = text.split_at(unit_at);
        let seconds = match unit {
            "ms" => 0.001,
            "s" => 1.0,
            "m" => 60.0,
            "h" => 3600.0,
            _ => f64::NAN,
        } * amount.trim().parse().unwrap_or(f64::NAN);
        Duration::try_from_secs_f64(seconds)
            .ok()
            .or_else(|| self.expected("a duration such as 5s or 250ms"))
    }

    /// One of the named choices.
    #[must_use]
    pub fn choice<T: Copy>(&self, choices: &[(&'static str, T)]) -> Option<T> {
        self.note(|| Form::Choice(names(choices)));
        let text = self.string()?;
        let chosen = chosen(choices, &text);
        if chosen.is_none() {
            let names = names(choices).join(", ");
            self.error(format!("must be one of {names}, is {text:?}"));
        }
        chosen
    }

    /// One of the named choices. Any other text is taken by the original too:
    /// it is a warning, which says what happens `otherwise`.
    #[must_use]
    pub fn preference<T: Copy>(&self, choices: &[(&'static str, T)], otherwise: &str) -> Option<T> {
        self.note(|| Form::Preference(names(choices)));
        let text = self.string().filter(|text| !text.is_empty())?;
        let chosen = chosen(choices, &text);
        if chosen.is_none() {
            let names = names(choices).join(", ");
            self.warn(format!("is none of {names} but {text:?}: {otherwise}"));
        }
        chosen
    }

    /// A mapping; anything else is an error and reads as an empty one.
    #[must_use]
    pub fn fields(&self) -> Fields<'a> {
        self.note(|| Form::Mapping);
        self.reading.note(&self.path, |key| key.opened += 1);
        let entries = match self.value {
            Value::Mapping(entries) => Some(entries),
            _ => self.expected("a mapping"),
        };
        Fields {
            path: self.path.clone(),
            entries,
            reading: self.reading,
            known: RefCell::new(Vec::new()),
        }
    }

    /// The items of a list.
    #[must_use]
    pub fn items(&self) -> Vec<Node<'a>> {
        self.note(|| Form::List);
        let Value::Sequence(items) = self.value else {
            return self.expected("a list").unwrap_or_default();
        };
        let item = |(index, value)| Node {
            path: format!("{}[{index}]", self.path),
            value,
            reading: self.reading,
        };
        items.iter().enumerate().map(item).collect()
    }

    /// The entries of a mapping whose keys are names that the user chose.
    #[must_use]
    pub fn entries(&self) -> Vec<(String, Node<'a>)> {
        self.note(|| Form::Entries);
        let Value::Mapping(entries) = self.value else {
            return self.expected("a mapping").unwrap_or_default();
        };
        let entry = |(key, value)| {
            let name = key_name(key);
            let node = Node { path: format!("{}.{name}", self.path), value, reading: self.reading };
            (name, node)
        };
        entries.iter().map(entry).collect()
    }
}

impl<'a> Fields<'a> {
    /// The value at `key`; `None` when absent or null.
    #[must_use]
    pub fn get(&self, key: &'static str) -> Option<Node<'a>> {
        self.known.borrow_mut().push(key);
        self.reading.note(&self.path_of(key), |_| ());
        match self.entries?.get(key) {
            None | Some(Value::Null) => None,
            Some(value) => Some(Node { path: self.path_of(key), value, reading: self.reading }),
        }
    }

    /// Whether there is a value at `key`.
    #[must_use]
    pub fn has(&self, key: &str) -> bool {
        self.entries.is_some_and(|entries| entries.contains_key(key))
    }

    /// The value at `key`, whose absence is an error.
    #[must_use]
    pub fn require(&self, key: &'static str) -> Option<Node<'a>> {
        let node = self.get(key);
        self.reading.note(&self.path_of(key), |key| key.required += 1);
        if node.is_none() && self.entries.is_some() {
            self.reading.report.borrow_mut().error(self.path_of(key), "missing");
        }
        node
    }

    /// The items at `key`; none when absent.
    #[must_use]
    pub fn items(&self, key: &'static str) -> Vec<Node<'a>> {
        self.get(key).map(|node| node.items()).unwrap_or_default()
    }

    /// Reads a string at `key`, empty counted as absent.
    #[must_use]
    pub fn text(&self, key: &'static str) -> Option<String> {
        self.get(key)?.text().filter(|text| !text.is_empty())
    }

    /// Reads a non-empty string at `key`; without one there is an error, and
    /// the empty string is returned.
    #[must_use]
    pub fn required_text(&self, key: &'static str) -> String {
        let Some(node) = self.require(key) else { return String::new() };
        let Some(text) = node.text() else { return String::new() };
        if text.is_empty() {
            node.error("is empty");
        }
        text
    }

    /// The mapping at `key`.
    #[must_use]
    pub fn fields(&self, key: &'static str) -> Option<Fields<'a>> {
        Some(self.get(key)?.fields())
    }

    /// Reads a boolean at `key`.
    #[must_use]
    pub fn flag(&self, key: &'static str) -> Option<bool> {
        self.get(key)?.flag()
    }

    /// Reads the texts at `key`; none when absent.
    #[must_use]
    pub fn texts(&self, key: &'static str) -> Vec<String> {
        self.items(key).iter().filter_map(Node::text).collect()
    }

    /// Checks values that have no effect here but must be what they should be,
    /// as in the original.
    pub fn check(&self, keys: &[(&'static str, Form)]) {
        for (key, form) in keys {
            let Some(node) = self.get(key) else { continue };
            match form {
                Form::Flag => drop(node.flag()),
                Form::Number => drop(node.number()),
                Form::Fraction => drop(node.fraction()),
                Form::Integer(least, most) => drop(node.integer(*least..=*most)),
                Form::Texts => drop(self.texts(key)),
                Form::Any => node.note(|| Form::Any),
                _ => drop(node.text()),
            }
        }
    }

    /// Warns about every key that was never asked for.
    pub fn finish(&self) {
        self.unknown(|report, path, message| report.warn(path, message + ", has no effect"));
    }

    /// Refuses every key that was never asked for.
    pub fn finish_strict(&self) {
        self.reading.note_form(&self.path, || Form::Strict);
        self.unknown(Report::error);
    }

    fn unknown(&self, record: fn(&mut Report, String, String)) {
        let known = self.known.borrow();
        for key in self.entries.iter().flat_map(|entries| entries.keys()).map(key_name) {
            if known.contains(&key.as_str()) {
                continue;
            }
            let near = nearest(known.iter().copied(), &key);
            let message = format!("unknown key{}", did_you_mean(near));
            record(&mut self.reading.report.borrow_mut(), self.path_of(&key), message);
        }
    }

    fn path_of(&self, key: &str) -> String {
        joined(&self.path, key)
    }
}

/// The path of what stands at `below` under `path`.
#[must_use]
pub fn joined(path: &str, below: &str) -> String {
    match (path, below) {
        ("", only) | (only, "") => only.to_owned(),
        _ => format!("{path}.{below}"),
    }
}

fn names<T>(choices: &[(&'static str, T)]) -> Vec<&'static str> {
    choices.iter().map(|(name, _)| *name).collect()
}

fn chosen<T: Copy>(choices: &[(&'static str, T)], text: &str) -> Option<T> {
    choices.iter().find(|(name, _)| *name == text).map(|(_, value)| *value)
}

fn key_name(key: &Value) -> String {
    match key {
        Value::String(name) => name.clone(),
        Value::Number(number) => number.to_string(),
        Value::Bool(flag) => flag.to_string(),
        other => describe(other).to_owned(),
    }
}

fn describe(value: &Value) -> &'static str {
    match value {
        Value::Null => "nothing",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Sequence(_) => "a list",
        Value::Mapping(_) => "a mapping",
        Value::Tagged(_) => "a tagged value",
    }
}
