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
    /// `pricing`; `None` for a model whose cost is not known.
    pub pricing: Option<Pricing>,
}

/// What a model costs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pricing {
    /// `currency`, `USD` by default.
    pub currency: String,
    /// `prompt_per_1m`: billionths of the currency for a million tokens.
    pub prompt: u64,
    /// `completion_per_1m`: likewise.
    pub completion: u64,
}

impl Pricing {
    /// The cost of so many tokens, in billionths of the currency.
    #[must_use]
    pub fn nanos(&self, prompt: i64, completion: i64) -> i64 {
        let cost = |tokens: i64, price: u64| i128::from(tokens) * i128::from(price);
        let million = cost(prompt, self.prompt) + cost(completion, self.completion);
        i64::try_from(million / 1_000_000).unwrap_or(i64::MAX)
    }
}
