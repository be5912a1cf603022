//! What the filter costs in a real Envoy: each request without the models,
//! start-up, code size, memory, latency.
//! Everything is measured in one run, beside an Envoy without the filter.

use std::error::Error;
use std::fs;
use std::thread::available_parallelism;
use std::time::Duration;

use clap::Parser;
use support::client::Request;
use support::cost;
use support::envoy::{Envoy, VERSIONS, module};
use support::load::{self, Plan, Report};
use support::stack::Stack;
use wasmparser::Payload;

/// Measures the module in an Envoy with two workers.
#[derive(Parser)]
struct Options {
    /// How often Envoy is started.
    #[arg(long, default_value_t = 3)]
    starts: usize,
    /// How often each kind of listener is measured, in turns.
    #[arg(long, default_value_t = 10)]
    rounds: u64,
    /// The same for the cost of a request without the models.
    #[arg(long, default_value_t = 30)]
    cost_rounds: usize,
    /// Measures nothing but that.
    #[arg(long)]
    cost_only: bool,
    /// Requests in each round.
    #[arg(long, default_value_t = 200)]
    requests: u64,
    /// Connections, each with one request at a time.
    #[arg(long, default_value_t = 2)]
    connections: usize,
    /// Envoy's version.
    #[arg(long, default_value = VERSIONS[0])]
    envoy: String,
}

/// The listeners whose latencies are compared: a name, and the sampling of the
/// router's configuration. The first has no filter.
const KINDS: [(&str, Option<&str>); 4] = [
    ("no filter", None),
    ("tracing off", Some("enabled: false")),
    ("10 % traced", Some("enabled: true, sampling: {type: probabilistic, rate: 0.1}")),
    ("100 % traced", Some("enabled: true, sampling: {type: always_on}")),
];

const SHORT: &str = "What is the derivative of x^2 + 3x?";

type Outcome<T> = Result<T, Box<dyn Error>>;

#[tokio::main]
async fn main() -> Outcome<()> {
    let options = Options::parse();
    let cores = available_parallelism().map_or(0, usize::from);
    println!(
        "Envoy {} with 2 workers, its load, engines and collector on the same {cores} cores.\n",
        options.envoy
    );
    sizes()?;
    let plans = cost::Plans { rounds: options.cost_rounds, requests: options.requests };
    println!("{}", cost::measure(&options.envoy, plans).await?);
    if options.cost_only {
        return Ok(());
    }
    start_and_memory(&options).await?;
    latency(&options, "a short prompt", SHORT).await?;
    latency(&options, "a prompt of 400 words", &[SHORT; 57].join(" ")).await
}

/// Prints the sizes of the module's sections.
fn sizes() -> Outcome<()> {
    let bytes = fs::read(module())?;
    let mut sizes = [0_u64; 2];
    for payload in wasmparser::Parser::new(0).parse_all(&bytes) {
        match payload? {
            Payload::CodeSectionStart { size, .. } => sizes[0] += u64::from(size),
            Payload::DataSection(section) => {
                let range = section.range();
                sizes[1] += range.end - range.start;
            }
            _ => {}
        }
    }
    let [code, data] = sizes.map(megabytes);
    let file = megabytes(bytes.len() as u64);
    println!("Module: code section {code:.2} MB, data section {data:.2} MB, file {file:.2} MB.\n");
    Ok(())
}

/// Prints the time from Envoy's start until its admin interface says `LIVE`,
/// and its resident memory then and after both workers have classified.
async fn start_and_memory(options: &Options) -> Outcome<()> {
    println!("Start to ready and resident memory (VmRSS), median of {} starts:", options.starts);
    for (name, with) in [("without the filter", false), ("with the filter", true)] {
        let (mut starts, mut ready, mut used) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..options.starts {
            let stack = Stack::start().await?;
            let router = with.then(|| stack.config("router")).transpose()?;
            let bootstrap = stack.bootstrap_of(vec![("ingress".to_owned(), router)]);
            let envoy = Envoy::start(&options.envoy, &bootstrap).await?;
            starts.push(envoy.started_in);
            ready.push(envoy.resident_bytes());
            let address = envoy.address("ingress")?;
            // Enough connections that both workers get some.
            let make = move |_| Request::chat(model(with), SHORT, false);
            let report = load::run(address, &Plan::requests(20, 1_000), make, ok).await;
            failed(&report)?;
            used.push(envoy.resident_bytes());
        }
        println!(
            "  {name:<20} {:>6.2} s {:>6.0} MiB, after 1,000 requests {:>6.0} MiB",
            median(starts).as_secs_f64(),
            mebibytes(median(ready)),
            mebibytes(median(used)),
        );
    }
    println!();
    Ok(())
}

/// Prints the latencies of each kind of listener, measured in turns so that
/// whatever else the machine does falls on all of them.
async fn latency(options: &Options, about: &str, prompt: &str) -> Outcome<()> {
    let stack = Stack::start().await?;
    let mut routers = Vec::new();
    for (name, tracing) in KINDS {
        let router = match tracing {
            None => None,
            Some(tracing) => Some(with_tracing(&stack.config("router")?, tracing)?),
        };
        routers.push((name.to_owned(), router));
    }
    let envoy = Envoy::start(&options.envoy, &stack.bootstrap_of(routers)).await?;
    let mut reports: Vec<Vec<Report>> = KINDS.iter().map(|_| Vec::new()).collect();
    // The first round, in which each worker loads the model, does not count.
    for round in 0..=options.rounds {
        for ((name, tracing), reports) in KINDS.iter().zip(&mut reports) {
            let plan = Plan::requests(options.connections, options.requests);
            // Every text a new one: verdicts of known ones are remembered.
            let (model, new) = (model(tracing.is_some()), format!("{name} {round} {prompt}"));
            let make = move |index| Request::chat(model, &format!("{index} {new}"), false);
            let report = load::run(envoy.address(name)?, &plan, make, ok).await;
            failed(&report)?;
            if round > 0 {
                reports.push(report);
            }
        }
        stack.clear();
    }
    println!(
        "Latency of {about}, each a new one, answered at once; {} rounds of {} requests over {} connections each:",
        options.rounds, options.requests, options.connections
    );
    println!("  {:<14} {:>9} {:>9} {:>9} {:>12}", "", "p50", "p99", "max", "p50 against");
    let mut base = 0;
    for ((name, _), reports) in KINDS.iter().zip(reports) {
        let times = Report::all(reports).latencies;
        let [p50, p99] = [50, 99].map(|percent| times.percentile(percent));
        if base == 0 {
            base = p50;
        }
        println!(
            "  {name:<14} {:>6.2} ms {:>6.2} ms {:>6.2} ms {:>11.2}x",
            millis(p50),
            millis(p99),
            millis(times.max()),
            millis(p50) / millis(base)
        );
    }
    println!();
    Ok(())
}

/// A model that whoever gets the request has.
fn model(filtered: bool) -> &'static str {
    if filtered { "auto" } else { "default" }
}

/// The configuration with another section `tracing`.
fn with_tracing(router: &str, tracing: &str) -> Outcome<String> {
    let mut config: serde_yaml::Value = serde_yaml::from_str(router)?;
    let tracing = serde_yaml::from_str(&format!("{{tracing: {{{tracing}}}}}"))?;
    let fields = config.as_mapping_mut().ok_or("the configuration is no mapping")?;
    fields.insert("observability".into(), tracing);
    Ok(serde_yaml::to_string(&config)?)
}

fn ok(_: u64, response: &support::client::Response) -> Result<(), String> {
    if response.status == 200 { Ok(()) } else { Err(format!("status {}", response.status)) }
}

fn failed(report: &Report) -> Outcome<()> {
    if report.failed() == 0 { Ok(()) } else { Err(report.to_string().into()) }
}

fn median<T: Ord + Copy + Default>(mut values: Vec<T>) -> T {
    values.sort_unstable();
    values.get(values.len() / 2).copied().unwrap_or_default()
}

fn megabytes(bytes: u64) -> f64 {
    f64::from(u32::try_from(bytes).unwrap_or(u32::MAX)) / 1e6
}

fn mebibytes(bytes: u64) -> f64 {
    f64::from(u32::try_from(bytes >> 10).unwrap_or(u32::MAX)) / 1024.0
}

fn millis(micros: u64) -> f64 {
    Duration::from_micros(micros).as_secs_f64() * 1e3
}
