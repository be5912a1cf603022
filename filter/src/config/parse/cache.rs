//! Reads `semantic_cache`.

use std::time::Duration;

use crate::config::reader::{Fields, Form, Node};
use crate::config::types::{CacheBackend, Eviction, SemanticCache};

/// Reads `semantic_cache`; `None` unless it is enabled.
pub fn read(top: &Fields<'_>) -> Option<SemanticCache> {
    const POLICIES: [(&str, Eviction); 3] =
        [("fifo", Eviction::Fifo), ("lru", Eviction::Lru), ("lfu", Eviction::Lfu)];
    let fields = top.fields("semantic_cache")?;
    let enabled = fields.flag("enabled").unwrap_or(false);
    let fallback = top.fields("bert_model").and_then(|bert| fraction(&bert, "threshold"));
    let cache = SemanticCache {
        backend: fields.get("backend_type").and_then(|node| backend(&node)).unwrap_or_default(),
        backend_file: fields.text("backend_config_path"),
        threshold: fraction(&fields, "similarity_threshold").or(fallback),
        max_entries: count(&fields, "max_entries").and_then(|most| usize::try_from(most).ok()),
        ttl: count(&fields, "ttl_seconds").map(Duration::from_secs),
        eviction: fields
            .get("eviction_policy")
            .and_then(|node| node.choice(&POLICIES))
            .unwrap_or_default(),
    };
    if let (CacheBackend::Redis, Some(node)) = (cache.backend, fields.get("eviction_policy"))
        && cache.eviction != Eviction::Fifo
    {
        node.warn("has no effect with redis: the oldest answer makes room");
    }
    // The embedding is the bundle's.
    fields.check(&[("embedding_model", Form::Text)]);
    fields.finish();
    enabled.then_some(cache)
}

fn backend(node: &Node<'_>) -> Option<CacheBackend> {
    let (memory, redis) = (Some(CacheBackend::Memory), Some(CacheBackend::Redis));
    let backends = [("memory", memory), ("redis", redis), ("milvus", None), ("hybrid", None)];
    let backend = node.choice(&backends)?;
    if backend.is_none() {
        node.warn("is not supported here: memory is used; redis makes one cache of all proxies");
    }
    backend
}

fn fraction(fields: &Fields<'_>, key: &'static str) -> Option<f64> {
    fields.get(key).and_then(|node| node.fraction())
}

/// A whole number of which 0 is none.
fn count(fields: &Fields<'_>, key: &'static str) -> Option<u64> {
    let number = fields.get(key).and_then(|node| node.integer(0..=i64::from(u32::MAX)))?;
    u64::try_from(number).ok().filter(|number| *number > 0)
}
