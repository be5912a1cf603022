//! Scenarios: a request, and everything that is to come of it. The same tables
//! are taken through the core natively and through the module in Envoy.

use std::collections::BTreeMap;

use bytes::Bytes;
use http::Method;
use serde::Deserialize;
use serde_yaml::Value;

use crate::client::{Request, Response};
use crate::engine::Recorded;
use crate::tree::Tree;

mod check;
mod observed;

/// A file of scenarios.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Table {
    /// The name of the router configuration, a file in `configs`.
    pub config: String,
    /// The scenarios.
    pub scenarios: Vec<Scenario>,
}

/// One scenario.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// What it shows.
    pub name: String,
    /// What the client sends.
    pub request: Sent,
    /// What is to come of it.
    pub expect: Expected,
}

/// What the client sends.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sent {
    /// The method, `POST` if none is given.
    #[serde(default)]
    pub method: Option<String>,
    /// The path; that of chat completions if none is given.
    #[serde(default)]
    pub path: Option<String>,
    /// The headers, besides `content-type: application/json` where there is a
    /// body.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// The body, byte for byte.
    #[serde(default)]
    pub body: Option<String>,
    /// The body is blown up to this many bytes, by spaces behind it.
    #[serde(default)]
    pub pad_to: usize,
    /// The body is sent in chunks of so many bytes; 0 for one with its length.
    #[serde(default)]
    pub chunk_bytes: usize,
}

/// What is to come of a request.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Expected {
    /// What the client gets.
    pub client: Got,
    /// What the engine gets; absent where the request is not to reach it.
    #[serde(default)]
    pub engine: Option<Reached>,
    /// The spans, by name without `semantic_router.`: these and no others.
    #[serde(default)]
    pub spans: BTreeMap<String, SpanIs>,
}

/// What the client gets.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Got {
    /// The status.
    pub status: u16,
    /// Headers; `null` for one that is not to be there.
    #[serde(default)]
    pub headers: BTreeMap<String, Option<String>>,
    /// Text that the body contains.
    #[serde(default)]
    pub contains: Option<String>,
}

/// What the engine gets.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reached {
    /// Which engine, `a` or `b`.
    pub name: String,
    /// The body, byte for byte; that of the client where none is given.
    #[serde(default)]
    pub body: Option<String>,
    /// Headers, of several of one name the values joined by commas; `null` for one
    /// that is not to be there.
    #[serde(default)]
    pub headers: BTreeMap<String, Option<String>>,
}

/// What a span is to be.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SpanIs {
    /// Whether its status is `ok`, `error` or `unset`.
    #[serde(default)]
    pub status: Option<String>,
    /// Attributes with their type: `1` is an integer, `1.0` a double; `"*"`
    /// any text, `"*int"` and `"*double"` any number of the kind; `null` for
    /// one that is not to be there.
    #[serde(default)]
    pub attributes: BTreeMap<String, Value>,
    /// The names of its events.
    #[serde(default)]
    pub events: Vec<String>,
}

/// What came of a request.
#[derive(Clone, Debug)]
pub struct Seen {
    /// What the client got.
    pub response: Response,
    /// What the engines got, by their name.
    pub reached: Vec<(&'static str, Recorded)>,
    /// The spans of the request.
    pub spans: Tree,
}

impl Table {
    /// Reads a table.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(text: &str) -> Result<Self, serde_yaml::Error> {
        serde_yaml::from_str(text)
    }
}

impl Scenario {
    /// Names the request's spans: part of the query of its path.
    #[must_use]
    pub fn marker(index: usize) -> String {
        format!("scenario={index}")
    }

    /// The request, with a marker by which its spans are found again.
    #[must_use]
    pub fn request(&self, index: usize) -> Request {
        let Sent { method, path, headers, body, pad_to, chunk_bytes } = &self.request;
        let method = method.as_deref().unwrap_or("POST");
        let method = Method::from_bytes(method.as_bytes()).unwrap_or_default();
        let path = path.as_deref().unwrap_or("/v1/chat/completions");
        let mark = if path.contains('?') { '&' } else { '?' };
        let mut request = Request::new(method, &format!("{path}{mark}{}", Self::marker(index)));
        if let Some(body) = body {
            let mut bytes = body.clone().into_bytes();
            bytes.resize(bytes.len().max(*pad_to), b' ');
            request.chunks = match chunk_bytes {
                0 => vec![Bytes::from(bytes)],
                size => bytes.chunks(*size).map(Bytes::copy_from_slice).collect(),
            };
            if !headers.contains_key("content-type") {
                request = request.header("content-type", "application/json");
            }
        }
        for (name, value) in headers {
            request = request.header(name, value);
        }
        request
    }

    /// Everything in which what came differs from what was to come.
    #[must_use]
    pub fn differences(&self, seen: &Seen) -> Vec<String> {
        check::differences(self, seen)
    }

    /// The same where the router only observes.
    #[must_use]
    pub fn differences_observed(&self, seen: &Seen) -> Vec<String> {
        observed::differences(self, seen)
    }
}
