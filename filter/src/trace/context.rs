//! W3C Trace Context: <https://www.w3.org/TR/trace-context-2/>.
//!
//! `opentelemetry_sdk`'s own propagator accepts headers that the specification
//! refuses, so parsing is done here; ids and flags are opentelemetry's types.

use opentelemetry::trace::{SpanId, TraceFlags, TraceId};

use crate::headers::Headers;

/// The flags that a version-00 context may carry: sampled and random.
const KNOWN_FLAGS: u8 = 0b11;
/// Section 3.3.1.1: at most 32 list members.
const MAX_MEMBERS: usize = 32;
/// A `tracestate` longer than this, all fields together, is not read.
const MAX_STATE_BYTES: usize = 8 << 10;

/// The trace that a request belongs to, as `traceparent` and `tracestate`
/// carry it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TraceContext {
    /// The trace.
    pub trace_id: TraceId,
    /// The span of whoever sent the request.
    pub span_id: SpanId,
    /// The sampled and random flags.
    pub flags: TraceFlags,
    /// `tracestate`, checked and in one field; may be empty.
    pub state: String,
}

impl TraceContext {
    /// Reads the context of a request. `None` when there is none, or when its
    /// `traceparent` is not valid: then a new trace begins and `tracestate` is
    /// dropped with it.
    #[must_use]
    pub fn extract(headers: &Headers) -> Option<Self> {
        let mut fields = headers.all("traceparent");
        let (field, second) = (fields.next()?, fields.next());
        if second.is_some() {
            return None;
        }
        let (trace_id, span_id, flags) = parse_parent(str::from_utf8(field).ok()?)?;
        let state = parse_state(headers.all("tracestate")).unwrap_or_default();
        Some(Self { trace_id, span_id, flags, state })
    }

    /// The `traceparent` of a request that `span_id` sends.
    #[must_use]
    pub fn traceparent(&self, span_id: SpanId) -> String {
        format!("00-{}-{span_id}-{:02x}", self.trace_id, self.flags.to_u8())
    }
}

/// Section 3.2.2, `traceparent` header field values.
fn parse_parent(field: &str) -> Option<(TraceId, SpanId, TraceFlags)> {
    let field = field.trim_matches([' ', '\t']);
    let version = hex(field, 0..2)?;
    let known_form = match (version, field.len()) {
        (0xff, _) => false,
        (0, length) => length == 55,
        // A later version may append fields.
        (_, length) => length == 55 || (length > 55 && field.as_bytes().get(55) == Some(&b'-')),
    };
    let dashes = [2, 35, 52].iter().all(|at| field.as_bytes().get(*at) == Some(&b'-'));
    if !known_form || !dashes {
        return None;
    }
    let trace_id = (hex(field, 3..19)?, hex(field, 19..35)?);
    let trace_id = TraceId::from((u128::from(trace_id.0) << 64) | u128::from(trace_id.1));
    let span_id = SpanId::from(hex(field, 36..52)?);
    let flags = u8::try_from(hex(field, 53..55)?).ok()? & KNOWN_FLAGS;
    (trace_id != TraceId::INVALID && span_id != SpanId::INVALID).then_some((
        trace_id,
        span_id,
        TraceFlags::new(flags),
    ))
}

/// Lower-case hexadecimal digits, at most 16.
fn hex(field: &str, range: std::ops::Range<usize>) -> Option<u64> {
    let digits = field.get(range)?;
    let lower = digits.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    if lower { u64::from_str_radix(digits, 16).ok() } else { None }
}

/// Section 3.3.1, `tracestate` header field values: one list over all fields,
/// refused whole when a member is not valid; of a key that stands twice the
/// first stays.
fn parse_state<'a>(fields: impl Iterator<Item = &'a [u8]>) -> Option<String> {
    let mut members: Vec<(&str, &str)> = Vec::new();
    let mut bytes = 0;
    for field in fields {
        bytes += field.len();
        if bytes > MAX_STATE_BYTES {
            return None;
        }
        for member in str::from_utf8(field).ok()?.split(',') {
            let member = member.trim_matches([' ', '\t']);
            if member.is_empty() {
                continue;
            }
            let (key, value) = member.split_once('=')?;
            if !is_key(key) || !is_value(value) {
                return None;
            }
            if members.iter().all(|(other, _)| *other != key) {
                members.push((key, value));
            }
            if members.len() > MAX_MEMBERS {
                return None;
            }
        }
    }
    let members: Vec<String> =
        members.iter().map(|(key, value)| format!("{key}={value}")).collect();
    Some(members.join(","))
}

fn is_key(key: &str) -> bool {
    let start = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let rest = |byte: u8| start(byte) || matches!(byte, b'_' | b'-' | b'*' | b'/' | b'@');
    key.len() <= 256 && key.bytes().next().is_some_and(start) && key.bytes().all(rest)
}

fn is_value(value: &str) -> bool {
    let allowed = |byte: u8| matches!(byte, 0x20..=0x7e) && byte != b',' && byte != b'=';
    !value.is_empty() && value.len() <= 256 && value.bytes().all(allowed)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Requests recorded from the W3C test suite, with what it expects.
    const VECTORS: &str = include_str!("../../../tests/conformance/data/w3c-vectors.json");

    #[derive(serde::Deserialize)]
    struct Vector {
        headers: Vec<(String, String)>,
        expect: Expected,
    }

    #[derive(serde::Deserialize)]
    struct Expected {
        restart: bool,
        trace_id: Option<String>,
        parent_id: Option<String>,
        flags: Option<u8>,
        tracestate: Vec<(String, String)>,
    }

    #[test]
    fn follows_the_w3c_vectors() {
        let vectors: Vec<Vector> = serde_json::from_str(VECTORS).unwrap();
        assert_eq!(vectors.len(), 68);
        for Vector { headers, expect } in vectors {
            let fields = headers
                .iter()
                .map(|(name, value)| (name.to_lowercase(), value.clone().into_bytes()));
            let context = TraceContext::extract(&Headers::new(fields.collect()));
            assert_eq!(context.is_none(), expect.restart, "{headers:?}");
            let Some(context) = context else { continue };
            assert_eq!(Some(context.trace_id.to_string()), expect.trace_id, "{headers:?}");
            assert_eq!(Some(context.span_id.to_string()), expect.parent_id, "{headers:?}");
            assert_eq!(Some(context.flags.to_u8()), expect.flags, "{headers:?}");
            let state: Vec<String> =
                expect.tracestate.iter().map(|(key, value)| format!("{key}={value}")).collect();
            assert_eq!(context.state, state.join(","), "{headers:?}");
        }
    }

    #[test]
    fn traceparent_round_trips() {
        let field = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-03";
        let headers = Headers::new(vec![("traceparent".into(), field.into())]);
        let context = TraceContext::extract(&headers).unwrap();
        assert_eq!(context.traceparent(context.span_id), field);
    }
}
