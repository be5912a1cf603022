//! What the engine received.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::sync::watch;
use tokio::time::timeout;

use crate::client::fields::{Fields, text};

/// A request, as it arrived.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recorded {
    /// The method.
    pub method: String,
    /// The path with its query.
    pub path: String,
    /// The fields, names in lower case, in order; fields of one name stand
    /// together. Over HTTP/2 `:authority` stands in front.
    pub headers: Fields,
    /// The body, byte for byte.
    pub body: Vec<u8>,
    /// The fields after the body.
    pub trailers: Fields,
    /// Whether the request arrived whole. What arrived of one that broke off is
    /// kept too: it is what a proxy let through.
    pub complete: bool,
}

impl Recorded {
    /// The first field called `name` (in lower case), when it is text.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        text(&self.headers, name)
    }

    /// The body as JSON; `null` when it is none.
    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    /// The request as `GET /requests` shows it.
    pub(super) fn to_json(&self) -> Value {
        json!({
            "method": self.method,
            "path": self.path,
            "headers": lines(&self.headers),
            "body": String::from_utf8_lossy(&self.body),
            "trailers": lines(&self.trailers),
            "complete": self.complete,
        })
    }
}

/// Fields as lines of text.
fn lines(fields: &Fields) -> Vec<String> {
    let line =
        |(name, value): &(String, Vec<u8>)| format!("{name}: {}", String::from_utf8_lossy(value));
    fields.iter().map(line).collect()
}

/// The last requests, and the number of all.
pub(super) struct Log {
    keep: usize,
    last: Mutex<VecDeque<Recorded>>,
    count: watch::Sender<usize>,
}

impl Log {
    /// A log that keeps so many requests.
    pub(super) fn new(keep: usize) -> Self {
        Self { keep, last: Mutex::default(), count: watch::Sender::new(0) }
    }

    pub(super) fn push(&self, request: Recorded) {
        {
            let mut last = self.last();
            last.push_back(request);
            let excess = last.len().saturating_sub(self.keep);
            last.drain(..excess);
        }
        self.count.send_modify(|count| *count += 1);
    }

    /// The requests kept, oldest first.
    pub(super) fn requests(&self) -> Vec<Recorded> {
        self.last().iter().cloned().collect()
    }

    /// Forgets every request, the number of them too.
    pub(super) fn clear(&self) {
        self.last().clear();
        self.count.send_modify(|count| *count = 0);
    }

    /// Waits for the number of requests to reach `wanted`; the number when that
    /// takes longer than `limit`.
    pub(super) async fn wait_for(&self, wanted: usize, limit: Duration) -> Result<(), usize> {
        let mut count = self.count.subscribe();
        let reached = timeout(limit, count.wait_for(|count| *count >= wanted)).await;
        match reached {
            // The sender lives as long as this log.
            Ok(_) => Ok(()),
            Err(_) => Err(*self.count.borrow()),
        }
    }

    fn last(&self) -> MutexGuard<'_, VecDeque<Recorded>> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
