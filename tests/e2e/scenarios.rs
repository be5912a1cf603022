//! The tables of `scenarios/`, natively and in every Envoy.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;
use std::time::Duration;

use support::client::{Client, Request, Response};
use support::envoy::{self, Envoy, VERSIONS};
use support::file::entries;
use support::native::Native;
use support::scenario::{Scenario, Seen, Table};
use support::stack::{ROOT, Stack, tree};
use support::tree::{Node, Tree};

/// How long spans may take from a filter to the backend.
const SPANS: Duration = Duration::from_secs(20);

fn tables(stack: &Stack) -> Vec<Table> {
    let files = entries(&envoy::checkout().join("tests/e2e/scenarios")).unwrap();
    let read = |file: &std::path::PathBuf| {
        let text = stack.fill(&fs::read_to_string(file).unwrap());
        Table::parse(&text).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
    };
    files.iter().map(read).collect()
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

fn judge(driver: &str, scenarios: &[&Scenario], came: Vec<Came>, tree: &Tree) {
    let mut failures = String::new();
    for (index, (scenario, came)) in scenarios.iter().zip(came).enumerate() {
        let Came { response, reached } = came;
        let seen = Seen { response, reached, spans: spans_of(tree, index) };
        let differences = scenario.differences(&seen);
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

#[tokio::test]
async fn native() {
    let stack = Stack::start().await.unwrap();
    let tables = tables(&stack);
    let mut scenarios = Vec::new();
    let mut came = Vec::new();
    let mut spans = Vec::new();
    for table in &tables {
        let config = stack.config(&table.config).unwrap();
        let native = Native::new(&config, stack.default.addr()).unwrap();
        for scenario in &table.scenarios {
            let request = scenario.request(scenarios.len());
            let response = native.send(&request).await.unwrap();
            came.push(take(&stack, response));
            scenarios.push(scenario);
        }
        spans.extend(native.take_spans());
    }
    judge("native", &scenarios, came, &Tree::new(&spans));
}

#[tokio::test(flavor = "multi_thread")]
async fn in_envoy() {
    for version in VERSIONS {
        let stack = Stack::start().await.unwrap();
        let tables = tables(&stack);
        let configs: BTreeMap<String, String> = tables
            .iter()
            .map(|table| (table.config.clone(), stack.config(&table.config).unwrap()))
            .collect();
        let bootstrap = stack.bootstrap(configs.into_iter().collect());
        let envoy = Envoy::start(version, &bootstrap).await.unwrap();
        let mut scenarios = Vec::new();
        let mut came = Vec::new();
        for table in &tables {
            let address = envoy.address(&table.config).unwrap();
            for scenario in &table.scenarios {
                let request = scenario.request(scenarios.len());
                let response = Client::http1(address).send(request).await;
                let response =
                    response.unwrap_or_else(|error| panic!("{}: {error}", scenario.name));
                came.push(take(&stack, response));
                scenarios.push(scenario);
            }
        }
        // One more, whose spans come after all others of its worker.
        let address = envoy.address(&tables[0].config).unwrap();
        Client::http1(address).send(Request::get("/health")).await.unwrap();
        let tree = stack.wait_for_roots(recorded(&scenarios) + 1, SPANS).await;
        let tree = tree.unwrap_or_else(|_| tree_so_far(&stack));
        judge(version, &scenarios, came, &tree);
        let log = envoy.log();
        assert!(!log.contains("[critical]") && !log.contains("[error]"), "{version}: {log}");
    }
}

fn tree_so_far(stack: &Stack) -> Tree {
    tree(&stack.backend.spans())
}
