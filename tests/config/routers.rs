//! Every router configuration in the repository.

use semantic_router_filter::config::{self, Config, Report, load};
use serde_yaml::Value;

use crate::files::{list, read};
use crate::markdown;

/// The router configuration that a file carries.
pub fn router_of(file: &str) -> Config {
    load(&read(file)).unwrap_or_else(|report| panic!("{file}:\n{report}")).0
}

/// What is found in a configuration, one finding a line.
pub fn findings(text: &str) -> String {
    match load(text) {
        Ok((_, warnings)) => Report { errors: Vec::new(), warnings }.to_string(),
        Err(report) => report.to_string(),
    }
}

/// What is found in configurations, each with its name.
fn all_findings(configurations: impl IntoIterator<Item = (String, String)>) -> String {
    let each = configurations.into_iter().map(|(name, text)| {
        let found = findings(&text);
        if found.is_empty() { found } else { format!("\n{name}:\n{found}") }
    });
    each.collect()
}

const YAML: [&str; 2] = [".yaml", ".yml"];

#[test]
fn envoy_and_istio_files_load_without_warnings() {
    let carriers: Vec<(String, String)> = ["envoy", "istio"]
        .into_iter()
        .flat_map(|folder| list(folder, &YAML))
        .map(|file| (file.clone(), read(&file)))
        .filter(|(_, text)| {
            // Manifests of which none carries a configuration are none.
            config::find(text).is_ok_and(|found| found.carrier != config::FILE)
        })
        .collect();
    let names: Vec<&str> = carriers.iter().map(|(name, _)| name.as_str()).collect();
    for file in list("envoy", &YAML) {
        assert!(names.contains(&file.as_str()), "{file} carries no configuration");
    }
    for file in ["istio/envoyfilter.yaml", "istio/wasmplugins/classify.yaml"] {
        assert!(names.contains(&file));
    }
    let found = all_findings(carriers);
    assert!(found.is_empty(), "{found}");
}

#[test]
fn scenario_configurations_load_without_warnings() {
    let files = list("tests/e2e/configs", &YAML);
    assert!(!files.is_empty());
    let fill = |file: String| {
        let text = read(&file).replace("${ENGINE_A}", "8001").replace("${ENGINE_B}", "8002");
        (file, text)
    };
    let found = all_findings(files.into_iter().map(fill));
    assert!(found.is_empty(), "{found}");
}

#[test]
fn the_seed_configuration_is_accepted_unchanged() {
    let seed = read(SEED);
    assert!(load(&seed).is_ok());
    assert_eq!(findings(&seed), read("tests/config/data/seed-config.warnings"));
}

#[test]
fn examples_in_the_documentation_load_without_warnings() {
    let mut found = Vec::new();
    let files = ["README.md".to_owned()].into_iter().chain(list("docs", &[".md"]));
    for file in files.filter(|file| support::envoy::checkout().join(file).exists()) {
        for block in markdown::blocks(&read(&file)) {
            if !["yaml", "yml", "json"].contains(&block.language.as_str()) {
                continue;
            }
            if let Some(problems) = problems_of_example(&block.text) {
                found.push(format!("{file}:{}:\n{problems}", block.line));
            }
        }
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

const SEED: &str = "tests/config/data/seed-config.yaml";

/// What an example may be a part of.
const WHOLE: [&str; 2] = ["envoy/envoy.yaml", SEED];

/// Keys that only a router's configuration has at its top.
const KEYS: [&str; 12] = [
    "auto_model_name",
    "categories",
    "classifier",
    "decisions",
    "default_model",
    "filter",
    "model_config",
    "observability",
    "prompt_guard",
    "reasoning_families",
    "semantic_cache",
    "vllm_endpoints",
];

/// What is wrong with an example, unless it is about something else: it has to
/// be usable as it is, or as a part of a whole configuration.
fn problems_of_example(text: &str) -> Option<String> {
    let text = configuration(text).unwrap_or_else(|| text.to_owned());
    let ours = |line: &str| KEYS.iter().any(|key| line.starts_with(&format!("{key}:")));
    let example: Value = match serde_yaml::from_str(&text) {
        Ok(example) => example,
        Err(error) => return text.lines().any(ours).then(|| error.to_string()),
    };
    if !KEYS.iter().any(|key| example.get(key).is_some()) {
        return None;
    }
    let alone = findings(&text);
    let as_part = WHOLE.iter().any(|file| {
        let whole = configuration(&read(file)).unwrap();
        let mut merged: Value = serde_yaml::from_str(&whole).unwrap();
        merge(&mut merged, &example);
        let known = findings(&whole);
        let merged = findings(&serde_yaml::to_string(&merged).unwrap());
        merged.lines().all(|line| known.lines().any(|known| known == line))
    });
    (!alone.is_empty() && !as_part).then_some(alone)
}

/// The configuration in a text, as a text of its own.
fn configuration(text: &str) -> Option<String> {
    serde_yaml::to_string(&config::find(text).ok()?.value).ok()
}

fn merge(into: &mut Value, from: &Value) {
    match (into, from) {
        (Value::Mapping(into), Value::Mapping(from)) => {
            for (key, value) in from {
                merge(into.entry(key.clone()).or_insert(Value::Null), value);
            }
        }
        (into, from) => *into = from.clone(),
    }
}

#[test]
fn an_example_is_judged_alone_or_as_a_part() {
    for good in ["name: a", "filter: {mode: observe}", "default_model: small", "kind: [broken"] {
        assert_eq!(problems_of_example(good), None, "{good}");
    }
    for bad in ["filter: {mode: nothing}", "decisions: [", "vllm_endpoints: [{name: a}]"] {
        assert!(problems_of_example(bad).is_some(), "{bad}");
    }
}
