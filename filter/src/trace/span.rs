//! Spans, and the recording that they make up.

use std::borrow::Cow;

use opentelemetry::trace::{SpanId, SpanKind, Status};
use opentelemetry::{KeyValue, Value};

use super::context::TraceContext;
use crate::clock::UnixNanos;

/// A finished span.
#[derive(Clone, Debug, PartialEq)]
pub struct Span {
    /// Its name.
    pub name: &'static str,
    /// Its id.
    pub id: SpanId,
    /// The span it is part of, if any.
    pub parent: Option<SpanId>,
    /// Whether that span was made by another process.
    pub remote_parent: bool,
    /// Its kind.
    pub kind: SpanKind,
    /// When it began.
    pub started: UnixNanos,
    /// When it ended, not before it began.
    pub ended: UnixNanos,
    /// What is known of it.
    pub attributes: Vec<KeyValue>,
    /// What happened in it.
    pub events: Vec<Event>,
    /// How it ended.
    pub status: Status,
}

/// Something that happened within a span.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// Its name.
    pub name: &'static str,
    /// When.
    pub at: UnixNanos,
    /// What is known of it.
    pub attributes: Vec<KeyValue>,
}

/// The finished spans of one exchange.
#[derive(Clone, Debug, PartialEq)]
pub struct Recording {
    /// The trace they belong to.
    pub context: TraceContext,
    /// The spans, in order of their beginning.
    pub spans: Vec<Span>,
}

impl Span {
    /// A span with nothing known of it yet.
    #[must_use]
    pub fn new(name: &'static str, id: SpanId, started: UnixNanos, ended: UnixNanos) -> Self {
        Self {
            name,
            id,
            parent: None,
            remote_parent: false,
            kind: SpanKind::Internal,
            started,
            ended: ended.max(started),
            attributes: Vec::new(),
            events: Vec::new(),
            status: Status::Unset,
        }
    }

    /// Adds an attribute.
    pub fn set(&mut self, key: &'static str, value: impl Into<Value>) {
        self.attributes.push(KeyValue::new(key, value));
    }

    /// Adds an attribute if there is a value.
    pub fn set_some(&mut self, key: &'static str, value: Option<impl Into<Value>>) {
        if let Some(value) = value {
            self.set(key, value);
        }
    }

    /// Marks the span as failed.
    pub fn fail(&mut self, description: impl Into<Cow<'static, str>>) {
        self.status = Status::error(description);
    }
}
