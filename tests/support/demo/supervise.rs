//! Keeping the parts up, and ending them.

use std::fs;
use std::net::SocketAddr;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use tokio::process::Child;
use tokio::signal::unix::{SignalKind, signal};
use tokio::time::{sleep, timeout};

use super::sink::sink;
use super::{Error, READY, file};
use crate::client::{Client, Request};
use crate::envoy::{VERSIONS, checkout, program};
use crate::file::at;

/// Where the collector sends spans, as `envoy/envoy.yaml` says.
const SINK: ([u8; 4], u16) = ([127, 0, 0, 1], 4319);
/// Envoy's admin interface, as `envoy/envoy.yaml` says.
const ADMIN: ([u8; 4], u16) = ([127, 0, 0, 1], 9901);
/// How long a part may take to end by itself.
const GRACE: Duration = Duration::from_secs(8);

/// How many lines of its log a part that ended is given.
const SAID: usize = 3;

/// A running part.
struct Part {
    name: &'static str,
    log: PathBuf,
    child: Child,
}

/// Starts a supervisor that outlives this process and waits until Envoy is
/// ready. What ran before is ended first.
///
/// # Errors
/// Why it is not ready.
pub async fn start() -> Result<(), Error> {
    stop().await?;
    let log = file("supervisor.log");
    let folder = file("");
    fs::create_dir_all(&folder).map_err(at(&folder))?;
    let output = fs::File::create(&log).map_err(at(&log))?;
    let own = std::env::current_exe().map_err(at(Path::new("demo")))?;
    let mut supervisor = Command::new(&own)
        .arg("supervise")
        .current_dir(checkout())
        .stdin(Stdio::null())
        .stdout(output.try_clone().map_err(at(&log))?)
        .stderr(output)
        // ^C in the terminal is for the one who shows traces.
        .process_group(0)
        .spawn()
        .map_err(at(&own))?;
    let begun = Instant::now();
    while begun.elapsed() < READY {
        let ended = supervisor.try_wait().map_err(at(&own))?.is_some();
        if ended {
            break;
        }
        if is_ready().await {
            return Ok(());
        }
        sleep(Duration::from_millis(50)).await;
    }
    Err(Error::NotReady { log: fs::read_to_string(&log).unwrap_or_default() })
}

/// Ends the supervisor, if one runs, and waits until it is gone.
///
/// # Errors
/// It cannot be told.
pub async fn stop() -> Result<(), Error> {
    let pid_file = file("supervisor.pid");
    let Ok(pid) = fs::read_to_string(&pid_file) else { return Ok(()) };
    let begun = Instant::now();
    while is_supervisor(pid.trim()) && begun.elapsed() < GRACE * 2 {
        if begun.elapsed() < Duration::from_millis(50) {
            terminate(pid.trim())?;
        }
        sleep(Duration::from_millis(50)).await;
    }
    let _ = fs::remove_file(&pid_file);
    Ok(())
}

/// Starts every part and keeps them until a signal comes or one ends.
///
/// # Errors
/// What does not start, or ended.
pub async fn supervise() -> Result<(), Error> {
    let pid_file = file("supervisor.pid");
    fs::write(&pid_file, std::process::id().to_string()).map_err(at(&pid_file))?;
    let mut terminated = signal(SignalKind::terminate()).map_err(Error::Signals)?;
    let sink = tokio::spawn(sink(SocketAddr::from(SINK), &file("spans.jsonl")).await?);
    let mut parts = Vec::new();
    let started = start_parts(&mut parts);
    let outcome = match started {
        Ok(()) => tokio::select! {
            _ = terminated.recv() => Ok(()),
            error = first_to_end(&mut parts) => Err(error),
        },
        Err(error) => Err(error),
    };
    // In the order in which spans flow, so that the last ones still arrive.
    for part in parts {
        part.end().await;
    }
    sink.abort();
    let _ = fs::remove_file(&pid_file);
    outcome
}

fn start_parts(parts: &mut Vec<Part>) -> Result<(), Error> {
    let bin = checkout().join("target/release");
    let envoy = program(VERSIONS[0]);
    let engine = bin.join("simulated-engine");
    let spans = "http://127.0.0.1:4318/v1/traces";
    parts.push(Part::start(
        "envoy",
        &envoy,
        &[
            "--config-path",
            "envoy/envoy.yaml",
            "--concurrency",
            "2",
            "--log-level",
            "warning",
            "--component-log-level",
            "wasm:info",
        ],
    )?);
    for (name, address) in [("engine-a", "127.0.0.1:8001"), ("engine-b", "127.0.0.1:8002")] {
        let arguments = ["--listen", address, "--name", name, "--model", "*", "--otlp", spans];
        parts.push(Part::start(name, &engine, &arguments)?);
    }
    let collector = bin.join("semantic-router-collector");
    parts.push(Part::start("collector", &collector, &["--config", "envoy/envoy.yaml"])?);
    Ok(())
}

async fn first_to_end(parts: &mut [Part]) -> Error {
    loop {
        for part in &mut *parts {
            if !matches!(part.child.try_wait(), Ok(None)) {
                let log = fs::read_to_string(&part.log).unwrap_or_default();
                let lines: Vec<&str> = log.lines().collect();
                let end = lines.len().saturating_sub(SAID);
                let said = lines.get(end..).unwrap_or_default().join("\n");
                return Error::Ended { name: part.name, log: part.log.clone(), said };
            }
        }
        sleep(Duration::from_millis(100)).await;
    }
}

impl Part {
    fn start(name: &'static str, program: &Path, arguments: &[&str]) -> Result<Self, Error> {
        let log = file(&format!("{name}.log"));
        let output = fs::File::create(&log).map_err(at(&log))?;
        let child = tokio::process::Command::new(program)
            .args(arguments)
            .current_dir(checkout())
            .stdin(Stdio::null())
            .stdout(output.try_clone().map_err(at(&log))?)
            .stderr(output)
            .kill_on_drop(true)
            .spawn()
            .map_err(at(program))?;
        Ok(Self { name, log, child })
    }

    async fn end(mut self) {
        if let Some(pid) = self.child.id() {
            let _ = terminate(&pid.to_string());
            let _ = timeout(GRACE, self.child.wait()).await;
        }
    }
}

async fn is_ready() -> bool {
    let ask = Request::get("/ready").timeout(Duration::from_secs(1));
    let answer = Client::http1(SocketAddr::from(ADMIN)).send(ask).await;
    answer.is_ok_and(|answer| answer.text().starts_with("LIVE"))
}

fn terminate(pid: &str) -> Result<(), Error> {
    let kill = Path::new("kill");
    Command::new(kill).args(["-TERM", pid]).stderr(Stdio::null()).status().map_err(at(kill))?;
    Ok(())
}

/// Whether this process is a supervisor, and not another that got its number.
fn is_supervisor(pid: &str) -> bool {
    let command = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    command.windows(9).any(|part| part == b"supervise")
}
