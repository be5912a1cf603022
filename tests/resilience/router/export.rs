//! The way of spans out of Envoy, while the collector fails.

use std::time::Duration;

use semantic_router_filter::metrics::catalog::BATCHES_RETRIED;
use support::client::Client;
use support::load::{self, Plan};
use support::metrics;
use support::stack::Stack;
use tokio::time::sleep;

use super::{Running, SPANS, VERSIONS, question, router};

const CONNECTIONS: usize = 20;
const DOWN: Duration = Duration::from_secs(10);

/// Load until well after the collector is back.
fn plan() -> Plan {
    Plan { rate: Some(100.0), ..Plan::time(CONNECTIONS, DOWN + Duration::from_secs(4)) }
}

/// The configuration, with room for so many spans in each worker.
fn room_for(spans: usize) -> impl Fn(&Stack) -> String {
    move |stack| {
        router(stack)
            .replace("filter: {", &format!("filter: {{collector: {{max_queued_spans: {spans}}}, "))
    }
}

/// Runs load with the collector down for ten seconds in the midst of it, and
/// waits until every span is accounted for. Gives the number of requests.
async fn outage(running: &mut Running) -> usize {
    let address = running.address;
    let make = |index| question(index, index % 2 == 0);
    let loading =
        tokio::spawn(async move { load::run(address, &plan(), make, |_, _| Ok(())).await });
    sleep(Duration::from_secs(1)).await;
    let undelivered = running.stack.stop_collector().await;
    assert_eq!(undelivered, 0, "the collector keeps nothing for itself");
    sleep(DOWN).await;
    running.stack.restart_collector().await.unwrap();
    let report = loading.await.unwrap();
    assert_eq!(report.failed(), 0, "{}: {report}", running.version);
    let expected = report.sent() as u64 * 7;
    for _ in 0..SPANS.as_millis() / 100 {
        let spans = running.spans().await;
        // Counters are published every 100 ms.
        if spans["made"] == expected && spans["pending"] == 0 {
            break;
        }
        sleep(Duration::from_millis(100)).await;
    }
    report.sent()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_collector_that_is_down_for_ten_seconds_costs_no_span() {
    for version in VERSIONS {
        let mut running = Running::start(version, router).await.unwrap();
        let requests = outage(&mut running).await;
        let spans = running.spans().await;
        assert_eq!(spans["made"], requests as u64 * 7, "{version}: {spans:?}");
        assert_eq!(spans["delivered"], spans["made"], "{version}: {spans:?}");
        running.stack.wait_for_roots(requests, SPANS).await.unwrap();
        assert_eq!(running.stack.backend.unique_spans() as u64, spans["made"], "{version}");
        let retried = metrics::sum(&running.envoy.series().await, &BATCHES_RETRIED);
        assert!(retried > 0, "{version}: the outage was felt");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_finds_no_room_is_counted_as_dropped() {
    for version in VERSIONS {
        let mut running = Running::start(version, room_for(1_000)).await.unwrap();
        let requests = outage(&mut running).await;
        let spans = running.spans().await;
        assert_eq!(spans["made"], requests as u64 * 7, "{version}: {spans:?}");
        assert!(spans["dropped"] > 0 && spans["delivered"] > 0, "{version}: {spans:?}");
        assert_eq!(spans["made"], spans["delivered"] + spans["dropped"], "{version}: {spans:?}");
        let kept = usize::try_from(spans["delivered"] / 7).unwrap();
        running.stack.wait_for_roots(kept, SPANS).await.unwrap();
        assert_eq!(running.stack.backend.unique_spans() as u64, spans["delivered"], "{version}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_collector_costs_no_request() {
    for version in VERSIONS {
        let mut running = Running::start(version, router).await.unwrap();
        running.stack.stop_collector().await;
        let plan = Plan::requests(CONNECTIONS, 100);
        let make = |index| question(index, index % 2 == 0);
        let report = load::run(running.address, &plan, make, |_, _| Ok(())).await;
        assert_eq!((report.sent(), report.failed()), (100, 0), "{version}: {report}");
        sleep(Duration::from_secs(1)).await;
        let spans = running.spans().await;
        assert_eq!((spans["made"], spans["pending"]), (700, 700), "{version}: {spans:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_collector_cluster_that_envoy_does_not_have_costs_no_request() {
    for version in VERSIONS {
        let unknown = |stack: &Stack| {
            router(stack).replace("filter: {", "filter: {collector: {cluster: not-there}, ")
        };
        let running = Running::start(version, unknown).await.unwrap();
        let response = Client::http1(running.address).send(question(0, false)).await.unwrap();
        assert_eq!(response.status, 200, "{version}");
        sleep(Duration::from_secs(1)).await;
        let spans = running.spans().await;
        assert_eq!((spans["made"], spans["pending"]), (7, 7), "{version}: {spans:?}");
        let log = running.envoy.log();
        assert!(log.contains("collector cluster not-there"), "{version}: {log}");
    }
}
