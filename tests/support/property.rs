//! What holds whatever bytes are read: `fuzz/` tries it with bytes of its own,
//! and a test with those that stand in `fuzz/corpus`.
//!
//! A property that does not hold panics.

mod configuration;
mod otlp_receive;
mod request_body;
mod sse_reader;
mod trace_context;

pub use configuration::configuration;
pub use otlp_receive::otlp_receive;
pub use request_body::request_body;
pub use sse_reader::sse_reader;
pub use trace_context::trace_context;

/// A property by the name of its target and corpus.
pub type Property = (&'static str, fn(&[u8]));

/// All of them.
pub const PROPERTIES: [Property; 5] = [
    ("configuration", configuration),
    ("otlp_receive", otlp_receive),
    ("request_body", request_body),
    ("sse_reader", sse_reader),
    ("trace_context", trace_context),
];
