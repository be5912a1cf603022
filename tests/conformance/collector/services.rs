//! A collector with a models folder.

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use http::Method;
use semantic_router_collector::Services;
use semantic_router_collector::classify::Settings;
use semantic_router_collector::models::Models;
use serde_json::Value;

use super::fixture::{Reply, Running, send};

/// A folder of one test, gone when dropped.
pub struct Folder(PathBuf);

impl Folder {
    pub fn new(name: &str) -> Self {
        let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
        let _ = std::fs::remove_dir_all(&path);
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    pub fn path(&self) -> &Path {
        &self.0
    }

    pub fn write(&self, name: &str, bytes: &[u8]) {
        let path = self.0.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// A collector that serves `folder`, and classifies on one thread as
/// configured.
pub async fn start(folder: Option<&Folder>, settings: Settings) -> Running {
    let models = folder.map(|folder| Arc::new(Models::open(folder.path()).unwrap()));
    let classify = Settings { threads: NonZeroUsize::MIN, ..settings };
    Running::serving(Services { models, classify, cache: None }).await
}

/// A line of the metrics that begins so; what follows.
pub async fn metric(running: &Running, line: &str) -> String {
    let address = running.collector.addresses().admin;
    let uri = format!("http://{address}/metrics");
    let reply = send(Method::GET, &uri, &[], Bytes::new()).await;
    let text = String::from_utf8(reply.body.to_vec()).unwrap();
    let found = text.lines().find_map(|found| found.strip_prefix(line));
    found.unwrap_or_else(|| panic!("no {line} in {text}")).trim().to_owned()
}

/// The error that a reply names.
pub fn error(reply: &Reply) -> String {
    assert_eq!(reply.headers["content-type"], "application/json");
    let body: Value = serde_json::from_slice(&reply.body).unwrap();
    body["error"].as_str().unwrap().to_owned()
}
