//! The command line.
#![allow(clippy::doc_markdown, reason = "comments are shown as help")]

use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand};

use crate::cache::Options;

/// Receives OTLP traces from Envoy's filters and from the engines, and sends
/// them on to a tracing backend.
///
/// Where they are sent is said by `observability.tracing.exporter` of the
/// router's configuration and by the OTEL_EXPORTER_OTLP_* variables, which come
/// first: ENDPOINT, PROTOCOL (grpc, http/protobuf, http/json), HEADERS,
/// COMPRESSION (gzip, none), TIMEOUT (ms) and INSECURE, each also with TRACES_.
/// Without TLS in this version.
///
/// An acknowledgement means that spans are in the queue, which is in memory:
/// when the process is killed, what is queued is lost. On SIGTERM it is sent.
///
/// RUST_LOG sets what is logged, to standard error; `info` if unset.
#[derive(Debug, Parser)]
#[command(version, args_conflicts_with_subcommands = true)]
pub struct Cli {
    /// What to do; `run` if nothing is said.
    #[command(subcommand)]
    pub command: Option<Command>,
    /// The arguments of `run`.
    #[command(flatten)]
    pub run: Run,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Receive and send traces until told to stop (SIGTERM, SIGINT)
    ///
    /// Ends with status 0 when every span was delivered, else with 1.
    Run(Box<Run>),
    /// Check configuration files
    ///
    /// Prints every problem of each, and with --explain what the router would
    /// decide about a prompt, and why; nothing is sent. Ends with status 1 when
    /// a file has an error, 2 when one cannot be read, else with 0.
    Validate(Validate),
}

/// The arguments of `run`.
#[derive(Args, Clone, Debug)]
pub struct Run {
    /// The router's config.yaml, or an Envoy bootstrap, EnvoyFilter or
    /// WasmPlugin that carries it
    #[arg(long, value_name = "FILE", env = "SEMANTIC_ROUTER_COLLECTOR_CONFIG")]
    pub config: Option<PathBuf>,
    /// Where to receive OTLP over HTTP, serve models, classify texts and keep
    /// answers
    #[arg(
        long,
        value_name = "ADDRESS",
        default_value = "127.0.0.1:4318",
        env = "SEMANTIC_ROUTER_COLLECTOR_OTLP_HTTP"
    )]
    pub otlp_http: SocketAddr,
    /// Where to receive OTLP over gRPC
    #[arg(
        long,
        value_name = "ADDRESS",
        default_value = "127.0.0.1:4317",
        env = "SEMANTIC_ROUTER_COLLECTOR_OTLP_GRPC"
    )]
    pub otlp_grpc: SocketAddr,
    /// Where to serve /healthz and /metrics
    #[arg(
        long,
        value_name = "ADDRESS",
        default_value = "127.0.0.1:8888",
        env = "SEMANTIC_ROUTER_COLLECTOR_ADMIN"
    )]
    pub admin: SocketAddr,
    /// The folder of the user's own models, served under /models/
    #[arg(long, value_name = "DIR", env = "SEMANTIC_ROUTER_COLLECTOR_MODELS")]
    pub models: Option<PathBuf>,
    /// Threads that classify texts [default: as many as cores]
    #[arg(long, value_name = "NUMBER", env = "SEMANTIC_ROUTER_COLLECTOR_CLASSIFY_THREADS")]
    pub classify_threads: Option<NonZeroUsize>,
    /// The cache.
    #[command(flatten)]
    pub cache: Options,
    /// The most bytes that wait to be delivered; more is answered with 503
    #[arg(
        long,
        value_name = "BYTES",
        default_value = "67108864",
        env = "SEMANTIC_ROUTER_COLLECTOR_MAX_QUEUED_BYTES"
    )]
    pub max_queued_bytes: usize,
    /// How long to go on delivering after being told to stop
    #[arg(
        long,
        value_name = "TIME",
        default_value = "5s",
        value_parser = humantime::parse_duration,
        env = "SEMANTIC_ROUTER_COLLECTOR_SHUTDOWN_TIMEOUT"
    )]
    pub shutdown_timeout: Duration,
}

/// The arguments of `validate`.
#[derive(Args, Debug)]
pub struct Validate {
    /// The files to check
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// Tell what would be decided about a chat with this prompt
    #[arg(long, value_name = "TEXT")]
    pub explain: Option<String>,
    /// The model that the chat asks for
    #[arg(long, value_name = "NAME", default_value = "auto", requires = "explain")]
    pub model: String,
    /// The folder of the user's own models, for --explain
    #[arg(long, value_name = "DIR", env = "SEMANTIC_ROUTER_COLLECTOR_MODELS")]
    pub models: Option<PathBuf>,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn run_may_be_left_out() {
        for arguments in
            [["c", "--admin", "127.0.0.1:1"].as_slice(), &["c", "run", "--admin", "127.0.0.1:1"]]
        {
            let cli = Cli::try_parse_from(arguments).unwrap();
            let run = match cli.command {
                Some(Command::Run(run)) => *run,
                _ => cli.run,
            };
            assert_eq!(run.admin.port(), 1);
            assert_eq!(run.shutdown_timeout, Duration::from_secs(5));
        }
    }
}
