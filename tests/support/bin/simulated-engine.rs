//! A simulated OpenAI-compatible engine: see `support::engine`.

use std::net::SocketAddr;
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use http::Uri;
use support::engine::{Engine, Options};
use tokio::signal::ctrl_c;
use tokio::signal::unix::{SignalKind, signal};

/// Answers like vLLM, without a model. The request header `x-simulate` makes it
/// misbehave, as in `x-simulate: delay=500ms, reset-after=3`; `GET /requests`
/// shows what it received last.
#[derive(Parser)]
struct Arguments {
    /// Where to listen.
    #[arg(long, default_value = "127.0.0.1:8000")]
    listen: SocketAddr,
    /// Its name, in answers and as the `service.name` of its spans.
    #[arg(long, default_value = "engine")]
    name: String,
    /// A model that it has; may be repeated. Without one, or with `*`, it has
    /// whatever a request names.
    #[arg(long = "model")]
    models: Vec<String>,
    /// Where its spans go, as in `http://127.0.0.1:4318/v1/traces`.
    #[arg(long)]
    otlp: Option<Uri>,
    /// How fast it is; 0 for no pause between tokens.
    #[arg(long, default_value_t = 200)]
    tokens_per_second: u32,
    /// Milliseconds to the first token.
    #[arg(long, value_name = "MS", default_value_t = 20)]
    first_token_ms: u64,
    /// How many requests `GET /requests` shows.
    #[arg(long, default_value_t = 100)]
    keep: usize,
}

#[tokio::main]
async fn main() -> ExitCode {
    match run(Arguments::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("simulated-engine: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Serves until it is told to end.
async fn run(arguments: Arguments) -> Result<(), Box<dyn std::error::Error>> {
    let mut terminate = signal(SignalKind::terminate())?;
    let name = arguments.name.clone();
    let engine = Engine::start(Options {
        listen: arguments.listen,
        name: arguments.name,
        models: arguments.models,
        otlp: arguments.otlp,
        tokens_per_second: arguments.tokens_per_second,
        first_token: Duration::from_millis(arguments.first_token_ms),
        keep: arguments.keep,
    })
    .await?;
    println!("{name} listens on {}", engine.addr());
    tokio::select! {
        interrupted = ctrl_c() => interrupted?,
        _ = terminate.recv() => {}
    }
    match engine.stop().await {
        0 => Ok(()),
        lost => Err(format!("no collector took {lost} spans").into()),
    }
}
