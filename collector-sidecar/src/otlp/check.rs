//! Whether bytes are a trace export request that every protobuf reader takes.
//!
//! A request is passed on as it came, beside others, so that one which only
//! some readers refuse would spoil a whole batch.

use super::schema::{Kind, Message, REQUEST};
use super::wire::{Fault, Field, Fields, Value};

/// How deep messages may nest: what prost and upb take.
const MAX_DEPTH: usize = 100;

/// Why bytes are not a trace export request, and where.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{place}: {matter}", place = if path.is_empty() { "the request" } else { path })]
pub struct Malformed {
    path: String,
    matter: Matter,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
enum Matter {
    #[error(transparent)]
    Wire(#[from] Fault),
    #[error("is not UTF-8")]
    Text,
    #[error("has the wrong wire type")]
    WireType,
    #[error("is nested deeper than {MAX_DEPTH} messages")]
    Depth,
}

/// Checks that `request` is a well-formed `ExportTraceServiceRequest`.
///
/// # Errors
/// The first fault and the path of the field that has it.
pub fn check(request: &[u8]) -> Result<(), Malformed> {
    walk(&REQUEST, request, 1)
}

fn walk(message: &'static Message, bytes: &[u8], depth: usize) -> Result<(), Malformed> {
    if depth > MAX_DEPTH {
        return Err(Malformed { path: String::new(), matter: Matter::Depth });
    }
    for (position, field) in Fields::new(bytes).enumerate() {
        let field =
            field.map_err(|fault| Malformed { path: String::new(), matter: fault.into() })?;
        let Some(known) = message.by_number(field.number) else { continue };
        check_field(known.kind, &field, depth).map_err(|fault| {
            let index = known.repeated.then(|| index(bytes, position, field.number));
            fault.inside(known.name, index)
        })?;
    }
    Ok(())
}

fn check_field(kind: Kind, field: &Field<'_>, depth: usize) -> Result<(), Malformed> {
    let fault = |matter| Err(Malformed { path: String::new(), matter });
    match (kind, field.value) {
        (Kind::Message(inner), Value::Bytes(bytes)) => walk(inner, bytes, depth + 1),
        (Kind::Text, Value::Bytes(bytes)) if std::str::from_utf8(bytes).is_err() => {
            fault(Matter::Text)
        }
        (Kind::Text | Kind::Bytes | Kind::Id, Value::Bytes(_))
        | (Kind::Bool | Kind::Int64 | Kind::UInt32 | Kind::Enum(_), Value::Varint(_))
        | (Kind::Fixed32, Value::Fixed32(_))
        | (Kind::Fixed64 | Kind::Double, Value::Fixed64(_)) => Ok(()),
        _ => fault(Matter::WireType),
    }
}

/// The place of the field at `position` among those of its number.
fn index(message: &[u8], position: usize, number: u32) -> usize {
    let before = Fields::new(message).take(position).flatten();
    before.filter(|field| field.number == number).count()
}

impl Malformed {
    fn inside(mut self, name: &str, index: Option<usize>) -> Self {
        let mut path = name.to_owned();
        if let Some(index) = index {
            path = format!("{name}[{index}]");
        }
        if !self.path.is_empty() {
            path = format!("{path}.{}", self.path);
        }
        self.path = path;
        self
    }
}

#[cfg(test)]
mod tests {
    use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
    use prost::Message as _;

    use super::*;
    use crate::otlp::samples;

    #[test]
    fn every_kind_of_field_is_accepted() {
        check(&samples::request(3).encode_to_vec()).unwrap();
        check(&[]).unwrap();
    }

    #[test]
    fn a_fault_is_named_with_its_path() {
        let mut request = samples::request(2);
        let mut bytes = request.encode_to_vec();
        bytes.pop();
        assert_eq!(
            check(&bytes).unwrap_err().to_string(),
            "the request: ends in the middle of a field"
        );
        request.resource_spans[0].scope_spans[0].spans[1].name = "\u{1f600}".to_owned();
        let mut bytes = request.encode_to_vec();
        let at = bytes.windows(4).position(|window| window == "\u{1f600}".as_bytes()).unwrap();
        bytes[at] = 0xff;
        assert_eq!(
            check(&bytes).unwrap_err().to_string(),
            "resourceSpans[0].scopeSpans[0].spans[1].name: is not UTF-8"
        );
        assert_eq!(
            check(&[0x08, 0x01]).unwrap_err().to_string(),
            "resourceSpans[0]: has the wrong wire type"
        );
    }

    #[test]
    fn nesting_is_bounded_where_prost_bounds_it() {
        for (depth, accepted) in [(40, true), (60, false)] {
            let request = samples::nested(depth).encode_to_vec();
            assert_eq!(check(&request).is_ok(), accepted, "{depth}");
            assert_eq!(ExportTraceServiceRequest::decode(&*request).is_ok(), accepted, "{depth}");
        }
    }

    /// Any bit of a request flipped: what is accepted here, prost accepts, and
    /// the reverse, groups aside.
    #[test]
    fn agrees_with_prost_on_damaged_requests() {
        let intact = samples::request(1).encode_to_vec();
        let mut refused = 0;
        for at in 0..intact.len() {
            for bit in 0..8 {
                let mut damaged = intact.clone();
                damaged[at] ^= 1 << bit;
                let ours = check(&damaged);
                let theirs = ExportTraceServiceRequest::decode(&*damaged);
                match (&ours, &theirs) {
                    (Err(ours), Ok(_)) => {
                        assert!(matches!(ours.matter, Matter::Wire(Fault::WireType(3))), "{ours}");
                    }
                    _ => assert_eq!(ours.is_ok(), theirs.is_ok(), "{at} {bit} {ours:?}"),
                }
                refused += usize::from(ours.is_err());
            }
        }
        assert!(refused > 500);
    }
}
