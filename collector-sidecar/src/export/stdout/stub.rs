//! A span as the Go SDK marshals it.
//!
//! Source: `go.opentelemetry.io/otel/sdk/trace/tracetest`, `SpanStub`, without
//! its deprecated `InstrumentationLibrary`.

use std::time::{Duration, SystemTime};

use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::span::{Event as OtlpEvent, Link as OtlpLink};
use opentelemetry_proto::tonic::trace::v1::{ScopeSpans, Span, SpanFlags, status};
use serde::Serialize;

use super::attribute::{Attribute, attributes};
use crate::otlp::hex;

/// A span.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Stub<'a> {
    name: &'a str,
    span_context: Context<'a>,
    parent: Context<'a>,
    span_kind: i32,
    start_time: String,
    end_time: String,
    attributes: Option<Vec<Attribute<'a>>>,
    events: Option<Vec<Event<'a>>>,
    links: Option<Vec<Link<'a>>>,
    status: Status<'a>,
    dropped_attributes: u32,
    dropped_events: u32,
    dropped_links: u32,
    /// OTLP does not carry it.
    child_span_count: u32,
    resource: Option<Vec<Attribute<'a>>>,
    instrumentation_scope: Scope<'a>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Context<'a> {
    #[serde(rename = "TraceID")]
    trace_id: String,
    #[serde(rename = "SpanID")]
    span_id: String,
    trace_flags: String,
    trace_state: &'a str,
    remote: bool,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Event<'a> {
    name: &'a str,
    attributes: Option<Vec<Attribute<'a>>>,
    dropped_attribute_count: u32,
    time: String,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Link<'a> {
    span_context: Context<'a>,
    attributes: Option<Vec<Attribute<'a>>>,
    dropped_attribute_count: u32,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Status<'a> {
    code: &'static str,
    description: &'a str,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Scope<'a> {
    name: &'a str,
    version: &'a str,
    #[serde(rename = "SchemaURL")]
    schema_url: &'a str,
    attributes: Option<Vec<Attribute<'a>>>,
}

impl<'a> Stub<'a> {
    /// The shape of a span with what stands around it.
    pub fn new(span: &'a Span, resource: Option<&'a Resource>, scope: &'a ScopeSpans) -> Self {
        Self {
            name: &span.name,
            span_context: Context {
                trace_id: hex(&span.trace_id),
                span_id: hex(&span.span_id),
                trace_flags: sampled_flags(span.flags),
                trace_state: &span.trace_state,
                remote: false,
            },
            parent: parent(span),
            span_kind: span.kind,
            start_time: time(span.start_time_unix_nano),
            end_time: time(span.end_time_unix_nano),
            attributes: attributes(&span.attributes),
            events: list(&span.events, event),
            links: list(&span.links, link),
            status: status(span),
            dropped_attributes: span.dropped_attributes_count,
            dropped_events: span.dropped_events_count,
            dropped_links: span.dropped_links_count,
            child_span_count: 0,
            resource: resource.and_then(|resource| attributes(&resource.attributes)),
            instrumentation_scope: instrumentation_scope(scope),
        }
    }
}

/// Go marshals an empty list as `null`.
fn list<'a, T, U>(items: &'a [T], shape: fn(&'a T) -> U) -> Option<Vec<U>> {
    (!items.is_empty()).then(|| items.iter().map(shape).collect())
}

/// The parent, as far as OTLP carries it: its flags and state are the span's.
fn parent(span: &Span) -> Context<'_> {
    if span.parent_span_id.iter().all(|&byte| byte == 0) {
        return Context {
            trace_id: hex(&[0; 16]),
            span_id: hex(&[0; 8]),
            trace_flags: "00".to_owned(),
            trace_state: "",
            remote: false,
        };
    }
    Context {
        trace_id: hex(&span.trace_id),
        span_id: hex(&span.parent_span_id),
        trace_flags: sampled_flags(span.flags),
        trace_state: &span.trace_state,
        remote: has(span.flags, SpanFlags::ContextIsRemoteMask),
    }
}

fn has(flags: u32, mask: SpanFlags) -> bool {
    flags & (mask as i32).cast_unsigned() != 0
}

/// The W3C trace flags. Some exporters leave them zero in spans, though what
/// is exported has been sampled.
fn sampled_flags(flags: u32) -> String {
    match trace_flags(flags) {
        none if none == "00" => "01".to_owned(),
        some => some,
    }
}

fn trace_flags(flags: u32) -> String {
    format!("{:02x}", flags & 0xff)
}

fn event(event: &OtlpEvent) -> Event<'_> {
    Event {
        name: &event.name,
        attributes: attributes(&event.attributes),
        dropped_attribute_count: event.dropped_attributes_count,
        time: time(event.time_unix_nano),
    }
}

fn link(link: &OtlpLink) -> Link<'_> {
    Link {
        span_context: Context {
            trace_id: hex(&link.trace_id),
            span_id: hex(&link.span_id),
            trace_flags: trace_flags(link.flags),
            trace_state: &link.trace_state,
            remote: has(link.flags, SpanFlags::ContextIsRemoteMask),
        },
        attributes: attributes(&link.attributes),
        dropped_attribute_count: link.dropped_attributes_count,
    }
}

fn status(span: &Span) -> Status<'_> {
    let Some(status) = &span.status else { return Status { code: "Unset", description: "" } };
    let code = match status.code() {
        status::StatusCode::Unset => "Unset",
        status::StatusCode::Ok => "Ok",
        status::StatusCode::Error => "Error",
    };
    Status { code, description: &status.message }
}

fn instrumentation_scope(spans: &ScopeSpans) -> Scope<'_> {
    let scope = spans.scope.as_ref();
    Scope {
        name: scope.map_or("", |scope| &scope.name),
        version: scope.map_or("", |scope| &scope.version),
        schema_url: &spans.schema_url,
        attributes: scope.and_then(|scope| attributes(&scope.attributes)),
    }
}

/// RFC 3339 with nanoseconds, without their trailing zeros, as Go has it.
fn time(unix_nanos: u64) -> String {
    let time = SystemTime::UNIX_EPOCH + Duration::from_nanos(unix_nanos);
    let text = humantime::format_rfc3339_nanos(time).to_string();
    let digits = text.trim_end_matches('Z').trim_end_matches('0').trim_end_matches('.');
    format!("{digits}Z")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_as_go_writes_them() {
        for (nanos, expected) in [
            (0, "1970-01-01T00:00:00Z"),
            (1_544_712_660_500_000_000, "2018-12-13T14:51:00.5Z"),
            (1_544_712_660_000_000_001, "2018-12-13T14:51:00.000000001Z"),
            (u64::MAX, "2554-07-21T23:34:33.709551615Z"),
        ] {
            assert_eq!(time(nanos), expected);
        }
    }
}
