//! Reads `observability.tracing`.

use super::parse::process;
use super::reader::{Fields, Node};
use super::types::{Exporter, ExporterKind, Resource, Sampling, Tracing};

/// Reads the section `observability` of the top level.
pub fn read(top: &Fields<'_>) -> Tracing {
    let mut tracing = Tracing {
        enabled: false,
        exporter: Exporter { kind: ExporterKind::Otlp, endpoint: None, insecure: false },
        sampling: Sampling::AlwaysOn,
        resource: Resource::default(),
    };
    let Some(observability) = top.fields("observability") else {
        return tracing;
    };
    process::metrics(&observability);
    if let Some(fields) = observability.fields("tracing") {
        tracing.enabled = fields.flag("enabled").unwrap_or(false);
        if let Some(node) = fields.get("provider")
            && let Some(name) = node.text()
            && name != "opentelemetry"
        {
            node.warn(format!(
                "provider {name:?} changes nothing yet: attributes are the router's"
            ));
        }
        if let Some(fields) = fields.fields("exporter") {
            tracing.exporter = exporter(&fields);
        }
        if let Some(fields) = fields.fields("sampling") {
            tracing.sampling = sampling(&fields);
        }
        if let Some(fields) = fields.fields("resource") {
            tracing.resource = Resource {
                service_name: fields.text("service_name"),
                service_version: fields.text("service_version"),
                deployment_environment: fields.text("deployment_environment"),
            };
            fields.finish();
        }
        fields.finish();
    }
    observability.finish();
    tracing
}

fn exporter(fields: &Fields<'_>) -> Exporter {
    let kind = fields.get("type").and_then(|node| {
        node.choice(&[("otlp", ExporterKind::Otlp), ("stdout", ExporterKind::Stdout)])
    });
    let exporter = Exporter {
        kind: kind.unwrap_or_default(),
        endpoint: fields.text("endpoint"),
        insecure: fields.flag("insecure").unwrap_or(false),
    };
    fields.finish();
    exporter
}

fn sampling(fields: &Fields<'_>) -> Sampling {
    let rate = fields.get("rate").and_then(|node| node.fraction());
    let kind = fields.get("type");
    let name = kind.as_ref().and_then(Node::text).unwrap_or_default();
    fields.finish();
    match name.trim().to_ascii_lowercase().as_str() {
        "" | "always_on" => Sampling::AlwaysOn,
        "always_off" => Sampling::AlwaysOff,
        "probabilistic" | "traceidratio" | "trace_id_ratio" => {
            if rate.is_none()
                && let Some(node) = &kind
            {
                node.warn("has no rate beside it: no new trace is recorded");
            }
            Sampling::Probabilistic(rate.unwrap_or(0.0))
        }
        _ => {
            if let Some(node) = &kind {
                node.error(format!(
                    "must be one of always_on, always_off, probabilistic, is {name:?}"
                ));
            }
            Sampling::AlwaysOn
        }
    }
}
