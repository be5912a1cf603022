//! Random requests for long, each held against what is to come of it: see
//! `support::soak`.

use std::error::Error;
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use support::envoy::VERSIONS;
use support::soak::{Options, run};

/// Sends random requests through the module in Envoy: first new ones, as fast as
/// they are answered, then known ones at a fixed rate, with the configuration
/// replaced now and then. What each engine and each client gets has to be, byte
/// for byte, what the core makes of the request natively. Ends with status 1 when
/// something was not as it was to be.
#[derive(Parser)]
struct Arguments {
    /// New requests.
    #[arg(long, default_value_t = 100_000)]
    requests: usize,
    /// Minutes at a fixed rate.
    #[arg(long, default_value_t = 30)]
    minutes: u64,
    /// Requests in a second of these minutes.
    #[arg(long, default_value_t = 50.0)]
    rate: f64,
    /// Changes of the configuration.
    #[arg(long, default_value_t = 20)]
    reloads: u32,
    /// The same requests for the same number.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Connections, each with one request at a time.
    #[arg(long, default_value_t = 10)]
    connections: usize,
    /// Envoy's version.
    #[arg(long, default_value = VERSIONS[0])]
    envoy: String,
}

#[tokio::main]
async fn main() -> Result<ExitCode, Box<dyn Error>> {
    let Arguments { requests, minutes, rate, reloads, seed, connections, envoy } =
        Arguments::parse();
    println!(
        "Envoy {envoy}, 2 workers; {requests} new requests from seed {seed}, then {minutes} minutes at \
         {rate} a second,\nover {connections} connections and both versions of HTTP, with {reloads} changes \
         of the configuration."
    );
    let time = Duration::from_secs(minutes * 60);
    let options = Options { requests, time, rate, reloads, seed, connections };
    let report = run(&envoy, options, |line| println!("  {line}")).await?;
    print!("{report}");
    Ok(if report.faults().is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
