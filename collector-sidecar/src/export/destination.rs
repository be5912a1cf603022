//! Where spans are sent, resolved from configuration and environment.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use http::uri::{PathAndQuery, Scheme};
use http::{HeaderMap, Uri};
use semantic_router_filter::config::{Exporter, ExporterKind};

use super::environment::Environment;

/// The configuration's key for the endpoint.
const ENDPOINT_KEY: &str = "observability.tracing.exporter.endpoint";

/// The port of OTLP/HTTP.
const HTTP_PORT: u16 = 4318;

const TRACES_PATH: &str = "v1/traces";

/// How long one attempt may take. Source: `OTEL_EXPORTER_OTLP_TIMEOUT`.
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(10);

/// Where spans are sent.
#[derive(Clone, Debug)]
pub enum Destination {
    /// To standard output.
    Stdout,
    /// To an OTLP receiver.
    Otlp(Box<Otlp>),
}

/// An OTLP receiver.
#[derive(Clone, Debug)]
pub struct Otlp {
    /// How it is spoken to.
    pub protocol: Protocol,
    /// The URL of its traces endpoint; for gRPC, of the server.
    pub endpoint: Uri,
    /// Headers of every request.
    pub headers: HeaderMap,
    /// Whether requests are compressed with gzip.
    pub gzip: bool,
    /// How long one attempt may take.
    pub timeout: Duration,
}

/// How OTLP is spoken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    /// OTLP/gRPC.
    Grpc,
    /// OTLP/HTTP with protobuf.
    HttpProtobuf,
    /// OTLP/HTTP with JSON.
    HttpJson,
}

/// Why there is nowhere to send spans to.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DestinationError {
    /// Nothing names an endpoint.
    #[error(
        "no endpoint to send spans to: set {ENDPOINT_KEY} in the configuration, or \
         OTEL_EXPORTER_OTLP_ENDPOINT in the environment"
    )]
    Missing,
    /// The endpoint is not a URL and not `host:port`.
    #[error("{key}: {endpoint:?} is neither a URL nor host:port{hint}")]
    Malformed {
        /// What names it.
        key: String,
        /// The endpoint.
        endpoint: String,
        /// What is missing, if it is known.
        hint: &'static str,
    },
    /// The endpoint carries credentials, which are not shown.
    #[error("{key}: credentials belong into OTEL_EXPORTER_OTLP_HEADERS, not into the endpoint")]
    Credentials {
        /// What names it.
        key: String,
    },
    /// The endpoint asks for TLS by its scheme.
    #[error(
        "{key}: {endpoint} asks for TLS, which this version does not speak: use an http:// \
         endpoint, such as an agent or gateway nearby that adds TLS"
    )]
    Tls {
        /// What names it.
        key: String,
        /// The endpoint.
        endpoint: String,
    },
    /// The endpoint asks for TLS by being without scheme while not insecure.
    #[error(
        "{key}: {endpoint:?} has no scheme, and observability.tracing.exporter.insecure is not \
         true: this asks for TLS, which this version does not speak; set insecure: true there or \
         OTEL_EXPORTER_OTLP_INSECURE=true, or write http://{endpoint}"
    )]
    NotInsecure {
        /// What names it.
        key: String,
        /// The endpoint.
        endpoint: String,
    },
    /// The endpoint has a path, and gRPC has its own.
    #[error(
        "{key}: {endpoint} has a path, which OTLP over gRPC has no use for: leave it out, or set \
         OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf"
    )]
    GrpcPath {
        /// What names it.
        key: String,
        /// The endpoint.
        endpoint: String,
    },
}

/// An endpoint and what names it.
struct Named {
    key: String,
    text: String,
    /// Whether the path is complete.
    is_complete: bool,
}

impl fmt::Display for Destination {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self::Otlp(otlp) = self else { return out.write_str("standard output") };
        let protocol = match otlp.protocol {
            Protocol::Grpc => "gRPC",
            Protocol::HttpProtobuf => "HTTP (protobuf)",
            Protocol::HttpJson => "HTTP (JSON)",
        };
        write!(out, "{} by OTLP over {protocol}", otlp.endpoint)
    }
}

impl Destination {
    /// Resolves where the `exporter` of the configuration, if there is one,
    /// and the environment have spans sent. The environment comes first, but
    /// does not make a stdout exporter another.
    ///
    /// # Errors
    /// Why that is nowhere.
    pub fn resolve(
        exporter: Option<&Exporter>,
        environment: &Environment,
    ) -> Result<Self, DestinationError> {
        if exporter.is_some_and(|exporter| exporter.kind == ExporterKind::Stdout) {
            return Ok(Self::Stdout);
        }
        let configured = exporter.and_then(|exporter| exporter.endpoint.clone());
        let configured = configured.filter(|endpoint| !endpoint.trim().is_empty());
        let named = match (&environment.endpoint, configured) {
            (Some(variable), _) => Named {
                key: variable.name.to_owned(),
                text: variable.value.clone(),
                is_complete: variable.is_for_traces,
            },
            (None, Some(text)) => Named { key: ENDPOINT_KEY.to_owned(), text, is_complete: true },
            (None, None) => return Err(DestinationError::Missing),
        };
        let configured = exporter.is_some_and(|exporter| exporter.insecure);
        let insecure = environment.insecure.unwrap_or(configured);
        let url = parse(&named, insecure)?;
        let protocol = environment.protocol.unwrap_or_else(|| infer(&named, &url));
        Ok(Self::Otlp(Box::new(Otlp {
            protocol,
            endpoint: complete(&named, url, protocol)?,
            headers: environment.headers.clone(),
            gzip: environment.gzip,
            timeout: environment.timeout.unwrap_or(DEFAULT_TIMEOUT),
        })))
    }

    /// The one of the collector's own receivers, at `own`, that is the
    /// destination, so that spans would circle.
    #[must_use]
    pub fn circles(&self, own: &[SocketAddr]) -> Option<SocketAddr> {
        let Self::Otlp(otlp) = self else { return None };
        let host = otlp.endpoint.host()?.trim_matches(['[', ']']);
        let port = otlp.endpoint.port_u16().unwrap_or(80);
        let address: Option<IpAddr> = host.parse().ok();
        let is_here = match address {
            Some(address) => address.is_loopback() || address.is_unspecified(),
            None => host.eq_ignore_ascii_case("localhost"),
        };
        own.iter().copied().find(|own| own.port() == port && (is_here || address == Some(own.ip())))
    }
}

fn parse(named: &Named, insecure: bool) -> Result<Uri, DestinationError> {
    let (key, endpoint) = (named.key.clone(), named.text.clone());
    if endpoint.contains('@') {
        return Err(DestinationError::Credentials { key });
    }
    let malformed = |hint| DestinationError::Malformed {
        key: named.key.clone(),
        endpoint: named.text.clone(),
        hint,
    };
    let has_scheme = endpoint.contains("://");
    let url = if has_scheme { endpoint.clone() } else { format!("http://{endpoint}") };
    let url: Uri = url.parse().map_err(|_| malformed(""))?;
    if url.scheme() == Some(&Scheme::HTTPS) {
        return Err(DestinationError::Tls { key, endpoint });
    }
    if url.scheme() != Some(&Scheme::HTTP) {
        return Err(malformed(": its scheme must be http"));
    }
    if url.host().is_none_or(str::is_empty) {
        return Err(malformed(": there is no host"));
    }
    if !has_scheme && url.port().is_none() {
        return Err(malformed(": there is no port"));
    }
    if !has_scheme && !insecure {
        return Err(DestinationError::NotInsecure { key, endpoint });
    }
    Ok(url)
}

/// The protocol that an endpoint speaks by its looks: gRPC without scheme, as
/// in the original; HTTP with a path or the port of OTLP/HTTP; else gRPC.
fn infer(named: &Named, url: &Uri) -> Protocol {
    let has_scheme = named.text.contains("://");
    if has_scheme && (has_path(url) || url.port_u16() == Some(HTTP_PORT)) {
        Protocol::HttpProtobuf
    } else {
        Protocol::Grpc
    }
}

fn has_path(url: &Uri) -> bool {
    !matches!(url.path(), "" | "/")
}

/// Gives the URL the path of the traces endpoint, or for gRPC a port.
fn complete(named: &Named, url: Uri, protocol: Protocol) -> Result<Uri, DestinationError> {
    let (key, endpoint) = (named.key.clone(), named.text.clone());
    if protocol == Protocol::Grpc {
        return match (has_path(&url), url.port()) {
            (true, _) => Err(DestinationError::GrpcPath { key, endpoint }),
            (false, None) => {
                Err(DestinationError::Malformed { key, endpoint, hint: ": there is no port" })
            }
            (false, Some(_)) => Ok(url),
        };
    }
    // What is for traces alone is used as it is; a configured URL without a
    // path is taken for a base.
    let is_variable = key != ENDPOINT_KEY;
    if named.is_complete && (is_variable || has_path(&url)) {
        return Ok(url);
    }
    let path = format!("{}/{TRACES_PATH}", url.path().trim_end_matches('/'));
    let mut parts = url.into_parts();
    parts.path_and_query = PathAndQuery::try_from(path).ok();
    Uri::from_parts(parts).map_err(|_| DestinationError::Malformed { key, endpoint, hint: "" })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::export::environment::Environment;

    const BASE: &str = "OTEL_EXPORTER_OTLP_ENDPOINT";
    const SIGNAL: &str = "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT";
    const PROTOCOL: &str = "OTEL_EXPORTER_OTLP_PROTOCOL";

    fn exporter(endpoint: &str, insecure: bool) -> Exporter {
        Exporter { kind: ExporterKind::Otlp, endpoint: Some(endpoint.to_owned()), insecure }
    }

    fn environment(variables: &[(&str, &str)]) -> Environment {
        let lookup = |wanted: &str| {
            let found = variables.iter().find(|(name, _)| *name == wanted)?;
            Some(found.1.to_owned())
        };
        Environment::read(lookup).unwrap()
    }

    /// Protocol and URL, or what is wrong.
    fn resolve(exporter: Option<&Exporter>, variables: &[(&str, &str)]) -> String {
        match Destination::resolve(exporter, &environment(variables)) {
            Ok(Destination::Otlp(otlp)) => format!("{:?} {}", otlp.protocol, otlp.endpoint),
            Ok(Destination::Stdout) => "Stdout".to_owned(),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn a_configured_endpoint_tells_its_protocol() {
        for (endpoint, insecure, expected) in [
            ("jaeger:4317", true, "Grpc http://jaeger:4317/"),
            ("jaeger:4318", true, "Grpc http://jaeger:4318/"),
            ("http://jaeger:4317", false, "Grpc http://jaeger:4317/"),
            ("http://jaeger:4318", false, "HttpProtobuf http://jaeger:4318/v1/traces"),
            ("http://jaeger:4318/", false, "HttpProtobuf http://jaeger:4318/v1/traces"),
            ("http://phoenix:6006/v1/traces", false, "HttpProtobuf http://phoenix:6006/v1/traces"),
            ("http://gateway/otlp", false, "HttpProtobuf http://gateway/otlp"),
            ("http://[::1]:4317", false, "Grpc http://[::1]:4317/"),
        ] {
            assert_eq!(resolve(Some(&exporter(endpoint, insecure)), &[]), expected);
        }
    }

    #[test]
    fn the_environment_overrides_the_endpoint() {
        let configured = exporter("https://secure", false);
        for (variables, expected) in [
            (vec![(BASE, "http://h:4318")], "HttpProtobuf http://h:4318/v1/traces"),
            (vec![(BASE, "http://h:4317")], "Grpc http://h:4317/"),
            (vec![(BASE, "http://h:80/base/")], "HttpProtobuf http://h:80/base/v1/traces"),
            (vec![(SIGNAL, "http://h:80/own")], "HttpProtobuf http://h:80/own"),
            (vec![(SIGNAL, "http://h:4318")], "HttpProtobuf http://h:4318/"),
            (vec![(BASE, "http://b:1"), (SIGNAL, "http://s:4317")], "Grpc http://s:4317/"),
            (
                vec![(BASE, "http://h:9999"), (PROTOCOL, "http/json")],
                "HttpJson http://h:9999/v1/traces",
            ),
            (vec![(BASE, "http://h:4318"), (PROTOCOL, "grpc")], "Grpc http://h:4318/"),
            (
                vec![(BASE, "h:4317"), ("OTEL_EXPORTER_OTLP_INSECURE", "true")],
                "Grpc http://h:4317/",
            ),
        ] {
            assert_eq!(resolve(Some(&configured), &variables), expected);
        }
    }

    #[test]
    fn stdout_stays_stdout() {
        let stdout = Exporter { kind: ExporterKind::Stdout, endpoint: None, insecure: false };
        assert_eq!(resolve(Some(&stdout), &[(BASE, "http://h:4317")]), "Stdout");
    }

    #[test]
    fn what_cannot_be_reached_is_refused_with_the_way_out() {
        for (endpoint, expected) in [
            ("https://h:4317", "exporter.endpoint: https://h:4317 asks for TLS"),
            ("h:4317", "set insecure: true there or OTEL_EXPORTER_OTLP_INSECURE=true, or write"),
            ("h", "is neither a URL nor host:port: there is no port"),
            ("http://h", "is neither a URL nor host:port: there is no port"),
            ("grpc://h:4317", "its scheme must be http"),
            ("http://u:secret@h:4318", "credentials belong into OTEL_EXPORTER_OTLP_HEADERS"),
            ("a b", "is neither a URL nor host:port"),
            ("", "no endpoint to send spans to: set observability.tracing.exporter.endpoint"),
        ] {
            let error = resolve(Some(&exporter(endpoint, false)), &[]);
            assert!(error.contains(expected), "{endpoint}: {error}");
            assert!(!error.contains("secret"));
        }
        let path = resolve(None, &[(BASE, "http://h:4317/x"), (PROTOCOL, "grpc")]);
        assert!(path.contains("OTEL_EXPORTER_OTLP_ENDPOINT: http://h:4317/x has a path"), "{path}");
        assert!(resolve(None, &[]).starts_with("no endpoint"));
    }

    #[test]
    fn its_own_receivers_are_recognised() {
        let own: Vec<SocketAddr> =
            ["127.0.0.1:4318", "192.0.2.7:4317"].map(|own| own.parse().unwrap()).into();
        for (endpoint, circles) in [
            ("http://localhost:4318", true),
            ("http://127.0.0.1:4317", true),
            ("http://0.0.0.0:4317", true),
            ("http://[::1]:4318", true),
            ("http://192.0.2.7:4317", true),
            ("http://192.0.2.8:4317", false),
            ("http://collector:4317", false),
            ("http://localhost:4319", false),
        ] {
            let exporter = exporter(endpoint, false);
            let found = Destination::resolve(Some(&exporter), &Environment::default()).unwrap();
            assert_eq!(found.circles(&own).is_some(), circles, "{endpoint}");
        }
    }
}
