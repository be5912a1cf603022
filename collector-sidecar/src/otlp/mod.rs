//! OTLP traces in their protobuf encoding, handled without decoding them.
//!
//! What is received is checked ([`check()`]) and passed on byte for byte: the
//! encodings of two requests, one after the other, are the encoding of both.

mod check;
mod id;
mod json;
#[cfg(test)]
pub(crate) mod samples;
mod schema;
mod span;
mod split;
mod wire;

use bytes::Bytes;

pub use check::{Malformed, check};
pub use id::hex;
pub use json::{InvalidJson, request_from_json, response_from_json};
pub use split::{Division, divide};

/// The most spans of a batch.
pub const MAX_BATCH_SPANS: usize = 8192;

/// The most bytes of a batch, unless a single span is longer.
pub const MAX_BATCH_BYTES: usize = 4 << 20;

/// An encoded `ExportTraceServiceRequest` of at least one span.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// The encoding.
    pub body: Bytes,
    /// How many spans it holds.
    pub spans: usize,
}
