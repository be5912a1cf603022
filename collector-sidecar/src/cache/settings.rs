//! Where Redis is, and what seals the answers: from the command line, or from
//! the file that the router's configuration names.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use clap::Args;
use redis::{
    Client, ClientTlsConfig, ConnectionAddr, ConnectionInfo, IntoConnectionInfo,
    RedisConnectionInfo, RedisError, TlsCertificates,
};
use semantic_router_filter::config::{CacheBackend, Config, Report, SemanticCache};

use super::file::{File, Tls, parse};
use super::link::Target;
use super::seal::Secret;

/// How long connecting may take unless the file says otherwise.
const CONNECT: Duration = Duration::from_secs(2);

/// The fewest bytes of a key.
const MIN_KEY_BYTES: usize = 16;

/// The most bytes of a namespace.
const MAX_NAMESPACE_BYTES: usize = 64;

/// The arguments that say so.
#[derive(Args, Clone, Debug)]
#[allow(clippy::doc_markdown, reason = "comments are shown as help")]
pub struct Options {
    /// Where Redis or Valkey is that keeps answers for all proxies:
    /// redis://[[USER]:PASSWORD@]HOST[:PORT][/DATABASE], or rediss:// with TLS
    #[arg(
        long,
        value_name = "URL",
        env = "SEMANTIC_ROUTER_COLLECTOR_REDIS_URL",
        hide_env_values = true
    )]
    pub redis_url: Option<Url>,
    /// The file of the key that answers in Redis are sealed with [default: a
    /// key made from Redis' password]
    #[arg(long, value_name = "FILE", env = "SEMANTIC_ROUTER_COLLECTOR_CACHE_KEY_FILE")]
    pub cache_key_file: Option<PathBuf>,
    /// Collectors of the same namespace and key share answers
    #[arg(
        long,
        value_name = "NAME",
        default_value = "default",
        env = "SEMANTIC_ROUTER_COLLECTOR_CACHE_NAMESPACE"
    )]
    pub cache_namespace: String,
    /// The longest that a lookup may take; later it is a miss
    #[arg(
        long,
        value_name = "TIME",
        default_value = "50ms",
        value_parser = humantime::parse_duration,
        env = "SEMANTIC_ROUTER_COLLECTOR_CACHE_TIMEOUT"
    )]
    pub cache_timeout: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            redis_url: None,
            cache_key_file: None,
            cache_namespace: "default".to_owned(),
            cache_timeout: Duration::from_millis(50),
        }
    }
}

/// A URL that may hold a password, and is not shown.
#[derive(Clone)]
pub struct Url(String);

impl FromStr for Url {
    type Err = std::convert::Infallible;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Debug for Url {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Url(…)")
    }
}

/// Why a cache cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// The URL is none; without the URL, which may hold a password.
    #[error("--redis-url: {0}")]
    Url(RedisError),
    /// A file cannot be read.
    #[error("{}: cannot be read: {error}", file.display())]
    Unreadable {
        /// The file.
        file: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// The backend's file has errors.
    #[error("{}: {}", file.display(), report.to_string().trim_end())]
    File {
        /// The file.
        file: PathBuf,
        /// They.
        report: Report,
    },
    /// The certificates are none.
    #[error("{}: connection.tls: {error}", file.display())]
    Certificates {
        /// The backend's file.
        file: PathBuf,
        /// Why.
        error: RedisError,
    },
    /// The key can be guessed.
    #[error("{}: a key of {bytes} bytes is too short: at least {MIN_KEY_BYTES}", file.display())]
    Key {
        /// The file.
        file: PathBuf,
        /// Its length.
        bytes: usize,
    },
    /// The namespace is none.
    #[error(
        "--cache-namespace: {0:?} is not made of 1 to {MAX_NAMESPACE_BYTES} letters, digits, \
         '.', '-' and '_'"
    )]
    Namespace(String),
    /// There is nowhere to look for answers.
    #[error(
        "semantic_cache.backend_type is redis, and neither semantic_cache.backend_config_path nor \
         --redis-url says where it is"
    )]
    Nowhere,
}

/// A cache in Redis.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Where Redis is.
    pub(super) target: Target,
    /// What the answers are sealed with.
    pub(super) secret: Secret,
    /// The longest that a lookup may take.
    pub(super) timeout: Duration,
}

/// A cache, and what is doubtful about it.
#[derive(Clone, Debug)]
pub struct Resolved {
    /// The cache.
    pub settings: Settings,
    /// The doubts, in words.
    pub doubts: Vec<String>,
}

impl Settings {
    /// As the command line says, else the file of the configuration, in which
    /// `variable` gives what `${NAME}` stands for; `None` where neither asks for
    /// Redis. Waits for the disk.
    ///
    /// # Errors
    /// Why it cannot be used.
    pub fn resolve(
        options: &Options,
        config: Option<&Config>,
        variable: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Option<Resolved>, SettingsError> {
        let asked = config.and_then(|config| config.semantic_cache.as_ref());
        let asked = asked.filter(|cache| cache.backend == CacheBackend::Redis);
        // One provider of TLS in this process, whoever installs it.
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let (target, mut doubts) = match (&options.redis_url, asked) {
            (Some(Url(url)), _) => (at_url(url)?, Vec::new()),
            (None, Some(SemanticCache { backend_file: Some(file), .. })) => {
                in_file(Path::new(file), variable)?
            }
            (None, Some(_)) => return Err(SettingsError::Nowhere),
            (None, None) => return Ok(None),
        };
        let key = match &options.cache_key_file {
            Some(file) => key(file)?,
            None => password(&target.client).to_owned().into_bytes(),
        };
        if key.is_empty() {
            doubts.push(
                "answers in Redis are sealed with a key that anyone can make: there is neither \
                 --cache-key-file nor a password"
                    .to_owned(),
            );
        }
        let secret = Secret::new(&key, namespace(&options.cache_namespace)?);
        let settings = Self { target, secret, timeout: options.cache_timeout };
        Ok(Some(Resolved { settings, doubts }))
    }
}

fn at_url(url: &str) -> Result<Target, SettingsError> {
    let info = url.into_connection_info().map(prompt_to_send);
    let client = info.and_then(Client::open).map_err(SettingsError::Url)?;
    Ok(Target { client, timeout: CONNECT })
}

fn in_file(
    path: &Path,
    variable: &dyn Fn(&str) -> Option<String>,
) -> Result<(Target, Vec<String>), SettingsError> {
    let text = String::from_utf8_lossy(&contents(path)?).into_owned();
    let (file, warnings) = parse(&text, variable)
        .map_err(|report| SettingsError::File { file: path.to_owned(), report })?;
    let timeout = file.timeout.unwrap_or(CONNECT);
    let certificates = file.tls.as_ref().map(certificates).transpose()?;
    let failed = |error| SettingsError::Certificates { file: path.to_owned(), error };
    let info = info(file).map_err(failed)?;
    let client = match certificates {
        None => Client::open(info),
        Some(certificates) => Client::build_with_tls(info, certificates),
    };
    let target = Target { client: client.map_err(failed)?, timeout };
    let doubt = |warning| format!("{}: {warning}", path.display());
    Ok((target, warnings.iter().map(doubt).collect()))
}

fn info(file: File) -> Result<ConnectionInfo, RedisError> {
    let File { host, port, database, username, password, timeout: _, tls } = file;
    let address = match tls {
        None => ConnectionAddr::Tcp(host, port),
        Some(_) => ConnectionAddr::TcpTls { host, port, insecure: false, tls_params: None },
    };
    let mut redis = RedisConnectionInfo::default().set_db(database);
    if let Some(username) = username {
        redis = redis.set_username(username);
    }
    if let Some(password) = password {
        redis = redis.set_password(password);
    }
    Ok(prompt_to_send(address.into_connection_info()?.set_redis_settings(redis)))
}

/// Commands are short, and wait for nothing.
fn prompt_to_send(info: ConnectionInfo) -> ConnectionInfo {
    let settings = info.tcp_settings().clone().set_nodelay(true);
    info.set_tcp_settings(settings)
}

fn certificates(tls: &Tls) -> Result<TlsCertificates, SettingsError> {
    let client_tls = match &tls.client {
        None => None,
        Some((certificate, key)) => Some(ClientTlsConfig {
            client_cert: contents(certificate)?,
            client_key: contents(key)?,
        }),
    };
    let root_cert = tls.authority.as_deref().map(contents).transpose()?;
    Ok(TlsCertificates { client_tls, root_cert })
}

fn password(client: &Client) -> &str {
    client.get_connection_info().redis_settings().password().unwrap_or_default()
}

fn key(file: &Path) -> Result<Vec<u8>, SettingsError> {
    let key = contents(file)?.trim_ascii().to_vec();
    match key.len() {
        bytes if bytes < MIN_KEY_BYTES => Err(SettingsError::Key { file: file.to_owned(), bytes }),
        _ => Ok(key),
    }
}

fn namespace(name: &str) -> Result<&str, SettingsError> {
    let is_part = |byte: u8| byte.is_ascii_alphanumeric() || b".-_".contains(&byte);
    if (1..=MAX_NAMESPACE_BYTES).contains(&name.len()) && name.bytes().all(is_part) {
        return Ok(name);
    }
    Err(SettingsError::Namespace(name.to_owned()))
}

fn contents(file: &Path) -> Result<Vec<u8>, SettingsError> {
    let read = std::fs::read(file);
    read.map_err(|error| SettingsError::Unreadable { file: file.to_owned(), error })
}

#[cfg(test)]
mod tests {
    use semantic_router_filter::config::load;

    use super::*;

    fn variable(name: &str) -> Option<String> {
        (name == "REDIS_PASSWORD").then(|| "secret".to_owned())
    }

    fn options(url: &str) -> Options {
        Options { redis_url: url.parse().ok(), ..Options::default() }
    }

    fn config(cache: &str) -> Config {
        load(&format!("default_model: m\nsemantic_cache: {{enabled: true, {cache}}}\n")).unwrap().0
    }

    fn scratch(name: &str, text: &str) -> PathBuf {
        let file = std::env::temp_dir().join(format!("vsr-{}-{name}", std::process::id()));
        std::fs::write(&file, text).unwrap();
        file
    }

    fn resolve(options: &Options, config: &Config) -> Result<Option<Resolved>, String> {
        Settings::resolve(options, Some(config), &variable).map_err(|error| error.to_string())
    }

    #[test]
    fn redis_is_where_the_command_line_or_the_file_says() {
        let none = Options::default();
        assert!(resolve(&none, &config("backend_type: memory")).unwrap().is_none());
        let error = resolve(&none, &config("backend_type: redis")).unwrap_err();
        assert!(error.contains("neither semantic_cache.backend_config_path nor"), "{error}");

        let text = "connection: {host: r, port: 7, password: '${REDIS_PASSWORD}', timeout: 3}";
        let file = scratch("redis.yaml", text);
        let asked =
            config(&format!("backend_type: redis, backend_config_path: {}", file.display()));
        let resolved = resolve(&none, &asked).unwrap().unwrap();
        assert_eq!(resolved.doubts, [""; 0]);
        let Target { client, timeout } = &resolved.settings.target;
        assert_eq!((password(client), *timeout), ("secret", Duration::from_secs(3)));
        assert_eq!(resolved.settings.target.address(), "r:7");

        let options = options("rediss://:other@s:8/1");
        let resolved = resolve(&options, &asked).unwrap().unwrap();
        let Target { client, .. } = &resolved.settings.target;
        assert_eq!((password(client), resolved.settings.target.address()), ("other", "s:8".into()));
        for shown in [format!("{:?}", resolved.settings), format!("{options:?}")] {
            assert!(!shown.contains("other"), "{shown}");
        }
    }

    #[test]
    fn a_key_that_can_be_made_is_a_doubt() {
        let asked = config("backend_type: redis");
        let resolved = resolve(&options("redis://h"), &asked).unwrap().unwrap();
        let [doubt] = resolved.doubts.as_slice() else { panic!("{resolved:?}") };
        assert!(doubt.contains("a key that anyone can make"), "{doubt}");
        let key = scratch("key", "0123456789abcdef\n");
        let with = |file: PathBuf| Options { cache_key_file: Some(file), ..options("redis://h") };
        assert_eq!(resolve(&with(key), &asked).unwrap().unwrap().doubts, [""; 0]);
        let error = resolve(&with(scratch("short", "0123456789abcde\n")), &asked).unwrap_err();
        assert!(error.ends_with("a key of 15 bytes is too short: at least 16"), "{error}");
    }

    #[test]
    fn what_cannot_be_used_is_named_without_secrets() {
        let asked = config("backend_type: redis, backend_config_path: /none/redis.yaml");
        let error = resolve(&Options::default(), &asked).unwrap_err();
        assert!(error.starts_with("/none/redis.yaml: cannot be read: "), "{error}");
        for url in ["http://:hidden@h", "redis://:hidden@h/a", "hidden"] {
            let error = resolve(&options(url), &asked).unwrap_err();
            assert!(error.starts_with("--redis-url: "), "{error}");
            assert!(!error.contains("hidden"), "{error}");
        }
        for name in ["", "a b", "a:b", &"a".repeat(65)] {
            let options = Options { cache_namespace: name.to_owned(), ..options("redis://h") };
            let error = resolve(&options, &asked).unwrap_err();
            assert!(error.starts_with("--cache-namespace: "), "{error}");
        }
    }
}
