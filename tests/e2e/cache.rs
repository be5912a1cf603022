//! The semantic cache, in every Envoy.

use std::time::Duration;

use serde_json::{Value, json};
use support::client::{Client, HangUp, Request, Response};
use support::envoy::{Envoy, VERSIONS};
use support::running::Running;
use support::stack::{Stack, trace_id, traceparent};

mod answers;
mod bounds;
mod mesh;
mod sharing;
mod tenants;

const LOOKUP: &str = "semantic_router.cache.lookup";
const SPANS: Duration = Duration::from_secs(20);

fn cached(stack: &Stack) -> String {
    stack.config("cached").unwrap()
}

/// The configuration with a piece of it replaced.
fn with(from: &'static str, to: &'static str) -> impl Fn(&Stack) -> String {
    move |stack| {
        let text = cached(stack);
        assert!(text.contains(from), "{from}");
        text.replace(from, to)
    }
}

/// A chat of one question.
fn chat(question: &str) -> Value {
    json!({"model": "auto", "messages": [{"role": "user", "content": question}]})
}

/// A body with a member more, or another.
fn having(mut body: Value, name: &str, value: Value) -> Value {
    body[name] = value;
    body
}

fn request(body: &Value) -> Request {
    Request::post("/v1/chat/completions", body.to_string())
}

/// Sends a request over a connection of its own, to whichever worker gets it.
async fn send(running: &Running, request: Request) -> Response {
    let response = Client::http1(running.address).send(request).await.unwrap();
    assert_eq!(response.status, 200, "{}", response.text());
    response
}

async fn ask(running: &Running, body: &Value) -> Response {
    send(running, request(body)).await
}

fn is_hit(response: &Response) -> bool {
    response.header("x-vsr-cache-hit") == Some("true")
}

/// Whether a request is answered from the cache.
async fn hits(running: &Running, body: &Value) -> bool {
    is_hit(&ask(running, body).await)
}
