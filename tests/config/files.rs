//! The files of the checkout, by their paths in it.

use std::fs;
use std::path::Path;

use serde::Deserialize;
use serde_json::Value;
use support::envoy::checkout;

/// The files below a folder whose names end in one of these; sorted.
pub fn list(folder: &str, endings: &[&str]) -> Vec<String> {
    let mut found = Vec::new();
    walk(Path::new(folder), &mut found);
    found.retain(|file| endings.iter().any(|ending| file.ends_with(ending)));
    found.sort();
    found
}

fn walk(folder: &Path, found: &mut Vec<String>) {
    let Ok(entries) = fs::read_dir(checkout().join(folder)) else { return };
    for entry in entries {
        let entry = entry.unwrap();
        let path = folder.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            walk(&path, found);
        } else {
            found.push(path.to_str().unwrap().to_owned());
        }
    }
}

/// The text of a file.
pub fn read(file: &str) -> String {
    let path = checkout().join(file);
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{file}: {error}"))
}

/// The documents of a YAML file that say something.
pub fn documents(file: &str) -> Vec<Value> {
    let text = read(file);
    let values = serde_yaml::Deserializer::from_str(&text).map(|document| {
        Value::deserialize(document).unwrap_or_else(|error| panic!("{file}: {error}"))
    });
    values.filter(|value| !value.is_null()).collect()
}
