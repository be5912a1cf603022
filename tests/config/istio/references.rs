//! What one manifest says of another, and of the collector's command line.

use clap::Parser;
use semantic_router_collector::cli::{Cli, Run};
use semantic_router_filter::config::Mode;
use serde_json::Value;
use support::envoy::checkout;

use super::manifests::{Manifest, all, of_kind};
use super::port_of;
use crate::routers::router_of;

/// Whether a selector selects what has these labels.
fn selects(selector: &Value, labels: &Value) -> bool {
    let wanted = selector.as_object().filter(|wanted| !wanted.is_empty());
    wanted.is_some_and(|wanted| wanted.iter().all(|(key, value)| labels[key] == *value))
}

/// The folder of a file.
fn folder(file: &str) -> &str {
    file.rsplit_once('/').map_or("", |(folder, _)| folder)
}

/// Those of them that decide on requests.
fn deciding(plugins: Vec<Manifest>) -> impl Iterator<Item = Manifest> {
    plugins.into_iter().filter(|plugin| router_of(&plugin.file).filter.mode != Mode::Hold)
}

/// The path of what a kustomization names, from the checkout.
fn path(own: &Manifest, name: &str) -> String {
    let folder = folder(&own.file);
    match name.strip_prefix("../") {
        Some(name) => format!("{}/{name}", folder.rsplit_once('/').unwrap().0),
        None => format!("{folder}/{name}"),
    }
}

/// The files that kustomizations generate a `ConfigMap` from, each with its
/// key there, by the map's name.
fn generated(name: &str) -> Vec<(String, String)> {
    let kustomizations = of_kind("Kustomization");
    let generators = kustomizations.iter().flat_map(|own| {
        own.list("/configMapGenerator").iter().map(move |generator| (own, generator))
    });
    let named = generators.filter(|(_, generator)| generator["name"] == name);
    let files = named.flat_map(|(own, generator)| {
        let files = generator["files"].as_array().unwrap().iter();
        files.map(move |entry| {
            let (key, file) = entry.as_str().unwrap().split_once('=').unwrap();
            (key.to_owned(), path(own, file))
        })
    });
    files.collect()
}

/// The containers of the collector, each with its workload.
fn collectors() -> Vec<(Manifest, Value)> {
    let mut found = Vec::new();
    for workload in of_kind("Deployment") {
        let containers = workload.list("/spec/template/spec/containers").to_vec();
        let own = containers.into_iter().find(|one| one["name"] == "semantic-router-collector");
        found.extend(own.map(|container| (workload, container)));
    }
    assert!(!found.is_empty(), "no Deployment has the collector");
    found
}

/// What the collector makes of its arguments.
fn arguments(container: &Value) -> Run {
    let given = container["args"].as_array().into_iter().flatten();
    let all = ["collector"].into_iter().chain(given.map(|argument| argument.as_str().unwrap()));
    Cli::try_parse_from(all).unwrap().run
}

#[test]
fn every_file_is_applied_by_a_kustomization() {
    let mut applied = Vec::new();
    for own in of_kind("Kustomization") {
        for resource in own.list("/resources").iter().chain(own.list("/components")) {
            let named = path(&own, resource.as_str().unwrap());
            let place = checkout().join(&named);
            let whole = !place.is_dir() || place.join("kustomization.yaml").exists();
            assert!(place.exists() && whole, "{}: no {named}", own.title());
            applied.push(named);
        }
    }
    for manifest in all() {
        let is_own = ["Kustomization", "Component"].contains(&manifest.kind());
        assert!(is_own || applied.contains(&manifest.file), "{} is not applied", manifest.title());
    }
}

#[test]
fn every_selector_selects_pods_of_its_namespace() {
    let workloads = of_kind("Deployment");
    for workload in &workloads {
        let selector = workload.value.pointer("/spec/selector/matchLabels").unwrap();
        let labels = workload.value.pointer("/spec/template/metadata/labels").unwrap();
        assert!(selects(selector, labels), "{}", workload.title());
    }
    for manifest in all() {
        let selector = match manifest.kind() {
            "Service" | "Gateway" => "/spec/selector",
            "EnvoyFilter" => "/spec/workloadSelector/labels",
            "WasmPlugin" | "Telemetry" | "PodDisruptionBudget" => "/spec/selector/matchLabels",
            _ => continue,
        };
        let selector = manifest.value.pointer(selector).unwrap_or(&Value::Null);
        let selected = workloads.iter().any(|workload| {
            let labels = workload.value.pointer("/spec/template/metadata/labels").unwrap();
            selects(selector, labels)
                && workload.text("/metadata/namespace") == manifest.text("/metadata/namespace")
        });
        assert!(selected, "{} selects no pod", manifest.title());
    }
}

#[test]
fn the_collector_understands_its_arguments() {
    for (workload, container) in collectors() {
        let run = arguments(&container);
        let ports = container["ports"].as_array().unwrap();
        let metrics = ports.iter().find(|port| port["name"] == "metrics").unwrap();
        assert_eq!(metrics["containerPort"], run.admin.port(), "{}", workload.title());
        assert!(!run.admin.ip().is_loopback(), "{}: not for the kubelet", workload.title());
        for probe in ["readinessProbe", "livenessProbe"] {
            let asked = &container[probe]["httpGet"];
            assert_eq!(asked["path"], "/healthz", "{}: {probe}", workload.title());
            assert_eq!(asked["port"], "metrics", "{}: {probe}", workload.title());
        }
    }
}

#[test]
fn the_collector_reads_the_file_that_configures_the_filter() {
    for (workload, container) in collectors() {
        let config = arguments(&container).config.unwrap();
        let mounts = container["volumeMounts"].as_array().unwrap();
        let mount = mounts
            .iter()
            .find(|mount| config.starts_with(mount["mountPath"].as_str().unwrap()))
            .unwrap_or_else(|| panic!("{}: {config:?} is not mounted", workload.title()));
        let volumes = workload.list("/spec/template/spec/volumes");
        let volume = volumes.iter().find(|volume| volume["name"] == mount["name"]).unwrap();
        let map = volume["configMap"]["name"].as_str().unwrap();
        let key = config.strip_prefix(mount["mountPath"].as_str().unwrap()).unwrap();
        let files = generated(map);
        assert!(files.len() > 1, "{map}: one file for each way to load the filter");
        for (name, file) in files {
            assert_eq!(Some(name.as_str()), key.to_str(), "{map}: {file}");
            let carries = all().iter().any(|manifest| {
                manifest.file == file && ["EnvoyFilter", "WasmPlugin"].contains(&manifest.kind())
            });
            assert!(carries, "{file} carries no router");
            assert!(router_of(&file).tracing.enabled, "{file}");
        }
    }
}

#[test]
fn spans_go_to_the_collector_in_the_pod_from_an_envoyfilter() {
    for filter in of_kind("EnvoyFilter") {
        let cluster = router_of(&filter.file).filter.collector.cluster;
        let patches = filter.list("/spec/configPatches").iter();
        let mut added = patches.filter(|patch| patch["applyTo"] == "CLUSTER");
        let added = added.find(|patch| patch["patch"]["value"]["name"] == cluster);
        let added = added.unwrap_or_else(|| panic!("{}: no {cluster}", filter.title()));
        for (_, container) in collectors() {
            let listening = arguments(&container).otlp_http.port();
            assert_eq!(port_of(&added["patch"]["value"]), u64::from(listening));
        }
    }
}

#[test]
fn spans_go_to_the_collector_in_the_pod_from_wasmplugins() {
    for plugin in deciding(of_kind("WasmPlugin")) {
        let cluster = router_of(&plugin.file).filter.collector.cluster;
        let named = |entry: &&Manifest| {
            let ports = entry.list("/spec/ports").iter();
            let hosts = || entry.list("/spec/hosts").iter().filter_map(Value::as_str);
            ports.into_iter().any(|port| {
                hosts().any(|host| cluster == format!("outbound|{}||{host}", port["number"]))
            })
        };
        let entries = of_kind("ServiceEntry");
        let entry = entries.iter().find(named);
        let entry = entry.unwrap_or_else(|| panic!("{}: no {cluster}", plugin.title()));
        assert_eq!(entry.text("/spec/endpoints/0/address"), "127.0.0.1", "{}", entry.title());
        for (_, container) in collectors() {
            let listening = u64::from(arguments(&container).otlp_http.port());
            assert!(cluster.contains(&format!("|{listening}|")), "{cluster}: {listening}");
        }
    }
}

#[test]
fn routes_are_by_models_of_the_router_and_at_its_gateway() {
    let gateways = of_kind("Gateway");
    let services = of_kind("Service");
    let carriers = of_kind("EnvoyFilter").into_iter().chain(deciding(of_kind("WasmPlugin")));
    let routers: Vec<_> = carriers.map(|carrier| router_of(&carrier.file)).collect();
    for gateway in &gateways {
        for server in gateway.list("/spec/servers") {
            let number = &server["port"]["number"];
            let open = services.iter().any(|service| {
                service.value["spec"]["selector"] == gateway.value["spec"]["selector"]
                    && service.list("/spec/ports").iter().any(|port| port["port"] == *number)
            });
            assert!(open, "{}: no Service has port {number}", gateway.title());
        }
    }
    for routes in of_kind("VirtualService") {
        for name in routes.list("/spec/gateways") {
            let gateway = gateways.iter().find(|gateway| *name == gateway.name());
            let gateway = gateway.unwrap_or_else(|| panic!("{}: no {name}", routes.title()));
            let hosts = gateway.list("/spec/servers").iter().map(|server| &server["hosts"]);
            let hosts: Vec<_> = hosts.flat_map(|hosts| hosts.as_array().unwrap()).collect();
            for host in routes.list("/spec/hosts") {
                assert!(hosts.contains(&host), "{}: {host}", routes.title());
            }
        }
        let matches =
            routes.list("/spec/http").iter().filter_map(|route| route["match"].as_array());
        let models: Vec<_> = matches
            .flatten()
            .filter_map(|matched| matched["headers"]["x-selected-model"]["exact"].as_str())
            .collect();
        for router in &routers {
            for model in &models {
                assert!(router.model(model).is_some(), "{}: {model}", routes.title());
            }
            // What no route matches goes to the last, which matches all.
            for model in &router.models {
                let fallback = router.default_model.as_ref() == Some(&model.name);
                let routed = models.contains(&model.name.as_str()) != fallback;
                assert!(routed, "{}: {}", routes.title(), model.name);
            }
        }
        let last = routes.list("/spec/http").last().unwrap();
        assert!(last.get("match").is_none(), "{}", routes.title());
    }
}
