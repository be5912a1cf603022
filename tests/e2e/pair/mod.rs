//! The module as two filters, `classify` before `hold`.

mod between;
mod gone;
mod unpaired;

use std::time::Duration;

use serde_json::{Value, json};
use support::bootstrap::Filter;
use support::client::Request;
use support::envoy::Envoy;
use support::running::Running;
use support::stack::{Stack, traceparent};

/// How long spans may take from a filter to the backend.
const SPANS: Duration = Duration::from_secs(20);

/// The configuration that these tests use.
fn router(stack: &Stack) -> String {
    stack.config("router").unwrap()
}

/// An Envoy with these filters in its listener.
async fn start(version: &str, filters: impl Fn(&str) -> Vec<Filter>) -> Running {
    let stack = Stack::start().await.unwrap();
    let filters = filters(&router(&stack));
    Running::arranged(version, stack, filters).await.unwrap()
}

/// An Envoy with a listener for each of these.
async fn start_all<'a>(
    version: &str,
    stack: &Stack,
    listeners: impl Iterator<Item = (&'a str, Vec<Filter>)>,
) -> Envoy {
    let listeners = listeners.map(|(name, filters)| (name.to_owned(), filters)).collect();
    Envoy::start(version, &stack.bootstrap_with(listeners)).await.unwrap()
}

/// A question of mathematics, in a trace of its own.
fn question(index: u64, stream: bool) -> Request {
    Request::chat("auto", "What is the derivative of x^2 + 3x?", stream)
        .header("traceparent", traceparent(index))
}

/// One of Envoy's own filters.
fn envoys(name: &str, message: &str, mut config: Value) -> Filter {
    config["@type"] = format!("type.googleapis.com/envoy.extensions.filters.http.{message}").into();
    Filter::Other(json!({"name": format!("envoy.filters.http.{name}"), "typed_config": config}))
}

/// Lua that is run with each request.
fn lua(code: &str) -> Filter {
    let code = format!("function envoy_on_request(handle) {code} end");
    envoys("lua", "lua.v3.Lua", json!({"default_source_code": {"inline_string": code}}))
}

/// Holds every request for a while.
fn delay(milliseconds: u64) -> Filter {
    envoys("fault", "fault.v3.HTTPFault", json!({"delay": all(milliseconds)}))
}

/// The same, and then answers it with 403.
fn delay_and_deny(milliseconds: u64) -> Filter {
    let abort = json!({"http_status": 403, "percentage": {"numerator": 100}});
    envoys("fault", "fault.v3.HTTPFault", json!({"delay": all(milliseconds), "abort": abort}))
}

fn all(milliseconds: u64) -> Value {
    let seconds = Duration::from_millis(milliseconds).as_secs_f64();
    json!({"fixed_delay": format!("{seconds}s"), "percentage": {"numerator": 100}})
}
