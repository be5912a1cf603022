//! Trees of spans that are made by hand.

use std::time::Duration;

use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{AnyValue, ArrayValue, KeyValue};
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::span::SpanKind;
use opentelemetry_proto::tonic::trace::v1::status::StatusCode;
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span, Status};

use super::{Node, Problem, Style, Tree};

mod checks;
mod pictures;

/// A span of trace 1, from `start` to `end` in tenths of a millisecond.
fn span(id: u8, parent: u8, name: &str, start: u64, end: u64) -> Span {
    let at = |tenths: u64| 1_700_000_000_000_000_000 + tenths * 100_000;
    Span {
        trace_id: [&[0; 15][..], &[1]].concat(),
        span_id: [&[0; 7][..], &[id]].concat(),
        parent_span_id: [&[0; 7][..], &[parent]].concat(),
        name: name.to_owned(),
        kind: SpanKind::Internal.into(),
        start_time_unix_nano: at(start),
        end_time_unix_nano: at(end),
        ..Span::default()
    }
}

fn with(mut span: Span, attributes: &[(&str, Value)]) -> Span {
    span.attributes = attributes.iter().map(|(key, value)| pair(key, value.clone())).collect();
    span
}

fn pair(key: &str, value: Value) -> KeyValue {
    let value = Some(AnyValue { value: Some(value) });
    KeyValue { key: key.to_owned(), value, ..KeyValue::default() }
}

fn text(text: &str) -> Value {
    Value::StringValue(text.to_owned())
}

/// What a service sends.
fn sent(service: &str, spans: Vec<Span>) -> ResourceSpans {
    let attributes = vec![pair("service.name", text(service))];
    ResourceSpans {
        resource: Some(Resource { attributes, ..Resource::default() }),
        scope_spans: vec![ScopeSpans { spans, ..ScopeSpans::default() }],
        ..ResourceSpans::default()
    }
}

/// The tree of the spans of one service.
fn tree(spans: Vec<Span>) -> Tree {
    Tree::new(&[sent("router", spans)])
}

fn names(nodes: &[&Node]) -> Vec<String> {
    nodes.iter().map(|node| node.name().to_owned()).collect()
}

/// A request through the router to an engine.
fn request() -> Tree {
    let mut root = span(1, 9, "semantic_router.request.received", 0, 214);
    root.kind = SpanKind::Server.into();
    let mut upstream = span(4, 1, "semantic_router.upstream.request", 10, 213);
    upstream.kind = SpanKind::Client.into();
    let mut engine = span(5, 4, "llm_request", 14, 212);
    engine.kind = SpanKind::Server.into();
    let category =
        [("category.name", text("math")), ("category.confidence", Value::DoubleValue(0.97))];
    let skipped = [("stage.outcome", text("skipped")), ("stage.reason", text("no_decision"))];
    let asked = [("input.value", text("What is the derivative of x^2?"))];
    let status = ("http.status_code", Value::IntValue(200));
    let router = vec![
        with(upstream, std::slice::from_ref(&status)),
        with(span(2, 1, "semantic_router.classification", 2, 5), &category),
        with(root, &[asked[0].clone(), status]),
        with(span(3, 1, "semantic_router.routing.decision", 5, 5), &skipped),
        span(6, 4, "custom", 20, 40),
    ];
    let tokens = [("gen_ai.usage.completion_tokens", Value::IntValue(12))];
    Tree::new(&[sent("engine-a", vec![with(engine, &tokens)]), sent("router", router)])
}

#[test]
fn spans_find_their_places() {
    let tree = request();
    let root = tree.one("semantic_router.request.received").unwrap();
    assert_eq!(tree.roots(), [root]);
    let expected = ["classification", "routing.decision", "upstream.request"]
        .map(|name| format!("semantic_router.{name}"));
    assert_eq!(names(&tree.children(root)), expected);
    let engine = tree.one("llm_request").unwrap();
    assert_eq!(tree.parent(engine).unwrap().name(), "semantic_router.upstream.request");
    assert_eq!(tree.parent(root), None);
    assert_eq!(
        (engine.service.as_str(), engine.duration()),
        ("engine-a", Duration::from_micros(19_800))
    );
    let missing = tree.one("absent").unwrap_err().to_string();
    assert!(missing.starts_with("0 spans are called `absent`; there are [\"semantic_router.req"));
}

#[test]
fn attributes_have_types() {
    let list = ["a", "b"].map(|item| AnyValue { value: Some(text(item)) });
    let list = Value::ArrayValue(ArrayValue { values: list.to_vec() });
    let attributes = [
        ("text", text("t")),
        ("int", Value::IntValue(-7)),
        ("double", Value::DoubleValue(0.25)),
        ("bool", Value::BoolValue(true)),
        ("list", list),
    ];
    let tree = tree(vec![with(span(1, 0, "a", 0, 1), &attributes)]);
    let node = tree.one("a").unwrap();
    assert_eq!((node.text("text"), node.int("int")), (Some("t"), Some(-7)));
    assert_eq!((node.double("double"), node.bool("bool")), (Some(0.25), Some(true)));
    assert_eq!(node.texts("list"), Some(vec!["a", "b"]));
    assert_eq!((node.text("int"), node.int("double"), node.texts("text")), (None, None, None));
    let shown = ["text", "int", "double", "bool", "list"].map(|key| node.shown(key).unwrap());
    assert_eq!(shown, ["t", "-7", "0.25", "true", "a,b"]);
}

#[test]
fn traces_are_kept_apart() {
    let mut other = span(1, 0, "other", 5, 6);
    other.trace_id[0] = 7;
    let tree = tree(vec![other, span(1, 0, "one", 0, 9), span(2, 1, "two", 6, 7)]);
    let ids = tree.trace_ids();
    assert_eq!(ids.len(), 2);
    assert_eq!(names(&tree.trace(&ids[0]).nodes().iter().collect::<Vec<_>>()), ["one", "two"]);
    assert_eq!(names(&tree.roots()), ["one", "other"]);
    assert_eq!(tree.check(Duration::ZERO), []);
}

/// A span that failed.
fn failed(mut span: Span, message: &str) -> Span {
    span.status = Some(Status { message: message.to_owned(), code: StatusCode::Error.into() });
    span
}
