//! From the JSON encoding of OTLP messages to the protobuf one.
//!
//! Source: "JSON Protobuf Encoding" of the OTLP specification and the `ProtoJSON`
//! format: ids are hexadecimal, other bytes base64, integers numbers or
//! strings, enumerations numbers (names are taken as well), `null` is the same
//! as leaving out, unknown fields are ignored. The protobuf is written as the
//! JSON is read and is never the longer of the two.

use std::borrow::Cow;
use std::fmt;

use base64::Engine;
use base64::alphabet::{STANDARD, URL_SAFE};
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::id::unhex;
use super::schema::{Field, Kind, Message, REQUEST, RESPONSE};
use super::wire::{Value, put_field, put_varint};

/// Why bytes are not an OTLP message in JSON.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct InvalidJson(#[from] serde_json::Error);

/// Encodes in protobuf the `ExportTraceServiceRequest` that `json` encodes.
///
/// # Errors
/// What is wrong and at which line and column.
pub fn request_from_json(json: &[u8]) -> Result<Vec<u8>, InvalidJson> {
    to_protobuf(&REQUEST, json)
}

/// Encodes in protobuf the `ExportTraceServiceResponse` that `json` encodes.
///
/// # Errors
/// What is wrong and at which line and column.
pub fn response_from_json(json: &[u8]) -> Result<Vec<u8>, InvalidJson> {
    to_protobuf(&RESPONSE, json)
}

fn to_protobuf(message: &'static Message, json: &[u8]) -> Result<Vec<u8>, InvalidJson> {
    let mut out = Vec::new();
    let mut reader = serde_json::Deserializer::from_slice(json);
    MessageReader { message, out: &mut out }.deserialize(&mut reader)?;
    reader.end()?;
    Ok(out)
}

/// Reads an object as a message.
struct MessageReader<'o> {
    message: &'static Message,
    out: &'o mut Vec<u8>,
}

impl<'de> DeserializeSeed<'de> for MessageReader<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<(), D::Error> {
        reader.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for MessageReader<'_> {
    type Value = ();

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<(), A::Error> {
        while let Some(name) = entries.next_key::<Cow<'de, str>>()? {
            match self.message.by_name(&name) {
                Some(field) => entries.next_value_seed(FieldReader { field, out: self.out })?,
                None => drop(entries.next_value::<IgnoredAny>()?),
            }
        }
        Ok(())
    }
}

/// Reads a value, or a list of them, as a field.
struct FieldReader<'o> {
    field: &'static Field,
    out: &'o mut Vec<u8>,
}

impl<'de> DeserializeSeed<'de> for FieldReader<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<(), D::Error> {
        reader.deserialize_option(self)
    }
}

impl<'de> Visitor<'de> for FieldReader<'_> {
    type Value = ();

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Field { name, repeated, .. } = self.field;
        write!(out, "{} for {name}", if *repeated { "a list" } else { "a value" })
    }

    fn visit_none<E: Error>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_some<D: Deserializer<'de>>(self, reader: D) -> Result<(), D::Error> {
        if self.field.repeated {
            reader.deserialize_seq(self)
        } else {
            ValueReader { field: self.field, out: self.out }.deserialize(reader)
        }
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        let Self { field, out } = self;
        while items.next_element_seed(ValueReader { field, out })?.is_some() {}
        Ok(())
    }
}

/// Reads one value.
struct ValueReader<'o> {
    field: &'static Field,
    out: &'o mut Vec<u8>,
}

impl<'de> DeserializeSeed<'de> for ValueReader<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<(), D::Error> {
        reader.deserialize_any(self)
    }
}

impl ValueReader<'_> {
    fn put<E: Error>(self, value: Option<Value<'_>>) -> Result<(), E> {
        let value = value.ok_or_else(|| E::custom(format!("{self} is what was expected")))?;
        put_field(self.out, self.field.number, value);
        Ok(())
    }

    fn integer<E: Error>(self, number: i128) -> Result<(), E> {
        let value = match self.field.kind {
            #[allow(clippy::cast_sign_loss, reason = "protobuf wants two's complement")]
            Kind::Int64 => i64::try_from(number).ok().map(|number| Value::Varint(number as u64)),
            Kind::UInt32 => u32::try_from(number).ok().map(|number| Value::Varint(number.into())),
            #[allow(clippy::cast_sign_loss, reason = "protobuf wants two's complement")]
            Kind::Enum(_) => {
                i32::try_from(number).ok().map(|number| Value::Varint(i64::from(number) as u64))
            }
            Kind::Fixed32 => u32::try_from(number).ok().map(Value::Fixed32),
            Kind::Fixed64 => u64::try_from(number).ok().map(Value::Fixed64),
            #[allow(clippy::cast_precision_loss, reason = "a number where a double is due")]
            Kind::Double => Some(Value::Fixed64((number as f64).to_bits())),
            _ => None,
        };
        self.put(value)
    }
}

impl fmt::Display for ValueReader<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match self.field.kind {
            Kind::Message(_) => "an object",
            Kind::Text => "a string",
            Kind::Bytes => "base64",
            Kind::Id => "hexadecimal",
            Kind::Bool => "a boolean",
            Kind::Int64 => "a signed 64-bit integer",
            Kind::UInt32 | Kind::Fixed32 => "an unsigned 32-bit integer",
            Kind::Enum(_) => "the number or name of an enumeration value",
            Kind::Fixed64 => "an unsigned 64-bit integer",
            Kind::Double => "a number",
        };
        write!(out, "{kind} for {}", self.field.name)
    }
}

impl<'de> Visitor<'de> for ValueReader<'_> {
    type Value = ();

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{self}")
    }

    fn visit_bool<E: Error>(self, flag: bool) -> Result<(), E> {
        let value = matches!(self.field.kind, Kind::Bool).then(|| Value::Varint(flag.into()));
        self.put(value)
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<(), E> {
        self.integer(number.into())
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<(), E> {
        self.integer(number.into())
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<(), E> {
        if matches!(self.field.kind, Kind::Double) {
            return self.put(Some(Value::Fixed64(number.to_bits())));
        }
        // ProtoJSON: an integer may be written as 1.0 or 1e3.
        #[allow(clippy::cast_possible_truncation, reason = "checked to be whole and small")]
        let whole = (number.fract() == 0.0 && number.abs() < 1e19).then_some(number as i128);
        match whole {
            Some(whole) => self.integer(whole),
            None => self.put(None),
        }
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<(), E> {
        let decoded;
        let value = match self.field.kind {
            Kind::Text => Some(Value::Bytes(text.as_bytes())),
            Kind::Id => {
                decoded = unhex(text);
                decoded.as_deref().map(Value::Bytes)
            }
            Kind::Bytes => {
                decoded = unbase64(text);
                decoded.as_deref().map(Value::Bytes)
            }
            Kind::Double => double(text).map(|number| Value::Fixed64(number.to_bits())),
            Kind::Enum(names) if !text.starts_with(|first: char| first.is_ascii_digit()) => {
                let number = names.iter().position(|name| *name == text);
                number.map(|number| Value::Varint(number as u64))
            }
            Kind::Message(_) | Kind::Bool => None,
            _ => match text.parse() {
                Ok(number) => return self.integer::<E>(number),
                Err(_) => None,
            },
        };
        self.put(value)
    }

    fn visit_map<A: MapAccess<'de>>(self, entries: A) -> Result<(), A::Error> {
        let Kind::Message(message) = self.field.kind else { return self.put(None) };
        put_varint(self.out, u64::from(self.field.number) << 3 | 2);
        let start = self.out.len();
        MessageReader { message, out: self.out }.visit_map(entries)?;
        let mut length = Vec::new();
        put_varint(&mut length, (self.out.len() - start) as u64);
        self.out.splice(start..start, length);
        Ok(())
    }
}

/// Source: `ProtoJSON`, "Either standard or URL-safe base64 encoding with/without
/// paddings are accepted".
fn unbase64(text: &str) -> Option<Vec<u8>> {
    const ANY: GeneralPurposeConfig =
        GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
    let alphabet = if text.contains(['-', '_']) { &URL_SAFE } else { &STANDARD };
    GeneralPurpose::new(alphabet, ANY).decode(text).ok()
}

fn double(text: &str) -> Option<f64> {
    match text {
        "NaN" => Some(f64::NAN),
        "Infinity" => Some(f64::INFINITY),
        "-Infinity" => Some(f64::NEG_INFINITY),
        _ => text.parse().ok().filter(|number: &f64| number.is_finite()),
    }
}

#[cfg(test)]
mod tests {
    use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
    use opentelemetry_proto::tonic::trace::v1::Span;
    use prost::Message as _;

    use super::*;
    use crate::otlp::{check, samples};

    fn read(json: &str) -> Result<ExportTraceServiceRequest, String> {
        let bytes = request_from_json(json.as_bytes()).map_err(|error| error.to_string())?;
        check(&bytes).unwrap();
        Ok(ExportTraceServiceRequest::decode(&*bytes).unwrap())
    }

    fn read_span(json: &str) -> Result<Span, String> {
        let json = format!(r#"{{"resourceSpans":[{{"scopeSpans":[{{"spans":[{json}]}}]}}]}}"#);
        let mut request = read(&json)?;
        Ok(request.resource_spans.remove(0).scope_spans.remove(0).spans.remove(0))
    }

    #[test]
    fn what_the_library_writes_is_read() {
        let request = samples::request(2);
        assert_eq!(read(&serde_json::to_string(&request).unwrap()).unwrap(), request);
        assert_eq!(read("{}").unwrap(), ExportTraceServiceRequest::default());
    }

    #[test]
    fn every_spelling_of_the_specification_is_read() {
        let span = read_span(
            r#"{"traceId": "5B8EFFF798038103d269b633813fc60c", "spanId": "EEE19B7EC3C1B174",
                "kind": "SPAN_KIND_CLIENT", "startTimeUnixNano": 1544712660000000000,
                "endTimeUnixNano": "18446744073709551615", "droppedLinksCount": "3",
                "flags": 1.0, "events": null, "parentSpanId": null, "unknown": [{"a": 1}],
                "status": {"code": "STATUS_CODE_ERROR"},
                "attributes": [
                    {"key": "i", "value": {"intValue": "-9223372036854775808"}},
                    {"key": "j", "value": {"intValue": 5}},
                    {"key": "d", "value": {"doubleValue": 2}},
                    {"key": "n", "value": {"doubleValue": "-Infinity"}},
                    {"key": "b", "value": {"bytesValue": "_-8"}},
                    {"key": "a", "value": {"arrayValue": {}}},
                    {"key": "e", "value": {}},
                    {"key": "z"}
                ]}"#,
        )
        .unwrap();
        assert_eq!(span.trace_id[..3], [0x5b, 0x8e, 0xff]);
        assert_eq!((span.kind, span.flags, span.dropped_links_count), (3, 1, 3));
        assert_eq!(span.start_time_unix_nano, 1_544_712_660_000_000_000);
        assert_eq!(span.end_time_unix_nano, u64::MAX);
        assert_eq!(span.status.unwrap().code, 2);
        let values: Vec<_> =
            span.attributes.iter().map(|item| format!("{:?}", item.value)).collect();
        for (value, expected) in values.iter().zip([
            "IntValue(-9223372036854775808)",
            "IntValue(5)",
            "DoubleValue(2.0)",
            "DoubleValue(-inf)",
            "BytesValue([255, 239])",
            "ArrayValue(ArrayValue { values: [] })",
            "Some(AnyValue { value: None })",
            "None",
        ]) {
            assert!(value.contains(expected), "{value}");
        }
    }

    #[test]
    fn what_is_wrong_is_said() {
        for (span, expected) in [
            (r#"{"traceId": "xyz"}"#, "hexadecimal for traceId"),
            (r#"{"traceId": 5}"#, "hexadecimal for traceId"),
            (r#"{"name": 5}"#, "a string for name"),
            (r#"{"kind": "SERVER"}"#, "the number or name of an enumeration value for kind"),
            (r#"{"startTimeUnixNano": -1}"#, "an unsigned 64-bit integer for startTimeUnixNano"),
            (r#"{"startTimeUnixNano": 0.5}"#, "an unsigned 64-bit integer for startTimeUnixNano"),
            (r#"{"flags": 4294967296}"#, "an unsigned 32-bit integer for flags"),
            (r#"{"attributes": {}}"#, "a list for attributes"),
            (r#"{"attributes": [null]}"#, "an object for attributes"),
            (r#"{"status": []}"#, "an object for status"),
            (r#"{"name": "a"#, "EOF"),
        ] {
            let error = read_span(span).unwrap_err();
            assert!(error.contains(expected), "{span}: {error}");
            assert!(error.contains("line 1 column"), "{error}");
        }
        for json in ["", "[]", "{} x", "nonsense"] {
            assert!(read(json).is_err(), "{json}");
        }
    }

    #[test]
    fn nesting_is_bounded() {
        let deep = format!(
            r#"{{"attributes":[{{"value":{}{}}}]}}"#,
            r#"{"arrayValue":{"values":["#.repeat(1000),
            "]}}".repeat(1000),
        );
        assert!(read_span(&deep).unwrap_err().contains("recursion limit"));
    }
}
