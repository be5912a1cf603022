//! `observability.tracing`.

/// `observability.tracing`.
#[derive(Clone, Debug, PartialEq)]
pub struct Tracing {
    /// `enabled`, off by default.
    pub enabled: bool,
    /// `exporter`: where the collector sends the spans.
    pub exporter: Exporter,
    /// `sampling`.
    pub sampling: Sampling,
    /// `resource`.
    pub resource: Resource,
}

/// Where spans go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exporter {
    /// `type`.
    pub kind: ExporterKind,
    /// `endpoint`, `host:port` or a URL.
    pub endpoint: Option<String>,
    /// `insecure`: whether the connection is without TLS.
    pub insecure: bool,
}

/// A way to export spans.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ExporterKind {
    /// OTLP over gRPC or HTTP.
    #[default]
    Otlp,
    /// Printed, in the shape of the Go SDK's stdouttrace.
    Stdout,
}

/// Which new traces are recorded; a caller's decision is kept either way.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Sampling {
    /// All.
    #[default]
    AlwaysOn,
    /// None.
    AlwaysOff,
    /// This part of them, from 0 to 1.
    Probabilistic(f64),
}

/// What the spans are about.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Resource {
    /// `service_name`.
    pub service_name: Option<String>,
    /// `service_version`.
    pub service_version: Option<String>,
    /// `deployment_environment`.
    pub deployment_environment: Option<String>,
}
