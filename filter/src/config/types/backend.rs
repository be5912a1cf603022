//! Engines, their models, and how those are told to reason.

use std::net::{IpAddr, SocketAddr};

/// How a family of models is told to reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReasoningFamily {
    /// The key under `reasoning_families`.
    pub name: String,
    /// `type` and `parameter`.
    pub control: ReasoningControl,
}

/// The request field that turns reasoning on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReasoningControl {
    /// `chat_template_kwargs: {<parameter>: true}`.
    TemplateArgument(String),
    /// `reasoning_effort: <effort>`.
    Effort,
    /// None: of no type known.
    Nothing,
}

/// An engine that serves models.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    /// `name`.
    pub name: String,
    /// `address`.
    pub host: Host,
    /// `port`.
    pub port: u16,
    /// `weight`, 0 by default.
    pub weight: u32,
}

/// Where an engine is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Host {
    /// At an address.
    Address(IpAddr),
    /// At a name, which Envoy resolves; only with `filter.endpoints.host_names`.
    Name(String),
}

impl Endpoint {
    /// `host:port`, with brackets around an IPv6 address.
    #[must_use]
    pub fn authority(&self) -> String {
        match &self.host {
            Host::Address(address) => SocketAddr::new(*address, self.port).to_string(),
            Host::Name(name) => format!("{name}:{}", self.port),
        }
    }
}

/// An entry of `model_config`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Model {
    /// The key: the model's name.
    pub name: String,
    /// `preferred_endpoints`: names of endpoints.
    pub preferred_endpoints: Vec<String>,
    /// `reasoning_family`: a key of `reasoning_families`.
    pub reasoning_family: Option<String>,
    /// Names under `loras`.
    pub loras: Vec<String>,
}
