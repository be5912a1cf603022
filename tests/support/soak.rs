//! A soak: random requests through the module in a real Envoy, each held
//! against what the core makes of it natively, with changes of the
//! configuration among them and an eye on the memory.

use std::fs;
use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use fastrand::Rng;
use tokio::time::sleep;

use crate::bootstrap::Filter;
use crate::client::{Protocol, Request, Response};
use crate::corpus::{self, golden};
use crate::envoy::{self, Envoy};
use crate::generate::Generator;
use crate::load::{self, Bound, Plan};
use crate::native::Native;
use crate::running::{self, Running};
use crate::stack::{self, Stack};

mod expected;
mod memory;
mod report;

use expected::Expected;
pub use memory::Slope;
pub use report::Report;

/// Requests that are made, sent and judged together.
const BATCH: usize = 500;
/// Requests of the first part that are sent again in the second.
const POOL: usize = 4 * BATCH;
/// How long a batch of the second part takes.
const BATCH_TIME: Duration = Duration::from_secs(10);
/// How long Envoy may take to change, and spans to arrive.
const PATIENCE: Duration = Duration::from_mins(1);
/// The field by which a request is found again.
const ID: &str = "x-request-id";

/// How much.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Requests of the first part, each a new one, as fast as they are answered.
    pub requests: usize,
    /// The time of the second part, which sends requests of the first again.
    pub time: Duration,
    /// Requests in a second of the second part.
    pub rate: f64,
    /// Changes of the configuration, spread over both.
    pub reloads: u32,
    /// What the requests are made from.
    pub seed: u64,
    /// Connections, each with one request at a time.
    pub connections: usize,
}

/// Why there is no report.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Something does not start.
    #[error(transparent)]
    Running(#[from] running::Error),
    /// What is around Envoy does not start.
    #[error(transparent)]
    Stack(#[from] stack::Error),
    /// Envoy's files cannot be written.
    #[error(transparent)]
    Envoy(#[from] envoy::Error),
    /// The texts cannot be read.
    #[error(transparent)]
    Texts(#[from] corpus::Error),
    /// The folder for Envoy's listeners cannot be made.
    #[error("the folder for listeners: {0}")]
    Folder(#[from] io::Error),
    /// The core does not take the configuration.
    #[error("configuration:\n{0}")]
    Configuration(String),
}

/// A request and what is to come of it.
type Case = (Request, Expected);

/// Runs a soak. `progress` is told a line now and then.
///
/// # Errors
/// See [`Error`]; what goes wrong with a request is in the report.
pub async fn run(
    version: &str,
    options: Options,
    progress: impl Fn(String),
) -> Result<Report, Error> {
    let mut soak = Soak::start(version, options).await?;
    let first = options.requests.div_ceil(BATCH);
    let second = usize::try_from(options.time.as_secs() / BATCH_TIME.as_secs()).unwrap_or(0);
    let batches = first + second;
    let begun = Instant::now();
    for number in 0..batches {
        let due = usize::try_from(options.reloads).unwrap_or(0) * (number + 1) / batches.max(1);
        if due > soak.changes {
            soak.change()?;
        }
        if number < first {
            soak.new_requests(BATCH.min(options.requests - number * BATCH)).await;
        } else {
            soak.known_requests().await;
            let at = begun.elapsed().as_secs_f64();
            soak.report.memory.push((at, soak.running.envoy.resident_bytes()));
        }
        let alive = soak.running.envoy.stat("wasm.envoy.wasm.runtime.v8.active").await;
        soak.report.machines.insert(alive);
        if number % 10 == 9 || number + 1 == batches {
            let sent = soak.report.sent;
            let (wrong, memory) =
                (soak.report.wrong.len(), soak.running.envoy.resident_bytes() >> 20);
            let seconds = begun.elapsed().as_secs();
            progress(format!(
                "{seconds} s: {sent} sent, {wrong} wrong, {} changes, {memory} MiB",
                soak.changes
            ));
        }
    }
    soak.finish(begun).await
}

struct Soak {
    options: Options,
    running: Running,
    native: Native,
    generator: Generator,
    rng: Rng,
    pool: Vec<Case>,
    folder: PathBuf,
    changes: usize,
    report: Report,
}

impl Soak {
    async fn start(version: &str, options: Options) -> Result<Self, Error> {
        let name = format!("semantic-router-soak-{}-{version}", std::process::id());
        let folder = std::env::temp_dir().join(name);
        fs::create_dir_all(&folder)?;
        let stack = Stack::start().await?;
        let native = Native::new(&configuration(&stack, 0)?, stack.default.addr())
            .map_err(|report| Error::Configuration(report.to_string()))?;
        let mut bootstrap =
            Running::bootstrap(&stack, vec![Filter::single(configuration(&stack, 0)?)]);
        bootstrap.listeners_file = Some(folder.join("listeners.json"));
        let running = Running::with(version, stack, bootstrap).await?;
        let texts = golden()?.into_iter().map(|golden| golden.text).collect();
        Ok(Self {
            options,
            running,
            native,
            generator: Generator::new(options.seed, texts),
            rng: Rng::with_seed(options.seed),
            pool: Vec::new(),
            folder,
            changes: 0,
            report: Report::default(),
        })
    }

    /// Gives Envoy another configuration that decides the same.
    fn change(&mut self) -> Result<(), Error> {
        self.changes += 1;
        let router = configuration(&self.running.stack, self.changes)?;
        for ingress in &mut self.running.bootstrap.ingresses {
            ingress.filters = vec![Filter::single(router.clone())];
        }
        let version = u32::try_from(self.changes + 1).unwrap_or(u32::MAX);
        Ok(Envoy::update_listeners(&self.running.bootstrap, version)?)
    }

    /// Makes new requests and sends them as fast as they are answered.
    async fn new_requests(&mut self, count: usize) {
        let mut cases = Vec::with_capacity(count);
        for _ in 0..count {
            let request = self.generator.request();
            let expected = Expected::of(&self.native, &request);
            cases.push((request, expected));
        }
        // The spans of the core alone are of no interest.
        drop(self.native.take_spans());
        let room = POOL.saturating_sub(self.pool.len());
        self.pool.extend(cases.iter().take(room).cloned());
        self.send(cases, None).await;
    }

    /// Sends requests again, at the fixed rate.
    async fn known_requests(&mut self) {
        let count = (self.options.rate * BATCH_TIME.as_secs_f64()).max(1.0);
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a small count"
        )]
        let count = count as usize;
        let choose = |_| self.rng.choice(&self.pool).cloned();
        let cases = (0..count).filter_map(choose).collect();
        self.send(cases, Some(self.options.rate)).await;
    }

    async fn send(&mut self, cases: Vec<Case>, rate: Option<f64>) {
        let first = self.report.sent;
        self.report.sent += cases.len();
        let (requests, expected): (Vec<Request>, Vec<Expected>) = cases.into_iter().unzip();
        let requests: Vec<Request> = requests
            .into_iter()
            .zip(first..)
            .map(|(request, id)| request.header(ID, id.to_string()))
            .collect();
        let plan = Plan {
            connections: self.options.connections,
            bound: Bound::Requests(requests.len() as u64),
            rate,
            protocol: if self.rng.bool() { Protocol::Http1 } else { Protocol::Http2 },
        };
        let answers = Arc::new(Mutex::new(vec![None; requests.len()]));
        let kept = Arc::clone(&answers);
        let get =
            move |index| usize::try_from(index).ok().and_then(|index| requests.get(index).cloned());
        let report = load::run(
            self.running.address,
            &plan,
            move |index| get(index).unwrap_or_else(|| Request::get("/")),
            move |index, response: &Response| {
                let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
                let place = usize::try_from(index).ok().and_then(|index| kept.get_mut(index));
                if let Some(place) = place {
                    *place = Some(response.clone());
                }
                Ok(())
            },
        )
        .await;
        for (kind, failures) in &report.errors {
            for failure in failures {
                let id = first as u64 + failure.index;
                self.report.wrong.push(format!("request {id}, {kind}: {}", failure.reason));
            }
        }
        let answers = std::mem::take(&mut *answers.lock().unwrap_or_else(PoisonError::into_inner));
        self.judge(first, &expected, &answers);
    }

    /// Holds what came against what was to come.
    fn judge(&mut self, first: usize, expected: &[Expected], answers: &[Option<Response>]) {
        let mut reached = vec![Vec::new(); expected.len()];
        for (_, recorded) in self.running.stack.reached() {
            let id = recorded.header(ID).and_then(|id| id.parse::<usize>().ok());
            match id.and_then(|id| reached.get_mut(id.checked_sub(first)?)) {
                Some(place) => place.push(recorded),
                None => self.report.wrong.push(format!("nobody sent {}", recorded.path)),
            }
        }
        self.running.stack.clear();
        for (index, ((expected, answer), reached)) in
            expected.iter().zip(answers).zip(&reached).enumerate()
        {
            self.report.count(expected);
            let Some(answer) = answer else { continue };
            if let Err(why) = expected.judge(answer, reached) {
                self.report.wrong.push(format!("request {}: {why}", first + index));
            }
        }
        self.report.received += self.running.stack.backend.take_spans().len() as u64;
    }

    /// Waits for the last spans.
    async fn finish(mut self, begun: Instant) -> Result<Report, Error> {
        let limit = Instant::now() + PATIENCE;
        loop {
            self.report.received += self.running.stack.backend.take_spans().len() as u64;
            self.report.spans = self.running.spans().await;
            let count = |what| self.report.spans.get(what).copied().unwrap_or_default();
            let settled = count("pending") == 0 && self.report.received == count("delivered");
            if settled || Instant::now() > limit {
                break;
            }
            sleep(Duration::from_millis(200)).await;
        }
        self.report.took = begun.elapsed();
        self.report.asked_changes = self.changes as u64;
        let updates = self.running.envoy.stat("listener_manager.lds.update_success").await;
        self.report.changes = updates.saturating_sub(1);
        let log = self.running.envoy.log();
        let serious = |line: &&str| line.contains("[critical]") || line.contains("[error]");
        self.report.log = log.lines().filter(serious).map(str::to_owned).collect();
        fs::remove_dir_all(self.folder)?;
        Ok(self.report)
    }
}

/// The configuration, in one of many forms that decide the same.
fn configuration(stack: &Stack, change: usize) -> Result<String, Error> {
    Ok(stack.config("soak")?.replace("${CHANGE}", &change.to_string()))
}
