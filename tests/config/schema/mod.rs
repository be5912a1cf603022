//! The JSON Schema of the configuration, `docs/config.schema.json`: made from
//! what the reader asks for, with the words of `docs/configuration.md`.
//!
//! `make schema` writes it anew.

mod make;
mod page;

use jsonschema::Validator;
use semantic_router_filter::config::{self, Keys};
use serde_json::Value;
use support::envoy::checkout;

use crate::files::{list, read};

const EXHAUSTIVE: &str = "tests/config/data/exhaustive.yaml";
const SCHEMA: &str = "docs/config.schema.json";

fn keys() -> Keys {
    config::keys(&read(EXHAUSTIVE)).unwrap()
}

#[test]
fn the_schema_is_what_the_reader_asks_for() {
    let made = make::schema(&keys(), &page::read());
    let made = serde_json::to_string_pretty(&made).unwrap() + "\n";
    if std::env::var_os("WRITE_SCHEMA").is_some() {
        std::fs::write(checkout().join(SCHEMA), &made).unwrap();
    }
    assert!(made == read(SCHEMA), "{SCHEMA} is not fresh: make schema");
}

#[test]
fn the_exhaustive_sample_has_every_key() {
    let keys = keys().0.into_iter();
    let missing: Vec<String> =
        keys.filter(|(_, key)| key.forms.is_empty()).map(|(path, _)| path).collect();
    assert!(missing.is_empty(), "{EXHAUSTIVE} lacks {missing:?}");
}

#[test]
fn the_page_describes_every_key_as_it_is() {
    let (page, keys) = (page::read(), keys());
    let described: Vec<&str> = page.rows.keys().map(String::as_str).collect();
    assert_eq!(described, make::rows(&keys).into_iter().collect::<Vec<_>>());
    let otherwise: Vec<_> = page
        .rows
        .iter()
        .map(|(path, row)| (path, &row.form, make::words(&keys, path)))
        .filter(|(_, form, words)| *form != words)
        .collect();
    assert!(otherwise.is_empty(), "{otherwise:#?}");
    assert!(page.rows.values().all(|row| !row.effect.is_empty()));
    for section in page.sections.keys().filter(|section| !section.is_empty()) {
        assert!(keys.0.contains_key(section), "{section}");
    }
}

#[test]
fn what_the_page_calls_the_default_is_the_default() {
    let plain = "default_model: m\n";
    let expected = config::load(plain).unwrap().0;
    let page = page::read();
    let mut compared = 0;
    for (path, row) in page.rows.iter().filter(|(path, _)| path.starts_with("filter.")) {
        let Some(default) = row.default_value() else { continue };
        let (top, below) = path.split_once('.').unwrap();
        let nested =
            below.rsplit('.').fold(default.to_owned(), |value, key| format!("{{{key}: {value}}}"));
        let (config, _) = config::load(&format!("{plain}{top}: {nested}\n")).unwrap();
        assert_eq!(config, expected, "{path}");
        compared += 1;
    }
    assert!(compared > 20, "{compared}");
}

fn validator() -> Validator {
    let schema: Value = serde_json::from_str(&read(SCHEMA)).unwrap();
    assert!(jsonschema::meta::is_valid(&schema));
    jsonschema::validator_for(&schema).unwrap()
}

/// The configurations below a folder that are in the plain dialect, as JSON,
/// and whether they load.
fn samples(folder: &str) -> Vec<(String, Value, bool)> {
    let sample = |file: String| {
        let text = read(&file).replace("${ENGINE_A}", "8001").replace("${ENGINE_B}", "8002");
        let document = serde_json::to_value(config::find(&text).ok()?.value).ok()?;
        let is_plain = document.get("providers").is_none();
        is_plain.then(|| (file, document, config::load(&text).is_ok()))
    };
    list(folder, &[".yaml", ".json"]).into_iter().filter_map(sample).collect()
}

#[test]
fn whatever_loads_is_valid() {
    let validator = validator();
    let folders = ["tests/config/data", "tests/e2e/configs", "envoy", "istio"];
    let samples = folders.into_iter().flat_map(samples).filter(|(_, _, loads)| *loads);
    let mut count = 0;
    for (file, document, _) in samples {
        let problems: Vec<String> = validator
            .iter_errors(&document)
            .map(|error| format!("{}: {error}", error.instance_path()))
            .collect();
        assert!(problems.is_empty(), "{file}: {problems:?}");
        count += 1;
    }
    assert!(count > 60, "{count}");
}

/// Refused for what is said there, not for its shape.
const WELL_SHAPED: [&str; 7] = [
    "tests/config/data/bad/configmap.yaml",
    "tests/config/data/bad/envoy.yaml",
    "tests/config/data/bad/manifest.yaml",
    "tests/config/data/bad/resources.yaml",
    "tests/config/data/upstream/deploy/kserve/configmap-envoy-config.yaml",
    "tests/config/data/upstream/deploy/kserve/peerauthentication.yaml",
    "tests/config/data/upstream/deploy/openshift/config-openshift.yaml",
];

#[test]
fn what_is_refused_for_its_shape_is_not_valid() {
    let validator = validator();
    let mut count = 0;
    for (file, document, loads) in samples("tests/config/data") {
        if !loads && !file.contains("/istio-crds/") {
            let well_shaped = WELL_SHAPED.contains(&file.as_str());
            assert_eq!(validator.is_valid(&document), well_shaped, "{file}");
            count += 1;
        }
    }
    assert!(count > WELL_SHAPED.len() + 10, "{count}");
}

#[test]
fn schema_and_reader_agree_on_single_keys() {
    let validator = validator();
    for (text, valid) in [
        (r#"{"filter": {"mode": "observe", "collector": null}}"#, true),
        (r#"{"filter": {"mod": "observe"}}"#, false),
        (r#"{"filter": {"on_error": {"gaurd": "pass"}}}"#, false),
        (r#"{"filter": {"collector": {"timeout": "250ms"}}}"#, true),
        (r#"{"filter": {"collector": {"timeout": 5}}}"#, false),
        (r#"{"clasifier": {}}"#, true),
        (r#"{"default_model": null, "tools": {"enabled": "yes"}}"#, true),
        (r#"{"tools": {"enabled": "perhaps"}}"#, false),
        (r#"{"strategy": "random", "default_model": 7}"#, true),
        (r#"{"vllm_endpoints": [{"name": "a", "address": "::1", "port": 1}]}"#, true),
        (r#"{"vllm_endpoints": [{"name": "a", "address": "::1", "port": 0}]}"#, false),
        (r#"{"vllm_endpoints": [{"name": "a", "address": "::1"}]}"#, false),
        (r#"{"semantic_cache": {"eviction_policy": "mru"}}"#, false),
        (r#"{"model_config": {"a": {"loras": [{"name": "b"}]}, "c": {}}}"#, true),
        (r#"{"model_config": {"a": {"loras": [{}]}}}"#, false),
    ] {
        let document: Value = serde_json::from_str(text).unwrap();
        assert_eq!(validator.is_valid(&document), valid, "{text}");
        assert_eq!(config::load(text).is_ok(), valid, "{text}");
    }
}
