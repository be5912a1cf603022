//! Tracing: the context of a request, its spans, and their way out.

mod attributes;
mod backoff;
mod context;
mod export;
mod id;
mod otlp;
mod queue;
mod sampler;
mod span;
mod stages;

pub use attributes::key;
pub use backoff::Backoff;
pub use context::TraceContext;
pub use export::{Answer, Counters, Exporter, Limits, Transmission};
pub use id::{IdSource, RandomIds};
pub use otlp::{ScopeHeader, rejected_spans};
pub use sampler::{is_sampled, new_flags};
pub use span::{Event, Recording, Span};
pub use stages::{
    ResponseFacts, RootFacts, UpstreamFacts, response_span, root_span, stage_spans, upstream_span,
};
