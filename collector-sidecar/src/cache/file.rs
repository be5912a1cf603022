//! The file of `semantic_cache.backend_config_path`, as the original has it for
//! Redis (`config/semantic-cache/redis.yaml`).

use std::path::PathBuf;
use std::time::Duration;

use semantic_router_filter::config::{Fields, Finding, Node, Report, read_named};

/// What the original's file has that has no effect here, and why.
const INEFFECTIVE: [(&str, &str); 4] = [
    ("index", "no index is made in Redis"),
    ("search", "the nearest answer is found without Redis' help"),
    ("logging", "RUST_LOG sets what is logged"),
    ("development", "no index is made in Redis"),
];

/// Where Redis is.
#[derive(Clone, PartialEq, Eq)]
pub struct File {
    /// `connection.host`.
    pub host: String,
    /// `connection.port`.
    pub port: u16,
    /// `connection.database`.
    pub database: i64,
    /// `connection.username`, which the original does not have.
    pub username: Option<String>,
    /// `connection.password`.
    pub password: Option<String>,
    /// `connection.timeout`: how long connecting may take.
    pub timeout: Option<Duration>,
    /// `connection.tls`, where it is enabled.
    pub tls: Option<Tls>,
}

/// Files of a connection with TLS, in PEM.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tls {
    /// The client's certificate and key.
    pub client: Option<(PathBuf, PathBuf)>,
    /// The authority of the server's certificate; else the system's.
    pub authority: Option<PathBuf>,
}

/// Reads the text of a file; `variable` gives what `${NAME}` stands for.
///
/// # Errors
/// The report of everything that is wrong with it.
pub fn parse(
    text: &str,
    variable: &dyn Fn(&str) -> Option<String>,
) -> Result<(File, Vec<Finding>), Report> {
    read_named(text, |top| file(&top.fields(), variable))
}

fn file(top: &Fields<'_>, variable: &dyn Fn(&str) -> Option<String>) -> File {
    let connection = top.require("connection").map(|node| node.fields());
    for (section, why) in INEFFECTIVE {
        if let Some(node) = top.get(section) {
            node.warn(format!("has no effect here: {why}"));
        }
    }
    top.finish();
    let found = connection.as_ref().map(|fields| at(fields, variable));
    if let Some(connection) = connection {
        connection.finish();
    }
    found.unwrap_or_default()
}

fn at(fields: &Fields<'_>, variable: &dyn Fn(&str) -> Option<String>) -> File {
    let whole = |key, most| fields.get(key).and_then(|node| node.integer(0..=most));
    let default = File::default();
    let port = whole("port", u16::MAX.into()).and_then(|port| u16::try_from(port).ok());
    let timeout = whole("timeout", 3600).and_then(|seconds| u64::try_from(seconds).ok());
    File {
        host: fields.text("host").unwrap_or(default.host),
        port: port.unwrap_or(default.port),
        database: whole("database", i64::from(u32::MAX)).unwrap_or(default.database),
        username: fields.text("username"),
        password: fields.get("password").and_then(|node| password(&node, variable)),
        timeout: timeout.filter(|seconds| *seconds > 0).map(Duration::from_secs),
        tls: fields.fields("tls").and_then(|fields| tls(&fields)),
    }
}

/// A password, or the value of the variable that it names.
fn password(node: &Node<'_>, variable: &dyn Fn(&str) -> Option<String>) -> Option<String> {
    let text = node.text()?;
    let name = text.strip_prefix("${").and_then(|rest| rest.strip_suffix('}'));
    let password = match name {
        Some(name) => {
            let value = variable(name);
            if value.is_none() {
                node.error(format!("the environment variable {name} is not set"));
            }
            value?
        }
        None => text,
    };
    Some(password).filter(|password| !password.is_empty())
}

fn tls(fields: &Fields<'_>) -> Option<Tls> {
    let path = |key| fields.text(key).map(PathBuf::from);
    let (certificate, key) = (path("cert_file"), path("key_file"));
    let tls = Tls { client: certificate.clone().zip(key.clone()), authority: path("ca_file") };
    let is_enabled = fields.flag("enabled").unwrap_or(false);
    if certificate.is_some() != key.is_some()
        && let Some(node) = fields.get(if key.is_some() { "key_file" } else { "cert_file" })
    {
        node.error("cert_file and key_file are needed together");
    }
    fields.finish();
    is_enabled.then_some(tls)
}

impl Default for File {
    fn default() -> Self {
        Self {
            host: "localhost".to_owned(),
            port: 6379,
            database: 0,
            username: None,
            password: None,
            timeout: None,
            tls: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The keys of the original's own file.
    const ORIGINAL: &str = r#"
connection:
  host: "redis.example"
  port: 6380
  database: 2
  password: "${REDIS_PASSWORD}"
  timeout: 30
  tls:
    enabled: true
    cert_file: "c.pem"
    key_file: "k.pem"
    ca_file: ""
index:
  name: "semantic_cache_idx"
  vector_field: {name: embedding, dimension: 384, metric_type: COSINE}
search:
  topk: 1
logging:
  level: "info"
development:
  drop_index_on_startup: false
"#;

    fn variable(name: &str) -> Option<String> {
        (name == "REDIS_PASSWORD").then(|| "secret".to_owned())
    }

    fn lines(findings: &[Finding]) -> Vec<String> {
        findings.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn the_originals_file_is_understood() {
        let (file, warnings) = parse(ORIGINAL, &variable).unwrap();
        let expected = File {
            host: "redis.example".to_owned(),
            port: 6380,
            database: 2,
            username: None,
            password: Some("secret".to_owned()),
            timeout: Some(Duration::from_secs(30)),
            tls: Some(Tls { client: Some(("c.pem".into(), "k.pem".into())), authority: None }),
        };
        assert!(file == expected);
        let expected = [
            "index: has no effect here: no index is made in Redis",
            "search: has no effect here: the nearest answer is found without Redis' help",
            "logging: has no effect here: RUST_LOG sets what is logged",
            "development: has no effect here: no index is made in Redis",
        ];
        assert_eq!(lines(&warnings), expected);
    }

    #[test]
    fn what_is_left_out_has_the_originals_defaults() {
        let (file, warnings) =
            parse("connection: {password: '', tls: {enabled: no}}", &variable).unwrap();
        assert!(file == File::default());
        assert_eq!(warnings, []);
    }

    #[test]
    fn what_is_wrong_is_named() {
        let text = "connection: {host: [1], port: 70000, password: '${NONE}', hots: a, \
                    tls: {enabled: true, key_file: k.pem}}";
        let report = parse(text, &variable).err().unwrap();
        let expected = [
            "connection.port: must be from 0 to 65535, is 70000",
            "connection.host: expected a string, found a list",
            "connection.password: the environment variable NONE is not set",
            "connection.tls.key_file: cert_file and key_file are needed together",
        ];
        assert_eq!(lines(&report.errors), expected);
        let expected = "connection.hots: unknown key (did you mean \"host\"?), has no effect";
        assert_eq!(lines(&report.warnings), [expected]);
        let report = parse("index: {}", &variable).err().unwrap();
        assert_eq!(lines(&report.errors), ["connection: missing"]);
    }
}
