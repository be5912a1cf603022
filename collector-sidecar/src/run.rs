//! The command `run`: a collector until a signal stops it.

use std::io;
use std::path::Path;
use std::sync::Arc;

use semantic_router_filter::config::Config;
use tokio::signal::unix::{SignalKind, signal};
use tokio::task::spawn_blocking;

use crate::cache::{self, SettingsError};
use crate::classify::Settings;
use crate::cli::Run;
use crate::collector::{Collector, Options, Services, StartError};
use crate::config::{self, ConfigError};
use crate::export::{Destination, DestinationError, Environment, EnvironmentError};
use crate::models::{FolderError, Models};

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
    /// The models cannot be served.
    #[error(transparent)]
    Models(#[from] FolderError),
    /// The cache cannot be used.
    #[error(transparent)]
    Cache(#[from] SettingsError),
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
    let config = arguments.config.as_deref().map(read).transpose()?;
    let exporter = config.as_ref().map(|config| &config.tracing.exporter);
    let destination = Destination::resolve(exporter, &environment)?;
    let models = arguments.models.as_deref().map(Models::open).transpose()?.map(Arc::new);
    let classify = Settings::of(config.as_ref(), arguments.classify_threads);
    missing(&classify, models.as_deref());
    let cache = cache_of(&arguments.cache, config.as_ref())?;
    let mut terminate = signal(SignalKind::terminate()).map_err(RunError::Signal)?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(RunError::Signal)?;
    let collector = Collector::start_with(
        Options {
            otlp_http: arguments.otlp_http,
            otlp_grpc: arguments.otlp_grpc,
            admin: arguments.admin,
            max_queued_bytes: arguments.max_queued_bytes,
            destination: destination.clone(),
        },
        Services { models: models.clone(), classify, cache },
    )
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
    if let Some((folder, models)) = arguments.models.zip(models) {
        spawn_blocking(move || announce(&folder, models));
    }
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    tracing::info!("stopping: delivering what is queued");
    Ok(collector.shutdown(arguments.shutdown_timeout).await)
}

fn read(file: &Path) -> Result<Config, ConfigError> {
    let config::Loaded { config, problems } = config::read(file)?;
    for line in problems.lines() {
        tracing::warn!("{line}");
    }
    if !config.tracing.enabled {
        tracing::warn!("{}: tracing is disabled: the router sends no spans", file.display());
    }
    Ok(config)
}

/// The cache, where one is asked for.
fn cache_of(
    options: &cache::Options,
    config: Option<&Config>,
) -> Result<Option<cache::Settings>, SettingsError> {
    let variable = |name: &str| std::env::var(name).ok();
    let Some(resolved) = cache::Settings::resolve(options, config, &variable)? else {
        return Ok(None);
    };
    for doubt in &resolved.doubts {
        tracing::warn!("cache: {doubt}");
    }
    Ok(Some(resolved.settings))
}

/// Tells of the models in a folder, and hashes their files before they are
/// asked for. Waits for the disk.
fn announce(folder: &Path, models: Arc<Models>) {
    let found = models.folder().models();
    let (count, names) = (found.len(), found.join(", "));
    match count {
        0 => tracing::warn!("serving the models folder {}: no models", folder.display()),
        1 => tracing::info!("serving the models folder {}: 1 model: {names}", folder.display()),
        _ => tracing::info!(
            "serving the models folder {}: {count} models: {names}",
            folder.display()
        ),
    }
    tokio::spawn(models.prepare(found));
}

/// Warns of the user's own models that are configured and not there.
fn missing(classify: &Settings, models: Option<&Models>) {
    for own in &classify.own {
        if let Err(error) = own.check(models.map(Models::folder)) {
            tracing::warn!("{}: {error}", own.classifier.name());
        }
    }
}
