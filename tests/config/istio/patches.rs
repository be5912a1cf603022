//! What the patches of an `EnvoyFilter` make of a gateway's listener, in a
//! real Envoy.

use std::path::Path;

use semantic_router_filter::config::Config;
use serde_json::{Value, json};
use support::envoy::{VERSIONS, module, validate};

use super::manifests::{Manifest, of_kind};
use crate::routers::router_of;

/// Where the router filter's configuration comes from.
#[derive(Clone, Copy)]
enum Filter {
    /// From discovery, as the patch says.
    Discovered,
    /// From the extension configuration that discovery would deliver, with the
    /// built module.
    Delivered,
}

/// A gateway as Istio would configure it, from which the patches start.
pub fn gateway() -> Value {
    let manager = json!({
        "@type": url("envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager"),
        "stat_prefix": "gateway",
        "route_config": {"virtual_hosts": [
            {"name": "blackhole", "domains": ["*"], "routes": []},
        ]},
        "http_filters": [{
            "name": "envoy.filters.http.router",
            "typed_config": {"@type": url("envoy.extensions.filters.http.router.v3.Router")},
        }],
    });
    let name = "envoy.filters.network.http_connection_manager";
    json!({
        "name": "gateway",
        "address": {"socket_address": {"address": "127.0.0.1", "port_value": 0}},
        "filter_chains": [{"filters": [{"name": name, "typed_config": manager}]}],
    })
}

pub fn url(message: &str) -> String {
    format!("type.googleapis.com/{message}")
}

/// The gateway after the patches; what this does not know ends the test.
fn bootstrap(manifest: &Manifest, filter: Filter) -> Value {
    let mut listener = gateway();
    let mut clusters = Vec::new();
    let mut extensions = Vec::new();
    for patch in manifest.list("/spec/configPatches") {
        let value = &patch["patch"]["value"];
        let operation = patch["patch"]["operation"].as_str().unwrap();
        let network = &mut listener["filter_chains"][0]["filters"][0];
        match (patch["applyTo"].as_str().unwrap(), operation) {
            ("EXTENSION_CONFIG", "ADD") => extensions.push(value.clone()),
            ("CLUSTER", "ADD") => clusters.push(value.clone()),
            ("LISTENER", "MERGE") => merge(&mut listener, value),
            ("NETWORK_FILTER", "MERGE") => {
                assert_eq!(*matched_filter(patch), network["name"]);
                merge(network, value);
            }
            ("HTTP_FILTER", "INSERT_FIRST") => {
                assert_eq!(*matched_filter(patch), network["name"]);
                let filters = network["typed_config"]["http_filters"].as_array_mut().unwrap();
                filters.insert(0, value.clone());
            }
            other => panic!("{}: {other:?} is not tried here", manifest.title()),
        }
    }
    if matches!(filter, Filter::Delivered) {
        let filters =
            &mut listener["filter_chains"][0]["filters"][0]["typed_config"]["http_filters"];
        for filter in filters.as_array_mut().unwrap() {
            deliver(filter, &extensions);
        }
    }
    json!({
        "node": {"id": "test", "cluster": "test"},
        "static_resources": {"listeners": [listener], "clusters": clusters},
    })
}

/// The network filter that a patch is for.
fn matched_filter(patch: &Value) -> &Value {
    patch.pointer("/match/listener/filterChain/filter/name").unwrap()
}

/// As protobuf messages are merged: fields one by one, lists by appending.
fn merge(into: &mut Value, from: &Value) {
    match (into, from) {
        (Value::Object(into), Value::Object(from)) => {
            for (key, value) in from {
                merge(into.entry(key).or_insert(Value::Null), value);
            }
        }
        (Value::Array(into), Value::Array(from)) => into.extend(from.iter().cloned()),
        (into, from) => *into = from.clone(),
    }
}

/// Puts the extension configuration of its name into a filter that would get
/// it by discovery, and the built module in place of the fetched one.
fn deliver(filter: &mut Value, extensions: &[Value]) {
    let Some(discovery) = filter.as_object_mut().unwrap().remove("config_discovery") else {
        return;
    };
    let found = extensions.iter().find(|extension| extension["name"] == filter["name"]);
    let mut config =
        found.unwrap_or_else(|| panic!("no {}", filter["name"]))["typed_config"].clone();
    let kinds = discovery["type_urls"].as_array().unwrap();
    assert!(kinds.contains(&config["@type"]), "{kinds:?}");
    let code = config.pointer_mut("/config/vm_config/code").unwrap();
    *code = json!({"local": {"filename": module()}});
    filter["typed_config"] = config;
}

pub async fn validate_in_all(name: &str, bootstrap: &Value) {
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}.json"));
    std::fs::write(&file, bootstrap.to_string()).unwrap();
    for version in VERSIONS {
        let said = validate(version, &file).await.unwrap();
        assert!(said.is_ok(), "{name}, Envoy {version}: {}", said.unwrap_err());
    }
}

#[tokio::test]
async fn the_patched_gateway_is_accepted_by_every_envoy() {
    for (index, filter) in of_kind("EnvoyFilter").iter().enumerate() {
        let patched = bootstrap(filter, Filter::Delivered);
        validate_in_all(&format!("delivered-{index}"), &patched).await;
    }
}

#[tokio::test]
async fn the_discovery_of_the_filter_is_accepted_by_every_envoy() {
    for (index, filter) in of_kind("EnvoyFilter").iter().enumerate() {
        let patched = bootstrap(filter, Filter::Discovered);
        validate_in_all(&format!("discovered-{index}"), &patched).await;
    }
}

#[test]
fn the_agent_is_told_what_it_has_to_fetch() {
    for filter in of_kind("EnvoyFilter") {
        let patches = filter.list("/spec/configPatches").iter();
        for patch in patches.filter(|patch| patch["applyTo"] == "EXTENSION_CONFIG") {
            let code = "/patch/value/typed_config/config/vm_config/code";
            let code = &patch.pointer(code).unwrap()["remote"];
            assert!(code["http_uri"]["uri"].as_str().unwrap().starts_with("oci://"));
            // By Istio's convention: no checksum, and a cluster that is not used.
            assert_eq!(
                (&code["sha256"], &code["http_uri"]["cluster"]),
                (&json!("nil"), &json!("_"))
            );
        }
    }
}

#[test]
fn the_patched_gateway_has_the_router_first_and_room_for_bodies() {
    for filter in of_kind("EnvoyFilter") {
        let router: Config = router_of(&filter.file);
        let patched = bootstrap(&filter, Filter::Delivered);
        let listener = &patched["static_resources"]["listeners"][0];
        let buffer = listener["per_connection_buffer_limit_bytes"].as_u64().unwrap();
        assert!(buffer > router.filter.max_request_bytes as u64);
        let manager = &listener["filter_chains"][0]["filters"][0]["typed_config"];
        let first = &manager["http_filters"][0]["typed_config"]["config"];
        assert_eq!(first["allow_on_headers_stop_iteration"], true);
        let removed = &manager["early_header_mutation_extensions"][0]["typed_config"]["mutations"];
        let removed: Vec<_> =
            removed.as_array().unwrap().iter().map(|one| one["remove"].as_str().unwrap()).collect();
        assert_eq!(removed, ["x-vsr-destination-endpoint", "x-selected-model"]);
    }
}
