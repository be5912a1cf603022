//! Real Envoys.

use std::collections::BTreeMap;
use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use serde_json::Value;
use tokio::process::{Child, Command};
use tokio::time::sleep;

use crate::bootstrap::{Bootstrap, Wasm};
use crate::client::{Client, Request};
use crate::file::{FileError, at};
use crate::metrics::{self, Series};

/// The versions that every test of the module runs in.
pub const VERSIONS: [&str; 2] = ["1.40.0", "1.36.4"];

/// How long an Envoy may take to compile the module and be ready, on a machine
/// that is busy with other tests.
const START: Duration = Duration::from_mins(2);

/// Why an Envoy does not run.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file that should be there is not, or the like.
    #[error(transparent)]
    File(#[from] FileError),
    /// It ended by itself, or is not ready in time.
    #[error("envoy {version} {what}; it said:\n{log}")]
    Start {
        /// Its version.
        version: String,
        /// What happened.
        what: &'static str,
        /// The end of its log.
        log: String,
    },
    /// Its admin interface does not answer as expected.
    #[error("envoy's {path} does not tell {what}")]
    Admin {
        /// What was asked.
        path: String,
        /// What is missing.
        what: String,
    },
}

/// A running Envoy.
pub struct Envoy {
    version: String,
    child: Child,
    folder: PathBuf,
    admin: SocketAddr,
    listeners: BTreeMap<String, SocketAddr>,
    /// The time from its start until it was ready.
    pub started_in: Duration,
}

/// The folder of the checkout.
#[must_use]
pub fn checkout() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().map(Path::to_path_buf).unwrap_or_default()
}

/// The built module.
#[must_use]
pub fn module() -> PathBuf {
    checkout().join("target/wasm32-wasip1/wasm/semantic_router_filter.wasm")
}

/// The program of an Envoy, as `make tools` installs it.
#[must_use]
pub fn program(version: &str) -> PathBuf {
    checkout().join(format!(".tools/envoy-{version}/envoy/_bin/envoy"))
}

impl Envoy {
    /// Starts an Envoy with two workers and waits until it is ready.
    ///
    /// # Errors
    /// Why it is not, with what it said.
    pub async fn start(version: &str, bootstrap: &Bootstrap) -> Result<Self, Error> {
        let folder = folder()?;
        let file = folder.join("envoy.json");
        write(&file, &bootstrap.to_json())?;
        if let Some(listeners) = &bootstrap.listeners_file {
            replace(listeners, &bootstrap.listeners_response(1))?;
        }
        let log = folder.join("envoy.log");
        let output = fs::File::create(&log).map_err(at(&log))?;
        let program = program(version);
        let begun = Instant::now();
        let child = Command::new(&program)
            .arg("--config-path")
            .arg(&file)
            .arg("--admin-address-path")
            .arg(folder.join("admin"))
            .args(["--concurrency", "2", "--use-dynamic-base-id", "--log-level", "warning"])
            .args(["--component-log-level", "wasm:info"])
            .stdout(Stdio::null())
            .stderr(output)
            .kill_on_drop(true)
            .spawn()
            .map_err(at(&program))?;
        let mut envoy = Self {
            version: version.to_owned(),
            child,
            folder,
            admin: SocketAddr::from(([127, 0, 0, 1], 0)),
            listeners: BTreeMap::new(),
            started_in: Duration::ZERO,
        };
        envoy.wait_until_ready(begun).await?;
        envoy.started_in = begun.elapsed();
        envoy.refresh().await?;
        Ok(envoy)
    }

    /// Where a listener listens.
    ///
    /// # Errors
    /// There is none of that name.
    pub fn address(&self, listener: &str) -> Result<SocketAddr, Error> {
        self.listeners.get(listener).copied().ok_or_else(|| Error::Admin {
            path: "/listeners".to_owned(),
            what: listener.to_owned(),
        })
    }

    /// A counter or gauge; 0 when Envoy has none of that name.
    pub async fn stat(&self, name: &str) -> u64 {
        let text = self.admin(&format!("/stats?filter=^{name}$")).await;
        let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
        line.and_then(|value| value.trim().parse().ok()).unwrap_or(0)
    }

    /// The router's metrics, as Prometheus is told of them.
    pub async fn series(&self) -> Vec<Series> {
        metrics::parse(&self.admin("/stats/prometheus").await)
    }

    /// The body of an answer of the admin interface; empty when there is none.
    pub async fn admin(&self, path: &str) -> String {
        let request = Request::get(path).timeout(Duration::from_secs(5));
        let response = Client::http1(self.admin).send(request).await;
        response.map(|response| response.text()).unwrap_or_default()
    }

    /// Lets a component log all that it can.
    pub async fn log_all(&self, component: &str) {
        let path = format!("/logging?{component}=trace");
        let request = Request::new(http::Method::POST, &path).timeout(Duration::from_secs(5));
        let _ = Client::http1(self.admin).send(request).await;
    }

    /// What it has logged.
    #[must_use]
    pub fn log(&self) -> String {
        fs::read_to_string(self.folder.join("envoy.log")).unwrap_or_default()
    }

    /// The size of its memory, in bytes, from the kernel.
    #[must_use]
    pub fn resident_bytes(&self) -> u64 {
        let Some(id) = self.child.id() else { return 0 };
        let status = fs::read_to_string(format!("/proc/{id}/status")).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kilobytes = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
        kilobytes.unwrap_or(0) * 1024
    }

    /// The time that its threads have had of processors, from the kernel, to
    /// 10 ms.
    #[must_use]
    pub fn cpu_time(&self) -> Duration {
        let Some(id) = self.child.id() else { return Duration::ZERO };
        let stat = fs::read_to_string(format!("/proc/{id}/stat")).unwrap_or_default();
        // Fields 14 and 15, counted from behind the name in brackets (proc(5)).
        let fields = stat.rsplit(')').next().unwrap_or_default().split_whitespace();
        let ticks: u64 =
            fields.skip(11).take(2).filter_map(|field| field.parse::<u64>().ok()).sum();
        Duration::from_millis(ticks * 10)
    }

    /// Gives Envoy other listeners, in the file that it watches.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn update_listeners(bootstrap: &Bootstrap, version: u32) -> Result<(), Error> {
        match &bootstrap.listeners_file {
            Some(file) => replace(file, &bootstrap.listeners_response(version)),
            None => Ok(()),
        }
    }

    /// Gives Envoy another configuration of the module, in the file of a
    /// [`Filter::Discovered`](crate::bootstrap::Filter::Discovered).
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn update_extension(
        bootstrap: &Bootstrap,
        file: &Path,
        wasm: &Wasm,
        version: u32,
    ) -> Result<(), Error> {
        replace(file, &bootstrap.extension_response(wasm, version))
    }

    /// Asks again where the listeners are.
    ///
    /// # Errors
    /// The admin interface does not tell.
    pub async fn refresh(&mut self) -> Result<(), Error> {
        let text = self.admin("/listeners?format=json").await;
        let unclear = || Error::Admin { path: "/listeners".to_owned(), what: text.clone() };
        let told: Value = serde_json::from_str(&text).map_err(|_| unclear())?;
        let listeners = told.pointer("/listener_statuses").and_then(Value::as_array);
        for status in listeners.ok_or_else(unclear)? {
            let name = status.pointer("/name").and_then(Value::as_str);
            let port = status.pointer("/local_address/socket_address/port_value");
            let port = port.and_then(Value::as_u64).and_then(|port| u16::try_from(port).ok());
            let (Some(name), Some(port)) = (name, port) else { return Err(unclear()) };
            self.listeners.insert(name.to_owned(), SocketAddr::from(([127, 0, 0, 1], port)));
        }
        Ok(())
    }

    async fn wait_until_ready(&mut self, begun: Instant) -> Result<(), Error> {
        let told = self.folder.join("admin");
        while begun.elapsed() < START {
            if self.child.try_wait().map_err(at(&told))?.is_some() {
                return Err(self.failure("ended"));
            }
            let admin = fs::read_to_string(&told).ok().and_then(|text| text.trim().parse().ok());
            if let Some(admin) = admin {
                self.admin = admin;
                if self.admin("/ready").await.starts_with("LIVE") {
                    return Ok(());
                }
            }
            sleep(Duration::from_millis(10)).await;
        }
        Err(self.failure("was not ready in time"))
    }

    fn failure(&self, what: &'static str) -> Error {
        Error::Start { version: self.version.clone(), what, log: self.log() }
    }
}

impl Drop for Envoy {
    fn drop(&mut self) {
        // Its files help when a test fails; they are small, and in a folder for
        // temporary ones.
        let _ = self.child.start_kill();
    }
}

/// Lets an Envoy check a configuration; what it says when it refuses.
///
/// # Errors
/// The program cannot be run.
pub async fn validate(version: &str, file: &Path) -> Result<Result<(), String>, Error> {
    let program = program(version);
    let output = Command::new(&program)
        .current_dir(checkout())
        .args(["--mode", "validate", "--log-level", "error", "--config-path"])
        .arg(file)
        .output()
        .await
        .map_err(at(&program))?;
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    Ok(if output.status.success() { Ok(()) } else { Err(said) })
}

/// A new folder for one Envoy.
fn folder() -> Result<PathBuf, Error> {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    let name = format!("semantic-router-envoy-{}-{number}", std::process::id());
    let folder = std::env::temp_dir().join(name);
    fs::create_dir_all(&folder).map_err(at(&folder))?;
    Ok(folder)
}

fn write(file: &Path, content: &Value) -> Result<(), Error> {
    Ok(fs::write(file, content.to_string()).map_err(at(file))?)
}

/// Replaces a file at once: Envoy looks when a file is moved into the folder.
fn replace(file: &Path, content: &Value) -> Result<(), Error> {
    let new = file.with_extension("new");
    write(&new, content)?;
    Ok(fs::rename(&new, file).map_err(at(file))?)
}
