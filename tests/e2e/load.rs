//! Many requests at once: none lost, none misrouted, each with a whole trace.

use std::collections::HashMap;
use std::time::Duration;

use support::arrangement::Arrangement;
use support::client::{Protocol, Request};
use support::envoy::VERSIONS;
use support::load::{self, Plan};
use support::running::Running;
use support::stack::{Stack, TOLERANCE};

const REQUESTS: u64 = 2_000;
const CONNECTIONS: usize = 20;
/// How long spans may take from a filter to the backend.
const SPANS: Duration = Duration::from_mins(1);

/// A kind of request, and where it is to go.
struct Kind {
    model: &'static str,
    prompt: &'static str,
    stream: bool,
    selected: &'static str,
    engine: &'static str,
}

const KINDS: [Kind; 6] = [
    Kind::auto("What is the derivative of x^2 + 3x?", false, "qwen", "a"),
    Kind::auto("Solve the integral of sin(x) dx from 0 to pi.", true, "qwen", "a"),
    Kind::auto("Write a Python function that reverses a linked list.", true, "gpt-oss", "b"),
    Kind::auto("How do mitochondria produce ATP in a cell?", false, "gpt-oss", "b"),
    Kind::auto("When did the Roman Empire fall?", false, "plain", "b"),
    Kind { model: "qwen", prompt: "Hello", stream: false, selected: "qwen", engine: "a" },
];

impl Kind {
    const fn auto(
        prompt: &'static str,
        stream: bool,
        selected: &'static str,
        engine: &'static str,
    ) -> Self {
        Self { model: "auto", prompt, stream, selected, engine }
    }

    fn of(index: u64) -> &'static Self {
        &KINDS[usize::try_from(index).unwrap() % KINDS.len()]
    }

    fn request(index: u64) -> Request {
        let kind = Self::of(index);
        Request::chat(kind.model, kind.prompt, kind.stream)
            .header("x-request-id", index.to_string())
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn none_is_lost_none_misrouted_and_every_trace_is_whole() {
    use Arrangement::{Pair, Single};
    use Protocol::{Http1, Http2};
    let [new, old] = VERSIONS;
    for (version, arrangement, protocol) in [
        (new, Single, Http1),
        (old, Single, Http1),
        (new, Pair, Http1),
        (new, Pair, Http2),
        (old, Pair, Http2),
    ] {
        let about = format!("{version}, {arrangement:?}, {protocol:?}");
        let stack = Stack::start().await.unwrap();
        let filters = arrangement.filters(&stack.config("router").unwrap());
        let Running { stack, envoy: _envoy, address, .. } =
            Running::arranged(version, stack, filters).await.unwrap();
        let plan = Plan { protocol, ..Plan::requests(CONNECTIONS, REQUESTS) };
        let check = |index, response: &support::client::Response| {
            let kind = Kind::of(index);
            let selected = response.header("x-vsr-selected-model");
            match (response.status, selected) {
                (200, Some(model)) if model == kind.selected => Ok(()),
                (200, None) if kind.model != "auto" => Ok(()),
                _ => Err(format!("{}: {selected:?}, not {}", response.status, kind.selected)),
            }
        };
        let report = load::run(address, &plan, Kind::request, check).await;
        assert_eq!((report.sent(), report.failed()), (2_000, 0), "{about}: {report}");

        // What each engine got is what it was to get, each request once.
        let mut reached = HashMap::new();
        for (engine, recorded) in stack.reached() {
            let index: u64 = recorded.header("x-request-id").unwrap().parse().unwrap();
            let kind = Kind::of(index);
            let model = recorded.json()["model"].as_str().map(str::to_owned);
            assert_eq!((engine, model.as_deref()), (kind.engine, Some(kind.selected)), "{index}");
            let length = recorded.header("content-length").unwrap().parse();
            assert_eq!(length, Ok(recorded.body.len()), "{index}");
            let parent = recorded.header("traceparent").unwrap().to_owned();
            assert_eq!(reached.insert(index, parent), None, "{about}: {index} twice");
        }
        assert_eq!(reached.len(), 2_000, "{about}");

        // The trace of each is whole, and the engine was told of it.
        let tree = stack.wait_for_roots(2_000, SPANS).await.unwrap();
        assert_eq!(tree.check(TOLERANCE), [], "{about}");
        assert_eq!(tree.nodes().len(), 14_000, "{about}");
        let mut traces: HashMap<String, Vec<&support::tree::Node>> = HashMap::new();
        for node in tree.nodes() {
            traces.entry(node.trace_id()).or_default().push(node);
        }
        assert_eq!(traces.len(), 2_000, "{about}");
        for spans in traces.values() {
            assert_eq!(spans.len(), 7, "{about}");
            let find = |name: &str| {
                let name = format!("semantic_router.{name}");
                *spans.iter().find(|span| span.name() == name).unwrap()
            };
            let root = find("request.received");
            let index: u64 = root.text("request.id").unwrap().parse().unwrap();
            let kind = Kind::of(index);
            let selected = find("routing.decision").text("routing.selected_model");
            assert_eq!(selected, Some(kind.selected), "{about}: {index}");
            let upstream = find("upstream.request");
            // Sampled, and of a trace whose id is random (W3C level 2).
            let told = format!("00-{}-{}-03", upstream.trace_id(), upstream.span_id());
            assert_eq!(reached[&index], told, "{about}: {index}");
        }
    }
}
