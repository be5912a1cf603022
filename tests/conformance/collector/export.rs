//! What is exported arrives, whatever the form, as it was received.

use super::fixture::{Export, LIMIT, PROTOBUF, Running, encoded, request};

#[tokio::test]
async fn spans_arrive_unchanged_in_every_form() {
    let gzip = ("COMPRESSION", "gzip");
    let json = ("PROTOCOL", "http/json");
    for (export, variables, content_type) in [
        (Export::Grpc, vec![], "application/grpc"),
        (Export::Grpc, vec![gzip], "application/grpc"),
        (Export::Http, vec![], "application/x-protobuf"),
        (Export::Http, vec![gzip], "application/x-protobuf"),
        (Export::Http, vec![json], "application/json"),
        (Export::Http, vec![json, gzip], "application/json"),
    ] {
        let is_gzip = variables.contains(&gzip);
        let headers = ("HEADERS", "api-key=se%20cret,x-scope=a");
        let running = Running::start(export, &[variables, vec![headers]].concat()).await;
        running.post(&[PROTOBUF], encoded(0..20)).await;
        let spans = running.backend.wait_until(|spans| spans.len() == 20, LIMIT).await.unwrap();

        let sent = request(0..20).resource_spans.remove(0);
        for (arrived, sent_span) in spans.iter().zip(&sent.scope_spans[0].spans) {
            assert_eq!(arrived.span, *sent_span);
            assert_eq!(arrived.scope, sent.scope_spans[0].scope);
            assert_eq!(arrived.resource, sent.resource.as_ref().unwrap().attributes);
        }
        let headers = &running.backend.headers()[0];
        assert_eq!(headers["content-type"], content_type);
        assert_eq!(
            (&headers["api-key"], &headers["x-scope"]),
            (&"se cret".parse().unwrap(), &"a".parse().unwrap())
        );
        let agent = headers["user-agent"].to_str().unwrap();
        assert!(agent.starts_with("semantic-router-collector/"), "{agent}");
        let encoding = headers.get("content-encoding").or(headers.get("grpc-encoding"));
        assert_eq!(encoding.is_some_and(|encoding| encoding == "gzip"), is_gzip);
    }
}

#[tokio::test]
async fn what_arrives_together_is_sent_together() {
    let running = Running::start(Export::Grpc, &[]).await;
    for id in 0..10 {
        running.post(&[PROTOBUF], encoded(id..id + 1)).await;
    }
    running.backend.wait_until(|spans| spans.len() == 10, LIMIT).await.unwrap();
    assert!(running.backend.requests() < 10, "{} requests", running.backend.requests());

    let running = Running::start(Export::Http, &[]).await;
    running.post(&[PROTOBUF], encoded(0..20_000)).await;
    running.backend.wait_until(|spans| spans.len() == 20_000, LIMIT).await.unwrap();
    assert_eq!(running.backend.requests(), 3);
    assert_eq!(running.backend.unique_spans(), 20_000);
}
