//! A collector with a cache in Redis, and what it is asked.

use http::{Method, StatusCode};
use semantic_router_collector::Services;
use semantic_router_collector::cache::{self, Options};
use semantic_router_filter::cache::remote::{
    Answer, Found, LOOKUP_PATH, Lookup, Prompt, STORE_PATH, Store, Stored,
};
use semantic_router_filter::cache::{Embedding, Fingerprint};
use semantic_router_filter::classify::Wording;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::fixture::Running;

/// Of all lookups that say nothing else.
const THRESHOLD: f64 = 0.8;

/// Whether a collector is connected.
pub const CONNECTED: &str = "semantic_router_cache_backend_connected";

/// A collector that keeps answers as configured, and is connected.
pub async fn start_with(options: Options) -> Running {
    let running = start_apart(options).await;
    running.wait_for_metric(CONNECTED, 1).await;
    running
}

/// The same, without waiting.
pub async fn start_apart(options: Options) -> Running {
    let resolved = cache::Settings::resolve(&options, None, &|_| None).unwrap();
    start_at(resolved.map(|resolved| resolved.settings)).await
}

/// A collector that keeps answers there.
pub async fn start_at(cache: Option<cache::Settings>) -> Running {
    Running::serving(Services { cache, ..Services::default() }).await
}

/// A scope of its own.
pub fn scope(number: u8) -> Fingerprint {
    Fingerprint([number; 32])
}

/// A prompt: its digest, and what it is like.
#[derive(Clone, Debug)]
pub struct Asked {
    pub exact: Fingerprint,
    pub prompt: Prompt,
}

/// A prompt of a text; its embedding is turned by so many degrees.
pub fn asked(text: &str, degrees: f32) -> Asked {
    let mut exact = [0; 32];
    for (at, byte) in text.bytes().enumerate() {
        exact[at % 32] ^= byte.rotate_left(u32::try_from(at / 32 % 8).unwrap());
    }
    let (sine, cosine) = degrees.to_radians().sin_cos();
    let mut numbers = vec![0.0; 128];
    (numbers[3], numbers[77]) = (cosine, sine);
    let prompt = Prompt { embedding: Embedding::new(numbers).unwrap(), words: Wording::of(text) };
    Asked { exact: Fingerprint(exact), prompt }
}

/// What is to be kept: without an end, as many as there is room for.
pub fn store_of(scope: Fingerprint, asked: &Asked, answer: &str) -> Store {
    Store {
        scope,
        exact: asked.exact,
        prompt: Some(asked.prompt.clone()),
        answer: Answer(answer.as_bytes().to_vec()),
        ttl_seconds: None,
        max_entries: None,
    }
}

pub async fn post<T: DeserializeOwned>(running: &Running, path: &str, body: &impl Serialize) -> T {
    let body = serde_json::to_vec(body).unwrap();
    let json = ("content-type", "application/json");
    let reply = running.request(Method::POST, path, &[json], body).await;
    assert_eq!(reply.status, StatusCode::OK, "{reply:?}");
    serde_json::from_slice(&reply.body).unwrap()
}

pub async fn store(running: &Running, store: &Store) {
    let stored: Stored = post(running, STORE_PATH, store).await;
    assert_eq!(stored, Stored { error: None });
}

pub async fn look(running: &Running, scope: Fingerprint, asked: &Asked) -> Found {
    look_for(running, scope, asked, THRESHOLD).await
}

pub async fn look_for(
    running: &Running,
    scope: Fingerprint,
    asked: &Asked,
    threshold: f64,
) -> Found {
    let prompt = Some(asked.prompt.clone());
    let lookup = Lookup { scope, exact: asked.exact, prompt, threshold };
    post(running, LOOKUP_PATH, &lookup).await
}

/// The answer that was found, if one was; no error may have come.
pub fn answer(found: Found) -> Option<String> {
    match found {
        Found::Hit { answer, .. } => Some(String::from_utf8(answer.0).unwrap()),
        Found::Miss { error: None } => None,
        failed @ Found::Miss { .. } => panic!("{failed:?}"),
    }
}
