//! Sample configurations of vLLM Semantic Router, unchanged, against what the
//! original makes of each: `data/upstream/expected.json`.

mod tables;

use std::collections::BTreeSet;

use regex::Regex;
use semantic_router_filter::config::{
    Config, ExporterKind, Finding, Report, Sampling, Strategy, load,
};
use serde::Deserialize;
use serde_json::Value;

use crate::files::{documents, list, read};

const FOLDER: &str = "tests/config/data/upstream";

/// What the original makes of a file.
#[derive(Deserialize)]
struct Expected {
    file: String,
    form: String,
    /// What follows is of files that can be parsed.
    parse_error: Option<String>,
    #[serde(default)]
    valid: bool,
    #[serde(default)]
    decisions: usize,
    #[serde(default)]
    unreachable_domain_conditions: Vec<String>,
    tracing_enabled: Option<bool>,
    exporter: Option<String>,
    sampling: Option<String>,
    strategy: Option<String>,
}

/// A file and what it came to.
struct Sample {
    expected: Expected,
    loaded: Result<(Config, Vec<Finding>), Report>,
}

fn samples() -> Vec<Sample> {
    let expected: Vec<Expected> =
        serde_json::from_str(&read(&format!("{FOLDER}/expected.json"))).unwrap();
    let listed: BTreeSet<String> =
        expected.iter().map(|expected| format!("{FOLDER}/{}", expected.file)).collect();
    let files: BTreeSet<String> = list(FOLDER, &[".yaml"]).into_iter().collect();
    assert_eq!(files, listed);
    let sample = |expected: Expected| {
        let text = read(&format!("{FOLDER}/{}", expected.file));
        Sample { expected, loaded: load(&text) }
    };
    expected.into_iter().map(sample).collect()
}

/// Those that are accepted.
fn accepted() -> Vec<(Expected, Value, Config, Vec<Finding>)> {
    let samples = samples().into_iter().filter_map(|sample| {
        let (config, mut warnings) = sample.loaded.ok()?;
        // The values of a Helm chart have the configuration in a section.
        let mut document = documents(&format!("{FOLDER}/{}", sample.expected.file)).remove(0);
        if sample.expected.form == "helm-values.config" {
            document = document["config"].take();
            for warning in &mut warnings {
                warning.path = warning.path.strip_prefix("config.").unwrap().to_owned();
            }
        }
        Some((sample.expected, document, config, warnings))
    });
    samples.collect()
}

#[test]
fn what_the_original_accepts_is_accepted_and_what_it_refuses_refused() {
    for Sample { expected, loaded, .. } in samples() {
        let file = &expected.file;
        let refused = tables::REFUSED.iter().find(|(refused, ..)| refused == file);
        let errors = loaded.err().map(|report| report.errors).unwrap_or_default();
        if expected.parse_error.is_some() {
            assert_eq!(errors.len(), 1, "{file}: {errors:?}");
            assert_eq!(errors[0].path, "", "{file}: {errors:?}");
            continue;
        }
        let differs = tables::DIFFERENT.contains(&file.as_str());
        assert_eq!(expected.valid, refused.is_none() || differs, "{file}");
        let errors: Vec<String> = errors.iter().map(ToString::to_string).collect();
        let refused = refused.map(|(_, errors, _)| *errors).unwrap_or_default();
        assert_eq!(errors, refused, "{file}");
    }
}

#[test]
fn what_is_accepted_is_read_as_the_original_reads_it() {
    for (expected, _, config, _) in accepted() {
        let file = &expected.file;
        assert_eq!(config.decisions.len(), expected.decisions, "{file}");
        assert_eq!(config.tracing.enabled, expected.tracing_enabled.unwrap_or(false), "{file}");
        let exporter = match config.tracing.exporter.kind {
            ExporterKind::Otlp => "otlp",
            ExporterKind::Stdout => "stdout",
        };
        assert_eq!(exporter, expected.exporter.as_deref().unwrap_or("otlp"), "{file}");
        let sampling = match config.tracing.sampling {
            Sampling::AlwaysOn => "always_on",
            Sampling::AlwaysOff => "always_off",
            Sampling::Probabilistic(_) => "probabilistic",
        };
        assert_eq!(sampling, expected.sampling.as_deref().unwrap_or("always_on"), "{file}");
        let strategy = match config.strategy {
            Strategy::Priority => "priority",
            Strategy::Confidence => "confidence",
        };
        assert_eq!(strategy, expected.strategy.as_deref().unwrap_or("priority"), "{file}");
    }
}

#[test]
fn conditions_that_never_hold_are_named() {
    for (expected, _, config, warnings) in accepted() {
        let named = warnings.iter().filter(|warning| {
            warning.message.contains("no category") && warning.message.contains("it never holds")
        });
        let conditions = config.decisions.iter().enumerate().flat_map(|(at, decision)| {
            decision.rule.conditions().into_iter().map(move |(below, condition)| {
                let path = format!("decisions[{at}].rules.{below}.name");
                (path, format!("{}:{}", decision.name, condition.name))
            })
        });
        let conditions: Vec<(String, String)> = conditions.collect();
        let named: Vec<&str> = named
            .filter_map(|warning| conditions.iter().find(|(path, _)| *path == warning.path))
            .map(|(_, condition)| condition.as_str())
            .collect();
        assert_eq!(named, expected.unreachable_domain_conditions, "{}", expected.file);
    }
}

#[test]
fn what_is_not_supported_is_named_by_its_path() {
    for (expected, document, _, warnings) in accepted() {
        for path in tables::not_supported(&document) {
            let named = warnings.iter().any(|warning| warning.path == path);
            assert!(named, "{}: no word about {path}", expected.file);
        }
    }
}

#[test]
fn every_warning_has_a_known_reason() {
    let patterns: Vec<Regex> = tables::WARNED.iter().map(|(path, _)| pattern(path)).collect();
    let mut used = vec![false; patterns.len()];
    for (expected, _, _, warnings) in accepted() {
        for warning in warnings {
            let at = patterns.iter().position(|pattern| pattern.is_match(&warning.path));
            let at = at.unwrap_or_else(|| panic!("{}: {warning}", expected.file));
            used[at] = true;
        }
    }
    let unused: Vec<_> =
        tables::WARNED.iter().zip(used).filter(|(_, used)| !used).map(|(of, _)| of).collect();
    assert!(unused.is_empty(), "no sample warns of these any more: {unused:?}");
}

/// A path in which `[]` stands for any index and `*` for any name.
fn pattern(path: &str) -> Regex {
    let pattern = regex::escape(path).replace(r"\[\]", r"\[\d+\]").replace(r"\*", ".+");
    Regex::new(&format!("^{pattern}$")).unwrap()
}
