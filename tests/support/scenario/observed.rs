//! What is to come of a scenario where the router only observes: the request
//! reaches the default engine as the client sent it, and every stage that had
//! something to look at tells what it would have done.

use serde_yaml::Value;

use super::check::{invariants, span};
use super::{Scenario, Seen, SpanIs};
use crate::stack::ENDPOINT_HEADER;

/// Spans that are the same whether or not anything comes of them.
const STAGES: [&str; 5] = [
    "classification",
    "security.jailbreak_detection",
    "security.pii_detection",
    "routing.decision",
    "backend.selection",
];

pub(super) fn differences(scenario: &Scenario, seen: &Seen) -> Vec<String> {
    let mut differences = Vec::new();
    engine(scenario, seen, &mut differences);
    client(seen, &mut differences);
    spans(scenario, seen, &mut differences);
    invariants(seen, &mut differences);
    differences
}

fn engine(scenario: &Scenario, seen: &Seen, differences: &mut Vec<String>) {
    let sent = scenario.request(0);
    let named = sent.headers.iter().any(|(name, _)| name == ENDPOINT_HEADER);
    let (name, recorded) = match seen.reached.as_slice() {
        [(name, recorded)] => (*name, recorded),
        // A path that no engine records, or an endpoint that there is not.
        [] if sent.chunks.is_empty() || named => return,
        reached => {
            differences.push(format!("reached {} engines", reached.len()));
            return;
        }
    };
    if name != "default" {
        differences.push(format!("reached engine {name}, not default"));
    }
    if recorded.body != sent.chunks.concat() {
        differences.push("engine: the body is not the client's".to_owned());
    }
    for (name, value) in &sent.headers {
        let got = recorded.header(name).unwrap_or_default();
        if got.as_bytes() != value && !["traceparent", "tracestate"].contains(&name.as_str()) {
            differences.push(format!("engine: header {name} is {got:?}, not the client's"));
        }
    }
    for name in ["x-selected-model", ENDPOINT_HEADER] {
        if !scenario.request.headers.contains_key(name)
            && let Some(value) = recorded.header(name)
        {
            differences.push(format!("engine: header {name} is {value:?}"));
        }
    }
}

fn client(seen: &Seen, differences: &mut Vec<String>) {
    for (name, value) in &seen.response.headers {
        if name.starts_with("x-vsr-") {
            differences.push(format!("client: header {name} is {value:?}"));
        }
    }
}

fn spans(scenario: &Scenario, seen: &Seen, differences: &mut Vec<String>) {
    let expected = &scenario.expect.spans;
    for (name, wanted) in expected.iter().filter(|(name, _)| STAGES.contains(&name.as_str())) {
        match seen.spans.one(&format!("semantic_router.{name}")) {
            Ok(node) => span(name, &observed(wanted), node, differences),
            Err(error) => differences.push(format!("{name}: {error}")),
        }
    }
    if !expected.is_empty()
        && let Ok(root) = seen.spans.one("semantic_router.request.received")
    {
        let mode = SpanIs {
            attributes: [("router.mode".to_owned(), Value::from("observe"))].into(),
            ..SpanIs::default()
        };
        span("request.received", &mode, root, differences);
    }
}

/// What a stage's span is to be where nothing comes of the stage.
fn observed(wanted: &SpanIs) -> SpanIs {
    let mut wanted = wanted.clone();
    for (key, value) in &mut wanted.attributes {
        match key.as_str() {
            "stage.outcome" if *value == "failed_closed" => *value = "failed_open".into(),
            "security.action" => *value = Value::Null,
            _ => {}
        }
    }
    wanted
}
