//! Everything else is refused, in the request's encoding, with a reason.

use bytes::Bytes;
use http::{Method, Request, StatusCode};
use http_body_util::Full;
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use prost::Message;
use tonic::{Code, Status};
use tonic_types::pb;

use super::fixture::{Export, PROTOBUF, Reply, Running, encoded};
use super::receive::{GZIP, JSON, gzip};

const EXPORT: &str = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";
const GRPC: (&str, &str) = ("content-type", "application/grpc");

/// The `google.rpc.Status` of a reply.
fn status(reply: &Reply) -> (i32, String) {
    if reply.headers["content-type"] == "application/json" {
        let body: serde_json::Value = serde_json::from_slice(&reply.body).unwrap();
        let code = i32::try_from(body["code"].as_i64().unwrap()).unwrap();
        return (code, body["message"].as_str().unwrap().to_owned());
    }
    assert_eq!(reply.headers["content-type"], "application/x-protobuf");
    let status = pb::Status::decode(reply.body.clone()).unwrap();
    (status.code, status.message)
}

#[tokio::test]
async fn http_refuses_what_is_malformed_and_says_why() {
    let running = Running::start(Export::Http, &[]).await;
    let mut cut = encoded(0..1);
    cut.pop();
    let bad_id = br#"{"resourceSpans":[{"scopeSpans":[{"spans":[{"traceId":"xy"}]}]}]}"#;
    let zstd = ("content-encoding", "zstd");
    let text = ("content-type", "text/plain");
    for (headers, body, http, code, message) in [
        (vec![PROTOBUF], cut, 400, 3, "ends in the middle of a field"),
        (vec![PROTOBUF], b"{}".to_vec(), 400, 3, "has a field of unknown wire type 3"),
        (vec![JSON], b"{".to_vec(), 400, 3, "EOF while parsing an object at line 1 column 1"),
        (vec![JSON], encoded(0..1), 400, 3, "expected value at line 2"),
        (vec![JSON], Vec::new(), 400, 3, "EOF while parsing a value"),
        (vec![JSON], b"[]".to_vec(), 400, 3, "expected an object"),
        (vec![JSON], bad_id.to_vec(), 400, 3, "hexadecimal for traceId"),
        (vec![PROTOBUF, GZIP], encoded(0..1), 400, 3, "not gzip: invalid gzip header"),
        (vec![JSON, GZIP], b"{}".to_vec(), 400, 3, "not gzip"),
        (vec![PROTOBUF], gzip(&encoded(0..1)), 400, 3, "malformed request: the request:"),
        (vec![PROTOBUF, zstd], encoded(0..1), 415, 12, "content encoding \"zstd\""),
        (vec![text], encoded(0..1), 415, 3, "content type \"text/plain\""),
        (vec![], encoded(0..1), 415, 3, "content type \"\""),
        (vec![PROTOBUF, GZIP], gzip(&vec![0; (64 << 20) + 1]), 413, 8, "longer than 67108864"),
        (vec![JSON], vec![b' '; (64 << 20) + 1], 413, 8, "longer than 67108864"),
    ] {
        let reply = running.post(&headers, body).await;
        let (found, said) = status(&reply);
        assert_eq!(reply.status.as_u16(), http, "{headers:?} {said}");
        assert_eq!(found, code, "{said}");
        assert!(said.contains(message), "{said} is not {message}");
        assert!(!reply.headers.contains_key("retry-after"));
    }
    assert_eq!(running.metric("otelcol_receiver_refused_requests_total").await, 15);
    running.assert_balance(0, 0, 0).await;
}

#[tokio::test]
async fn http_serves_one_method_of_one_path() {
    let running = Running::start(Export::Http, &[]).await;
    let reply = running.request(Method::GET, "/v1/traces", &[], Bytes::new()).await;
    assert_eq!(reply.status, StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(reply.headers["allow"], "POST");
    assert_eq!(status(&reply), (12, "method GET is not POST".to_owned()));
    let reply = running.request(Method::POST, "/v1/metrics", &[PROTOBUF], Bytes::new()).await;
    assert_eq!(reply.status, StatusCode::NOT_FOUND);
    assert_eq!(status(&reply), (12, "nothing is served at /v1/metrics".to_owned()));
}

/// The status of one call of the gRPC receiver.
async fn call(running: &Running, path: &str, headers: &[(&str, &str)], body: Vec<u8>) -> Status {
    let address = running.collector.addresses().otlp_grpc;
    let mut request = Request::post(format!("http://{address}{path}"));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let client = Client::builder(TokioExecutor::new()).http2_only(true).build_http();
    let request = request.body(Full::new(Bytes::from(body))).unwrap();
    let response = client.request(request).await.unwrap();
    assert_eq!(response.status(), StatusCode::OK);
    Status::from_header_map(response.headers()).unwrap()
}

#[tokio::test]
async fn grpc_refuses_what_is_malformed_and_says_why() {
    let running = Running::start(Export::Grpc, &[]).await;
    let gzip_encoding = ("grpc-encoding", "gzip");
    let framed = |flag: u8, message: &[u8]| {
        let length = u32::try_from(message.len()).unwrap().to_be_bytes();
        [&[flag], length.as_slice(), message].concat()
    };
    let message = encoded(0..1);
    let two = [framed(0, &message), framed(0, &message)].concat();
    for (headers, body, code, expected) in [
        (vec![GRPC], framed(0, b"\x08\x01"), Code::InvalidArgument, "wrong wire type"),
        (vec![GRPC], Vec::new(), Code::InvalidArgument, "there is no message"),
        (vec![GRPC], two, Code::InvalidArgument, "not exactly one message"),
        (vec![GRPC], framed(2, &message), Code::InvalidArgument, "neither 0 nor 1"),
        (vec![GRPC], framed(1, &message), Code::InvalidArgument, "no grpc-encoding is named"),
        (vec![GRPC, gzip_encoding], framed(1, &message), Code::InvalidArgument, "not gzip"),
        (
            vec![GRPC, ("grpc-encoding", "zstd")],
            framed(1, &message),
            Code::Unimplemented,
            "\"zstd\"",
        ),
        (
            vec![GRPC, gzip_encoding],
            framed(1, &gzip(&vec![0; (64 << 20) + 1])),
            Code::ResourceExhausted,
            "longer than 67108864 bytes",
        ),
    ] {
        let status = call(&running, EXPORT, &headers, body).await;
        assert_eq!(status.code(), code, "{status}");
        assert!(status.message().contains(expected), "{status}");
    }
    running.assert_balance(0, 0, 0).await;
}

#[tokio::test]
async fn grpc_serves_no_other_method() {
    let running = Running::start(Export::Grpc, &[]).await;
    let status = call(&running, "/grpc.health.v1.Health/Check", &[GRPC], vec![0; 5]).await;
    assert_eq!(status.code(), Code::Unimplemented);
    assert_eq!(status.message(), "nothing is served at /grpc.health.v1.Health/Check");
}
