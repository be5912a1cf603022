//! Every form of request that the OTLP specification allows is accepted.

use std::io::Write;

use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use http::{Method, StatusCode};
use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTraceServiceRequest, ExportTraceServiceResponse,
};
use prost::Message;
use tonic::codec::CompressionEncoding;

use super::fixture::{Export, LIMIT, PROTOBUF, Running, encoded, request, send};

pub const JSON: (&str, &str) = ("content-type", "application/json");
pub const GZIP: (&str, &str) = ("content-encoding", "gzip");

/// The example of opentelemetry-proto.
const EXAMPLE: &str = include_str!("../data/otlp-trace.json");

pub fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn json(ids: std::ops::Range<u64>) -> Vec<u8> {
    serde_json::to_vec(&request(ids)).unwrap()
}

#[tokio::test]
async fn http_takes_protobuf_and_json_with_and_without_gzip() {
    let running = Running::start(Export::Grpc, &[]).await;
    let with_charset = ("content-type", "application/json; charset=utf-8");
    for (headers, body, reply) in [
        (vec![PROTOBUF], encoded(0..1), ""),
        (vec![PROTOBUF, GZIP], gzip(&encoded(1..2)), ""),
        (vec![PROTOBUF, ("content-encoding", "identity")], encoded(2..3), ""),
        (vec![JSON], json(3..4), "{}"),
        (vec![JSON, GZIP], gzip(&json(4..5)), "{}"),
        (vec![with_charset], json(5..6), "{}"),
        (vec![PROTOBUF], Vec::new(), ""),
        (vec![JSON], b"{}".to_vec(), "{}"),
        (vec![JSON], br#"{"resourceSpans": []}"#.to_vec(), "{}"),
    ] {
        let answer = running.post(&headers, body).await;
        assert_eq!(answer.status, StatusCode::OK, "{headers:?}");
        let content_type = headers[0].1.split(';').next().unwrap();
        assert_eq!(answer.headers["content-type"], content_type);
        assert_eq!(answer.body, reply);
    }
    let spans = running.backend.wait_until(|spans| spans.len() == 6, LIMIT).await.unwrap();
    let expected = request(0..6).resource_spans.remove(0);
    for (arrived, sent) in spans.iter().zip(&expected.scope_spans[0].spans) {
        assert_eq!(arrived.span, *sent);
        assert_eq!(arrived.scope, expected.scope_spans[0].scope);
        assert_eq!(arrived.resource, expected.resource.as_ref().unwrap().attributes);
    }
    running.assert_balance(6, 6, 0).await;
}

#[tokio::test]
async fn the_example_of_the_specification_arrives() {
    let running = Running::start(Export::Http, &[]).await;
    assert_eq!(running.post(&[JSON], EXAMPLE).await.status, StatusCode::OK);
    let spans = running.backend.wait_until(|spans| spans.len() == 1, LIMIT).await.unwrap();
    let example: ExportTraceServiceRequest = serde_json::from_str(EXAMPLE).unwrap();
    let resource = &example.resource_spans[0];
    assert_eq!(spans[0].resource, resource.resource.as_ref().unwrap().attributes);
    assert_eq!(spans[0].scope, resource.scope_spans[0].scope);
    assert_eq!(spans[0].span, resource.scope_spans[0].spans[0]);
}

#[tokio::test]
async fn grpc_takes_plain_and_gzip() {
    let running = Running::start(Export::Grpc, &[]).await;
    let plain = running.grpc().await;
    let compressed = plain.clone().send_compressed(CompressionEncoding::Gzip);
    for (mut client, ids) in [(plain.clone(), 0..2), (compressed, 2..5), (plain, 0..0)] {
        let response = client.export(request(ids)).await.unwrap().into_inner();
        assert_eq!(response, ExportTraceServiceResponse::default());
    }
    let spans = running.backend.wait_until(|spans| spans.len() == 5, LIMIT).await.unwrap();
    let arrived: Vec<_> = spans.into_iter().map(|received| received.span).collect();
    assert_eq!(arrived, request(0..5).resource_spans[0].scope_spans[0].spans);
    running.assert_balance(5, 5, 0).await;
}

#[tokio::test]
async fn a_request_of_forty_megabytes_arrives_in_batches() {
    let running = Running::start(Export::Grpc, &[]).await;
    let mut large = request(0..40);
    for span in &mut large.resource_spans[0].scope_spans[0].spans {
        span.name = "n".repeat(1 << 20);
    }
    running.grpc().await.export(large).await.unwrap();
    running.wait_for_metric("otelcol_exporter_sent_spans_total", 40).await;
    assert_eq!(running.backend.unique_spans(), 40);
    // Three spans of a MiB, and what stands around them, fit into a batch.
    assert_eq!(running.backend.requests(), 14);
}

#[tokio::test]
async fn spans_without_valid_ids_are_rejected_alone() {
    let running = Running::start(Export::Grpc, &[]).await;
    let mut request = request(0..4);
    let spans = &mut request.resource_spans[0].scope_spans[0].spans;
    spans[0].trace_id = vec![0; 16];
    spans[1].span_id = vec![1; 7];
    spans[2].parent_span_id = vec![1; 3];
    let message = "3 of 4 spans rejected: \
        resourceSpans[0].scopeSpans[0].spans[0].traceId: is all zero; \
        resourceSpans[0].scopeSpans[0].spans[1].spanId: must be 8 bytes, is 7; \
        resourceSpans[0].scopeSpans[0].spans[2].parentSpanId: must be 8 bytes, is 3";

    let answer = running.post(&[PROTOBUF], request.encode_to_vec()).await;
    let over_http = ExportTraceServiceResponse::decode(answer.body).unwrap();
    let over_grpc = running.grpc().await.export(request.clone()).await.unwrap().into_inner();
    for response in [over_http, over_grpc] {
        let partial = response.partial_success.unwrap();
        assert_eq!((partial.rejected_spans, partial.error_message.as_str()), (3, message));
    }
    let answer = running.post(&[JSON], serde_json::to_vec(&request).unwrap()).await;
    let partial = serde_json::json!({"rejectedSpans": "3", "errorMessage": message});
    let body: serde_json::Value = serde_json::from_slice(&answer.body).unwrap();
    assert_eq!(body, serde_json::json!({"partialSuccess": partial}));

    let spans = running.backend.wait_until(|spans| spans.len() == 3, LIMIT).await.unwrap();
    assert!(spans.iter().all(|received| received.span.name == "span 3"));
    assert_eq!(running.metric("otelcol_receiver_refused_spans_total").await, 9);
    running.assert_balance(3, 3, 0).await;
}

#[tokio::test]
async fn a_request_of_invalid_spans_is_rejected_by_partial_success() {
    let running = Running::start(Export::Grpc, &[]).await;
    let body = br#"{"resourceSpans": [{"scopeSpans": [{"spans": [{"name": "a"}]}]}]}"#;
    let answer = running.post(&[JSON], body.as_slice()).await;
    assert_eq!(answer.status, StatusCode::OK);
    let body: serde_json::Value = serde_json::from_slice(&answer.body).unwrap();
    assert_eq!(body["partialSuccess"]["rejectedSpans"], "1");
    running.assert_balance(0, 0, 0).await;
}

#[tokio::test]
async fn the_admin_listener_tells_of_health_and_metrics() {
    let running = Running::start(Export::Grpc, &[]).await;
    let admin = format!("http://{}", running.collector.addresses().admin);
    let health = send(Method::GET, &format!("{admin}/healthz"), &[], Bytes::new()).await;
    assert_eq!((health.status, &*health.body), (StatusCode::OK, b"ok".as_slice()));
    let metrics = send(Method::GET, &format!("{admin}/metrics"), &[], Bytes::new()).await;
    assert!(metrics.body.ends_with(b"# EOF\n"));
}
