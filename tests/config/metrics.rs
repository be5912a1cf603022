//! What the files that are to be used as they are say of metrics.

use semantic_router_filter::metrics::catalog::{ALL, label_names};
use serde_json::Value;
use support::bootstrap::stats_tags;

use crate::files::{self, list, read};

#[test]
fn every_bootstrap_reads_the_labels_out_of_the_names() {
    for file in list("envoy", &[".yaml", ".yml", ".json"]) {
        let bootstrap = files::documents(&file).remove(0);
        let tags = bootstrap.pointer("/stats_config/stats_tags").cloned().unwrap_or_default();
        assert_eq!(tags, Value::Array(stats_tags()), "{file}");
    }
}

#[test]
fn the_gateway_of_istio_is_told_of_every_label() {
    let gateway = files::documents("istio/gateway/gateway.yaml").remove(0);
    let annotations = gateway.pointer("/spec/template/metadata/annotations").unwrap();
    let told = annotations["sidecar.istio.io/extraStatTags"].as_str().unwrap_or_default();
    assert_eq!(told, label_names().join(","));
}

#[test]
fn the_documentation_has_every_metric_with_its_labels() {
    let page = read("docs/metrics.md");
    for metric in ALL {
        let row = page
            .lines()
            .find(|line| line.starts_with('|') && line.contains(&format!("`{}`", metric.name)));
        let row = row.unwrap_or_else(|| panic!("{} is missing", metric.name));
        let labels: Vec<String> = metric.labels.iter().map(|label| format!("`{label}`")).collect();
        let column = row.split('|').nth(2).unwrap_or_default().trim();
        assert_eq!(column, labels.join(", "), "{}", metric.name);
    }
}
