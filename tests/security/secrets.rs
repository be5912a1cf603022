//! Secrets that stand in a request: none of them is found in a header of the
//! answer, in a span, in Envoy's log, or among its metrics; nor does an answer of
//! the router's own repeat it.

use support::client::Request;
use support::envoy::VERSIONS;

use super::guarded::{ATTACK, Guarded, HARMLESS, SPANS, chat, router_with};

/// What all secrets have in common.
const SECRET: &str = "hunter2";

fn requests() -> Vec<Request> {
    let bodies = [
        format!(
            r#"{{"model":"auto","messages":[{{"role":"user","content":"{HARMLESS} {SECRET}"}}]}}"#
        ),
        format!(
            r#"{{"model":"auto","messages":[{{"role":"user","content":"{ATTACK} {SECRET}"}}]}}"#
        ),
        format!(
            r#"{{"model":"auto","stream":true,"messages":[{{"role":"user","content":"{ATTACK} {SECRET}"}}]}}"#
        ),
        format!(
            r#"{{"model":"auto","messages":[{{"role":"user","content":"Write to {SECRET}@example.org"}}]}}"#
        ),
        format!(
            r#"{{"model":"auto","stream":true,"messages":[{{"role":"user","content":"Write to {SECRET}@example.org"}}]}}"#
        ),
        format!(
            r#"{{"model":"auto","messages":[{{"role":"{SECRET}","name":"{SECRET}","content":"hi"}}]}}"#
        ),
        format!(
            r#"{{"model":"auto","messages":[{{"role":"assistant","tool_calls":[{{"id":"{SECRET}","function":{{"name":"{SECRET}","arguments":"{SECRET}"}}}}]}}]}}"#
        ),
        format!(r#""{SECRET}""#),
        SECRET.to_owned(),
        format!(r#"["{SECRET}"]"#),
        format!(r#"{{"{SECRET}":1,"{SECRET}":2}}"#),
        format!(r#"{{"messages":"{SECRET}"}}"#),
        format!(r#"{{"messages":{{"{SECRET}":1}}}}"#),
        format!(r#"{{"messages":["{SECRET}"]}}"#),
        format!(r#"{{"messages":[{{"{SECRET}":1,"{SECRET}":2}}]}}"#),
        format!(r#"{{"messages":[{{"role":"user","content":["{SECRET}",1]}}]}}"#),
        format!(r#"{{"messages":[{{"role":"user","content":{{"{SECRET}":"{SECRET}"}}}}]}}"#),
        format!(r#"{{"messages":[{{"role":"user","content":"{SECRET}"#),
        format!(r#"{{"model":{{"{SECRET}":"{SECRET}"}},"messages":[]}}"#),
        format!(r#"{{"prompt":"{ATTACK} {SECRET}"}}"#),
        format!(r#"{{"prompt":["{SECRET}",1]}}"#),
        format!(r#"{{"input":"{SECRET}"}}"#),
    ];
    let mut requests: Vec<Request> = bodies.into_iter().map(chat).collect();
    requests.push(chat(format!("{{\"messages\":[{{\"content\":\"{SECRET}\u{0}\"}}]}}")));
    requests.push(Request::post("/v1/chat/completions", [SECRET.as_bytes(), b"\xff\xfe"].concat()));
    requests.push(
        Request::chat("auto", HARMLESS, false)
            .header("authorization", format!("Bearer {SECRET}"))
            .header("cookie", format!("session={SECRET}"))
            .header("x-api-key", SECRET)
            .header("x-vsr-selected-model", SECRET)
            .header("baggage", format!("secret={SECRET}"))
            .header("traceparent", SECRET)
            .header("accept", SECRET),
    );
    requests
}

#[tokio::test(flavor = "multi_thread")]
async fn no_secret_is_found_where_none_belongs() {
    let errors = |stack: &_| {
        let filter = "filter: {inference: {budget_ms: 10000}}";
        vec![
            (
                "errors",
                router_with(stack, filter, "filter: {block_as: error, on_unclassified: reject}"),
            ),
            ("observed", router_with(stack, filter, "filter: {mode: observe}")),
        ]
    };
    for version in VERSIONS {
        let guarded = Guarded::start(version, errors).await;
        guarded.envoy.log_all("wasm").await;
        let mut sent = 0;
        for listener in ["guarded", "errors", "observed"] {
            for request in requests() {
                let body = String::from_utf8_lossy(&request.chunks.concat()).into_owned();
                let about = format!("{version} {listener}: {body}");
                let response = guarded.send_to(listener, request).await;
                sent += 1;
                for (name, value) in &response.headers {
                    let value = String::from_utf8_lossy(value);
                    assert!(!value.contains(SECRET), "{about}: {name}: {value}");
                }
                // An engine may say what it likes.
                if guarded.reached() == 0 {
                    assert!(!response.text().contains(SECRET), "{about}: {}", response.text());
                }
            }
        }
        guarded.stack.wait_for_roots(sent, SPANS).await.unwrap();
        let spans = guarded.stack.backend.spans();
        for span in spans.iter().filter(|span| span.span.name.starts_with("semantic_router.")) {
            let shown = format!("{span:?}");
            assert!(!shown.contains(SECRET), "{version}: {shown}");
        }
        let log = guarded.envoy.log();
        assert!(log.contains("[wasm]"), "{version}: the log says something");
        let line = log.lines().find(|line| line.contains(SECRET));
        assert_eq!(line, None, "{version}");
        let stats = guarded.envoy.admin("/stats").await;
        assert!(stats.contains("semantic_router_stage_total"), "{version}");
        assert!(!stats.contains(SECRET), "{version}");
    }
}
