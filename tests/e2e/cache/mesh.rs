//! One cache of several proxies, in Redis.

use std::time::Instant;

use semantic_router_collector::cache::{Options, Settings};
use semantic_router_filter::metrics::catalog::CACHE_OPERATIONS;
use support::bootstrap::Filter;
use support::redis::Server;

use super::*;

/// What the collector is given, and how long a proxy waits for it.
const TIMEOUT: Duration = Duration::from_millis(500);

/// A machine that is busy may take so much longer.
const BUSY: Duration = Duration::from_secs(10);

/// The router, with its answers in Redis.
fn mesh(stack: &Stack) -> String {
    let text = cached(stack).replace("backend_type: memory", "backend_type: redis");
    text.replace("budget_ms: 10000}", "budget_ms: 10000}, cache: {timeout_ms: 1000}")
}

fn settings(server: &Server) -> Option<Settings> {
    let url = server.url().parse().ok();
    let options = Options { redis_url: url, cache_timeout: TIMEOUT, ..Options::default() };
    Settings::resolve(&options, None, &|_| None).unwrap().map(|resolved| resolved.settings)
}

/// A stack whose collector keeps answers, and a proxy.
async fn start(server: &Server, version: &str) -> Running {
    let stack = Stack::start_with(settings(server)).await.unwrap();
    let bootstrap = Running::bootstrap(&stack, vec![Filter::single(mesh(&stack))]);
    Running::with(version, stack, bootstrap).await.unwrap()
}

/// A question to whatever serves this name, whichever proxy takes it.
fn named(body: &Value) -> Request {
    request(body).header("host", "router.test")
}

/// Waits until a question that was asked before is a hit: answers are on their
/// way to Redis a moment longer than on theirs to the client.
async fn wait_for_hit(running: &Running, body: &Value) -> Response {
    let begun = Instant::now();
    loop {
        let response = send(running, named(body)).await;
        if is_hit(&response) {
            return response;
        }
        assert!(begun.elapsed() < BUSY, "no hit");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// How many lookups had a status.
async fn lookups(running: &Running, status: &str) -> u64 {
    let series = running.envoy.series().await;
    let of_status = series.iter().filter(|series| {
        series.name == CACHE_OPERATIONS.name
            && series.labels.get("backend").is_some_and(|backend| backend == "redis")
            && series.labels.get("status").is_some_and(|found| found == status)
    });
    of_status.map(|series| series.value).sum()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_one_proxy_was_answered_another_gives() {
    let Some(server) = Server::start(&[]).await.unwrap() else { return };
    let one = start(&server, VERSIONS[0]).await;
    let other = start(&server, VERSIONS[1]).await;
    let body = chat("Which tea goes best with scones?");
    assert!(!is_hit(&send(&one, named(&body)).await));
    let hit = wait_for_hit(&one, &body).await;
    assert_eq!(hit.header("x-vsr-cache-hit"), Some("true"));
    let elsewhere = send(&other, named(&body)).await;
    assert!(is_hit(&elsewhere), "another proxy has it at once");
    assert_eq!(elsewhere.body, hit.body);
    assert_eq!(other.stack.reached().len(), 0, "its engines were not asked");

    let anna = named(&body).header("authorization", "Bearer anna");
    assert!(!is_hit(&send(&other, anna).await), "of another tenant");
    let dump = server.dump().await.unwrap();
    for text in ["scones", "Bearer", "anna", "assistant"] {
        assert!(!dump.windows(text.len()).any(|part| part == text.as_bytes()), "{text}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redis_that_is_away_is_a_miss_and_costs_no_time() {
    let Some(mut server) = Server::start(&[]).await.unwrap() else { return };
    let running = start(&server, VERSIONS[0]).await;
    let body = chat("Which tea goes best with scones?");
    assert!(!is_hit(&send(&running, named(&body)).await));
    wait_for_hit(&running, &body).await;

    server.kill().await;
    for number in 0..3 {
        let begun = Instant::now();
        let traced = named(&body).header("traceparent", traceparent(number + 1));
        assert!(!is_hit(&send(&running, traced).await), "the engine answers");
        assert!(begun.elapsed() < BUSY, "{:?}", begun.elapsed());
    }
    assert_eq!(lookups(&running, "error").await, 3);
    let tree = running.stack.wait_for_trace(&trace_id(1), 9, SPANS).await.unwrap();
    let span = tree.one(LOOKUP).unwrap();
    assert_eq!(span.text("stage.outcome"), Some("failed_open"));
    assert!(span.text("stage.reason").is_some_and(|reason| reason.starts_with("cache_")));

    server.restart().await.unwrap();
    wait_for_hit(&running, &body).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_collector_that_is_away_is_a_miss() {
    let Some(server) = Server::start(&[]).await.unwrap() else { return };
    let mut running = start(&server, VERSIONS[0]).await;
    let body = chat("Which tea goes best with scones?");
    running.stack.stop_collector().await;
    assert!(!is_hit(&send(&running, named(&body)).await), "the engine answers");
    running.stack.restart_collector().await.unwrap();
    wait_for_hit(&running, &body).await;
}
