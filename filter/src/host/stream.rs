//! What stream contexts ask the host, and tell it.

use std::time::Duration;

use proxy_wasm::types::Status;

use super::abi::{self, HostError, HostResult, Map};
use crate::exchange::StreamEnd;
use crate::headers::HeaderEdit;
use crate::openai;
use crate::pipeline::Reply;

/// Changes the headers of a message.
pub fn edit(map: Map, edits: &[HeaderEdit]) -> HostResult<()> {
    edits.iter().try_for_each(|edit| match edit {
        HeaderEdit::Set(name, value) => abi::set_header(map, name, value),
        HeaderEdit::Add(name, value) => abi::add_header(map, name, value),
        HeaderEdit::Remove(name) => abi::remove_header(map, name),
    })
}

/// Answers the request.
pub fn send(reply: &Reply) -> HostResult<()> {
    let mut headers = vec![("content-type", reply.content_type)];
    headers.extend(reply.headers.iter().map(|(name, value)| (*name, value.as_str())));
    abi::reply(reply.status, reply.details, &headers, reply.body.as_bytes())
}

/// Answers a request that cannot be changed as it has to be.
pub fn refuse(error: HostError) {
    log::error!("request: {error}");
    let body = openai::error_body(500, "the router could not change the request");
    let _ = send(&Reply::json(500, body, "host_call_failed"));
}

/// A property that is text; `None` when absent or empty.
pub fn text(path: &[&str]) -> Option<String> {
    let text = String::from_utf8(abi::property(path)?).ok()?;
    (!text.is_empty()).then_some(text)
}

/// A property that is an integer: eight bytes, little-endian.
pub fn number(path: &[&str]) -> Option<u64> {
    let bytes: [u8; 8] = abi::property(path)?.try_into().ok()?;
    Some(u64::from_le_bytes(bytes))
}

/// How the stream ended.
pub fn end() -> StreamEnd {
    StreamEnd {
        status: number(&["response", "code"]).and_then(|code| u32::try_from(code).ok()),
        flags: number(&["response", "flags"]).unwrap_or(0),
        details: text(&["response", "code_details"]).unwrap_or_default(),
        upstream_address: text(&["upstream", "address"]),
    }
}

/// Posts JSON to a cluster. The SDK's call, since its dispatcher has to know the
/// token.
pub fn post(cluster: &str, path: &str, body: &[u8], timeout: Duration) -> Result<u32, Status> {
    let headers = vec![
        (":method", "POST"),
        (":path", path),
        (":authority", cluster),
        ("content-type", "application/json"),
    ];
    proxy_wasm::hostcalls::dispatch_http_call(cluster, headers, Some(body), Vec::new(), timeout)
}
