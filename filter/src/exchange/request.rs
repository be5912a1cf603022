//! What the headers of a request tell.

use std::borrow::Cow;

use super::encoding::{DecodeError, Encoding};
use crate::clock::UnixNanos;
use crate::config::Config;
use crate::headers::{HeaderEdit, Headers, is_own_header};
use crate::openai;
use crate::pair::Unpaired;
use crate::pipeline::Reply;
use crate::stage::Unread;

/// A request, as far as its headers tell.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Request {
    /// `:method`.
    pub method: String,
    /// `:path`.
    pub path: String,
    /// `x-request-id`.
    pub id: Option<String>,
    /// `x-user-id`.
    pub user_id: Option<String>,
    /// `x-session-id`.
    pub session_id: Option<String>,
    /// Headers that only the router may set.
    spoofed: Vec<String>,
    content_length: Option<u64>,
    content_type: String,
    encoding: Encoding,
    upgrade: bool,
}

impl Request {
    /// Reads the headers of a request.
    pub fn read(headers: &Headers) -> Self {
        let mut spoofed: Vec<String> = headers
            .iter()
            .map(|(name, _)| name)
            .filter(|name| is_own_header(name))
            .map(str::to_owned)
            .collect();
        spoofed.dedup();
        let named = |name| headers.get(name).filter(|value| !value.is_empty()).map(str::to_owned);
        let method = headers.text(":method").to_owned();
        Self {
            upgrade: method == "CONNECT" || headers.has("upgrade"),
            method,
            path: headers.text(":path").to_owned(),
            id: named("x-request-id"),
            user_id: named("x-user-id"),
            session_id: named("x-session-id"),
            spoofed,
            content_length: headers
                .get("content-length")
                .map(|value| value.parse().unwrap_or(u64::MAX)),
            content_type: headers.text("content-type").to_ascii_lowercase(),
            encoding: Encoding::of(headers),
        }
    }

    /// The headers of the request without those that only the router may set.
    pub fn without_spoofed(&self) -> Vec<HeaderEdit> {
        self.spoofed.iter().cloned().map(HeaderEdit::Remove).collect()
    }

    /// The router's answer about models: their list, or one that stands in it.
    /// About any other the engine is asked.
    pub fn models(&self, config: &Config, now: UnixNanos) -> Option<Reply> {
        if !matches!(self.method.as_str(), "GET" | "HEAD") {
            return None;
        }
        let created = now / 1_000_000_000;
        let path = self.path.split('?').next()?.strip_prefix("/v1/models")?;
        let body = match path.strip_prefix('/') {
            None if path.is_empty() => openai::model_list(config, created),
            None => return None,
            Some(id) => openai::model(config, &percent_decoded(id), created)?,
        };
        Some(Reply::json(200, body, "model_list"))
    }

    /// Whether the body's length is told in advance.
    pub fn has_content_length(&self) -> bool {
        self.content_length.is_some()
    }

    /// Why the body cannot be waited for, if so: one that never ends by itself
    /// would keep the request for ever, one too long would not fit.
    pub fn unreadable(&self, config: &Config) -> Option<Unread> {
        let unread = |reason, status, message: &str| {
            Some(Unread { reason, message: message.to_owned(), status })
        };
        if self.upgrade {
            return unread("upgrade", 400, "upgraded connections cannot be classified");
        }
        if self.content_type.starts_with("application/grpc") {
            return unread("grpc", 400, "gRPC requests cannot be classified");
        }
        if self.encoding == Encoding::Other {
            let message = "of content encodings only gzip can be read, and that once";
            return unread("content_encoding", 415, message);
        }
        let limit = u64::try_from(config.filter.max_request_bytes).unwrap_or(u64::MAX);
        self.content_length.is_some_and(|length| length > limit).then(|| too_large(config))
    }

    /// The headers of the request once its body is another, of this length and
    /// not encoded.
    pub fn body_replaced(&self, length: usize) -> Vec<HeaderEdit> {
        let length = self
            .has_content_length()
            .then(|| HeaderEdit::set("content-length", length.to_string()));
        let encoding = (self.encoding != Encoding::Identity)
            .then(|| HeaderEdit::Remove("content-encoding".to_owned()));
        length.into_iter().chain(encoding).collect()
    }

    /// The body without its encoding.
    pub fn decode<'a>(&self, body: &'a [u8], config: &Config) -> Result<Cow<'a, [u8]>, Unread> {
        self.encoding.decode(body, config.filter.max_request_bytes).map_err(|error| match error {
            DecodeError::TooLarge => too_large(config),
            DecodeError::Malformed => Unread {
                reason: "body_not_gzip",
                message: "the body is not the gzip that it says it is".to_owned(),
                status: 400,
            },
        })
    }
}

/// A part of a path as it reads; what is not UTF-8 then is no model's name.
fn percent_decoded(part: &str) -> String {
    let mut bytes = Vec::with_capacity(part.len());
    let mut rest = part.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let code = after.get(..2).filter(|_| *first == b'%');
        let code = code.and_then(|code| u8::from_str_radix(str::from_utf8(code).ok()?, 16).ok());
        bytes.push(code.unwrap_or(*first));
        rest = if code.is_some() { after.get(2..).unwrap_or_default() } else { after };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// A body above the limit.
pub fn too_large(config: &Config) -> Unread {
    Unread {
        reason: "body_too_large",
        message: format!("the body is larger than {} bytes", config.filter.max_request_bytes),
        status: 413,
    }
}

/// A request that only one of two filters sees.
pub fn unpaired(why: Unpaired) -> Unread {
    let message = "the router is not wholly in place".to_owned();
    Unread { reason: why.name(), message, status: 503 }
}
