//! Reads `vllm_endpoints`, `model_config` and `reasoning_families`.

use std::net::{IpAddr, Ipv4Addr};

use crate::config::reader::{Form, Node};
use crate::config::types::{Endpoint, Host, Model, Pricing, ReasoningControl, ReasoningFamily};

/// Reads an entry of `reasoning_families`.
pub fn reasoning_family(name: String, node: &Node<'_>) -> ReasoningFamily {
    let fields = node.fields();
    let kind = fields.require("type").and_then(|node| {
        let kinds = [("chat_template_kwargs", true), ("reasoning_effort", false)];
        node.preference(&kinds, "reasoning is never set")
    });
    let control = match kind {
        Some(true) => ReasoningControl::TemplateArgument(fields.required_text("parameter")),
        Some(false) => ReasoningControl::Effort,
        None => ReasoningControl::Nothing,
    };
    fields.check(&[("parameter", Form::Text)]);
    fields.finish();
    ReasoningFamily { name, control }
}

/// Reads an entry of `vllm_endpoints`.
pub fn endpoint(node: &Node<'_>, host_names: bool) -> Endpoint {
    let fields = node.fields();
    let name = fields.required_text("name");
    let host = fields.require("address").and_then(|node| {
        let text = node.text()?;
        let host = host(&text, host_names);
        if host.is_none() {
            node.error(format!("must be {}, is {text:?}", kind_of_host(host_names)));
        }
        host
    });
    let port = fields.require("port").and_then(|node| node.integer(1..=65_535));
    let weight = fields.get("weight").and_then(|node| node.integer(0..=i64::from(u32::MAX)));
    if let Some(node) = fields.get("health_check_path").filter(|node| node.text().is_some()) {
        node.warn("engines are not checked here: that is for Envoy's cluster to do");
    }
    fields.finish();
    Endpoint {
        name,
        host: host.unwrap_or(Host::Address(IpAddr::V4(Ipv4Addr::UNSPECIFIED))),
        port: port.and_then(|port| u16::try_from(port).ok()).unwrap_or(0),
        weight: weight.and_then(|weight| u32::try_from(weight).ok()).unwrap_or(0),
    }
}

fn kind_of_host(host_names: bool) -> &'static str {
    if host_names {
        "an IP address or a host name without scheme, path or port"
    } else {
        "an IP address without scheme, path or port"
    }
}

/// An address, or, where names are allowed, a name (RFC 1123, section 2.1).
fn host(text: &str, host_names: bool) -> Option<Host> {
    if let Ok(address) = text.parse() {
        return Some(Host::Address(address));
    }
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    // What has the shape of an address and is none is a mistake, not a name.
    let numeric = text.rsplit('.').next().is_some_and(|last| last.parse::<u32>().is_ok());
    let is_name = host_names && text.len() <= 253 && !numeric && text.split('.').all(is_label);
    is_name.then(|| Host::Name(text.to_ascii_lowercase()))
}

/// Reads an entry of `model_config`.
pub fn model(name: String, node: &Node<'_>) -> Model {
    let fields = node.fields();
    let preferred_endpoints = fields.texts("preferred_endpoints");
    let reasoning_family = fields.text("reasoning_family");
    let loras = fields.items("loras").iter().map(lora).collect();
    let pricing = fields.get("pricing").and_then(|node| pricing(&node));
    fields.finish();
    Model { name, preferred_endpoints, reasoning_family, loras, pricing }
}

/// The most that a million tokens may cost.
const MAX_PRICE: f64 = 1e9;

/// Reads `pricing`; one without a price is none (`GetModelPricing` in
/// `pkg/config/helper.go` upstream).
fn pricing(node: &Node<'_>) -> Option<Pricing> {
    let fields = node.fields();
    let currency = fields.text("currency").filter(|currency| !currency.is_empty());
    let price = |key| fields.get(key).and_then(|node| nanos(&node)).unwrap_or(0);
    let (prompt, completion) = (price("prompt_per_1m"), price("completion_per_1m"));
    fields.finish();
    let currency = currency.unwrap_or_else(|| "USD".to_owned());
    (prompt > 0 || completion > 0).then_some(Pricing { currency, prompt, completion })
}

/// A price in billionths.
fn nanos(node: &Node<'_>) -> Option<u64> {
    let price = node.number()?;
    if !(0.0..=MAX_PRICE).contains(&price) {
        node.error(format!("must be from 0 to {MAX_PRICE}, is {price}"));
        return None;
    }
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "see MAX_PRICE")]
    let nanos = (price * 1e9).round() as u64;
    Some(nanos)
}

fn lora(node: &Node<'_>) -> String {
    let fields = node.fields();
    fields.check(&[("description", Form::Text)]);
    let name = fields.required_text("name");
    fields.finish();
    name
}
