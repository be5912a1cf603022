//! Other filters between the two.

use bytes::Bytes;
use serde_json::json;
use support::arrangement::Arrangement;
use support::bootstrap::Filter;
use support::client::{Client, Protocol};
use support::envoy::VERSIONS;
use support::stack::{Stack, TOLERANCE, trace_id};

use super::{SPANS, delay, delay_and_deny, envoys, lua, question, router, start_all};

/// Filters that let the request pass, each in its own time.
fn filters() -> Vec<(&'static str, Vec<Filter>)> {
    let buffer = || envoys("buffer", "buffer.v3.Buffer", json!({"max_request_bytes": 1 << 20}));
    vec![
        ("nothing", Vec::new()),
        ("Lua that adds a header", vec![lua("handle:headers():add('x-between', 'yes')")]),
        ("Lua that waits for the body", vec![lua("handle:body():length()")]),
        ("a filter that waits for the body", vec![buffer()]),
        ("a filter that waits for something else", vec![delay(200)]),
        ("both", vec![delay(100), buffer()]),
        // What the router writes counts: the length that Lua gives is replaced.
        ("Lua that changes the body", vec![lua("handle:body():setBytes('{}')")]),
    ]
}

/// A way to ask.
const ASKED: [(Protocol, bool, usize); 6] = [
    (Protocol::Http1, false, 1),
    (Protocol::Http1, true, 1),
    (Protocol::Http1, false, 4),
    (Protocol::Http2, false, 1),
    (Protocol::Http2, true, 1),
    (Protocol::Http2, false, 4),
];

#[tokio::test(flavor = "multi_thread")]
async fn a_filter_between_the_two_changes_nothing() {
    for version in VERSIONS {
        let stack = Stack::start().await.unwrap();
        let router = router(&stack);
        let around = |(name, filters)| (name, Arrangement::Pair.filters_around(&router, filters));
        let envoy = start_all(version, &stack, filters().into_iter().map(around)).await;
        let ways = filters().into_iter().flat_map(|(name, _)| ASKED.map(|asked| (name, asked)));
        let mut sent = Vec::new();
        for (index, (name, (protocol, stream, chunks))) in (0..).zip(ways) {
            let about =
                format!("{version}: {name}, {protocol:?}, stream {stream}, {chunks} chunks");
            let whole = question(index, stream);
            let body = whole.chunks.concat();
            let size = body.len().div_ceil(chunks);
            let request = whole.body(body.chunks(size).map(Bytes::copy_from_slice).collect());
            let response = Client::new(envoy.address(name).unwrap(), protocol).send(request).await;
            let response = response.unwrap_or_else(|error| panic!("{about}: {error}"));
            assert_eq!(response.status, 200, "{about}: {}", response.text());
            assert_eq!(response.header("x-vsr-selected-model"), Some("qwen"), "{about}");
            let reached = stack.reached();
            let [("a", recorded)] = &reached[..] else { panic!("{about}: {}", reached.len()) };
            assert_eq!(recorded.json()["model"], "qwen", "{about}");
            let length = recorded.header("content-length").map(str::parse);
            let known = length == Some(Ok(recorded.body.len()));
            assert!(known || length.is_none() && chunks > 1, "{about}: {length:?}");
            let told = recorded.header("traceparent").unwrap().to_owned();
            stack.clear();
            sent.push((about, told));
        }
        let tree = stack.wait_for_roots(sent.len(), SPANS).await.unwrap();
        assert_eq!(tree.check(TOLERANCE), [], "{version}");
        for (index, (about, told)) in (0..).zip(sent) {
            let trace = tree.trace(&trace_id(index));
            assert_eq!(trace.nodes().len(), 7, "{about}");
            let upstream = trace.one("semantic_router.upstream.request").unwrap();
            let expected = format!("00-{}-{}-01", upstream.trace_id(), upstream.span_id());
            assert_eq!(told, expected, "{about}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_filter_between_the_two_that_answers_leaves_a_trace_without_the_engine() {
    let respond = lua("handle:respond({[':status'] = '403'}, 'no')");
    let filters = [("at once", respond), ("later", delay_and_deny(200))];
    for version in VERSIONS {
        let stack = Stack::start().await.unwrap();
        let router = router(&stack);
        let around = |(name, filter): (_, Filter)| {
            (name, Arrangement::Pair.filters_around(&router, vec![filter]))
        };
        let envoy = start_all(version, &stack, filters.clone().into_iter().map(around)).await;
        for (index, (name, _)) in (0..).zip(&filters) {
            let about = format!("{version}: {name}");
            let client = Client::http1(envoy.address(name).unwrap());
            let response = client.send(question(index, false)).await.unwrap();
            assert_eq!(response.status, 403, "{about}");
            assert_eq!(stack.reached().len(), 0, "{about}");
            let tree = stack.wait_for_trace(&trace_id(index), 1, SPANS).await.unwrap();
            assert_eq!(tree.check(TOLERANCE), [], "{about}");
            for name in ["upstream.request", "response.processing"] {
                assert!(tree.one(&format!("semantic_router.{name}")).is_err(), "{about}: {name}");
            }
        }
    }
}
