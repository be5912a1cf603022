//! Every switch of `x-simulate`.

use std::io::Read;
use std::time::{Duration, Instant};

use flate2::read::GzDecoder;
use serde_json::{Value, json};

use super::{chat, events, simulate, start, stream, text};
use crate::client::{Client, Request};
use crate::engine::{SwitchError, Switches, TRAILER_NAME};

fn plain() -> Request {
    chat(&json!({}))
}

/// The JSON body of the answer to a chat.
async fn asked(client: &Client, switches: &str) -> Value {
    client.send(simulate(plain(), switches)).await.unwrap().json().unwrap()
}

#[tokio::test]
async fn status_and_retry_after() {
    let (_engine, client) = start().await;
    let request = simulate(plain(), "status=503, retry-after=2");
    let response = client.send(request).await.unwrap();
    assert_eq!((response.status, response.header("retry-after")), (503, Some("2")));
    let body: Value = response.json().unwrap();
    assert_eq!(body["error"]["type"], "ServiceUnavailableError");
    assert_eq!(body["error"]["code"], 503);
    let response = client.send(simulate(plain(), "status=201")).await.unwrap();
    let body: Value = response.json().unwrap();
    assert_eq!((response.status, &body["object"]), (201, &json!("chat.completion")));
}

#[tokio::test]
async fn delays() {
    let (_engine, client) = start().await;
    let asked = Instant::now();
    let response = client.send(simulate(stream(), "delay=60ms,token-delay=15ms")).await.unwrap();
    let events = events(&response);
    assert!(response.first_byte >= Duration::from_millis(60), "{:?}", response.first_byte);
    assert!(asked.elapsed() >= Duration::from_millis(60 + 10 * 15));
    assert!(response.chunks.len() > 10 && !text(&events).is_empty());
    let request = simulate(plain(), "token-delay=15ms");
    let response = client.send(request).await.unwrap();
    assert!(response.first_byte >= Duration::from_millis(150));
}

#[tokio::test]
async fn reset() {
    let (engine, client) = start().await;
    for client in [client, Client::http2(engine.addr())] {
        let error = client.send(simulate(plain(), "reset")).await.unwrap_err();
        assert_eq!(error.kind(), "no response");
        assert_eq!(client.send(plain()).await.unwrap().status, 200);
    }
}

#[tokio::test]
async fn reset_after() {
    let (engine, client) = start().await;
    for client in [client, Client::http2(engine.addr())] {
        for events in [1, 3] {
            let request = simulate(stream(), &format!("reset-after={events}"));
            let response = client.send(request).await.unwrap();
            assert_eq!((response.status, response.events().len()), (200, events));
            assert!(!response.is_complete());
        }
        let response = client.send(simulate(plain(), "reset-after=1")).await.unwrap();
        assert!(!response.is_complete());
        let said: usize = response.header("content-length").unwrap().parse().unwrap();
        assert_eq!(response.body.len(), said / 2);
        let request = simulate(stream(), "reset-after=99");
        assert!(client.send(request).await.unwrap().is_complete());
    }
}

#[tokio::test]
async fn what_is_left_out_or_replaced() {
    let (_engine, client) = start().await;
    let body = asked(&client, "no-usage").await;
    assert_eq!(body.get("usage"), None);
    let body = asked(&client, "no-finish,fingerprint=fp_x,model=other").await;
    assert_eq!(body["choices"][0]["finish_reason"], Value::Null);
    assert_eq!(body["system_fingerprint"], "fp_x");
    assert_eq!(body["model"], "other");
    assert_eq!(asked(&client, "finish=length").await["choices"][0]["finish_reason"], "length");
    let switches = "no-usage,no-finish,fingerprint=fp_x";
    let events = events(&client.send(simulate(stream(), switches)).await.unwrap());
    assert_eq!(events.len(), 1 + 11);
    assert!(events.iter().all(|event| event["system_fingerprint"] == "fp_x"));
    assert!(events.iter().all(|event| event["choices"][0]["finish_reason"] == Value::Null));
}

#[tokio::test]
async fn gzip() {
    let (_engine, client) = start().await;
    for request in [plain(), stream()] {
        let response = client.send(simulate(request, "gzip")).await.unwrap();
        assert_eq!(response.header("content-encoding"), Some("gzip"));
        let mut text = String::new();
        GzDecoder::new(response.body.as_ref()).read_to_string(&mut text).unwrap();
        assert!(text.contains("engine-a"), "{text}");
    }
}

#[tokio::test]
async fn chunks() {
    let (engine, client) = start().await;
    let whole = text(&events(&client.send(stream()).await.unwrap()));
    for client in [client, Client::http2(engine.addr())] {
        for size in [1, 7, 64] {
            let request = simulate(stream(), &format!("chunks={size}"));
            let response = client.send(request).await.unwrap();
            assert_eq!(text(&events(&response)), whole);
            // Frames of HTTP/2, unlike reads of HTTP/1, arrive as they were sent.
            assert!(response.chunks.len() > 14, "{}", response.chunks.len());
        }
    }
}

#[tokio::test]
async fn trailers() {
    let (engine, client) = start().await;
    let fields = [(TRAILER_NAME.to_owned(), b"done".to_vec())];
    for client in [client, Client::http2(engine.addr())] {
        for request in [plain(), stream()] {
            let request = simulate(request, "trailers").header("te", "trailers");
            let response = client.send(request).await.unwrap();
            assert!(response.is_complete());
            assert_eq!(response.trailers, fields);
        }
    }
}

#[tokio::test]
async fn big() {
    let (_engine, client) = start().await;
    let body = asked(&client, "big=1048576").await;
    assert_eq!(body["choices"][0]["message"]["content"].as_str().unwrap().len(), 1 << 20);
    let response = client.send(simulate(stream(), "big=100000")).await.unwrap();
    assert_eq!(text(&events(&response)).len(), 100_000);
}

#[tokio::test]
async fn a_switch_that_is_none() {
    let (_engine, client) = start().await;
    let response = client.send(simulate(plain(), "gzip, explode=1")).await.unwrap();
    assert_eq!(response.status, 400);
    assert!(response.text().contains("unknown switch `explode`"), "{}", response.text());
}

#[test]
fn values_that_switches_do_not_take() {
    let refused = |name: &str, value: &str| {
        Err(SwitchError::Value { name: name.to_owned(), value: value.to_owned() })
    };
    for (item, name, value) in [
        ("status=99", "status", "99"),
        ("status", "status", ""),
        ("delay=5", "delay", "5"),
        ("delay=-1s", "delay", "-1s"),
        ("chunks=0", "chunks", "0"),
        ("big=99999999999", "big", "99999999999"),
        ("gzip=1", "gzip", "1"),
        ("model=", "model", ""),
    ] {
        assert_eq!(Switches::parse([item]), refused(name, value), "{item}");
    }
    assert_eq!(Switches::parse(["", " , "]), Ok(Switches::default()));
    let both = Switches::parse(["delay=2s", "reset"]).unwrap();
    assert_eq!((both.delay, both.reset), (Duration::from_secs(2), true));
}
