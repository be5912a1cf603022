//! OTLP collector beside Envoy for the semantic router's spans.

use std::io::{self, IsTerminal, Write};
use std::process::ExitCode;

use clap::Parser;
use semantic_router_collector::cli::{Cli, Command, Run, Validate};
use semantic_router_collector::run::{RunError, run};
use semantic_router_collector::validate::validate;
use tokio::runtime::{Builder, Runtime};
use tracing_subscriber::EnvFilter;

/// More threads do not make a sidecar faster.
const MAX_THREADS: usize = 4;

fn main() -> ExitCode {
    let cli = Cli::parse();
    match cli.command {
        Some(Command::Validate(arguments)) => check(&arguments),
        Some(Command::Run(arguments)) => serve(*arguments),
        None => serve(cli.run),
    }
}

fn check(arguments: &Validate) -> ExitCode {
    let (verdict, lines) = validate(arguments);
    let mut out = io::stdout().lock();
    for line in lines {
        // Whoever closed the pipe does not want the rest.
        if writeln!(out, "{line}").is_err() {
            break;
        }
    }
    ExitCode::from(verdict as u8)
}

fn serve(arguments: Run) -> ExitCode {
    log_to_stderr();
    let runtime = match runtime() {
        Ok(runtime) => runtime,
        Err(error) => return fail(&format!("error: cannot start threads: {error}")),
    };
    let outcome = runtime.block_on(run(arguments));
    // A write to a standard output that nobody reads would be waited for.
    runtime.shutdown_background();
    match outcome {
        Ok(0) => {
            tracing::info!("stopped: 0 spans left undelivered");
            ExitCode::SUCCESS
        }
        Ok(spans) => {
            tracing::error!("stopped: {spans} spans left undelivered");
            ExitCode::FAILURE
        }
        // As `validate` prints it.
        Err(RunError::Config(error)) => fail(&error.to_string()),
        Err(error) => fail(&format!("error: {error}")),
    }
}

fn runtime() -> io::Result<Runtime> {
    let threads = std::thread::available_parallelism().map_or(1, usize::from).min(MAX_THREADS);
    Builder::new_multi_thread().worker_threads(threads).enable_all().build()
}

fn fail(message: &str) -> ExitCode {
    // There is nowhere else to complain to.
    let _ = writeln!(io::stderr(), "{message}");
    ExitCode::FAILURE
}

fn log_to_stderr() {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    let ansi = io::stderr().is_terminal();
    tracing_subscriber::fmt()
        .with_writer(io::stderr)
        .with_env_filter(filter)
        .with_ansi(ansi)
        .init();
}
