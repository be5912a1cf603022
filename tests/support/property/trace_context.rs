//! Trace contexts.

use semantic_router_filter::headers::Headers;
use semantic_router_filter::trace::TraceContext;

/// The first line is a `traceparent`, the others are each a `tracestate`. A
/// context that is taken from them is sent on as one that says the same.
///
/// # Panics
/// It does not hold.
pub fn trace_context(bytes: &[u8]) {
    let mut lines = bytes.split(|byte| *byte == b'\n');
    let parent = lines.next().unwrap_or_default();
    let fields = std::iter::once(field("traceparent", parent))
        .chain(lines.map(|line| field("tracestate", line)));
    let Some(context) = TraceContext::extract(&Headers::new(fields.collect())) else { return };
    let sent = context.traceparent(context.span_id);
    assert_eq!(sent.len(), 55, "{sent}");
    assert!(context.state.is_ascii() && context.state.len() <= 8 << 10, "{}", context.state);
    assert!(context.state.split(',').count() <= 32, "{}", context.state);
    let again =
        vec![field("traceparent", sent.as_bytes()), field("tracestate", context.state.as_bytes())];
    assert_eq!(TraceContext::extract(&Headers::new(again)), Some(context));
}

fn field(name: &str, value: &[u8]) -> (String, Vec<u8>) {
    (name.to_owned(), value.to_vec())
}
