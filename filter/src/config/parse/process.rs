//! Reads what configures the original's process and nothing else: of the right
//! form or an error, as there, and without effect here.

use crate::config::reader::{Fields, Form};

/// Keys that name embedding models of the original.
const EMBEDDINGS: [(&str, &str); 3] = [
    ("bert_model", "model_id"),
    ("embedding_models", "qwen3_model_path"),
    ("embedding_models", "gemma_model_path"),
];
/// How the names of those models end.
const UPSTREAM_EMBEDDINGS: [&str; 6] = [
    "all-MiniLM-L12-v2",
    "Qwen3-Embedding-0.6B",
    "embeddinggemma-300m",
    "mom-embedding-light",
    "mom-embedding-pro",
    "mom-embedding-flash",
];

/// Reads these sections of the top level. Names of the original's embedding
/// models, in whose place the bundled one stands, are added to `stand_ins`.
pub fn read(top: &Fields<'_>, stand_ins: &mut Vec<String>) {
    top.check(&[
        ("server", Form::Any),
        ("listeners", Form::Any),
        ("clear_route_cache", Form::Flag),
    ]);
    let sources = [("file", false), ("kubernetes", true)];
    if let Some(node) = top.get("config_source")
        && node.preference(&sources, "this file is read") == Some(true)
    {
        node.warn("resources of Kubernetes are not read here: this file is");
    }
    for (section, key) in EMBEDDINGS {
        let Some(fields) = top.fields(section) else { continue };
        let name = fields.text(key).unwrap_or_default();
        let name = name.rsplit('/').next().unwrap_or_default();
        if UPSTREAM_EMBEDDINGS.contains(&name) {
            stand_ins.push(name.to_owned());
        } else if let Some(node) = fields.get(key).filter(|_| !name.is_empty()) {
            node.warn("no other embedding model is run here: the bundled one is used");
        }
        fields.check(&[("use_cpu", Form::Flag)]);
    }
    if let Some(fields) = top.fields("bert_model") {
        // The threshold is read with the cache's.
        fields.check(&[("model_id", Form::Text), ("threshold", Form::Fraction)]);
        fields.check(&[("use_cpu", Form::Flag)]);
        fields.finish();
    }
    if let Some(fields) = top.fields("embedding_models") {
        fields.check(&[("qwen3_model_path", Form::Text), ("gemma_model_path", Form::Text)]);
        fields.check(&[("use_cpu", Form::Flag)]);
        fields.finish();
    }
    if let Some(fields) = top.fields("api") {
        if let Some(fields) = fields.fields("batch_classification") {
            if let Some(fields) = fields.fields("metrics") {
                batch_metrics(&fields);
            }
            fields.finish();
        }
        fields.finish();
    }
}

fn batch_metrics(fields: &Fields<'_>) {
    fields.check(&[
        ("enabled", Form::Flag),
        ("sample_rate", Form::Number),
        ("detailed_goroutine_tracking", Form::Flag),
        ("high_resolution_timing", Form::Flag),
    ]);
    for key in ["duration_buckets", "size_buckets"] {
        for node in fields.items(key) {
            let _ = node.number();
        }
    }
    for node in fields.items("batch_size_ranges") {
        let fields = node.fields();
        let size = Form::Integer(-1, i64::from(u32::MAX));
        fields.check(&[("min", size.clone()), ("max", size), ("label", Form::Text)]);
        fields.finish();
    }
    fields.finish();
}

/// Reads `observability.metrics`.
pub fn metrics(observability: &Fields<'_>) {
    let Some(fields) = observability.fields("metrics") else { return };
    if let Some(node) = fields.get("enabled")
        && node.flag() == Some(false)
    {
        node.warn("Envoy counts all the same: its listener for /stats decides who sees it");
    }
    if let Some(fields) = fields.fields("windowed_metrics") {
        if let Some(node) = fields.get("enabled")
            && node.flag() == Some(true)
        {
            node.warn("nothing is kept by windows of time here: that is for Prometheus to do");
        }
        drop(fields.texts("time_windows"));
        fields.check(&[
            ("update_interval", Form::Text),
            ("model_metrics", Form::Flag),
            ("queue_depth_estimation", Form::Flag),
            ("max_models", Form::Integer(0, i64::from(u32::MAX))),
        ]);
        fields.finish();
    }
    fields.finish();
}
