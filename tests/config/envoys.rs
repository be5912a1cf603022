//! The files of `envoy/`.

use semantic_router_filter::config::Config;
use serde_json::Value;
use support::envoy::{VERSIONS, checkout, validate};

use crate::files;
use crate::istio::port_of;
use crate::routers::router_of;

/// Every file of `envoy/`, however it came to be there.
fn all() -> Vec<(String, Value)> {
    let files = files::list("envoy", &[".yaml", ".yml", ".json"]);
    assert!(!files.is_empty(), "envoy/ is empty");
    let one = |file: String| {
        let mut documents = files::documents(&file);
        assert_eq!(documents.len(), 1, "{file}: Envoy reads one document");
        (file, documents.remove(0))
    };
    files.into_iter().map(one).collect()
}

#[tokio::test]
async fn every_file_is_accepted_by_every_envoy() {
    let mut refusals = Vec::new();
    for (file, _) in all() {
        for version in VERSIONS {
            if let Err(said) = validate(version, &checkout().join(&file)).await.unwrap() {
                refusals.push(format!("{file}, Envoy {version}: {said}"));
            }
        }
    }
    assert!(refusals.is_empty(), "{}", refusals.join("\n"));
}

#[test]
fn spans_go_to_where_the_collector_listens() {
    for (file, bootstrap) in all() {
        let cluster = router_of(&file).filter.collector.cluster;
        let clusters = bootstrap.pointer("/static_resources/clusters").unwrap();
        let own = clusters.as_array().unwrap().iter().find(|own| own["name"] == cluster);
        let own = own.unwrap_or_else(|| panic!("{file}: no cluster is named {cluster}"));
        assert_eq!(port_of(own), 4318, "{file}");
    }
}

#[test]
fn bodies_that_the_router_reads_fit_into_the_buffer() {
    for (file, bootstrap) in all() {
        let longest = router_of(&file).filter.max_request_bytes;
        for listener in
            bootstrap.pointer("/static_resources/listeners").unwrap().as_array().unwrap()
        {
            let buffer = listener["per_connection_buffer_limit_bytes"].as_u64().unwrap_or(1 << 20);
            assert!(buffer > longest as u64, "{file}: {buffer} is not above {longest}");
        }
    }
}

#[test]
fn every_model_has_a_way_to_its_engine() {
    for (file, bootstrap) in all() {
        let router = router_of(&file);
        let text = bootstrap.to_string();
        for model in models(&router) {
            let by_endpoint = router.model(model).is_some_and(|model| {
                let known =
                    |name: &String| router.endpoints.iter().any(|known| known.name == *name);
                !model.preferred_endpoints.is_empty() && model.preferred_endpoints.iter().all(known)
            });
            // Of named clusters, the last route leads to the default model.
            let by_route = text.contains(&format!(r#"{{"exact":"{model}"}}"#))
                || router.default_model.as_deref() == Some(model);
            assert!(by_endpoint || by_route, "{file}: no way to {model}");
        }
    }
}

/// Every model that a router may choose.
fn models(router: &Config) -> impl Iterator<Item = &str> {
    let decided = router.decisions.iter().flat_map(|decision| &decision.model_refs);
    decided.map(|chosen| chosen.model.as_str()).chain(router.default_model.as_deref())
}
