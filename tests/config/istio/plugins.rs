//! The `WasmPlugins`: two halves of one router.

use semantic_router_filter::config::{Config, Mode};
use serde_json::{Value, json};
use support::envoy::module;

use super::manifests::{Manifest, of_kind};
use super::patches::{gateway, url, validate_in_all};
use crate::routers::router_of;

/// The plugins, in the order in which Istio puts them into the chain.
fn plugins() -> Vec<(Manifest, Config)> {
    let mut plugins = of_kind("WasmPlugin");
    plugins.sort_by_key(|plugin| -plugin.value["spec"]["priority"].as_i64().unwrap());
    let routed = plugins.into_iter().map(|plugin| {
        let router = router_of(&plugin.file);
        (plugin, router)
    });
    routed.collect()
}

/// What Istio makes of a plugin: the filter of the built module.
fn filter(plugin: &Manifest) -> Value {
    let name = format!("{}.{}", plugin.text("/metadata/namespace"), plugin.name());
    let config = plugin.value["spec"]["pluginConfig"].to_string();
    json!({
        "name": format!("extensions.istio.io/wasmplugin/{name}"),
        "typed_config": {
            "@type": url("envoy.extensions.filters.http.wasm.v3.Wasm"),
            "config": {
                "name": name,
                "configuration": {"@type": url("google.protobuf.StringValue"), "value": config},
                "failure_policy": "FAIL_CLOSED",
                "vm_config": {
                    "runtime": "envoy.wasm.runtime.v8",
                    "code": {"local": {"filename": module()}},
                },
            },
        },
    })
}

#[test]
fn the_half_that_decides_comes_first_and_both_share_a_virtual_machine() {
    let plugins = plugins();
    let modes: Vec<Mode> = plugins.iter().map(|(_, router)| router.filter.mode).collect();
    assert_eq!(modes, [Mode::Classify, Mode::Hold]);
    let [(classify, _), (hold, _)] = &plugins[..] else { panic!() };
    assert_ne!(classify.value["spec"]["priority"], hold.value["spec"]["priority"]);
    for key in ["url", "sha256", "imagePullPolicy", "vmConfig", "selector", "phase", "match"] {
        assert_eq!(classify.value["spec"].get(key), hold.value["spec"].get(key), "{key}");
    }
    assert!(classify.text("/spec/url").starts_with("oci://"));
    for (plugin, _) in &plugins {
        assert_ne!(plugin.text("/spec/failStrategy"), "FAIL_OPEN", "{}", plugin.title());
    }
}

#[test]
fn bodies_that_the_router_reads_fit_into_what_istio_lets_envoy_buffer() {
    for (plugin, router) in plugins() {
        let room = router.filter.max_request_bytes < 1 << 20 || router.filter.mode == Mode::Hold;
        assert!(room, "{}", plugin.title());
    }
}

#[tokio::test]
async fn a_gateway_with_the_plugins_is_accepted_by_every_envoy() {
    let mut listener = gateway();
    let manager = &mut listener["filter_chains"][0]["filters"][0]["typed_config"];
    let filters = manager["http_filters"].as_array_mut().unwrap();
    filters.splice(0..0, plugins().iter().map(|(plugin, _)| filter(plugin)));
    let bootstrap = json!({
        "node": {"id": "test", "cluster": "test"},
        "static_resources": {"listeners": [listener]},
    });
    validate_in_all("plugins", &bootstrap).await;
}
