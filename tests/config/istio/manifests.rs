//! The documents in the files of `istio/`.

use serde_json::Value;

use crate::files;

/// A document.
pub struct Manifest {
    /// The file that it is in.
    pub file: String,
    /// What it says.
    pub value: Value,
}

impl Manifest {
    /// The text at a JSON pointer; empty when there is none.
    pub fn text(&self, pointer: &str) -> &str {
        self.value.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
    }

    /// The list at a JSON pointer; empty when there is none.
    pub fn list(&self, pointer: &str) -> &[Value] {
        self.value.pointer(pointer).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
    }

    pub fn kind(&self) -> &str {
        self.text("/kind")
    }

    pub fn name(&self) -> &str {
        self.text("/metadata/name")
    }

    /// What it is, for messages.
    pub fn title(&self) -> String {
        format!("{}: {} {}", self.file, self.kind(), self.name())
    }
}

/// All of them.
pub fn all() -> Vec<Manifest> {
    let files = files::list("istio", &[".yaml", ".yml"]);
    let documents = |file: String| {
        let values = files::documents(&file);
        assert!(!values.is_empty(), "{file} is empty");
        values.into_iter().map(move |value| Manifest { file: file.clone(), value })
    };
    files.into_iter().flat_map(documents).collect()
}

/// Those of a kind.
pub fn of_kind(kind: &str) -> Vec<Manifest> {
    let found: Vec<Manifest> = all().into_iter().filter(|found| found.kind() == kind).collect();
    assert!(!found.is_empty(), "istio/ has no {kind}");
    found
}
