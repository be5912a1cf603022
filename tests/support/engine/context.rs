//! The trace that a request belongs to, as vLLM reads it.

use crate::client::fields::{Fields, text};

/// The parent that a request names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Context {
    pub(super) trace_id: [u8; 16],
    pub(super) span_id: [u8; 8],
    pub(super) flags: u8,
    pub(super) state: String,
}

impl Context {
    /// Reads the first `traceparent`; `None` when there is none that is valid.
    pub(super) fn extract(headers: &Fields) -> Option<Self> {
        let mut fields = text(headers, "traceparent")?.trim().split('-');
        let version = hex::<1>(fields.next()?)?;
        let trace_id = hex(fields.next()?)?;
        let span_id = hex(fields.next()?)?;
        let [flags] = hex(fields.next()?)?;
        let known_form = match version {
            [0xff] => false,
            [0] => fields.next().is_none(),
            _ => true,
        };
        let valid = known_form && trace_id != [0; 16] && span_id != [0; 8];
        let state = text(headers, "tracestate").unwrap_or_default().to_owned();
        valid.then_some(Self { trace_id, span_id, flags, state })
    }

    /// Whether the parent is recorded.
    pub(super) fn is_sampled(&self) -> bool {
        self.flags & 1 == 1
    }
}

/// Reads `2 * N` lower-case digits.
fn hex<const N: usize>(digits: &str) -> Option<[u8; N]> {
    let nibble = |digit: &u8| match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        _ => None,
    };
    let (pairs, rest) = digits.as_bytes().as_chunks::<2>();
    if !rest.is_empty() {
        return None;
    }
    let byte = |[high, low]: &[u8; 2]| Some((nibble(high)? << 4) | nibble(low)?);
    let bytes: Option<Vec<u8>> = pairs.iter().map(byte).collect();
    bytes?.try_into().ok()
}
