//! Load on a chat completions endpoint: see `support::load`.

use std::error::Error;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use http::Uri;
use serde::Deserialize;
use support::client::{Protocol, Request, Response};
use support::load::{Bound, Plan, Report, run};
use tokio::net::lookup_host;

/// What is asked without `--prompts`.
const PROMPTS: [&str; 4] = [
    "What is the derivative of x^2?",
    "Explain how a bill becomes a law.",
    "Write a haiku about the sea.",
    "Why do leaves change their colour in autumn?",
];

/// Sends chat completions and prints how long they took. Ends with status 1
/// when a request went wrong; a status code other than 2xx is counted, and not
/// wrong.
#[derive(Parser)]
struct Arguments {
    /// The endpoint.
    #[arg(long, default_value = "http://127.0.0.1:10000/v1/chat/completions")]
    url: Uri,
    /// How many connections, each with one request at a time.
    #[arg(long, default_value_t = 20)]
    connections: usize,
    /// How many requests.
    #[arg(long, default_value_t = 2000)]
    requests: u64,
    /// How many seconds, instead of a number of requests.
    #[arg(long, value_name = "SECONDS", conflicts_with = "requests")]
    duration: Option<u64>,
    /// Requests per second, however fast the answers come; without it, as fast
    /// as they come.
    #[arg(long)]
    rate: Option<f64>,
    /// The model to ask for.
    #[arg(long, default_value = "auto")]
    model: String,
    /// What to ask: a file with a JSON object a line, with the prompt as `text`.
    #[arg(long, value_name = "FILE.jsonl")]
    prompts: Option<PathBuf>,
    /// Asks for streams.
    #[arg(long)]
    stream: bool,
    /// Speaks HTTP/2.
    #[arg(long)]
    http2: bool,
}

/// A line of a file of prompts.
#[derive(Deserialize)]
struct Line {
    text: String,
}

#[tokio::main]
async fn main() -> ExitCode {
    match load(Arguments::parse()).await {
        Ok(report) => {
            print!("{report}");
            if report.failed() == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
        }
        Err(error) => {
            eprintln!("load: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn load(arguments: Arguments) -> Result<Report, Box<dyn Error>> {
    let prompts = match &arguments.prompts {
        Some(file) => read(file)?,
        None => PROMPTS.map(str::to_owned).to_vec(),
    };
    let bound = match arguments.duration {
        Some(seconds) => Bound::Time(Duration::from_secs(seconds)),
        None => Bound::Requests(arguments.requests),
    };
    if arguments.rate.is_some_and(|rate| !(rate.is_finite() && rate > 0.0)) {
        return Err("--rate must be above 0".into());
    }
    if arguments.connections == 0 {
        return Err("--connections must be above 0".into());
    }
    let plan = Plan {
        connections: arguments.connections,
        bound,
        rate: arguments.rate,
        protocol: if arguments.http2 { Protocol::Http2 } else { Protocol::Http1 },
    };
    let addr = resolve(&arguments.url).await?;
    let stream = arguments.stream;
    let make = move |index: u64| {
        let prompt = usize::try_from(index).ok().and_then(|index| index.checked_rem(prompts.len()));
        let prompt = prompt.and_then(|turn| prompts.get(turn)).map_or("", String::as_str);
        let path = arguments.url.path().to_owned();
        let request = Request { path, ..Request::chat(&arguments.model, prompt, stream) };
        request.header("host", arguments.url.authority().map_or("", |at| at.as_str()))
    };
    Ok(run(addr, &plan, make, move |_, response| check(response, stream)).await)
}

/// The prompts of a file, a line each.
fn read(file: &Path) -> Result<Vec<String>, Box<dyn Error>> {
    let place = |number: usize, error: &dyn Error| format!("{}:{number}: {error}", file.display());
    let text = std::fs::read_to_string(file).map_err(|error| place(0, &error))?;
    let mut prompts = Vec::new();
    for (index, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        let line: Line = serde_json::from_str(line).map_err(|error| place(index + 1, &error))?;
        prompts.push(line.text);
    }
    Ok(prompts)
}

/// The address behind a URL.
async fn resolve(url: &Uri) -> Result<SocketAddr, Box<dyn Error>> {
    let host = url.host().filter(|_| url.scheme_str() == Some("http"));
    let host = host.ok_or_else(|| format!("`{url}` is no http:// URL"))?;
    let mut found = lookup_host((host, url.port_u16().unwrap_or(80))).await?;
    Ok(found.next().ok_or_else(|| format!("`{host}` has no address"))?)
}

/// Whether a successful response is one: JSON, or a stream with its last event.
fn check(response: &Response, stream: bool) -> Result<(), String> {
    if !(200..300).contains(&response.status) {
        return Ok(());
    }
    if stream {
        let last = response.events().pop();
        return match last.as_deref() {
            Some("[DONE]") => Ok(()),
            _ => Err(format!("the stream ends with {last:?}")),
        };
    }
    response.json::<serde_json::Value>().map(drop).map_err(|error| error.to_string())
}
