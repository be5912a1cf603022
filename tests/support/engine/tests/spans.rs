//! The engine's own span.

use std::time::Duration;

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::trace::v1::span::SpanKind;
use prost::Message as _;
use serde_json::json;

use super::{chat, simulate, stream};
use crate::client::script::Script;
use crate::client::{Client, HangUp, Request};
use crate::engine::{Engine, Error, Options};
use crate::tree::Tree;

const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";
const PARENT: &str = "b7ad6b7169203331";
const OK: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n";
const BUSY: &[u8] = b"HTTP/1.1 503 Busy\r\ncontent-length: 0\r\n\r\n";

/// An engine whose spans go to a collector that gives these answers.
async fn start(answers: &[&'static [u8]]) -> (Engine, Client, Script) {
    let collector = Script::start(answers).await;
    let options = Options {
        name: "engine-a".to_owned(),
        otlp: Some(format!("http://{}/v1/traces", collector.addr()).parse().unwrap()),
        first_token: Duration::from_millis(2),
        ..Options::default()
    };
    let engine = Engine::start(options).await.unwrap();
    let client = Client::http1(engine.addr());
    (engine, client, collector)
}

/// What a collector understands of a request to it.
fn decode(request: &[u8]) -> Tree {
    let text = String::from_utf8_lossy(request);
    assert!(text.starts_with("POST /v1/traces HTTP/1.1\r\n"), "{text}");
    assert!(text.contains("content-type: application/x-protobuf\r\n"), "{text}");
    let head = request.windows(4).position(|window| window == b"\r\n\r\n").unwrap();
    let export = ExportTraceServiceRequest::decode(&request[head + 4..]).unwrap();
    Tree::new(&export.resource_spans)
}

fn traced(request: Request, flags: &str) -> Request {
    request
        .header("traceparent", format!("00-{TRACE}-{PARENT}-{flags}"))
        .header("tracestate", "a=1,b=2")
}

#[tokio::test]
async fn the_span_hangs_under_the_request() {
    let (engine, client, collector) = start(&[OK]).await;
    let sampling = json!({ "temperature": 0, "top_p": 0.5, "max_tokens": 5 });
    client.send(traced(chat(&sampling), "01")).await.unwrap();
    let tree = decode(&collector.finish().await[0]);
    let node = tree.one("llm_request").unwrap();
    assert_eq!((node.trace_id().as_str(), node.parent_id().as_str()), (TRACE, PARENT));
    assert_eq!(node.span.trace_state, "a=1,b=2");
    assert_eq!(node.span.kind(), SpanKind::Server);
    assert_eq!((node.service.as_str(), node.scope.as_str()), ("engine-a", "vllm.tracing.otel"));
    assert_eq!(node.int("gen_ai.usage.prompt_tokens"), Some(13));
    assert_eq!(node.int("gen_ai.usage.completion_tokens"), Some(5));
    assert_eq!(node.text("gen_ai.request.id"), Some("chatcmpl-r-1"));
    assert_eq!(node.double("gen_ai.request.top_p"), Some(0.5));
    assert_eq!(node.int("gen_ai.request.max_tokens"), Some(5));
    assert_eq!(node.int("gen_ai.request.n"), Some(1));
    assert_eq!(node.attribute("gen_ai.request.temperature"), None);
    assert_eq!(node.double("gen_ai.latency.time_to_first_token"), Some(0.002));
    let [e2e, queue, prefill, decode, inference] = [
        "e2e",
        "time_in_queue",
        "time_in_model_prefill",
        "time_in_model_decode",
        "time_in_model_inference",
    ]
    .map(|key| node.double(&format!("gen_ai.latency.{key}")).unwrap());
    assert!((queue + inference - e2e).abs() < 1e-6 && (prefill + decode - inference).abs() < 1e-6);
    assert!((node.duration().as_secs_f64() - e2e).abs() < 1e-6 && e2e >= 0.002);
    assert_eq!(tree.check(Duration::ZERO), []);
    assert_eq!(engine.stop().await, 0);
}

#[tokio::test]
async fn a_request_without_a_trace_begins_one() {
    let (_engine, client, collector) = start(&[OK]).await;
    let bad = "00-00000000000000000000000000000000-b7ad6b7169203331-01";
    client.send(chat(&json!({})).header("traceparent", bad)).await.unwrap();
    let tree = decode(&collector.finish().await[0]);
    assert_eq!(tree.one("llm_request").unwrap().parent_id(), "");
    assert_eq!(tree.check(Duration::ZERO), []);
}

#[tokio::test]
async fn only_finished_requests_of_recorded_traces_have_one() {
    let (engine, client, collector) = start(&[OK]).await;
    client.send(traced(stream(), "00")).await.unwrap();
    client.send(traced(chat(&json!({ "model": 1 })), "01")).await.unwrap();
    client.send(traced(simulate(stream(), "reset-after=2"), "01")).await.unwrap();
    let slow = traced(simulate(stream(), "token-delay=1s"), "01");
    client.send(slow.hang_up(HangUp::AfterBytes(1))).await.unwrap();
    client.send(traced(stream(), "03")).await.unwrap();
    let tree = decode(&collector.finish().await[0]);
    assert_eq!(tree.one("llm_request").unwrap().span.flags, 0x303);
    assert_eq!(engine.stop().await, 0);
}

#[tokio::test]
async fn spans_are_sent_again_and_together() {
    let (engine, client, collector) = start(&[BUSY, OK]).await;
    for _ in 0..3 {
        client.send(traced(stream(), "01")).await.unwrap();
    }
    assert_eq!(engine.stop().await, 0);
    let requests = collector.finish().await;
    assert_eq!(decode(&requests[0]).find("llm_request").len(), 3);
    assert_eq!(decode(&requests[1]).nodes(), decode(&requests[0]).nodes());
}

#[tokio::test]
async fn spans_that_nobody_takes_are_counted() {
    let (engine, client, _collector) =
        start(&[b"HTTP/1.1 400 No\r\ncontent-length: 0\r\n\r\n"]).await;
    client.send(traced(stream(), "01")).await.unwrap();
    assert_eq!(engine.stop().await, 1);
}

#[tokio::test]
async fn a_collector_that_is_none() {
    let options = Options { otlp: Some("/v1/traces".parse().unwrap()), ..Options::default() };
    assert!(matches!(Engine::start(options).await.err(), Some(Error::Otlp { .. })));
}
