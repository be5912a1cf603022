//! HTTP headers, as the core sees and changes them.

/// The headers of a message in order, names in lower case, pseudo-headers
/// (`:method`) among them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Headers(Vec<(String, Vec<u8>)>);

/// A change to the headers of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HeaderEdit {
    /// The header has this value and no other.
    Set(String, String),
    /// The header has this value besides those it has.
    Add(String, String),
    /// The header is gone.
    Remove(String),
}

impl HeaderEdit {
    /// [`HeaderEdit::Set`] of anything that makes strings.
    #[must_use]
    pub fn set(name: impl Into<String>, value: impl Into<String>) -> Self {
        Self::Set(name.into(), value.into())
    }
}

impl Headers {
    /// The fields of a message, in order.
    #[must_use]
    pub fn new(fields: Vec<(String, Vec<u8>)>) -> Self {
        Self(fields)
    }

    /// Every field.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_slice()))
    }

    /// Every value of a header, in order.
    pub fn all(&self, name: &str) -> impl Iterator<Item = &[u8]> {
        self.iter().filter(move |(other, _)| *other == name).map(|(_, value)| value)
    }

    /// The first value of a header; `None` when absent or not UTF-8.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        str::from_utf8(self.all(name).next()?).ok()
    }

    /// The first value of a header; empty when absent or not UTF-8.
    #[must_use]
    pub fn text(&self, name: &str) -> &str {
        self.get(name).unwrap_or_default()
    }

    /// Whether a header is there.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.all(name).next().is_some()
    }
}

/// The header that names the endpoint to Envoy.
pub const ENDPOINT_HEADER: &str = "x-vsr-destination-endpoint";
/// The header that names the model to Envoy.
pub const MODEL_HEADER: &str = "x-selected-model";

/// What Envoy routes by: neither a client nor a configuration may set it.
pub const ROUTING_HEADERS: [&str; 4] = [
    MODEL_HEADER,
    ENDPOINT_HEADER,
    // The same under the name that it had before November 2025.
    "x-gateway-destination-endpoint",
    // What an ORIGINAL_DST cluster listens to unless told otherwise.
    "x-envoy-original-dst-host",
];

/// Whether only the router, or its configuration, may set a header.
#[must_use]
pub fn is_own_header(name: &str) -> bool {
    name.starts_with("x-vsr-") || ROUTING_HEADERS.contains(&name)
}

/// Whether a text can stand in a header: printable ASCII of a sane length, so
/// that no name of a model or decision can split or bloat a header.
#[must_use]
pub fn is_header_safe(text: &str) -> bool {
    !text.is_empty() && text.len() <= 256 && text.bytes().all(|byte| (0x20..0x7f).contains(&byte))
}
