//! The command `validate`: what is wrong or doubtful in configuration files, and
//! what they come to for a prompt.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::Path;

use semantic_router_filter::config::Config;

use crate::cache::{Options, Settings};
use crate::cli::Validate;
use crate::config::{ConfigError, Loaded, read};
use crate::explain::{Chat, ExplainError, explain};
use crate::export::{Destination, Environment};

/// Where the collector receives unless told otherwise.
const OWN: [SocketAddr; 2] = [
    SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 4317),
    SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 4318),
];

/// What came of checking files, from best to worst; the exit status is the
/// number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// All can be used.
    Usable = 0,
    /// One has an error.
    Invalid = 1,
    /// One cannot be read.
    Unreadable = 2,
}

/// Checks files; the lines say what was found.
#[must_use]
pub fn validate(arguments: &Validate) -> (Verdict, Vec<String>) {
    let mut verdict = Verdict::Usable;
    let mut lines = Vec::new();
    for file in &arguments.files {
        match read(file) {
            Ok(mut loaded) => {
                doubt(&mut loaded);
                lines.extend(ok(file, &loaded));
                match told(arguments, loaded.config) {
                    Ok(told) => lines.extend(told),
                    Err(error) => {
                        verdict = verdict.max(Verdict::Invalid);
                        lines.push(format!("{}: error: not explained: {error}", file.display()));
                    }
                }
            }
            Err(error) => {
                let worse = match error {
                    ConfigError::Invalid(_) => Verdict::Invalid,
                    ConfigError::Unreadable { .. } => Verdict::Unreadable,
                };
                verdict = verdict.max(worse);
                lines.push(error.to_string());
            }
        }
    }
    (verdict, lines)
}

/// What a configuration comes to for the prompt, if there is one.
fn told(arguments: &Validate, config: Config) -> Result<Vec<String>, ExplainError> {
    let Some(prompt) = &arguments.explain else { return Ok(Vec::new()) };
    let chat = Chat { model: &arguments.model, prompt };
    explain(config, chat, arguments.models.as_deref())
}

/// Adds what would keep the collector from starting with the file alone; the
/// environment may name another destination, or another Redis.
fn doubt(loaded: &mut Loaded) {
    doubt_cache(loaded);
    let tracing = &loaded.config.tracing;
    if !tracing.enabled {
        return;
    }
    let message = match Destination::resolve(Some(&tracing.exporter), &Environment::default()) {
        Err(error) => error.to_string(),
        Ok(destination) => match destination.circles(&OWN) {
            Some(own) => format!("the endpoint is its own receiver, {own} by default"),
            None => return,
        },
    };
    let message = format!("the collector does not start with this alone: {message}");
    loaded.problems.warn("observability.tracing.exporter", message);
}

fn doubt_cache(loaded: &mut Loaded) {
    let variable = |name: &str| std::env::var(name).ok();
    let resolved = Settings::resolve(&Options::default(), Some(&loaded.config), &variable);
    let doubts = match resolved {
        Ok(None) => return,
        Ok(Some(resolved)) => resolved.doubts,
        Err(error) => vec![format!("the collector does not start with this alone: {error}")],
    };
    for doubt in doubts {
        loaded.problems.warn("semantic_cache.backend_config_path", doubt);
    }
}

fn ok(file: &Path, loaded: &Loaded) -> Vec<String> {
    let count = match loaded.problems.warnings() {
        0 => String::new(),
        1 => ", 1 warning".to_owned(),
        count => format!(", {count} warnings"),
    };
    let ok = format!("{}: ok{count}", file.display());
    loaded.problems.lines().chain([ok]).collect()
}
