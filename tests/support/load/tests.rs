//! Load on a simulated engine.

use std::time::Duration;

use super::{Latencies, Plan, Report, run};
use crate::client::{Protocol, Request, Response};
use crate::engine::{Engine, HEADER, Options};

/// Every answer is right.
#[expect(clippy::unnecessary_wraps, reason = "a check returns what may be an error")]
fn right(_: u64, _: &Response) -> Result<(), String> {
    Ok(())
}

fn chat(_: u64) -> Request {
    Request::chat("any", "Hello", true)
}

#[tokio::test]
async fn every_request_is_sent_once() {
    let engine = Engine::start(Options::default()).await.unwrap();
    for protocol in [Protocol::Http1, Protocol::Http2] {
        engine.clear();
        let make = |index: u64| chat(index).header("x-index", index.to_string());
        let plan = Plan { protocol, ..Plan::requests(4, 50) };
        let report = run(engine.addr(), &plan, make, right).await;
        assert_eq!((report.sent(), report.failed()), (50, 0));
        assert_eq!(report.statuses, [(200, 50)].into());
        let requests = engine.requests();
        let mut indices: Vec<u64> = requests
            .iter()
            .map(|request| request.header("x-index").unwrap().parse().unwrap())
            .collect();
        indices.sort_unstable();
        assert_eq!(indices, (0..50).collect::<Vec<_>>());
    }
}

#[tokio::test]
async fn every_error_is_kept() {
    let engine = Engine::start(Options::default()).await.unwrap();
    let make = |index: u64| match index {
        1 => chat(index).header(HEADER, "reset"),
        2 => chat(index).header(HEADER, "reset-after=1"),
        3 => chat(index).header(HEADER, "status=503"),
        4 => chat(index).header(HEADER, "delay=10s").timeout(Duration::from_millis(50)),
        5 => Request::get("no path"),
        _ => chat(index),
    };
    let check = |index: u64, response: &Response| match index {
        6 => Err(format!("status {}", response.status)),
        _ => Ok(()),
    };
    let report = run(engine.addr(), &Plan::requests(2, 8), make, check).await;
    assert_eq!((report.sent(), report.failed()), (8, 5));
    assert_eq!(report.statuses, [(200, 4), (503, 1)].into());
    let kinds = report.errors.iter().map(|(kind, all)| (*kind, all[0].index));
    let expected =
        [("check", 6), ("no response", 1), ("request", 5), ("timeout", 4), ("truncated", 2)];
    assert_eq!(kinds.collect::<Vec<_>>(), expected);
    let text = report.to_string();
    assert!(text.contains("  request 6: status 200"), "{text}");
}

#[tokio::test]
async fn nobody_listens() {
    let engine = Engine::start(Options::default()).await.unwrap();
    let addr = engine.addr();
    engine.stop().await;
    let report = run(addr, &Plan::requests(2, 6), chat, right).await;
    assert_eq!((report.sent(), report.errors["connect"].len()), (6, 6));
    assert_eq!((report.latencies.max(), report.statuses.len()), (0, 0));
}

#[tokio::test]
async fn a_rate_is_kept_and_lateness_counts() {
    let engine = Engine::start(Options::default()).await.unwrap();
    let rate = Some(100.0);
    let plan = Plan { rate, ..Plan::time(4, Duration::from_millis(200)) };
    let report = run(engine.addr(), &plan, chat, right).await;
    assert_eq!((report.sent(), report.failed()), (20, 0));
    assert!(report.elapsed >= Duration::from_millis(190));
    let slow = |index: u64| chat(index).header(HEADER, "delay=40ms");
    let plan = Plan { rate, ..Plan::requests(1, 5) };
    let report = run(engine.addr(), &plan, slow, right).await;
    // The last is due after 40 ms, and its turn comes after 160.
    assert!(report.latencies.max() >= 160_000, "{}", report.latencies.max());
}

#[tokio::test]
async fn time_ends_it() {
    let engine = Engine::start(Options::default()).await.unwrap();
    let plan = Plan::time(2, Duration::from_millis(50));
    let report = run(engine.addr(), &plan, chat, right).await;
    assert!(report.sent() > 0 && report.elapsed >= Duration::from_millis(50));
}

#[test]
fn percentiles_are_exact() {
    let mut report = Report::default();
    for millis in (1..=200).rev() {
        report.succeed(Duration::ZERO, Duration::from_millis(millis));
    }
    report.finish(Duration::from_secs(2));
    let times = &report.latencies;
    assert_eq!(
        [50, 90, 99, 100].map(|p| times.percentile(p)),
        [100_000, 180_000, 198_000, 200_000]
    );
    assert_eq!((times.percentile(0), times.max()), (1000, 200_000));
    assert_eq!(Latencies::default().percentile(99), 0);
    assert!((report.rate() - 100.0).abs() < f64::EPSILON);
}
