//! Attributes as the Go SDK marshals them.
//!
//! Source: `go.opentelemetry.io/otel/attribute`, `Value.MarshalJSON`. What it
//! has no type for (maps, bytes, mixed lists) is named after the same pattern.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use opentelemetry_proto::tonic::common::v1::any_value::Value as Any;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue};
use serde::Serialize;
use serde_json::Value as Json;

/// A key and its value.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Attribute<'a> {
    key: &'a str,
    value: Typed,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Typed {
    r#type: &'static str,
    value: Json,
}

/// A list of attributes; Go marshals an empty one as `null`.
pub fn attributes(attributes: &[KeyValue]) -> Option<Vec<Attribute<'_>>> {
    let list = attributes
        .iter()
        .map(|attribute| Attribute { key: &attribute.key, value: typed(attribute.value.as_ref()) });
    (!attributes.is_empty()).then(|| list.collect())
}

fn typed(value: Option<&AnyValue>) -> Typed {
    let (r#type, value) = match value.and_then(|value| value.value.as_ref()) {
        Some(Any::StringValue(text)) => ("STRING", Json::from(text.as_str())),
        Some(Any::BoolValue(flag)) => ("BOOL", Json::from(*flag)),
        Some(Any::IntValue(number)) => ("INT64", Json::from(*number)),
        Some(Any::DoubleValue(number)) => ("FLOAT64", double(*number)),
        Some(Any::ArrayValue(array)) => slice(&array.values),
        Some(Any::KvlistValue(list)) => {
            ("MAP", serde_json::to_value(attributes(&list.values)).unwrap_or_default())
        }
        Some(Any::BytesValue(bytes)) => ("BYTESLICE", Json::from(STANDARD.encode(bytes))),
        Some(Any::StringValueStrindex(_)) | None => ("EMPTY", Json::Null),
    };
    Typed { r#type, value }
}

/// JSON has no word for what is not finite.
fn double(number: f64) -> Json {
    if number.is_finite() { Json::from(number) } else { Json::from(number.to_string()) }
}

/// A list: of one type if all its values are, else of typed values.
fn slice(values: &[AnyValue]) -> (&'static str, Json) {
    let typed: Vec<_> = values.iter().map(|value| typed(Some(value))).collect();
    let first = typed.first().map_or("STRING", |value| value.r#type);
    let name = match first {
        "STRING" => "STRINGSLICE",
        "BOOL" => "BOOLSLICE",
        "INT64" => "INT64SLICE",
        "FLOAT64" => "FLOAT64SLICE",
        _ => "SLICE",
    };
    if name == "SLICE" || typed.iter().any(|value| value.r#type != first) {
        return ("SLICE", serde_json::to_value(typed).unwrap_or_default());
    }
    (name, typed.into_iter().map(|value| value.value).collect())
}
