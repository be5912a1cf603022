//! An exchange that breaks off: every span of it ends and says why.

use std::time::Duration;

use bytes::Bytes;
use support::client::{Client, End, Error, HangUp, Request, Response};
use support::stack::ROOT;

use super::{Running, VERSIONS, question, router, trace};

const UPSTREAM: &str = "semantic_router.upstream.request";
const RESPONSE: &str = "semantic_router.response.processing";

/// A way to break off.
struct Break {
    name: &'static str,
    request: fn(u64) -> Request,
    /// What the client sees.
    seen: fn(&Result<Response, Error>) -> bool,
    /// `error.type` of the root and of the request upstream.
    error: &'static str,
    /// How many of a chat's spans there are to be.
    spans: usize,
}

fn is_truncated(outcome: &Result<Response, Error>) -> bool {
    matches!(outcome, Ok(Response { status: 200, end: End::Truncated(_), .. }))
}

const BREAKS: [Break; 5] = [
    Break {
        name: "the client leaves in the middle of a stream",
        request: |index| {
            question(index, true)
                .header("x-simulate", "token-delay=50ms")
                .hang_up(HangUp::AfterBytes(200))
        },
        seen: |outcome| matches!(outcome, Ok(Response { status: 200, end: End::HungUp, .. })),
        error: "client_disconnected",
        spans: 7,
    },
    Break {
        name: "the client leaves before there is a response",
        request: |index| {
            question(index, false)
                .header("x-simulate", "delay=10s")
                .hang_up(HangUp::AfterTime(Duration::from_millis(500)))
        },
        seen: |outcome| matches!(outcome, Err(Error::HungUp)),
        error: "client_disconnected",
        spans: 6,
    },
    Break {
        name: "the engine resets a stream",
        request: |index| question(index, true).header("x-simulate", "reset-after=3"),
        seen: is_truncated,
        error: "upstream_reset",
        spans: 7,
    },
    Break {
        name: "the engine resets within a JSON body",
        request: |index| question(index, false).header("x-simulate", "reset-after=1"),
        seen: is_truncated,
        error: "upstream_reset",
        spans: 7,
    },
    Break {
        name: "the engine resets without a response",
        request: |index| question(index, false).header("x-simulate", "reset"),
        seen: |outcome| matches!(outcome, Ok(Response { status: 503, .. })),
        error: "upstream_reset",
        spans: 7,
    },
];

#[tokio::test(flavor = "multi_thread")]
async fn every_span_ends_and_says_why() {
    for version in VERSIONS {
        let running = Running::start(version, router).await.unwrap();
        for (index, case) in (0..).zip(&BREAKS) {
            let name = format!("{version}: {}", case.name);
            let request = (case.request)(index);
            let outcome = Client::http1(running.address).send(request).await;
            assert!((case.seen)(&outcome), "{name}: {outcome:?}");
            let tree = trace(&running, index, case.spans).await;
            let broken = [ROOT, UPSTREAM, RESPONSE];
            for span in tree.nodes().iter().filter(|span| broken.contains(&span.name())) {
                assert!(span.is_error(), "{name}: {}", span.name());
                assert_eq!(span.text("error.type"), Some(case.error), "{name}: {}", span.name());
            }
            let routed = tree.one("semantic_router.routing.decision").unwrap();
            assert_eq!(routed.text("routing.selected_model"), Some("qwen"), "{name}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_leaves_before_its_body_is_whole_reaches_no_engine() {
    for version in VERSIONS {
        let running = Running::start(version, router).await.unwrap();
        let whole = question(0, false);
        let body = whole.chunks.concat();
        let halves = body.chunks(body.len() / 2).map(Bytes::copy_from_slice).collect();
        let mut request = whole.body(halves).hang_up(HangUp::AfterTime(Duration::from_millis(300)));
        request.chunk_delay = Duration::from_secs(5);
        let outcome = Client::http1(running.address).send(request).await;
        assert_eq!(outcome.unwrap_err(), Error::HungUp, "{version}");
        let tree = trace(&running, 0, 1).await;
        assert_eq!(
            tree.one(ROOT).unwrap().text("error.type"),
            Some("client_disconnected"),
            "{version}"
        );
        assert_eq!(running.stack.reached().len(), 0, "{version}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_engine_that_is_not_there_is_a_503_with_its_spans() {
    for version in VERSIONS {
        // Nobody listens on port 1.
        let nowhere = |stack: &support::stack::Stack| {
            router(stack).replace(&format!("port: {}", stack.a.addr().port()), "port: 1")
        };
        let running = Running::start(version, nowhere).await.unwrap();
        let response = Client::http1(running.address).send(question(0, false)).await.unwrap();
        assert_eq!(response.status, 503, "{version}");
        let tree = trace(&running, 0, 7).await;
        assert_eq!(tree.one(ROOT).unwrap().int("http.status_code"), Some(503), "{version}");
        let upstream = tree.one(UPSTREAM).unwrap();
        assert_eq!(upstream.text("error.type"), Some("upstream_reset"), "{version}");
        assert_eq!(upstream.text("endpoint.address"), Some("127.0.0.1:1"), "{version}");
    }
}
