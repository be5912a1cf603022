//! The `OTEL_EXPORTER_OTLP_*` variables, which override the configuration.
//!
//! Source: OpenTelemetry specification, "OpenTelemetry Protocol Exporter".
//! Each has a variant with `TRACES_` that comes first; an empty one is unset.

use std::time::Duration;

use http::{HeaderMap, HeaderName, HeaderValue};
use percent_encoding::percent_decode_str;

use super::destination::Protocol;

/// A variable whose value makes no sense.
#[derive(Debug, thiserror::Error)]
#[error("{variable}: {matter}")]
pub struct EnvironmentError {
    variable: &'static str,
    matter: String,
}

/// What the environment says about the exporter.
#[derive(Debug, Default)]
pub struct Environment {
    /// `_ENDPOINT`.
    pub endpoint: Option<EndpointVariable>,
    /// `_PROTOCOL`.
    pub protocol: Option<Protocol>,
    /// `_HEADERS`.
    pub headers: HeaderMap,
    /// `_COMPRESSION`: whether it is `gzip`.
    pub gzip: bool,
    /// `_TIMEOUT`.
    pub timeout: Option<Duration>,
    /// `_INSECURE`.
    pub insecure: Option<bool>,
}

/// Where the environment has spans sent.
#[derive(Debug)]
pub struct EndpointVariable {
    /// The variable.
    pub name: &'static str,
    /// Its value.
    pub value: String,
    /// Whether it is for traces alone, and so used as it is.
    pub is_for_traces: bool,
}

/// A variable that was found: name and value.
type Found = (&'static str, String);

impl Environment {
    /// Reads the variables with `lookup`, as [`std::env::var`] does.
    ///
    /// # Errors
    /// The first variable whose value makes no sense.
    pub fn read(lookup: impl Fn(&str) -> Option<String>) -> Result<Self, EnvironmentError> {
        let find = |names: [&'static str; 2]| -> Option<Found> {
            let found = names.into_iter().filter_map(|name| Some((name, lookup(name)?)));
            found.map(|(name, value)| (name, value.trim().to_owned())).find(|(_, v)| !v.is_empty())
        };
        let endpoint = find(ENDPOINT).map(|(name, value)| {
            let [for_traces, _] = ENDPOINT;
            EndpointVariable { name, value, is_for_traces: name == for_traces }
        });
        Ok(Self {
            endpoint,
            protocol: find(PROTOCOL).map(protocol).transpose()?,
            headers: find(HEADERS).map(headers).transpose()?.unwrap_or_default(),
            gzip: find(COMPRESSION).map(compression).transpose()?.unwrap_or(false),
            timeout: find(TIMEOUT).map(timeout).transpose()?,
            insecure: find(INSECURE).map(insecure).transpose()?,
        })
    }
}

const ENDPOINT: [&str; 2] = ["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT"];
const PROTOCOL: [&str; 2] = ["OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL"];
const HEADERS: [&str; 2] = ["OTEL_EXPORTER_OTLP_TRACES_HEADERS", "OTEL_EXPORTER_OTLP_HEADERS"];
const COMPRESSION: [&str; 2] =
    ["OTEL_EXPORTER_OTLP_TRACES_COMPRESSION", "OTEL_EXPORTER_OTLP_COMPRESSION"];
const TIMEOUT: [&str; 2] = ["OTEL_EXPORTER_OTLP_TRACES_TIMEOUT", "OTEL_EXPORTER_OTLP_TIMEOUT"];
const INSECURE: [&str; 2] = ["OTEL_EXPORTER_OTLP_TRACES_INSECURE", "OTEL_EXPORTER_OTLP_INSECURE"];

fn protocol((variable, value): Found) -> Result<Protocol, EnvironmentError> {
    match value.as_str() {
        "grpc" => Ok(Protocol::Grpc),
        "http/protobuf" => Ok(Protocol::HttpProtobuf),
        "http/json" => Ok(Protocol::HttpJson),
        _ => Err(EnvironmentError {
            variable,
            matter: format!("must be grpc, http/protobuf or http/json, is {value:?}"),
        }),
    }
}

fn compression((variable, value): Found) -> Result<bool, EnvironmentError> {
    match value.as_str() {
        "gzip" => Ok(true),
        "none" => Ok(false),
        _ => Err(EnvironmentError {
            variable,
            matter: format!("must be gzip or none, is {value:?}"),
        }),
    }
}

fn timeout((variable, value): Found) -> Result<Duration, EnvironmentError> {
    match value.parse() {
        Ok(milliseconds @ 1..) => Ok(Duration::from_millis(milliseconds)),
        _ => Err(EnvironmentError {
            variable,
            matter: format!("must be a positive number of milliseconds, is {value:?}"),
        }),
    }
}

fn insecure((variable, value): Found) -> Result<bool, EnvironmentError> {
    match value.to_ascii_lowercase().as_str() {
        "true" => Ok(true),
        "false" => Ok(false),
        _ => Err(EnvironmentError {
            variable,
            matter: format!("must be true or false, is {value:?}"),
        }),
    }
}

/// Reads `k=v,k2=v2`, values percent-encoded. A value is never shown, since it
/// may be a secret.
fn headers((variable, value): Found) -> Result<HeaderMap, EnvironmentError> {
    let mut headers = HeaderMap::new();
    for (index, entry) in value.split(',').enumerate() {
        if entry.trim().is_empty() {
            continue;
        }
        let header = header(entry).ok_or_else(|| EnvironmentError {
            variable,
            matter: format!("entry {} is not a header name, = and a value", index + 1),
        })?;
        headers.insert(header.0, header.1);
    }
    Ok(headers)
}

fn header(entry: &str) -> Option<(HeaderName, HeaderValue)> {
    let (name, value) = entry.split_once('=')?;
    let name = HeaderName::from_bytes(name.trim().as_bytes()).ok()?;
    let value = percent_decode_str(value.trim()).decode_utf8().ok()?;
    let mut value = HeaderValue::from_str(&value).ok()?;
    value.set_sensitive(true);
    Some((name, value))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(variables: &[(&str, &str)]) -> Result<Environment, EnvironmentError> {
        Environment::read(|wanted| {
            let found = variables.iter().find(|(name, _)| *name == wanted)?;
            Some(found.1.to_owned())
        })
    }

    #[test]
    fn the_variable_for_traces_comes_first_and_empty_is_unset() {
        let environment = read(&[
            ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://a"),
            ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://b"),
            ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", " "),
            ("OTEL_EXPORTER_OTLP_PROTOCOL", "http/json"),
            ("OTEL_EXPORTER_OTLP_COMPRESSION", "gzip"),
            ("OTEL_EXPORTER_OTLP_TIMEOUT", "1500"),
            ("OTEL_EXPORTER_OTLP_INSECURE", "True"),
        ])
        .unwrap();
        let endpoint = environment.endpoint.unwrap();
        assert_eq!((endpoint.value.as_str(), endpoint.is_for_traces), ("http://b", true));
        assert_eq!(environment.protocol, Some(Protocol::HttpJson));
        assert_eq!(environment.timeout, Some(Duration::from_millis(1500)));
        assert_eq!((environment.gzip, environment.insecure), (true, Some(true)));
        assert!(read(&[]).unwrap().endpoint.is_none());
    }

    #[test]
    fn headers_are_decoded_and_secret() {
        let headers = "api-key = a%20b%3D , ,x-scope=c=d";
        let environment = read(&[("OTEL_EXPORTER_OTLP_HEADERS", headers)]).unwrap();
        assert_eq!(environment.headers["api-key"], "a b=");
        assert_eq!(environment.headers["x-scope"], "c=d");
        assert!(!format!("{environment:?}").contains("a b"));
    }

    #[test]
    fn a_value_that_makes_no_sense_is_named() {
        for (variable, value, expected) in [
            ("OTEL_EXPORTER_OTLP_PROTOCOL", "thrift", "must be grpc, http/protobuf or http/json"),
            ("OTEL_EXPORTER_OTLP_TRACES_COMPRESSION", "zstd", "must be gzip or none, is \"zstd\""),
            ("OTEL_EXPORTER_OTLP_TIMEOUT", "0", "must be a positive number of milliseconds"),
            ("OTEL_EXPORTER_OTLP_INSECURE", "yes", "must be true or false, is \"yes\""),
            ("OTEL_EXPORTER_OTLP_HEADERS", "a=b,secret", "entry 2 is not a header name"),
            ("OTEL_EXPORTER_OTLP_HEADERS", "a=%0a", "entry 1 is not a header name"),
        ] {
            let error = read(&[(variable, value)]).unwrap_err().to_string();
            assert!(error.starts_with(&format!("{variable}: {expected}")), "{error}");
        }
    }
}
