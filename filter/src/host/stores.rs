//! Gives answers to the cache in the sidecar, from the root context: a stream's
//! own callouts end with it.

use std::collections::HashSet;
use std::rc::Rc;
use std::time::Duration;

use super::abi::{self, Buffer};
use super::{metrics, stream};
use crate::cache::Cache;
use crate::cache::remote::{Failure, STORE_PATH, Stored};
use crate::config::CacheBackend;
use crate::metrics::catalog::CACHE_STORES;

/// Time for one answer.
const TIMEOUT: Duration = Duration::from_secs(5);

/// Answers that are under way at once.
const MAX_CALLS: usize = 16;

/// The answers of one plugin in one virtual machine.
pub struct Stores {
    cache: Option<Rc<Cache>>,
    cluster: String,
    calls: HashSet<u32>,
}

impl Stores {
    /// A sender of what `cache` has kept to a cluster.
    pub fn new(cache: Option<Rc<Cache>>, cluster: String) -> Self {
        Self { cache, cluster, calls: HashSet::new() }
    }

    /// Sends what waits.
    pub fn flush(&mut self) {
        let Some(cache) = &self.cache else { return };
        while self.calls.len() < MAX_CALLS
            && let Some(body) = cache.next_store()
        {
            match stream::post(&self.cluster, STORE_PATH, &body, TIMEOUT) {
                Ok(token) => {
                    self.calls.insert(token);
                }
                Err(_) => count(Failure::Unavailable.name()),
            }
        }
    }

    /// Takes the answer to a callout; whether it was one of this.
    pub fn answered(&mut self, token: u32, (headers, body): (usize, usize)) -> bool {
        if !self.calls.remove(&token) {
            return false;
        }
        let body = abi::buffer(Buffer::CalloutBody, 0, body).unwrap_or_default();
        let failure = match abi::callout_status(headers) {
            200 => serde_json::from_slice::<Stored>(&body)
                .map_or(Some(Failure::Unreadable), |it| it.error),
            0 | 503 => Some(Failure::Unavailable),
            504 => Some(Failure::Timeout),
            _ => Some(Failure::Refused),
        };
        count(failure.map_or("kept", Failure::name));
        self.flush();
        true
    }
}

fn count(result: &str) {
    metrics::record(&CACHE_STORES, &[CacheBackend::Redis.name(), result], 1);
}
