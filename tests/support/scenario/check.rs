//! What came, held against what was to come.

use std::collections::{BTreeMap, BTreeSet};

use opentelemetry_proto::tonic::common::v1::any_value::Value as Any;
use opentelemetry_proto::tonic::trace::v1::Status;
use opentelemetry_proto::tonic::trace::v1::status::StatusCode;
use serde_yaml::Value;

use super::{Reached, Scenario, Seen, SpanIs};
use crate::client::fields::texts;
use crate::engine::Recorded;
use crate::stack::TOLERANCE;
use crate::tree::Node;

const PREFIX: &str = "semantic_router.";

pub(super) fn differences(scenario: &Scenario, seen: &Seen) -> Vec<String> {
    let mut differences = Vec::new();
    client(scenario, seen, &mut differences);
    engine(scenario, seen, &mut differences);
    spans(scenario, seen, &mut differences);
    invariants(seen, &mut differences);
    differences
}

fn client(scenario: &Scenario, seen: &Seen, differences: &mut Vec<String>) {
    let expected = &scenario.expect.client;
    let response = &seen.response;
    if response.status != expected.status {
        differences.push(format!("status {}, not {}", response.status, expected.status));
    }
    let first = |name: &str| response.header(name).map(str::to_owned);
    headers("client", &expected.headers, first, differences);
    if let Some(text) = &expected.contains
        && !response.text().contains(text)
    {
        differences.push(format!("client: the body lacks {text:?}: {}", response.text()));
    }
}

fn engine(scenario: &Scenario, seen: &Seen, differences: &mut Vec<String>) {
    match (&scenario.expect.engine, seen.reached.as_slice()) {
        (None, []) => {}
        (Some(expected), [(name, recorded)]) => {
            if expected.name != *name {
                differences.push(format!("reached engine {name}, not {}", expected.name));
            }
            body(scenario, expected, recorded, differences);
            let all = |name: &str| {
                let values = texts(&recorded.headers, name);
                (!values.is_empty()).then(|| values.join(", "))
            };
            headers("engine", &expected.headers, all, differences);
        }
        (expected, reached) => {
            let expected = expected.as_ref().map_or("none", |engine| engine.name.as_str());
            let names: Vec<&str> = reached.iter().map(|(name, _)| *name).collect();
            differences.push(format!("reached engines {names:?}, not {expected}"));
        }
    }
}

fn body(
    scenario: &Scenario,
    expected: &Reached,
    recorded: &Recorded,
    differences: &mut Vec<String>,
) {
    let own = || scenario.request(0).chunks.concat();
    let wanted = expected.body.as_ref().map_or_else(own, |body| body.clone().into_bytes());
    if recorded.body != wanted {
        let shown =
            |bytes: &[u8]| String::from_utf8_lossy(bytes).chars().take(2_000).collect::<String>();
        let (got, wanted) = (shown(&recorded.body), shown(&wanted));
        differences.push(format!("engine: body\n      {got}\n    not\n      {wanted}"));
    }
}

fn headers(
    who: &str,
    expected: &BTreeMap<String, Option<String>>,
    actual: impl Fn(&str) -> Option<String>,
    differences: &mut Vec<String>,
) {
    for (name, wanted) in expected {
        let got = actual(name);
        if got.as_deref() != wanted.as_deref() {
            differences.push(format!("{who}: header {name} is {got:?}, not {wanted:?}"));
        }
    }
}

fn spans(scenario: &Scenario, seen: &Seen, differences: &mut Vec<String>) {
    let expected = &scenario.expect.spans;
    let names: Vec<&str> = seen.spans.nodes().iter().map(Node::name).collect();
    let short: BTreeSet<&str> =
        names.iter().map(|name| name.strip_prefix(PREFIX).unwrap_or(name)).collect();
    let wanted: BTreeSet<&str> = expected.keys().map(String::as_str).collect();
    if short != wanted || names.len() != wanted.len() {
        differences.push(format!("spans {names:?}, not {wanted:?}"));
    }
    for (name, wanted) in expected {
        if let Ok(node) = seen.spans.one(&format!("{PREFIX}{name}")) {
            span(name, wanted, node, differences);
        }
    }
}

pub(super) fn span(name: &str, wanted: &SpanIs, node: &Node, differences: &mut Vec<String>) {
    let status = match node.span.status.as_ref().map(Status::code) {
        Some(StatusCode::Ok) => "ok",
        Some(StatusCode::Error) => "error",
        Some(StatusCode::Unset) | None => "unset",
    };
    if let Some(wanted) = &wanted.status
        && wanted != status
    {
        let message = node.status_message();
        differences.push(format!("{name}: status {status} {message:?}, not {wanted}"));
    }
    for (key, wanted) in &wanted.attributes {
        let got = node.attribute(key);
        if !is(wanted, got) {
            differences.push(format!("{name}: {key} is {got:?}, not {wanted:?}"));
        }
    }
    if wanted.events != node.events() {
        differences.push(format!("{name}: events {:?}, not {:?}", node.events(), wanted.events));
    }
}

/// Whether an attribute has the value and type that a table names.
fn is(wanted: &Value, got: Option<&Any>) -> bool {
    match (wanted, got) {
        (Value::Null, None) => true,
        (Value::Bool(wanted), Some(Any::BoolValue(got))) => wanted == got,
        (Value::String(wanted), Some(Any::IntValue(_))) => wanted == "*int",
        (Value::String(wanted), Some(Any::DoubleValue(_))) => wanted == "*double",
        (Value::String(wanted), Some(Any::StringValue(got))) => wanted == "*" || wanted == got,
        (Value::Number(wanted), Some(Any::IntValue(got))) => wanted.as_i64() == Some(*got),
        (Value::Number(wanted), Some(Any::DoubleValue(got))) => {
            wanted.as_i64().is_none() && wanted.as_f64() == Some(*got)
        }
        (Value::Sequence(wanted), Some(Any::ArrayValue(got))) => {
            wanted.len() == got.values.len()
                && wanted
                    .iter()
                    .zip(&got.values)
                    .all(|(wanted, got)| is(wanted, got.value.as_ref()))
        }
        _ => false,
    }
}

/// What holds of every exchange: one root, all others right under it and
/// within its time, and the engine told that it works for the upstream span.
pub(super) fn invariants(seen: &Seen, differences: &mut Vec<String>) {
    let tree = &seen.spans;
    if tree.nodes().is_empty() {
        return;
    }
    differences.extend(tree.check(TOLERANCE).iter().map(ToString::to_string));
    let roots = tree.roots();
    let [root] = roots.as_slice() else {
        differences.push(format!("{} root spans", roots.len()));
        return;
    };
    if root.name() != "semantic_router.request.received" {
        differences.push(format!("the root is {}", root.name()));
    }
    if tree.children(root).len() + 1 != tree.nodes().len() {
        differences.push("a span is not right under the root".to_owned());
    }
    if root.service.is_empty() || root.scope != "semantic-router" {
        differences.push(format!("resource {:?}, scope {:?}", root.service, root.scope));
    }
    for (_, recorded) in &seen.reached {
        let Ok(upstream) = tree.one("semantic_router.upstream.request") else { continue };
        let told = recorded.header("traceparent").unwrap_or_default();
        let expected = format!("00-{}-{}-", upstream.trace_id(), upstream.span_id());
        if !told.starts_with(&expected) {
            differences.push(format!("engine: traceparent {told:?} does not begin {expected}"));
        }
    }
}
