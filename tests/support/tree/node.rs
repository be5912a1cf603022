//! One span, and what it says.

use std::fmt::Write as _;
use std::time::Duration;

use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue};
use opentelemetry_proto::tonic::trace::v1::span::SpanKind;
use opentelemetry_proto::tonic::trace::v1::status::StatusCode;
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, Span};

/// A span and who sent it.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// The resource's `service.name`; empty when it has none.
    pub service: String,
    /// The name of the instrumentation scope.
    pub scope: String,
    /// The span.
    pub span: Span,
}

impl Node {
    /// The spans of a resource.
    pub(super) fn all(resource: &ResourceSpans) -> Vec<Self> {
        let attributes = resource.resource.as_ref().map(|resource| resource.attributes.as_slice());
        let service = attribute(attributes.unwrap_or_default(), "service.name");
        let service = service.and_then(text).unwrap_or_default();
        let mut nodes = Vec::new();
        for scope_spans in &resource.scope_spans {
            let scope = scope_spans.scope.as_ref().map_or("", |scope| &scope.name);
            nodes.extend(scope_spans.spans.iter().map(|span| Self {
                service: service.to_owned(),
                scope: scope.to_owned(),
                span: span.clone(),
            }));
        }
        nodes
    }

    /// The span's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.span.name
    }

    /// The id of its trace, in hexadecimal digits.
    #[must_use]
    pub fn trace_id(&self) -> String {
        hex(&self.span.trace_id)
    }

    /// Its id, in hexadecimal digits.
    #[must_use]
    pub fn span_id(&self) -> String {
        hex(&self.span.span_id)
    }

    /// Its parent's id, in hexadecimal digits; empty when it has none.
    #[must_use]
    pub fn parent_id(&self) -> String {
        let id = &self.span.parent_span_id;
        if id.iter().all(|byte| *byte == 0) { String::new() } else { hex(id) }
    }

    /// The time from its start to its end; zero when it ends before.
    #[must_use]
    pub fn duration(&self) -> Duration {
        let nanos = self.span.end_time_unix_nano.saturating_sub(self.span.start_time_unix_nano);
        Duration::from_nanos(nanos)
    }

    /// Whether its status is an error.
    #[must_use]
    pub fn is_error(&self) -> bool {
        self.span.status.as_ref().is_some_and(|status| status.code() == StatusCode::Error)
    }

    /// The message of its status; empty when there is none.
    #[must_use]
    pub fn status_message(&self) -> &str {
        self.span.status.as_ref().map_or("", |status| &status.message)
    }

    /// An attribute of any type.
    #[must_use]
    pub fn attribute(&self, key: &str) -> Option<&Value> {
        attribute(&self.span.attributes, key)
    }

    /// An attribute that is a string.
    #[must_use]
    pub fn text(&self, key: &str) -> Option<&str> {
        self.attribute(key).and_then(text)
    }

    /// An attribute that is an integer.
    #[must_use]
    pub fn int(&self, key: &str) -> Option<i64> {
        match self.attribute(key)? {
            Value::IntValue(int) => Some(*int),
            _ => None,
        }
    }

    /// An attribute that is a double.
    #[must_use]
    pub fn double(&self, key: &str) -> Option<f64> {
        match self.attribute(key)? {
            Value::DoubleValue(double) => Some(*double),
            _ => None,
        }
    }

    /// An attribute that is a boolean.
    #[must_use]
    pub fn bool(&self, key: &str) -> Option<bool> {
        match self.attribute(key)? {
            Value::BoolValue(bool) => Some(*bool),
            _ => None,
        }
    }

    /// An attribute that is an array of strings.
    #[must_use]
    pub fn texts(&self, key: &str) -> Option<Vec<&str>> {
        let Value::ArrayValue(array) = self.attribute(key)? else { return None };
        array.values.iter().map(|value| value.value.as_ref().and_then(text)).collect()
    }

    /// An attribute of any type, as a person reads it.
    #[must_use]
    pub fn shown(&self, key: &str) -> Option<String> {
        self.attribute(key).map(show)
    }

    /// The names of its events, in order.
    #[must_use]
    pub fn events(&self) -> Vec<&str> {
        self.span.events.iter().map(|event| event.name.as_str()).collect()
    }

    /// What decides the order of spans: their start; of equal ones, the longer
    /// first, since it may be the parent.
    pub(super) fn order(&self) -> impl Ord {
        let end = std::cmp::Reverse(self.span.end_time_unix_nano);
        (self.span.start_time_unix_nano, end, self.name().to_owned(), self.span_id())
    }
}

/// Whether spans of a kind are called from elsewhere.
pub(super) fn is_called(kind: SpanKind) -> bool {
    matches!(kind, SpanKind::Server | SpanKind::Consumer)
}

/// An id in hexadecimal digits.
#[must_use]
pub fn hex(id: &[u8]) -> String {
    id.iter().fold(String::with_capacity(2 * id.len()), |mut digits, byte| {
        // Writing to a string cannot fail.
        let _ = write!(digits, "{byte:02x}");
        digits
    })
}

fn attribute<'a>(attributes: &'a [KeyValue], key: &str) -> Option<&'a Value> {
    let found = attributes.iter().find(|attribute| attribute.key == key)?;
    found.value.as_ref()?.value.as_ref()
}

fn text(value: &Value) -> Option<&str> {
    match value {
        Value::StringValue(text) => Some(text),
        _ => None,
    }
}

fn show(value: &Value) -> String {
    let any = |value: &AnyValue| value.value.as_ref().map(show).unwrap_or_default();
    match value {
        Value::StringValue(text) => text.clone(),
        Value::BoolValue(bool) => bool.to_string(),
        Value::IntValue(int) => int.to_string(),
        Value::DoubleValue(double) => short(*double),
        Value::ArrayValue(array) => array.values.iter().map(any).collect::<Vec<_>>().join(","),
        Value::KvlistValue(list) => {
            let pair = |pair: &KeyValue| {
                format!("{}={}", pair.key, pair.value.as_ref().map(any).unwrap_or_default())
            };
            list.values.iter().map(pair).collect::<Vec<_>>().join(",")
        }
        Value::BytesValue(bytes) => hex(bytes),
        Value::StringValueStrindex(index) => format!("#{index}"),
    }
}

/// At most four decimals, and none that say nothing.
fn short(double: f64) -> String {
    let digits = format!("{double:.4}");
    digits.trim_end_matches('0').trim_end_matches('.').to_owned()
}
