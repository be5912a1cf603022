//! One filter without the other.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use semantic_router_filter::metrics::catalog::STAGES;
use support::arrangement::{hold, with_mode};
use support::bootstrap::{Filter, Wasm};
use support::client::{Client, Protocol, Request};
use support::envoy::{Envoy, VERSIONS};
use support::stack::{Stack, trace_id};

use super::{SPANS, delay, question, router, start_all};

/// A way to put them together wrong.
struct Wrong {
    name: &'static str,
    filters: fn(&str, &str) -> Vec<Filter>,
    /// What is counted, by name, each request once.
    reasons: &'static [&'static str],
    /// Whether the engine gets a request that is refused.
    refused_late: bool,
}

fn classify(router: &str, policy: &str) -> Filter {
    let router = router.replace("on_unclassified: pass", &format!("on_unclassified: {policy}"));
    Filter::plain(with_mode(&router, "classify"))
}

fn holding(policy: &str) -> Filter {
    Filter::plain(hold(policy))
}

fn elsewhere(filter: Filter) -> Filter {
    match filter {
        Filter::Wasm(wasm) => Filter::Wasm(Wasm { vm_id: "elsewhere", ..wasm }),
        other @ (Filter::Discovered(_) | Filter::Other(_)) => other,
    }
}

/// Every reason.
const REASONS: [&str; 3] = ["classify_missing", "classify_in_other_vm", "hold_missing"];

const WRONG: [Wrong; 5] = [
    Wrong {
        name: "hold alone",
        filters: |_, policy| vec![holding(policy)],
        reasons: &["classify_missing"],
        refused_late: false,
    },
    Wrong {
        name: "hold before classify",
        filters: |router, policy| vec![holding(policy), classify(router, policy)],
        reasons: &["classify_missing", "hold_missing"],
        refused_late: false,
    },
    Wrong {
        name: "hold in another virtual machine",
        filters: |router, policy| vec![classify(router, policy), elsewhere(holding(policy))],
        reasons: &["classify_in_other_vm", "hold_missing"],
        refused_late: false,
    },
    Wrong {
        name: "classify alone",
        filters: |router, policy| vec![classify(router, policy)],
        reasons: &["hold_missing"],
        refused_late: false,
    },
    Wrong {
        name: "classify alone, before a filter that keeps the request for a while",
        filters: |router, policy| vec![classify(router, policy), delay(100)],
        reasons: &["hold_missing"],
        refused_late: true,
    },
];

/// A listener for each of them.
fn listeners<'a>(
    router: &'a str,
    policy: &'a str,
) -> impl Iterator<Item = (&'static str, Vec<Filter>)> {
    WRONG.iter().map(move |wrong| (wrong.name, (wrong.filters)(router, policy)))
}

const REQUESTS: u64 = 4;

/// The status of the answer to a request, and whether the router says anything
/// in it.
async fn send(address: SocketAddr, index: u64) -> (u16, bool) {
    let protocol = if index.is_multiple_of(2) { Protocol::Http1 } else { Protocol::Http2 };
    let request = question(index, false)
        .header("x-vsr-destination-endpoint", "127.0.0.1:1")
        .header("x-selected-model", "evil");
    let response = Client::new(address, protocol).send(request).await.unwrap();
    (response.status, response.headers.iter().any(|(name, _)| name.starts_with("x-vsr-")))
}

/// What is counted of each reason.
async fn counted(envoy: &Envoy, outcome: &str) -> BTreeMap<&'static str, u64> {
    let series = envoy.series().await;
    let count = |reason: &str| {
        let labels = [("stage", "classification"), ("outcome", outcome), ("reason", reason)];
        let labels = labels.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let labels = BTreeMap::from(labels);
        let found = series.iter().find(|found| found.name == STAGES.name && found.labels == labels);
        found.map_or(0, |found| found.value)
    };
    REASONS.into_iter().map(|reason| (reason, count(reason))).collect()
}

/// That each reason stands in the log, once.
fn assert_logged(envoy: &Envoy, version: &str) {
    let log = envoy.log();
    for reason in REASONS {
        let says = |line: &&str| line.contains(&format!(": {reason}: "));
        assert_eq!(log.lines().filter(says).count(), 1, "{version}: {reason}: {log}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_passes_unread_and_says_so_where_that_is_the_policy() {
    for version in VERSIONS {
        let stack = Stack::start().await.unwrap();
        let envoy = start_all(version, &stack, listeners(&router(&stack), "pass")).await;
        let mut expected = counted(&envoy, "failed_open").await;
        for (of, wrong) in (0..).zip(&WRONG) {
            let about = format!("{version}: {}", wrong.name);
            for index in of * REQUESTS..(of + 1) * REQUESTS {
                let answer = send(envoy.address(wrong.name).unwrap(), index).await;
                // The default engine has no model `auto`.
                assert_eq!(answer, (404, false), "{about}");
                let reached = stack.reached();
                let [("default", recorded)] = &reached[..] else { panic!("{about}") };
                assert_eq!(recorded.body, question(0, false).chunks.concat(), "{about}");
                for name in ["x-vsr-destination-endpoint", "x-selected-model"] {
                    assert_eq!(recorded.header(name), None, "{about}");
                }
                stack.clear();
            }
            for reason in wrong.reasons {
                *expected.get_mut(reason).unwrap() += REQUESTS;
            }
            assert_eq!(counted(&envoy, "failed_open").await, expected, "{about}");
            if wrong.reasons.contains(&"hold_missing") {
                let trace = trace_id(of * REQUESTS);
                let tree = stack.wait_for_trace(&trace, 2, SPANS).await.unwrap();
                let span = tree.one("semantic_router.classification").unwrap();
                assert_eq!(span.text("stage.reason"), Some("hold_missing"), "{about}");
            }
        }
        assert_logged(&envoy, version);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_is_refused_where_that_is_the_policy() {
    for version in VERSIONS {
        let stack = Stack::start().await.unwrap();
        let envoy = start_all(version, &stack, listeners(&router(&stack), "reject")).await;
        let mut expected = counted(&envoy, "failed_closed").await;
        for wrong in &WRONG {
            let about = format!("{version}: {}", wrong.name);
            let address = envoy.address(wrong.name).unwrap();
            for index in 0..REQUESTS {
                assert_eq!(send(address, index).await, (503, false), "{about}");
                let reached = stack.reached();
                let whole = reached.iter().filter(|(_, recorded)| recorded.complete).count();
                assert_eq!(whole, usize::from(wrong.refused_late), "{about}");
                stack.clear();
            }
            *expected.get_mut(wrong.reasons[0]).unwrap() += REQUESTS;
            assert_eq!(counted(&envoy, "failed_closed").await, expected, "{about}");
            // There is nothing to read of it.
            let healthy = Client::http1(address).send(Request::get("/health")).await.unwrap();
            assert_eq!(healthy.status, 200, "{about}");
        }
        assert_logged(&envoy, version);
    }
}
