//! Host calls of the proxy-wasm ABI 0.2.1, each with a `Result`.
//!
//! The SDK's own wrappers panic on statuses that Envoy gives for ordinary
//! mistakes, such as asking for a header in the wrong phase, and a panic ends
//! every stream of the worker. The memory of returned values comes from the
//! SDK's allocator, which the host calls back.

use thiserror::Error;

use crate::headers::Headers;

/// A host call that did not succeed.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("{call}: status {status}")]
pub struct HostError {
    /// The call.
    pub call: &'static str,
    /// The status that the host gave (`proxy_status_t`).
    pub status: u32,
}

/// The result of a host call.
pub type HostResult<T> = Result<T, HostError>;

/// Buffers of the host.
#[derive(Clone, Copy)]
#[repr(u32)]
pub enum Buffer {
    /// The request's body, as far as it is buffered.
    RequestBody = 0,
    /// The part of the response's body that is passing.
    ResponseBody = 1,
    /// The body of a callout's response.
    CalloutBody = 4,
    /// The plugin's configuration.
    PluginConfiguration = 7,
}

/// Header maps of the host.
#[derive(Clone, Copy)]
#[repr(u32)]
pub enum Map {
    /// The request's headers.
    Request = 0,
    /// The response's headers.
    Response = 2,
    /// The headers of a callout's response.
    Callout = 6,
}

/// Kinds of metrics.
#[derive(Clone, Copy)]
#[repr(u32)]
pub enum Metric {
    /// Only grows.
    Counter = 0,
    /// Any value.
    Gauge = 1,
    /// Many values.
    Histogram = 2,
}

#[link(wasm_import_module = "env")]
unsafe extern "C" {
    fn proxy_get_buffer_bytes(
        buffer: u32,
        start: usize,
        length: usize,
        data: *mut *mut u8,
        size: *mut usize,
    ) -> u32;
    fn proxy_set_buffer_bytes(
        buffer: u32,
        start: usize,
        length: usize,
        data: *const u8,
        size: usize,
    ) -> u32;
    fn proxy_get_header_map_pairs(map: u32, data: *mut *mut u8, size: *mut usize) -> u32;
    fn proxy_replace_header_map_value(
        map: u32,
        key: *const u8,
        key_size: usize,
        value: *const u8,
        value_size: usize,
    ) -> u32;
    fn proxy_add_header_map_value(
        map: u32,
        key: *const u8,
        key_size: usize,
        value: *const u8,
        value_size: usize,
    ) -> u32;
    fn proxy_remove_header_map_value(map: u32, key: *const u8, key_size: usize) -> u32;
    fn proxy_get_property(
        path: *const u8,
        path_size: usize,
        data: *mut *mut u8,
        size: *mut usize,
    ) -> u32;
    fn proxy_send_local_response(
        status: u32,
        details: *const u8,
        details_size: usize,
        body: *const u8,
        body_size: usize,
        headers: *const u8,
        headers_size: usize,
        grpc_status: i32,
    ) -> u32;
    fn proxy_set_shared_data(
        key: *const u8,
        key_size: usize,
        value: *const u8,
        value_size: usize,
        cas: u32,
    ) -> u32;
    fn proxy_get_shared_data(
        key: *const u8,
        key_size: usize,
        data: *mut *mut u8,
        size: *mut usize,
        cas: *mut u32,
    ) -> u32;
    fn proxy_continue_stream(stream: u32) -> u32;
    fn proxy_set_property(
        path: *const u8,
        path_size: usize,
        value: *const u8,
        value_size: usize,
    ) -> u32;
    fn proxy_set_effective_context(context: u32) -> u32;
    fn proxy_register_shared_queue(name: *const u8, name_size: usize, id: *mut u32) -> u32;
    fn proxy_enqueue_shared_queue(id: u32, value: *const u8, value_size: usize) -> u32;
    fn proxy_dequeue_shared_queue(id: u32, data: *mut *mut u8, size: *mut usize) -> u32;
    fn proxy_set_tick_period_milliseconds(period: u32) -> u32;
    fn proxy_define_metric(kind: u32, name: *const u8, name_size: usize, id: *mut u32) -> u32;
    fn proxy_increment_metric(id: u32, offset: i64) -> u32;
    fn proxy_record_metric(id: u32, value: u64) -> u32;
    fn proxy_done() -> u32;
}

fn check(call: &'static str, status: u32) -> HostResult<()> {
    if status == 0 { Ok(()) } else { Err(HostError { call, status }) }
}

/// A value that the host allocates through the SDK's allocator.
fn returned(
    call: &'static str,
    ask: impl FnOnce(*mut *mut u8, *mut usize) -> u32,
) -> HostResult<Vec<u8>> {
    let mut data = std::ptr::null_mut();
    let mut size = 0;
    check(call, ask(&raw mut data, &raw mut size))?;
    if data.is_null() {
        return Ok(Vec::new());
    }
    // SAFETY: the host filled `size` bytes that `proxy_on_memory_allocate`,
    // which is the SDK's, allocated as a boxed slice of exactly that length.
    Ok(unsafe { Box::from_raw(std::ptr::slice_from_raw_parts_mut(data, size)) }.into_vec())
}

/// Bytes of a buffer.
pub fn buffer(buffer: Buffer, start: usize, length: usize) -> HostResult<Vec<u8>> {
    returned("get_buffer_bytes", |data, size| {
        // SAFETY: both pointers are to locals that outlive the call.
        unsafe { proxy_get_buffer_bytes(buffer as u32, start, length, data, size) }
    })
}

/// Replaces the first `length` bytes of a buffer.
pub fn set_buffer(buffer: Buffer, length: usize, bytes: &[u8]) -> HostResult<()> {
    // SAFETY: the host reads `bytes` during the call.
    let status =
        unsafe { proxy_set_buffer_bytes(buffer as u32, 0, length, bytes.as_ptr(), bytes.len()) };
    check("set_buffer_bytes", status)
}

/// All headers of a map; one that is not UTF-8 in its name is left out.
pub fn headers(map: Map) -> HostResult<Headers> {
    let pairs = returned("get_header_map_pairs", |data, size| {
        // SAFETY: both pointers are to locals that outlive the call.
        unsafe { proxy_get_header_map_pairs(map as u32, data, size) }
    })?;
    parse_pairs(&pairs)
        .map(Headers::new)
        .ok_or(HostError { call: "get_header_map_pairs", status: 4 })
}

/// Gives a header this value and no other.
pub fn set_header(map: Map, name: &str, value: &str) -> HostResult<()> {
    // SAFETY: the host reads both strings during the call.
    let status = unsafe {
        proxy_replace_header_map_value(
            map as u32,
            name.as_ptr(),
            name.len(),
            value.as_ptr(),
            value.len(),
        )
    };
    check("replace_header_map_value", status)
}

/// Gives a header this value besides those it has.
pub fn add_header(map: Map, name: &str, value: &str) -> HostResult<()> {
    // SAFETY: the host reads both strings during the call.
    let status = unsafe {
        proxy_add_header_map_value(
            map as u32,
            name.as_ptr(),
            name.len(),
            value.as_ptr(),
            value.len(),
        )
    };
    check("add_header_map_value", status)
}

/// Removes a header, every value of it.
pub fn remove_header(map: Map, name: &str) -> HostResult<()> {
    // SAFETY: the host reads the name during the call.
    let status = unsafe { proxy_remove_header_map_value(map as u32, name.as_ptr(), name.len()) };
    check("remove_header_map_value", status)
}

/// The bytes of a property; `None` where the host knows none.
pub fn property(path: &[&str]) -> Option<Vec<u8>> {
    let path = path.join("\0");
    returned("get_property", |data, size| {
        // SAFETY: all pointers outlive the call.
        unsafe { proxy_get_property(path.as_ptr(), path.len(), data, size) }
    })
    .ok()
}

/// Leaves a property on the stream, for the filters behind this one.
pub fn set_property(name: &str, value: &str) -> HostResult<()> {
    // SAFETY: the host reads both strings during the call.
    let status =
        unsafe { proxy_set_property(name.as_ptr(), name.len(), value.as_ptr(), value.len()) };
    check("set_property", status)
}

/// Makes the calls that follow, until the host's own call returns, those of
/// another context; an error where that is no more.
pub fn set_effective_context(context: u32) -> HostResult<()> {
    // SAFETY: no pointers.
    check("set_effective_context", unsafe { proxy_set_effective_context(context) })
}

/// Registers a shared queue: what enters it wakes the root context of the one
/// that registered it last.
pub fn register_queue(name: &str) -> HostResult<u32> {
    let mut id = 0;
    // SAFETY: the host reads the name and writes the id during the call.
    let status = unsafe { proxy_register_shared_queue(name.as_ptr(), name.len(), &raw mut id) };
    check("register_shared_queue", status).map(|()| id)
}

/// Puts a value into a shared queue.
pub fn enqueue(id: u32, value: &[u8]) -> HostResult<()> {
    // SAFETY: the host reads the value during the call.
    let status = unsafe { proxy_enqueue_shared_queue(id, value.as_ptr(), value.len()) };
    check("enqueue_shared_queue", status)
}

/// Takes the first value out of a shared queue; an error where it is empty.
pub fn dequeue(id: u32) -> HostResult<Vec<u8>> {
    returned("dequeue_shared_queue", |data, size| {
        // SAFETY: both pointers are to locals that outlive the call.
        unsafe { proxy_dequeue_shared_queue(id, data, size) }
    })
}

/// Answers the request; `details` is for the access log.
pub fn reply(status: u32, details: &str, headers: &[(&str, &str)], body: &[u8]) -> HostResult<()> {
    let headers = serialize_pairs(headers);
    // SAFETY: the host reads all of it during the call. -1 is "no gRPC status".
    let code = unsafe {
        proxy_send_local_response(
            status,
            details.as_ptr(),
            details.len(),
            body.as_ptr(),
            body.len(),
            headers.as_ptr(),
            headers.len(),
            -1,
        )
    };
    check("send_local_response", code)
}

/// The status of the callout whose response came with so many headers; 0 where
/// the connection was lost, or nobody answered.
pub fn callout_status(header_count: usize) -> u32 {
    if header_count == 0 {
        return 0;
    }
    headers(Map::Callout).unwrap_or_default().text(":status").parse().unwrap_or(0)
}

/// Lets a request go on that was held.
pub fn resume_request() -> HostResult<()> {
    // SAFETY: no pointers. 0 is the request's direction.
    check("continue_stream", unsafe { proxy_continue_stream(0) })
}

/// A value of the shared data, and its version; `None` where there is none.
pub fn shared_data(key: &str) -> Option<(Vec<u8>, u32)> {
    let mut version = 0;
    let value = returned("get_shared_data", |data, size| {
        // SAFETY: all pointers outlive the call.
        unsafe { proxy_get_shared_data(key.as_ptr(), key.len(), data, size, &raw mut version) }
    });
    Some((value.ok()?, version))
}

/// Sets a value of the shared data, if what is there has this version, or
/// nothing is there, or the version is 0.
pub fn set_shared_data(key: &str, value: &[u8], version: u32) -> HostResult<()> {
    // SAFETY: the host reads key and value during the call.
    let status = unsafe {
        proxy_set_shared_data(key.as_ptr(), key.len(), value.as_ptr(), value.len(), version)
    };
    check("set_shared_data", status)
}

/// Asks for ticks.
pub fn set_tick_period(millis: u32) -> HostResult<()> {
    // SAFETY: no pointers.
    check("set_tick_period", unsafe { proxy_set_tick_period_milliseconds(millis) })
}

/// Defines a metric, or finds the one of that name.
pub fn define_metric(kind: Metric, name: &str) -> HostResult<u32> {
    let mut id = 0;
    // SAFETY: the host reads the name and writes the id during the call.
    let status =
        unsafe { proxy_define_metric(kind as u32, name.as_ptr(), name.len(), &raw mut id) };
    check("define_metric", status).map(|()| id)
}

/// Adds to a counter or a gauge.
pub fn increment_metric(id: u32, by: i64) -> HostResult<()> {
    // SAFETY: no pointers.
    check("increment_metric", unsafe { proxy_increment_metric(id, by) })
}

/// Adds a value to a histogram.
pub fn record_metric(id: u32, value: u64) -> HostResult<()> {
    // SAFETY: no pointers.
    check("record_metric", unsafe { proxy_record_metric(id, value) })
}

/// Tells the host that a root context which asked for time is done.
pub fn done() -> HostResult<()> {
    // SAFETY: no pointers.
    check("done", unsafe { proxy_done() })
}

/// The ABI's form of a list of pairs: their number, the lengths of each, then
/// name and value of each, both ended by a zero byte.
fn serialize_pairs(pairs: &[(&str, &str)]) -> Vec<u8> {
    let length = |part: &str| u32::try_from(part.len()).unwrap_or(u32::MAX).to_le_bytes();
    let mut bytes = u32::try_from(pairs.len()).unwrap_or(u32::MAX).to_le_bytes().to_vec();
    for (name, value) in pairs {
        bytes.extend(length(name));
        bytes.extend(length(value));
    }
    for part in pairs.iter().flat_map(|(name, value)| [name, value]) {
        bytes.extend(part.as_bytes());
        bytes.push(0);
    }
    bytes
}

fn parse_pairs(bytes: &[u8]) -> Option<Vec<(String, Vec<u8>)>> {
    if bytes.is_empty() {
        return Some(Vec::new());
    }
    let word = |at: usize| {
        let word: [u8; 4] = bytes.get(at..at + 4)?.try_into().ok()?;
        usize::try_from(u32::from_le_bytes(word)).ok()
    };
    let count = word(0)?;
    let mut at = 4 + count.checked_mul(8)?;
    let mut pairs = Vec::new();
    for index in 0..count {
        let (name_size, value_size) = (word(4 + index * 8)?, word(8 + index * 8)?);
        let name = bytes.get(at..at + name_size)?;
        at += name_size + 1;
        let value = bytes.get(at..at + value_size)?;
        at += value_size + 1;
        if let Ok(name) = str::from_utf8(name) {
            pairs.push((name.to_owned(), value.to_vec()));
        }
    }
    Some(pairs)
}
