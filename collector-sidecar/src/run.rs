//! The command `run`: a collector until a signal stops it.

use std::io;
use std::path::Path;

use tokio::signal::unix::{SignalKind, signal};

use crate::cli::Run;
use crate::collector::{Collector, Options, StartError};
use crate::config::{self, ConfigError};
use crate::export::{Destination, DestinationError, Environment, EnvironmentError};

/// Why the collector could not run.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The configuration is none.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The environment makes no sense.
    #[error(transparent)]
    Environment(#[from] EnvironmentError),
    /// There is nowhere to send spans to.
    #[error(transparent)]
    Destination(#[from] DestinationError),
    /// It did not start.
    #[error(transparent)]
    Start(#[from] StartError),
    /// Signals cannot be waited for.
    #[error("cannot wait for signals: {0}")]
    Signal(io::Error),
}

/// Runs a collector until SIGTERM or SIGINT; gives how many spans were left
/// undelivered.
///
/// # Errors
/// Why it did not run.
pub async fn run(arguments: Run) -> Result<usize, RunError> {
    let environment = Environment::read(|name| std::env::var(name).ok())?;
    let destination = destination(arguments.config.as_deref(), &environment)?;
    let mut terminate = signal(SignalKind::terminate()).map_err(RunError::Signal)?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(RunError::Signal)?;
    let collector = Collector::start(Options {
        otlp_http: arguments.otlp_http,
        otlp_grpc: arguments.otlp_grpc,
        admin: arguments.admin,
        max_queued_bytes: arguments.max_queued_bytes,
        destination: destination.clone(),
    })
    .await?;
    let addresses = collector.addresses();
    tracing::info!(
        "receiving OTLP/HTTP on {} and OTLP/gRPC on {}, health and metrics on {}; sending to {}; \
         queue of {} bytes in memory",
        addresses.otlp_http,
        addresses.otlp_grpc,
        addresses.admin,
        destination,
        arguments.max_queued_bytes,
    );
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    tracing::info!("stopping: delivering what is queued");
    Ok(collector.shutdown(arguments.shutdown_timeout).await)
}

fn destination(file: Option<&Path>, environment: &Environment) -> Result<Destination, RunError> {
    let Some(file) = file else { return Ok(Destination::resolve(None, environment)?) };
    let config::Loaded { config, problems } = config::read(file)?;
    for line in problems.lines() {
        tracing::warn!("{line}");
    }
    if !config.tracing.enabled {
        tracing::warn!("{}: tracing is disabled: the router sends no spans", file.display());
    }
    Ok(Destination::resolve(Some(&config.tracing.exporter), environment)?)
}
