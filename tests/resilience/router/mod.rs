//! The router, in every Envoy.

mod configuration;
mod exchange;
mod export;

use std::time::Duration;

use support::client::Request;
use support::envoy::VERSIONS;
use support::running::Running;
use support::stack::{Stack, TOLERANCE, trace_id, traceparent};
use support::tree::Tree;

/// How long spans may take from a filter to the backend.
const SPANS: Duration = Duration::from_secs(30);
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

/// The spans of a trace, which are to be the first `count` of a chat's.
async fn trace(running: &Running, index: u64, count: usize) -> Tree {
    let tree = running.stack.wait_for_trace(&trace_id(index), count, SPANS).await;
    let about = format!("{}: request {index}", running.version);
    let tree = tree.unwrap_or_else(|error| panic!("{about}: {error}"));
    assert_eq!(tree.check(TOLERANCE), [], "{about}");
    assert_eq!(tree.nodes().len(), count, "{about}");
    for name in &SPANS_OF_A_CHAT[..count] {
        assert!(tree.one(name).is_ok(), "{about}: {name}");
    }
    tree
}

/// The configuration that most tests use.
fn router(stack: &Stack) -> String {
    stack.config("router").unwrap()
}

/// A question of mathematics, in a trace of its own.
fn question(index: u64, stream: bool) -> Request {
    Request::chat("auto", "What is the derivative of x^2 + 3x?", stream)
        .header("traceparent", traceparent(index))
}
