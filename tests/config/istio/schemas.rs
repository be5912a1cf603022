//! Every manifest is of a kind, and as its schema demands.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::manifests::{all, of_kind};
use super::schema::problems;
use crate::files;

/// The kinds without a schema here, and the version of each.
const CORE: [(&str, &str); 9] = [
    ("ConfigMap", "v1"),
    ("Deployment", "apps/v1"),
    ("HorizontalPodAutoscaler", "autoscaling/v2"),
    ("Kustomization", "kustomize.config.k8s.io/v1beta1"),
    ("Component", "kustomize.config.k8s.io/v1alpha1"),
    ("Namespace", "v1"),
    ("PodDisruptionBudget", "policy/v1"),
    ("Service", "v1"),
    ("ServiceAccount", "v1"),
];

/// The schemas of Istio's resources, by version and kind.
fn schemas() -> BTreeMap<(String, String), Value> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let mut schemas = BTreeMap::new();
    for file in files::list("tests/config/data/istio-crds", &[".yaml"]) {
        for definition in files::documents(&file) {
            let spec = &definition["spec"];
            for version in spec["versions"].as_array().unwrap() {
                let name = format!("{}/{}", text(&spec["group"]), text(&version["name"]));
                let mut schema = version.pointer("/schema/openAPIV3Schema").unwrap().clone();
                // What Kubernetes adds to every kind.
                let metadata =
                    json!({"type": "object", "x-kubernetes-preserve-unknown-fields": true});
                schema["properties"]["metadata"] = metadata;
                for key in ["apiVersion", "kind"] {
                    schema["properties"][key] = json!({"type": "string"});
                }
                schemas.insert((name, text(&spec["names"]["kind"])), schema);
            }
        }
    }
    schemas
}

#[test]
fn every_manifest_is_as_its_schema_demands() {
    let schemas = schemas();
    let mut wrong = Vec::new();
    let mut checked = 0;
    for manifest in all() {
        let version = manifest.text("/apiVersion");
        if CORE.contains(&(manifest.kind(), version)) {
            continue;
        }
        let Some(schema) = schemas.get(&(version.to_owned(), manifest.kind().to_owned())) else {
            panic!("{}: {version} has neither a schema nor an entry here", manifest.title());
        };
        checked += 1;
        let found = problems(schema, &manifest.value);
        wrong.extend(found.iter().map(|problem| format!("{}: {problem}", manifest.title())));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(checked > 0);
}

#[test]
fn every_manifest_has_a_name_of_its_own() {
    let mut taken = BTreeSet::new();
    for manifest in all() {
        if ["Kustomization", "Component"].contains(&manifest.kind()) {
            continue;
        }
        let name = manifest.name();
        let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "-.".contains(c);
        assert!(!name.is_empty() && name.chars().all(allowed), "{}", manifest.title());
        let namespace = manifest.text("/metadata/namespace").to_owned();
        let id = (manifest.kind().to_owned(), namespace, name.to_owned());
        assert!(taken.insert(id), "{}: twice", manifest.title());
    }
}

/// The schemas can refuse: a slip of every sort is seen, where it is.
#[test]
fn a_slip_is_seen() {
    let schemas = schemas();
    let patch = "/spec/configPatches/1";
    for (kind, at, put, expected) in [
        (
            "EnvoyFilter",
            "/spec",
            json!({"workloadSelectr": {}}),
            ".spec.workloadSelectr: unknown field",
        ),
        (
            "EnvoyFilter",
            patch,
            json!({"applyTo": "FILTER"}),
            ".spec.configPatches[1].applyTo: enum",
        ),
        ("EnvoyFilter", "/spec", json!({"priority": "high"}), ".spec.priority: type \"integer\""),
        ("EnvoyFilter", "/spec", json!({"configPatches": null}), ".spec.configPatches: is null"),
        (
            "EnvoyFilter",
            &format!("{patch}/match"),
            json!({"cluster": {"service": "a"}}),
            ".spec.configPatches[1].match: oneOf",
        ),
        (
            "VirtualService",
            "/spec/http/0/match/0",
            json!({"uri": {"exact": "a", "prefix": "b"}}),
            ".spec.http[0].match[0].uri: oneOf",
        ),
        (
            "Gateway",
            "/spec/servers/0",
            json!({"port": {"number": 80}}),
            ".spec.servers[0].port: \"protocol\" is missing",
        ),
        ("Gateway", "/spec/servers/0", json!({"name": 80}), ".spec.servers[0].name: type"),
    ] {
        let mut manifest = of_kind(kind).remove(0);
        let id = (manifest.text("/apiVersion").to_owned(), kind.to_owned());
        let place = manifest.value.pointer_mut(at).unwrap().as_object_mut().unwrap();
        place.extend(put.as_object().unwrap().clone());
        let found = problems(&schemas[&id], &manifest.value);
        assert!(found.iter().any(|found| found.starts_with(expected)), "{expected}: {found:?}");
    }
}
