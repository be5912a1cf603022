//! Clients that leave, and many requests at once.

use std::time::Duration;

use bytes::Bytes;
use support::arrangement::Arrangement;
use support::client::{Client, Error, HangUp, Protocol};
use support::envoy::VERSIONS;
use support::load::{self, Plan};
use support::running::Running;
use support::stack::{ROOT, Stack, trace_id};

use super::{SPANS, question, router, start};

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_leaves_before_the_verdict_reaches_no_engine() {
    for version in VERSIONS {
        let running = start(version, |router| Arrangement::Pair.filters(router)).await;
        for (index, protocol) in (0..).zip([Protocol::Http1, Protocol::Http2]) {
            let about = format!("{version}: {protocol:?}");
            let whole = question(index, false);
            let body = whole.chunks.concat();
            let halves = body.chunks(body.len() / 2).map(Bytes::copy_from_slice).collect();
            let mut request =
                whole.body(halves).hang_up(HangUp::AfterTime(Duration::from_millis(300)));
            request.chunk_delay = Duration::from_secs(5);
            let outcome = Client::new(running.address, protocol).send(request).await;
            assert_eq!(outcome.unwrap_err(), Error::HungUp, "{about}");
            let tree = running.stack.wait_for_trace(&trace_id(index), 1, SPANS).await.unwrap();
            let error = tree.one(ROOT).unwrap().text("error.type");
            assert_eq!(error, Some("client_disconnected"), "{about}");
            assert_eq!((tree.nodes().len(), running.stack.reached().len()), (1, 0), "{about}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn clients_that_leave_around_the_verdict_disturb_no_other() {
    for version in VERSIONS {
        let running = start(version, |router| Arrangement::Pair.filters(router)).await;
        for protocol in [Protocol::Http1, Protocol::Http2] {
            // A verdict takes about a millisecond.
            let leave = |index: u64| HangUp::AfterTime(Duration::from_micros(index % 40 * 100));
            let leaving = Plan { protocol, ..Plan::requests(10, 800) };
            let staying = Plan { protocol, ..Plan::requests(10, 800) };
            let (address, left) =
                (running.address, move |index| question(index, false).hang_up(leave(index)));
            let others =
                tokio::spawn(
                    async move { load::run(address, &leaving, left, |_, _| Ok(())).await },
                );
            let check = |_, response: &support::client::Response| {
                let selected = response.header("x-vsr-selected-model");
                if response.status == 200 && selected == Some("qwen") {
                    Ok(())
                } else {
                    Err(format!("{}: {selected:?}", response.status))
                }
            };
            let make = |index: u64| question(1 << 20 | index, index.is_multiple_of(2));
            let report = load::run(address, &staying, make, check).await;
            others.await.unwrap();
            assert_eq!((report.sent(), report.failed()), (800, 0), "{version}: {report}");
        }
        let log = running.envoy.log();
        assert!(!log.contains("[critical]") && !log.contains("[error]"), "{version}: {log}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_sidecar_is_asked_is_decided_on_by_the_pair() {
    for version in VERSIONS {
        let stack = Stack::start().await.unwrap();
        let sidecar = "inference: {budget_ms: 10000, category: {backend: sidecar}}, ";
        let router = router(&stack).replace("filter: {", &format!("filter: {{{sidecar}"));
        let filters = Arrangement::Pair.filters(&router);
        let mut running = Running::arranged(version, stack, filters).await.unwrap();
        for protocol in [Protocol::Http1, Protocol::Http2] {
            let about = format!("{version}: {protocol:?}");
            let response = Client::new(running.address, protocol).send(question(0, true)).await;
            let response = response.unwrap();
            assert_eq!(response.header("x-vsr-selected-model"), Some("qwen"), "{about}");
            let reached = running.stack.reached();
            assert_eq!(reached.len(), 1, "{about}");
            assert_eq!(reached[0].1.json()["model"], "qwen", "{about}");
            running.stack.clear();
        }
        running.stack.stop_collector().await;
        let unknown = support::client::Request::chat("auto", "Nobody has asked this before", false);
        let response = Client::http1(running.address).send(unknown).await.unwrap();
        assert_eq!(response.header("x-vsr-selected-model"), Some("plain"), "{version}");
    }
}
