//! Divides a received request into records no larger than a batch, leaving out
//! the spans that have to be rejected.

use bytes::Bytes;

use super::schema::{RESOURCE_SPANS, SCOPE_SPANS};
use super::span::{Located, SpanFault, located};
use super::wire::{Value, put_field};
use super::{MAX_BATCH_BYTES, MAX_BATCH_SPANS, Record};

/// How many faults are told of one by one.
const MAX_FAULTS: usize = 3;

/// The most bytes of resource and scope that are repeated so that their spans
/// can be divided: with more, what is sent would far exceed what was received.
const MAX_REPEATED: usize = 64 << 10;

/// The most bytes of tags and lengths around a scope and its resource.
const MAX_FRAMING: usize = 32;

/// What a request comes to.
#[derive(Debug, Default)]
pub struct Division {
    /// The valid spans, in order.
    pub records: Vec<Record>,
    /// How many spans are valid.
    pub accepted: usize,
    /// How many spans are not.
    pub rejected: usize,
    faults: Vec<SpanFault>,
}

impl Division {
    /// Why spans were rejected: how many, and the first few faults.
    #[must_use]
    pub fn reason(&self) -> String {
        let mut faults: Vec<_> = self.faults.iter().map(ToString::to_string).collect();
        if self.rejected > faults.len() {
            faults.push("...".to_owned());
        }
        let total = self.accepted + self.rejected;
        format!("{} of {total} spans rejected: {}", self.rejected, faults.join("; "))
    }
}

/// Divides a well-formed request, checked with [`super::check()`].
#[must_use]
pub fn divide(request: Vec<u8>) -> Division {
    let mut division = Division::default();
    for span in located(&request) {
        match span.check() {
            Ok(()) => division.accepted += 1,
            Err(fault) => {
                division.rejected += 1;
                if division.faults.len() < MAX_FAULTS {
                    division.faults.push(fault);
                }
            }
        }
    }
    let spans = division.accepted;
    if division.rejected == 0 && request.len() <= MAX_BATCH_BYTES && spans <= MAX_BATCH_SPANS {
        if spans > 0 {
            division.records.push(Record { body: Bytes::from(request.into_boxed_slice()), spans });
        }
    } else {
        let mut writer = Writer::default();
        located(&request).filter(|span| span.check().is_ok()).for_each(|span| writer.add(&span));
        division.records = writer.finish();
    }
    division
}

/// Puts spans back into their scopes and resources, record after record.
#[derive(Default)]
struct Writer {
    records: Vec<Record>,
    request: Vec<u8>,
    resource: Option<Part>,
    scope: Option<Part>,
    /// Of the record being written.
    spans: usize,
}

/// A resource or scope being written.
struct Part {
    index: usize,
    /// What is repeated when it goes on in the next record.
    head: Vec<u8>,
    /// What of it is in this record.
    body: Vec<u8>,
}

impl Part {
    fn new(index: usize, head: Vec<u8>) -> Self {
        Self { index, body: head.clone(), head }
    }

    /// Whether some span of it is in this record.
    fn is_begun(&self) -> bool {
        self.body.len() > self.head.len()
    }

    /// Ends the message and begins it anew.
    fn end(&mut self, number: u32, out: &mut Vec<u8>) {
        if self.is_begun() {
            put_field(out, number, Value::Bytes(&self.body));
            self.body.truncate(self.head.len());
        }
    }
}

impl Writer {
    fn add(&mut self, span: &Located<'_>) {
        self.enter(span);
        if self.spans == MAX_BATCH_SPANS || self.len() + span.encoded.len() > MAX_BATCH_BYTES {
            self.end_record();
        }
        if let Some(scope) = &mut self.scope {
            scope.body.extend_from_slice(span.encoded);
            self.spans += 1;
        }
    }

    /// Makes the span's resource and scope those being written.
    fn enter(&mut self, span: &Located<'_>) {
        let [resource, scope, _] = span.place;
        if self.resource.as_ref().is_none_or(|open| open.index != resource) {
            self.end_resource();
            self.resource = Some(Part::new(resource, span.resource_head()));
            self.scope = None;
        }
        if self.scope.as_ref().is_none_or(|open| open.index != scope) {
            self.end_scope();
            self.scope = Some(Part::new(scope, span.scope_head()));
        }
    }

    /// Bytes of the record being written.
    fn len(&self) -> usize {
        let parts = [&self.resource, &self.scope].into_iter().flatten();
        self.request.len() + parts.map(|part| part.body.len() + MAX_FRAMING).sum::<usize>()
    }

    fn end_scope(&mut self) {
        if let (Some(resource), Some(scope)) = (&mut self.resource, &mut self.scope) {
            scope.end(SCOPE_SPANS, &mut resource.body);
        }
    }

    fn end_resource(&mut self) {
        self.end_scope();
        if let Some(resource) = &mut self.resource {
            resource.end(RESOURCE_SPANS, &mut self.request);
        }
    }

    fn end_record(&mut self) {
        if self.spans > 0 && self.repeated() <= MAX_REPEATED {
            self.push_record();
        }
    }

    /// Bytes that are sent again if the record ends here.
    fn repeated(&self) -> usize {
        let head = |part: &Option<Part>| part.as_ref().map_or(0, |part| part.head.len());
        let begun = |part: &Option<Part>| part.as_ref().is_some_and(Part::is_begun);
        if begun(&self.scope) {
            head(&self.resource) + head(&self.scope)
        } else if begun(&self.resource) {
            head(&self.resource)
        } else {
            0
        }
    }

    fn push_record(&mut self) {
        self.end_resource();
        let body = Bytes::copy_from_slice(&self.request);
        self.records.push(Record { body, spans: self.spans });
        self.request.clear();
        self.spans = 0;
    }

    fn finish(mut self) -> Vec<Record> {
        if self.spans > 0 {
            self.push_record();
        }
        self.records
    }
}

#[cfg(test)]
mod tests {
    use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
    use opentelemetry_proto::tonic::trace::v1::Span;
    use prost::Message as _;

    use super::*;
    use crate::otlp::{check, samples};

    fn spans(request: &ExportTraceServiceRequest) -> Vec<Span> {
        let scopes = request.resource_spans.iter().flat_map(|resource| &resource.scope_spans);
        scopes.flat_map(|scope| scope.spans.clone()).collect()
    }

    #[test]
    fn a_small_valid_request_passes_unchanged() {
        let bytes = samples::request(3).encode_to_vec();
        let division = divide(bytes.clone());
        assert_eq!(division.records, [Record { body: bytes.into(), spans: 3 }]);
        assert_eq!((division.accepted, division.rejected), (3, 0));
        assert!(divide(Vec::new()).records.is_empty());
    }

    #[test]
    fn unknown_fields_pass() {
        let mut bytes = samples::request(1).encode_to_vec();
        put_field(&mut bytes, 99, Value::Bytes(b"new"));
        check(&bytes).unwrap();
        assert_eq!(divide(bytes.clone()).records, [Record { body: bytes.into(), spans: 1 }]);
    }

    #[test]
    fn invalid_spans_are_left_out_and_told_of() {
        let mut request = samples::request(6);
        for index in [0, 1, 3, 5] {
            request.resource_spans[0].scope_spans[0].spans[index].span_id.clear();
        }
        let division = divide(request.encode_to_vec());
        assert_eq!((division.accepted, division.rejected), (2, 4));
        assert_eq!(
            division.reason(),
            "4 of 6 spans rejected: \
             resourceSpans[0].scopeSpans[0].spans[0].spanId: must be 8 bytes, is 0; \
             resourceSpans[0].scopeSpans[0].spans[1].spanId: must be 8 bytes, is 0; \
             resourceSpans[0].scopeSpans[0].spans[3].spanId: must be 8 bytes, is 0; ..."
        );
        let kept = ExportTraceServiceRequest::decode(division.records[0].body.clone()).unwrap();
        let mut expected = request.clone();
        expected.resource_spans[0].scope_spans[0].spans.retain(|span| !span.span_id.is_empty());
        assert_eq!(kept, expected);
    }

    #[test]
    fn a_request_of_invalid_spans_gives_no_record() {
        let mut request = samples::request(1);
        request.resource_spans[0].scope_spans[0].spans[0].trace_id.clear();
        let division = divide(request.encode_to_vec());
        assert_eq!((division.records.len(), division.rejected), (0, 1));
    }

    #[test]
    fn many_spans_become_several_records_with_their_resources() {
        let mut request = samples::request(MAX_BATCH_SPANS + 1);
        request.resource_spans.extend(samples::request(10).resource_spans);
        let division = divide(request.encode_to_vec());
        let counts: Vec<_> = division.records.iter().map(|record| record.spans).collect();
        assert_eq!(counts, [MAX_BATCH_SPANS, 11]);
        let decoded: Vec<_> = division
            .records
            .iter()
            .map(|record| ExportTraceServiceRequest::decode(record.body.clone()).unwrap())
            .collect();
        assert_eq!(decoded.iter().flat_map(spans).collect::<Vec<_>>(), spans(&request));
        assert_eq!(decoded[1].resource_spans.len(), 2);
        for resource in decoded.iter().flat_map(|request| &request.resource_spans) {
            assert_eq!(resource.resource, request.resource_spans[0].resource);
            let scope = &request.resource_spans[0].scope_spans[0].scope;
            assert_eq!(resource.scope_spans[0].scope, *scope);
        }
    }

    #[test]
    fn records_keep_below_the_limit_of_bytes() {
        let mut request = samples::request(100);
        for span in &mut request.resource_spans[0].scope_spans[0].spans {
            span.name = "n".repeat(100_000);
        }
        let division = divide(request.encode_to_vec());
        assert_eq!(division.records.len(), 3);
        assert!(division.records.iter().all(|record| record.body.len() <= MAX_BATCH_BYTES));
        assert_eq!(division.records.iter().map(|record| record.spans).sum::<usize>(), 100);
    }

    #[test]
    fn a_long_resource_is_not_repeated() {
        let mut request = samples::request(3 * MAX_BATCH_SPANS);
        request.resource_spans[0].schema_url = "u".repeat(MAX_REPEATED);
        let division = divide(request.encode_to_vec());
        assert_eq!(division.records.len(), 1);
        assert_eq!(division.records[0].spans, 3 * MAX_BATCH_SPANS);
    }
}
