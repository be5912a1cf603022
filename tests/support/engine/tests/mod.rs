//! The engine, asked as its users ask it.

use serde_json::{Value, json};

use super::{Engine, HEADER, Options};
use crate::client::{Client, Request, Response};

mod record;
mod shapes;
mod spans;
mod switches;

/// An engine with two models and a client of it.
async fn start() -> (Engine, Client) {
    let models = vec!["small".to_owned(), "large".to_owned()];
    let options = Options { name: "engine-a".to_owned(), models, ..Options::default() };
    let engine = Engine::start(options).await.unwrap();
    let client = Client::http1(engine.addr());
    (engine, client)
}

/// A chat with a system prompt.
fn chat(more: &Value) -> Request {
    let mut body = json!({
        "model": "small",
        "messages": [
            { "role": "system", "content": "Be brief." },
            { "role": "user", "content": [{ "type": "text", "text": "Why is that?" }] },
        ],
    });
    for (key, value) in more.as_object().unwrap() {
        body[key] = value.clone();
    }
    Request::post("/v1/chat/completions", body.to_string()).header("x-request-id", "r-1")
}

fn stream() -> Request {
    chat(&json!({ "stream": true, "stream_options": { "include_usage": true } }))
}

fn simulate(request: Request, switches: &str) -> Request {
    request.header(HEADER, switches)
}

/// The events of a stream but the last, which must be `[DONE]`.
fn events(response: &Response) -> Vec<Value> {
    let mut events = response.events();
    assert_eq!(events.pop().as_deref(), Some("[DONE]"));
    events.iter().map(|event| serde_json::from_str(event).unwrap()).collect()
}

/// The text of a stream's first choice.
fn text(events: &[Value]) -> String {
    let deltas = events.iter().filter_map(|event| event["choices"][0]["delta"]["content"].as_str());
    deltas.collect()
}
