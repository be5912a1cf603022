//! The tables of `scenarios/`, natively and in every Envoy.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::fs;
use std::time::Duration;

use support::arrangement::{Arrangement, with_mode};
use support::client::{Client, Protocol, Request, Response};
use support::envoy::{self, Envoy, VERSIONS};
use support::file::entries;
use support::native::Native;
use support::scenario::{Scenario, Seen, Table};
use support::stack::{ROOT, Stack, tree};
use support::tree::{Node, Tree};

/// How long spans may take from a filter to the backend.
const SPANS: Duration = Duration::from_secs(20);

/// The tables for an arrangement: those of the configuration `observe` are for
/// that one alone, and need no other.
fn tables(stack: &Stack, arrangement: Arrangement) -> Vec<Table> {
    let files = entries(&envoy::checkout().join("tests/e2e/scenarios")).unwrap();
    let read = |file: &std::path::PathBuf| {
        let text = stack.fill(&fs::read_to_string(file).unwrap());
        let text = text.replace("${MODE}", arrangement.mode());
        Table::parse(&text).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
    };
    let mut tables: Vec<Table> = files.iter().map(read).collect();
    tables.retain(|table| arrangement == Arrangement::Single || table.config != "observe");
    tables
}

/// What came of a scenario, but for its spans.
struct Came {
    response: Response,
    reached: Vec<(&'static str, support::engine::Recorded)>,
}

fn take(stack: &Stack, response: Response) -> Came {
    let came = Came { response, reached: stack.reached() };
    stack.clear();
    came
}

/// The spans of a scenario: those of the trace whose root has its marker.
fn spans_of(tree: &Tree, index: usize) -> Tree {
    let marker = Scenario::marker(index);
    let is_root = |node: &&Node| {
        let path = node.text("http.path").unwrap_or_default();
        node.name() == ROOT && path.split(['?', '&']).any(|part| part == marker)
    };
    let Some(root) = tree.nodes().iter().find(is_root) else { return Tree::default() };
    let own = tree.nodes().iter().filter(|node| {
        node.trace_id() == root.trace_id()
            && (node.parent_id() == root.span_id() || node.span_id() == root.span_id())
    });
    Tree::of(own.cloned().collect())
}

/// In what a scenario went otherwise than it was to.
type Told = fn(&Scenario, &Seen) -> Vec<String>;

fn judge(driver: &str, told: Told, scenarios: &[&Scenario], came: Vec<Came>, tree: &Tree) {
    let mut failures = String::new();
    for (index, (scenario, came)) in scenarios.iter().zip(came).enumerate() {
        let Came { response, reached } = came;
        let seen = Seen { response, reached, spans: spans_of(tree, index) };
        let differences = told(scenario, &seen);
        if !differences.is_empty() {
            let _ = writeln!(failures, "\n{driver}: {}", scenario.name);
            for difference in differences {
                let _ = writeln!(failures, "  - {difference}");
            }
        }
    }
    assert!(failures.is_empty(), "{failures}");
}

fn recorded(scenarios: &[&Scenario]) -> usize {
    scenarios.iter().filter(|scenario| !scenario.expect.spans.is_empty()).count()
}

async fn natively(arrangement: Arrangement, told: Told) {
    let stack = Stack::start().await.unwrap();
    let tables = tables(&stack, arrangement);
    let mut scenarios = Vec::new();
    let mut came = Vec::new();
    let mut spans = Vec::new();
    for table in &tables {
        let mut config = stack.config(&table.config).unwrap();
        if arrangement == Arrangement::Observe {
            config = with_mode(&config, "observe");
        }
        let native = Native::new(&config, stack.default.addr()).unwrap();
        for scenario in &table.scenarios {
            let request = scenario.request(scenarios.len());
            let response = native.send(&request).await.unwrap();
            came.push(take(&stack, response));
            scenarios.push(scenario);
        }
        spans.extend(native.take_spans());
    }
    judge("native", told, &scenarios, came, &Tree::new(&spans));
}

async fn in_envoys(arrangement: Arrangement, protocol: Protocol, told: Told) {
    for version in VERSIONS {
        let driver = format!("{version}, {arrangement:?}, {protocol:?}");
        let stack = Stack::start().await.unwrap();
        let tables = tables(&stack, arrangement);
        let configs: BTreeSet<&String> = tables.iter().map(|table| &table.config).collect();
        let filters = |name: &String| arrangement.filters(&stack.config(name).unwrap());
        let bootstrap = stack.bootstrap_with(
            configs.into_iter().map(|name| (name.clone(), filters(name))).collect(),
        );
        let envoy = Envoy::start(version, &bootstrap).await.unwrap();
        let mut scenarios = Vec::new();
        let mut came = Vec::new();
        for table in &tables {
            let address = envoy.address(&table.config).unwrap();
            for scenario in &table.scenarios {
                let request = scenario.request(scenarios.len());
                let response = Client::new(address, protocol).send(request).await;
                let response =
                    response.unwrap_or_else(|error| panic!("{driver}: {}: {error}", scenario.name));
                came.push(take(&stack, response));
                scenarios.push(scenario);
            }
        }
        // One more, whose spans come after all others of its worker.
        let address = envoy.address(&tables[0].config).unwrap();
        Client::http1(address).send(Request::get("/health")).await.unwrap();
        let tree = stack.wait_for_roots(recorded(&scenarios) + 1, SPANS).await;
        let tree = tree.unwrap_or_else(|_| tree_so_far(&stack));
        judge(&driver, told, &scenarios, came, &tree);
        let log = envoy.log();
        assert!(!log.contains("[critical]") && !log.contains("[error]"), "{driver}: {log}");
    }
}

#[tokio::test]
async fn native() {
    natively(Arrangement::Single, Scenario::differences).await;
}

#[tokio::test]
async fn native_observed() {
    natively(Arrangement::Observe, Scenario::differences_observed).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn in_envoy() {
    in_envoys(Arrangement::Single, Protocol::Http1, Scenario::differences).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn in_envoy_as_a_pair() {
    in_envoys(Arrangement::Pair, Protocol::Http1, Scenario::differences).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn in_envoy_as_a_pair_over_http2() {
    in_envoys(Arrangement::Pair, Protocol::Http2, Scenario::differences).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn in_envoy_observed() {
    in_envoys(Arrangement::Observe, Protocol::Http1, Scenario::differences_observed).await;
}

fn tree_so_far(stack: &Stack) -> Tree {
    tree(&stack.backend.spans())
}
