//! The semantic cache.

use std::time::Duration;

/// `semantic_cache`, where it is enabled.
#[derive(Clone, Debug, PartialEq)]
pub struct SemanticCache {
    /// `backend_type`.
    pub backend: CacheBackend,
    /// `backend_config_path`: the file of a backend that is not the proxy.
    pub backend_file: Option<String>,
    /// `similarity_threshold`, else that of `bert_model`: the least similarity
    /// of two prompts that counts, from 0 to 1.
    pub threshold: Option<f64>,
    /// `max_entries`; `None` for as many as `filter.cache.max_bytes` holds.
    pub max_entries: Option<usize>,
    /// `ttl_seconds`; `None` for no end.
    pub ttl: Option<Duration>,
    /// `eviction_policy`.
    pub eviction: Eviction,
}

/// Where the answers are kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CacheBackend {
    /// In the proxy.
    #[default]
    Memory,
    /// In Redis or Valkey, through the collector beside the proxy.
    Redis,
}

impl CacheBackend {
    /// Its name in a configuration.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Memory => "memory",
            Self::Redis => "redis",
        }
    }
}

/// Which entry makes room for a new one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Eviction {
    /// The oldest.
    #[default]
    Fifo,
    /// The one that was not used for the longest time.
    Lru,
    /// The one that was used least often.
    Lfu,
}

/// `filter.cache`: what the original does not have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CacheSettings {
    /// `scope`.
    pub scope: CacheScope,
    /// `tenant_header`: whose value names the tenant; else it is a keyed hash
    /// of `authorization`.
    pub tenant_header: Option<String>,
    /// `max_bytes` of answers that each worker keeps.
    pub max_bytes: usize,
    /// `max_answer_bytes`: longer answers are not kept.
    pub max_answer_bytes: usize,
    /// `timeout_ms`: milliseconds that a request waits for the collector.
    pub timeout_ms: u64,
}

/// Who may be given an answer that another got.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CacheScope {
    /// The same tenant.
    #[default]
    Tenant,
    /// Everyone.
    Shared,
}

impl Default for CacheSettings {
    fn default() -> Self {
        Self {
            scope: CacheScope::Tenant,
            tenant_header: None,
            max_bytes: 16 << 20,
            max_answer_bytes: 1 << 20,
            timeout_ms: 50,
        }
    }
}
