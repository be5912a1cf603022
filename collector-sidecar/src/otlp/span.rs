//! The spans of a request, each with what stands around it.

use std::fmt;

use super::id::{self, IdFault};
use super::schema::{PARENT_SPAN_ID, RESOURCE_SPANS, SCOPE_SPANS, SPAN_ID, SPANS, TRACE_ID};
use super::wire::{Field, Fields, Value};

/// A span inside a request.
#[derive(Clone, Copy, Debug)]
pub struct Located<'a> {
    /// Indices into `resource_spans`, `scope_spans` and `spans`.
    pub place: [usize; 3],
    /// The message `ResourceSpans` that holds it.
    pub resource: &'a [u8],
    /// The message `ScopeSpans` that holds it.
    pub scope: &'a [u8],
    /// The message `Span`.
    pub span: &'a [u8],
    /// The span as a field, with its tag.
    pub encoded: &'a [u8],
}

/// Why a span has to be rejected, and where it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SpanFault {
    place: [usize; 3],
    field: &'static str,
    fault: IdFault,
}

impl fmt::Display for SpanFault {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [i, j, k] = self.place;
        let Self { field, fault, .. } = self;
        write!(out, "resourceSpans[{i}].scopeSpans[{j}].spans[{k}].{field}: {fault}")
    }
}

/// The spans of a well-formed request, in order.
pub fn located(request: &[u8]) -> impl Iterator<Item = Located<'_>> {
    messages(request, RESOURCE_SPANS).enumerate().flat_map(|(i, (resource, _))| {
        messages(resource, SCOPE_SPANS).enumerate().flat_map(move |(j, (scope, _))| {
            messages(scope, SPANS).enumerate().map(move |(k, (span, encoded))| Located {
                place: [i, j, k],
                resource,
                scope,
                span,
                encoded,
            })
        })
    })
}

/// The messages in the fields of one number, each without and with its tag.
fn messages(message: &[u8], number: u32) -> impl Iterator<Item = (&[u8], &[u8])> {
    Fields::new(message).flatten().filter_map(move |field| match field {
        Field { number: own, value: Value::Bytes(bytes), encoded } if own == number => {
            Some((bytes, encoded))
        }
        _ => None,
    })
}

impl Located<'_> {
    /// Checks the ids of the span.
    ///
    /// Source: `trace.proto`, where a trace id must have 16 bytes, a span id 8,
    /// neither all zero; a parent's may be missing.
    pub fn check(&self) -> Result<(), SpanFault> {
        let (mut trace, mut span, mut parent): (&[u8], &[u8], &[u8]) = (&[], &[], &[]);
        for field in Fields::new(self.span).flatten() {
            match (field.number, field.value) {
                (TRACE_ID, Value::Bytes(bytes)) => trace = bytes,
                (SPAN_ID, Value::Bytes(bytes)) => span = bytes,
                (PARENT_SPAN_ID, Value::Bytes(bytes)) => parent = bytes,
                _ => {}
            }
        }
        let at = |field| move |fault| SpanFault { place: self.place, field, fault };
        id::check(trace, 16).map_err(at("traceId"))?;
        id::check(span, 8).map_err(at("spanId"))?;
        match id::check(parent, 8) {
            Err(fault @ IdFault::Length { actual: 1.., .. }) => Err(at("parentSpanId")(fault)),
            _ => Ok(()),
        }
    }

    /// The fields of the span's `ResourceSpans` besides its scopes, encoded.
    pub fn resource_head(&self) -> Vec<u8> {
        others(self.resource, SCOPE_SPANS)
    }

    /// The fields of the span's `ScopeSpans` besides its spans, encoded.
    pub fn scope_head(&self) -> Vec<u8> {
        others(self.scope, SPANS)
    }
}

fn others(message: &[u8], number: u32) -> Vec<u8> {
    let fields = Fields::new(message).flatten().filter(|field| field.number != number);
    fields.flat_map(|field| field.encoded).copied().collect()
}

#[cfg(test)]
mod tests {
    use prost::Message as _;

    use super::*;
    use crate::otlp::samples;

    #[test]
    fn ids_are_checked_span_by_span() {
        let mut request = samples::request(5);
        let spans = &mut request.resource_spans[0].scope_spans[0].spans;
        spans[1].trace_id = vec![0; 16];
        spans[2].span_id.pop();
        spans[3].parent_span_id = vec![1; 4];
        spans[4].parent_span_id = vec![0; 8];
        let faults: Vec<_> = located(&request.encode_to_vec())
            .filter_map(|span| span.check().err())
            .map(|fault| fault.to_string())
            .collect();
        assert_eq!(
            faults,
            [
                "resourceSpans[0].scopeSpans[0].spans[1].traceId: is all zero",
                "resourceSpans[0].scopeSpans[0].spans[2].spanId: must be 8 bytes, is 7",
                "resourceSpans[0].scopeSpans[0].spans[3].parentSpanId: must be 8 bytes, is 4",
            ]
        );
    }
}
