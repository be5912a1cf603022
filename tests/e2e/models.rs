//! Models of the user's own, and classifiers in the sidecar, in real Envoy.

use std::time::Duration;

use semantic_router_filter::classify::{Budget, Classifiers, Limits, Sources};
use semantic_router_filter::config::Inference;
use semantic_router_filter::metrics::catalog::MODELS;
use support::client::{Client, Request, Response};
use support::corpus::golden;
use support::envoy::VERSIONS;
use support::metrics;
use support::running::Running;
use support::stack::{Stack, trace_id, traceparent};
use support::tree::Tree;

const CLASSIFICATION: &str = "semantic_router.classification";
const PATIENCE: Duration = Duration::from_secs(20);

fn with(stack: &Stack, config: &str, from: &str, to: &str) -> String {
    let text = stack.config(config).unwrap();
    assert!(text.contains(from), "{from} is not in {config}");
    text.replace(from, to)
}

fn own_category(stack: &Stack, folder: &str) -> String {
    let bundled = "model_id: category_classifier_modernbert-base_model";
    with(stack, "router", bundled, &format!("model_id: models/{folder}"))
}

async fn send(running: &Running, text: &str) -> Response {
    Client::http1(running.address).send(Request::chat("auto", text, false)).await.unwrap()
}

/// The spans of one request, the `number`th, which is answered.
async fn traced(running: &Running, number: u64, text: &str) -> Tree {
    let request = Request::chat("auto", text, false).header("traceparent", traceparent(number));
    let response = Client::http1(running.address).send(request).await.unwrap();
    assert_eq!(response.status, 200);
    running.stack.wait_for_trace(&trace_id(number), 7, PATIENCE).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_model_of_the_users_own_is_fetched_and_used() {
    for version in VERSIONS {
        let router = |stack: &Stack| own_category(stack, "bert-category");
        let running = Running::start(version, router).await.unwrap();
        let mut outcomes = Vec::new();
        let mut labels = Vec::new();
        for attempt in 0..100 {
            let tree = traced(&running, attempt, &format!("what is my name {attempt}")).await;
            let span = tree.one(CLASSIFICATION).unwrap();
            outcomes.push(span.text("stage.outcome").unwrap().to_owned());
            labels.extend(span.text("category.name").map(str::to_owned));
            if outcomes.last().is_some_and(|outcome| outcome == "ran") {
                break;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        let log = running.envoy.log();
        assert_eq!(outcomes[0], "failed_open", "{version}: not there yet");
        assert_eq!(outcomes.last().unwrap(), "ran", "{version}: {log}");
        assert!(["math", "law", "other"].contains(&labels[0].as_str()), "{labels:?}");
        assert!(log.contains("models/bert-category: fetched"), "{log}");
        assert!(log.contains("models/bert-category: ready"), "{log}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_model_that_cannot_be_had_is_refused_once_and_named() {
    let router = |stack: &Stack| own_category(stack, "nobodys");
    let running = Running::start(VERSIONS[0], router).await.unwrap();
    let refused = async || metrics::sum(&running.envoy.series().await, &MODELS);
    for attempt in 0..100 {
        let tree = traced(&running, attempt, &format!("what is this {attempt}")).await;
        let span = tree.one(CLASSIFICATION).unwrap();
        assert_eq!(span.text("stage.outcome"), Some("failed_open"));
        assert_eq!(span.text("stage.reason"), Some("classifier_failed"));
        if refused().await > 0 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let refused = refused().await;
    assert!((1..=2).contains(&refused), "once a worker: {refused}");
    let log = running.envoy.log();
    assert!(log.contains("/models/nobodys/index.json: status 404"), "{log}");
}

#[tokio::test(flavor = "multi_thread")]
async fn classifiers_in_the_sidecar_say_the_same_and_are_asked_once() {
    let texts: Vec<_> = golden().unwrap().into_iter().step_by(12).collect();
    let classifiers = Classifiers::new(Limits::of(&Inference::default()), Sources::default());
    let budget = Budget::unlimited();
    let sidecar = "{inference: {budget_ms: 10000, category: {backend: sidecar}, \
                   jailbreak: {backend: sidecar}, pii: {backend: sidecar}}}";
    let router = |stack: &Stack| with(stack, "guarded", "{inference: {budget_ms: 10000}}", sidecar);
    let mut running = Running::start(VERSIONS[0], router).await.unwrap();
    for (number, golden) in (0..).zip(&texts) {
        let tree = traced(&running, number, &golden.text).await;
        let span = tree.one(CLASSIFICATION).unwrap();
        let native = classifiers.category(&golden.text, &budget).unwrap();
        assert_eq!(span.text("category.name"), Some(native.label.as_str()), "{}", golden.text);
        let guard = tree.one("semantic_router.security.jailbreak_detection").unwrap();
        let said = guard.double("jailbreak.confidence").unwrap();
        let native = classifiers.guard(&golden.text, &budget).unwrap().jailbreak;
        assert!((said - native).abs() < 1e-3, "{said} {native}: {}", golden.text);
    }
    // Without the sidecar, what is known is known, and the rest is refused.
    running.stack.stop_collector().await;
    let known = &texts.last().unwrap().text;
    let mut served = 0;
    for _ in 0..8 {
        served += u32::from(send(&running, known).await.status == 200);
    }
    assert!(served > 0, "some worker remembers");
    let refused = send(&running, "a text that nobody has asked about before").await;
    assert_eq!(refused.status, 503);
}
