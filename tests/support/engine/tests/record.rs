//! What the engine keeps of requests.

use std::time::Duration;

use bytes::Bytes;
use serde_json::Value;

use super::{chat, simulate, start};
use crate::client::{Client, Request, send_raw};
use crate::engine::{Engine, Error, Options};

const SOON: Duration = Duration::from_secs(10);

#[tokio::test]
async fn a_request_byte_for_byte() {
    let (engine, client) = start().await;
    for client in [client, Client::http2(engine.addr())] {
        engine.clear();
        let chunks = [b"{\"a\":".as_slice(), b" \xff\r\n", b"}"].map(Bytes::from_static);
        let request = Request::post("/v1/chat/completions?a=b%20c", "")
            .header("X-Twice", "1")
            .header("x-other", b"\xe9")
            .header("x-twice", "2")
            .body(chunks.to_vec())
            .trailer("x-sum", "77");
        client.send(request).await.unwrap();
        let requests = engine.wait_for(1, SOON).await.unwrap();
        let recorded = &requests[0];
        assert_eq!(recorded.method, "POST");
        assert_eq!(recorded.path, "/v1/chat/completions?a=b%20c");
        assert_eq!(recorded.body, b"{\"a\": \xff\r\n}");
        assert_eq!(recorded.trailers, [("x-sum".to_owned(), b"77".to_vec())]);
        assert!(recorded.complete);
        let ours = recorded.headers.iter().filter(|(name, _)| name.starts_with("x-"));
        let ours: Vec<_> = ours.map(|(name, value)| (name.as_str(), value.as_slice())).collect();
        let expected: [(_, &[u8]); 3] =
            [("x-twice", b"1"), ("x-twice", b"2"), ("x-other", b"\xe9")];
        assert_eq!(ours, expected);
        let host = recorded.header("host").or(recorded.header(":authority")).unwrap();
        assert_eq!(host, engine.addr().to_string());
    }
}

#[tokio::test]
async fn a_request_that_breaks_off() {
    let (engine, _client) = start().await;
    let head = b"POST /v1/chat/completions HTTP/1.1\r\nhost: a\r\ncontent-length: 9\r\n\r\n{\"a\"";
    let mut stream = tokio::net::TcpStream::connect(engine.addr()).await.unwrap();
    tokio::io::AsyncWriteExt::write_all(&mut stream, head).await.unwrap();
    drop(stream);
    let requests = engine.wait_for(1, SOON).await.unwrap();
    assert_eq!((requests[0].body.as_slice(), requests[0].complete), (b"{\"a\"".as_slice(), false));
}

#[tokio::test]
async fn the_last_requests_and_the_number_of_all() {
    let options = Options { keep: 2, ..Options::default() };
    let engine = Engine::start(options).await.unwrap();
    let client = Client::http1(engine.addr());
    for path in ["/a", "/b", "/c", "/health", "/requests"] {
        client.send(Request::get(path)).await.unwrap();
    }
    let paths = engine.wait_for(3, SOON).await.unwrap().into_iter().map(|request| request.path);
    assert_eq!(paths.collect::<Vec<_>>(), ["/b", "/c"]);
    let shown: Value = client.send(Request::get("/requests")).await.unwrap().json().unwrap();
    assert_eq!(shown[1]["path"], "/c");
    assert_eq!(shown[1]["headers"][0], format!("host: {}", engine.addr()));
    let waited = engine.wait_for(4, Duration::from_millis(20)).await;
    assert!(matches!(waited, Err(Error::Waited { wanted: 4, received: 3, .. })));
    engine.clear();
    assert!(engine.requests().is_empty());
}

#[tokio::test]
async fn a_request_that_gets_no_answer() {
    let (engine, client) = start().await;
    client.send(simulate(chat(&serde_json::json!({})), "reset")).await.unwrap_err();
    assert_eq!(engine.requests()[0].header("x-simulate"), Some("reset"));
}

#[tokio::test]
async fn what_is_no_http_is_refused() {
    let (engine, _client) = start().await;
    let answer = send_raw(engine.addr(), b"NOT HTTP\r\n\r\n").await.unwrap();
    assert!(answer.starts_with(b"HTTP/1.1 400"), "{}", String::from_utf8_lossy(&answer));
    assert!(engine.requests().is_empty());
}

#[tokio::test]
async fn an_address_that_is_taken() {
    let (engine, _client) = start().await;
    let taken = Engine::start(Options { listen: engine.addr(), ..Options::default() }).await;
    assert!(matches!(taken.err(), Some(Error::Listen { addr, .. }) if addr == engine.addr()));
}
