//! Answers in the shapes of vLLM.

use serde_json::{Value, json};

use super::{chat, events, start, stream, text};
use crate::client::{Client, Request};

const ANSWER: &str = "This is engine-a as small, with a system prompt, thinking off.";

#[tokio::test]
async fn a_chat_completion() {
    let (_engine, client) = start().await;
    let response = client.send(chat(&json!({}))).await.unwrap();
    assert_eq!(response.status, 200);
    assert_eq!(response.header("content-type"), Some("application/json"));
    assert_eq!(response.header("content-length"), Some(response.body.len().to_string().as_str()));
    let mut body: Value = response.json().unwrap();
    assert!(body["created"].take().as_u64().unwrap() > 1_700_000_000);
    let expected = json!({
        "id": "chatcmpl-r-1",
        "object": "chat.completion",
        "created": null,
        "model": "small",
        "choices": [{
            "index": 0,
            "message": {
                "role": "assistant", "content": ANSWER, "refusal": null, "annotations": null,
                "audio": null, "function_call": null, "tool_calls": [], "reasoning": null,
            },
            "logprobs": null,
            "finish_reason": "stop",
            "stop_reason": null,
            "token_ids": null,
        }],
        "service_tier": null,
        "system_fingerprint": null,
        "usage": {
            "prompt_tokens": 13, "total_tokens": 24, "completion_tokens": 11,
            "prompt_tokens_details": null,
        },
        "prompt_logprobs": null,
        "prompt_token_ids": null,
        "kv_transfer_params": null,
    });
    assert_eq!(body, expected);
    assert!(response.text().starts_with(r#"{"id":"chatcmpl-r-1","object":"chat.completion","#));
}

#[tokio::test]
async fn a_stream() {
    let (engine, client) = start().await;
    for client in [client, Client::http2(engine.addr())] {
        let response = client.send(stream()).await.unwrap();
        assert!(response.is_complete());
        assert_eq!(response.header("content-type"), Some("text/event-stream; charset=utf-8"));
        assert_eq!(response.header("content-length"), None);
        let events = events(&response);
        assert_eq!(events.len(), 1 + 11 + 1 + 1);
        assert_eq!(text(&events), ANSWER);
        let first = &events[0]["choices"][0];
        assert_eq!(first["delta"], json!({ "role": "assistant", "content": "" }));
        assert_eq!(first["finish_reason"], Value::Null);
        assert_eq!(events[12]["choices"][0]["finish_reason"], "stop");
        assert_eq!(events[13]["choices"], json!([]));
        assert_eq!(events[13]["usage"]["total_tokens"], 24);
        assert!(events.iter().all(|event| event["object"] == "chat.completion.chunk"));
        assert!(events.iter().all(|event| event["id"] == "chatcmpl-r-1"));
    }
}

#[tokio::test]
async fn a_stream_tells_token_counts_only_when_asked() {
    let (_engine, client) = start().await;
    let response = client.send(chat(&json!({ "stream": true }))).await.unwrap();
    assert!(events(&response).iter().all(|event| event.get("usage").is_none()));
}

#[tokio::test]
async fn the_answer_tells_what_was_asked() {
    let (_engine, client) = start().await;
    let cases = [
        (json!({ "chat_template_kwargs": { "enable_thinking": true } }), "thinking on."),
        (json!({ "chat_template_kwargs": { "thinking": false } }), "thinking off."),
        (json!({ "reasoning_effort": "high" }), "thinking at high effort."),
        (json!({ "messages": [{ "role": "user", "content": "Hi" }] }), "without a system prompt"),
        (json!({ "model": "large" }), "engine-a as large"),
    ];
    for (more, expected) in cases {
        let body: Value = client.send(chat(&more)).await.unwrap().json().unwrap();
        let content = body["choices"][0]["message"]["content"].as_str().unwrap();
        assert!(content.contains(expected), "{content}");
    }
}

#[tokio::test]
async fn an_answer_stops_at_its_limit() {
    let (_engine, client) = start().await;
    for limit in ["max_tokens", "max_completion_tokens"] {
        let response = client.send(chat(&json!({ limit: 3, "n": 2 }))).await.unwrap();
        let body: Value = response.json().unwrap();
        assert_eq!(body["choices"][1]["message"]["content"], "This is engine-a ");
        assert_eq!(body["choices"][1]["finish_reason"], "length");
        assert_eq!(body["usage"]["completion_tokens"], 3);
    }
}

#[tokio::test]
async fn a_completion() {
    let (_engine, client) = start().await;
    let send = |stream: bool| {
        let body = json!({ "prompt": "Once upon a time", "stream": stream });
        client.send(Request::post("/v1/completions", body.to_string()))
    };
    let body: Value = send(false).await.unwrap().json().unwrap();
    assert_eq!(body["object"], "text_completion");
    assert_eq!(body["model"], "small");
    assert!(body["id"].as_str().unwrap().starts_with("cmpl-"));
    let whole = body["choices"][0]["text"].as_str().unwrap();
    assert_eq!(body["usage"]["prompt_tokens"], 4);
    let events = events(&send(true).await.unwrap());
    let words = events.iter().filter_map(|event| event["choices"][0]["text"].as_str());
    assert_eq!(words.collect::<String>(), whole);
}

#[tokio::test]
async fn embeddings() {
    let (_engine, client) = start().await;
    let body = json!({ "model": "small", "input": ["a cat", "a cat", "two dogs there"] });
    let response = client.send(Request::post("/v1/embeddings", body.to_string())).await.unwrap();
    let body: Value = response.json().unwrap();
    assert_eq!(body["object"], "list");
    assert_eq!(body["data"][2]["index"], 2);
    assert_eq!(body["data"][0]["embedding"], body["data"][1]["embedding"]);
    assert_ne!(body["data"][0]["embedding"], body["data"][2]["embedding"]);
    assert_eq!(body["usage"]["prompt_tokens"], 7);
}

#[tokio::test]
async fn models_and_health() {
    let (_engine, client) = start().await;
    let body: Value = client.send(Request::get("/v1/models")).await.unwrap().json().unwrap();
    let ids: Vec<_> = body["data"].as_array().unwrap().iter().map(|model| &model["id"]).collect();
    assert_eq!(ids, ["small", "large"]);
    let health = client.send(Request::get("/health")).await.unwrap();
    assert_eq!((health.status, health.body.len()), (200, 0));
}

#[tokio::test]
async fn refusals() {
    let (_engine, client) = start().await;
    let chat = |body: &'static str| Request::post("/v1/chat/completions", body);
    let cases = [
        (chat("{"), 400, "BadRequestError"),
        (chat(r#"{"model":"small"}"#), 400, "BadRequestError"),
        (chat(r#"{"model":"small","messages":[]}"#), 400, "BadRequestError"),
        (chat(r#"{"model":"other","messages":[{"role":"user"}]}"#), 404, "NotFoundError"),
        (Request::post("/v1/completions", "{}"), 400, "BadRequestError"),
        (Request::post("/v1/embeddings", "{}"), 400, "BadRequestError"),
    ];
    for (request, status, kind) in cases {
        let response = client.send(request).await.unwrap();
        assert_eq!(response.status, status);
        let body: Value = response.json().unwrap();
        assert_eq!(body["error"]["type"], kind);
        assert_eq!(body["error"]["code"], status);
        assert_eq!(body["error"]["param"], Value::Null);
        assert!(!body["error"]["message"].as_str().unwrap().is_empty());
    }
    for request in [Request::get("/"), Request::get("/v1/chat/completions")] {
        assert_eq!(client.send(request).await.unwrap().status, 404);
    }
}
