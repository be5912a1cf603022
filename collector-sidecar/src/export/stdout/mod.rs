//! Prints spans as the original does, in the shape of the Go SDK's
//! `stdouttrace`: one JSON object a span, indented with tabs.

mod attribute;
mod stub;

use std::io::{self, Write};

use bytes::Bytes;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use prost::Message;
use serde::Serialize;
use serde_json::ser::{PrettyFormatter, Serializer};

use super::{Answer, EncodeError};
use stub::Stub;

/// The text of the spans of an encoded request.
///
/// # Errors
/// When it cannot be decoded.
pub fn render(request: Bytes) -> Result<Vec<u8>, EncodeError> {
    let request = ExportTraceServiceRequest::decode(request)?;
    let mut text = Vec::new();
    for resource in &request.resource_spans {
        for scope in &resource.scope_spans {
            for span in &scope.spans {
                let formatter = PrettyFormatter::with_indent(b"\t");
                let stub = Stub::new(span, resource.resource.as_ref(), scope);
                stub.serialize(&mut Serializer::with_formatter(&mut text, formatter))?;
                text.push(b'\n');
            }
        }
    }
    Ok(text)
}

/// Writes to standard output, which may be slow, beside the threads that serve
/// connections.
pub async fn print(text: Bytes) -> Answer {
    let written = tokio::task::spawn_blocking(move || {
        let mut out = io::stdout().lock();
        out.write_all(&text)?;
        out.flush()
    });
    match written.await.unwrap_or_else(|error| Err(io::Error::other(error))) {
        Ok(()) => Answer::taken(None),
        Err(error) => Answer::Refused { reason: error.to_string() },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::otlp::samples;

    #[test]
    fn a_span_is_printed_as_the_go_sdk_prints_it() {
        let mut request = samples::request(1);
        let mut bare = samples::request(1).resource_spans.remove(0);
        bare.resource = None;
        bare.scope_spans[0].scope = None;
        bare.scope_spans[0].spans[0] = opentelemetry_proto::tonic::trace::v1::Span {
            trace_id: vec![1; 16],
            span_id: vec![2; 8],
            start_time_unix_nano: 1_000_000_000,
            ..Default::default()
        };
        request.resource_spans.push(bare);
        let text = render(request.encode_to_vec().into()).unwrap();
        assert_eq!(String::from_utf8(text).unwrap(), include_str!("expected.txt"));
    }
}
