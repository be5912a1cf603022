//! What the collector receives.

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use prost::Message;
use semantic_router_collector::otlp::{check, divide, request_from_json};

/// What is taken for an export request is one to other readers too, and none of
/// its spans is lost where it is divided; JSON becomes such a request.
///
/// # Panics
/// It does not hold.
pub fn otlp_receive(bytes: &[u8]) {
    protobuf(bytes);
    if let Ok(request) = request_from_json(bytes) {
        assert!(request.len() <= bytes.len(), "the protobuf is the longer one");
        assert_eq!(check(&request), Ok(()));
        protobuf(&request);
    }
}

fn protobuf(bytes: &[u8]) {
    if check(bytes).is_err() {
        return;
    }
    let decoded = ExportTraceServiceRequest::decode(bytes);
    let Ok(request) = decoded else {
        assert!(decoded.is_ok(), "taken, but {decoded:?}");
        return;
    };
    let division = divide(bytes.to_vec());
    let mut taken = 0;
    for record in &division.records {
        let part = ExportTraceServiceRequest::decode(record.body.clone()).unwrap_or_default();
        assert_eq!(spans(&part), record.spans);
        taken += record.spans;
    }
    assert_eq!(taken, division.accepted);
    assert_eq!(division.accepted + division.rejected, spans(&request));
}

fn spans(request: &ExportTraceServiceRequest) -> usize {
    let scopes = request.resource_spans.iter().flat_map(|resource| &resource.scope_spans);
    scopes.map(|scope| scope.spans.len()).sum()
}
