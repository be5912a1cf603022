//! The router, in every Envoy.

mod configuration;
mod exchange;
mod export;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

use support::bootstrap::Bootstrap;
use support::client::Request;
use support::envoy::{Envoy, VERSIONS};
use support::stack::Stack;
use support::tree::Tree;

/// How long spans may take from a filter to the backend.
const SPANS: Duration = Duration::from_secs(30);
/// Clocks of the proxy are read in microseconds, in one process.
const TOLERANCE: Duration = Duration::from_micros(2);
/// What a chat request leaves, in the order in which it comes to be.
const SPANS_OF_A_CHAT: [&str; 7] = [
    "semantic_router.request.received",
    "semantic_router.classification",
    "semantic_router.routing.decision",
    "semantic_router.backend.selection",
    "semantic_router.system_prompt.injection",
    "semantic_router.upstream.request",
    "semantic_router.response.processing",
];

/// An Envoy with one listener, `ingress`, and what is around it.
struct Running {
    version: &'static str,
    stack: Stack,
    bootstrap: Bootstrap,
    envoy: Envoy,
}

impl Running {
    /// Starts it with the router configuration that `router` makes.
    async fn start(version: &'static str, router: impl Fn(&Stack) -> String) -> Self {
        let stack = Stack::start().await.unwrap();
        let bootstrap = stack.bootstrap(vec![("ingress".to_owned(), router(&stack))]);
        let envoy = Envoy::start(version, &bootstrap).await.unwrap();
        Self { version, stack, bootstrap, envoy }
    }

    fn address(&self) -> SocketAddr {
        self.envoy.address("ingress").unwrap()
    }

    /// The spans of a trace, which are to be the first `count` of a chat's.
    async fn trace(&self, index: u64, count: usize) -> Tree {
        let tree = self.stack.wait_for_trace(&trace_id(index), count, SPANS).await;
        let about = format!("{}: request {index}", self.version);
        let tree = tree.unwrap_or_else(|error| panic!("{about}: {error}"));
        assert_eq!(tree.check(TOLERANCE), [], "{about}");
        assert_eq!(tree.nodes().len(), count, "{about}");
        for name in &SPANS_OF_A_CHAT[..count] {
            assert!(tree.one(name).is_ok(), "{about}: {name}");
        }
        tree
    }

    /// The counters of spans, by what became of them.
    async fn spans(&self) -> BTreeMap<&'static str, u64> {
        let mut counts = BTreeMap::new();
        for what in ["made", "delivered", "dropped"] {
            let name = format!("wasmcustom.semantic_router_spans_{what}_total");
            counts.insert(what, self.envoy.stats_sum(&name).await);
        }
        let pending = self.envoy.stat("wasmcustom.semantic_router_spans_pending").await;
        counts.insert("pending", pending);
        counts
    }
}

/// The configuration that most tests use.
fn router(stack: &Stack) -> String {
    stack.config("router").unwrap()
}

fn trace_id(index: u64) -> String {
    format!("{:032x}", u128::from(index) + 1)
}

/// A question of mathematics, in a trace of its own.
fn question(index: u64, stream: bool) -> Request {
    Request::chat("auto", "What is the derivative of x^2 + 3x?", stream)
        .header("traceparent", format!("00-{}-b7ad6b7169203331-01", trace_id(index)))
}
