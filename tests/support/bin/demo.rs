//! The demonstration that `make run` and `make stop` are about: see
//! `support::demo`.

use std::io::{IsTerminal, stdout};
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use support::demo::{Error, PROMPTS, ask, start, stop, supervise, watch};

/// Runs Envoy with the semantic router on this machine.
#[derive(Parser)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

/// What to do.
#[derive(Clone, Copy, Subcommand)]
enum Command {
    /// Start all of it, send prompts and show their traces
    Run,
    /// End all of it
    Stop,
    /// Keep all of it up until a signal comes
    #[command(hide = true)]
    Supervise,
}

const UP: &str = "\
Envoy listens on 127.0.0.1:10000. Try it:

  curl -s 127.0.0.1:10000/v1/chat/completions -H 'content-type: application/json' \\
    -d '{\"model\":\"auto\",\"messages\":[{\"role\":\"user\",\"content\":\"Why is the sky blue?\"}]}'

Spans are in run/spans.jsonl, logs in run/*.log, Envoy's admin page on 127.0.0.1:9901.";

async fn run() -> Result<(), Error> {
    tokio::select! {
        shown = show() => shown,
        _ = tokio::signal::ctrl_c() => {
            println!("\nStopping ...");
            stop().await
        }
    }
}

/// Starts it all and shows traces: to a terminal, without end.
async fn show() -> Result<(), Error> {
    println!("Starting Envoy, the collector and two engines ...");
    start().await?;
    ask(&PROMPTS).await?;
    println!("{UP}");
    if !stdout().is_terminal() {
        println!("`make stop` ends it.");
        return Ok(());
    }
    println!("Traces of your requests appear here; ^C or `make stop` ends it all.");
    watch().await
}

#[tokio::main]
async fn main() -> ExitCode {
    let outcome = match Arguments::parse().command {
        Command::Run => run().await,
        Command::Stop => stop().await,
        Command::Supervise => supervise().await,
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}
