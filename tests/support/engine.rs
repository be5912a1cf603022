//! A simulated OpenAI-compatible engine: as far as a proxy can tell, vLLM.
//!
//! It answers chat completions, completions and embeddings with a text made up
//! from the request, keeps what it received byte for byte, misbehaves when the
//! request header `x-simulate` tells it to (see [`Switches`]), and sends the
//! span that vLLM sends.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use http::{StatusCode, Uri};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

mod answer;
mod completion;
mod context;
mod embedding;
mod export;
mod generation;
mod prompt;
mod record;
mod refusal;
mod routes;
mod server;
mod span;
mod switches;
#[cfg(test)]
mod tests;
mod work;

use answer::Answer;
pub use answer::TRAILER_NAME;
use export::Exporter;
use record::Log;
pub use record::Recorded;
use refusal::refusal;
pub use switches::{Error as SwitchError, HEADER, Switches};

/// How an engine is to be.
#[derive(Clone, Debug)]
pub struct Options {
    /// Where it listens; port 0 for one that the system chooses.
    pub listen: SocketAddr,
    /// Its name, in answers and as its spans' `service.name`.
    pub name: String,
    /// The models it has; none, or `*`, for whatever a request names.
    pub models: Vec<String>,
    /// Where its spans go, as in `http://127.0.0.1:4318/v1/traces`; `None` for
    /// no spans.
    pub otlp: Option<Uri>,
    /// How fast it is; 0 for no pause between tokens.
    pub tokens_per_second: u32,
    /// The time to the first token.
    pub first_token: Duration,
    /// How many of the last requests it keeps.
    pub keep: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            listen: (Ipv4Addr::LOCALHOST, 0).into(),
            name: "engine".to_owned(),
            models: Vec::new(),
            otlp: None,
            tokens_per_second: 0,
            first_token: Duration::ZERO,
            keep: 10_000,
        }
    }
}

impl Options {
    /// The time between two tokens.
    fn token_time(&self) -> Duration {
        Duration::from_secs(1).checked_div(self.tokens_per_second).unwrap_or_default()
    }

    /// Whether it has every model.
    fn has_any(&self) -> bool {
        self.models.is_empty() || self.models.iter().any(|model| model == "*")
    }

    /// The models, as far as they are known.
    fn served(&self) -> &[String] {
        if self.has_any() { std::slice::from_ref(&self.name) } else { &self.models }
    }

    /// The model that answers a request for `asked`, or why none does.
    fn model(&self, asked: Option<&str>) -> Result<String, Answer> {
        match asked {
            Some(asked) if self.has_any() || self.models.iter().any(|model| model == asked) => {
                Ok(asked.to_owned())
            }
            Some(asked) => {
                let message = format!("The model `{asked}` does not exist.");
                Err(refusal(StatusCode::NOT_FOUND, &message))
            }
            None => Ok(self.served().first().unwrap_or(&self.name).clone()),
        }
    }
}

/// Why an engine did not start, or did not do what a test waited for.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The address is not to be had.
    #[error("cannot listen on {addr}: {reason}")]
    Listen {
        /// The address.
        addr: SocketAddr,
        /// Why.
        reason: io::Error,
    },
    /// The collector's address is no `http://` URL with a host.
    #[error("`{url}` is no http:// URL of a collector")]
    Otlp {
        /// The address.
        url: Uri,
    },
    /// Fewer requests came than were waited for.
    #[error("{received} of {wanted} requests within {limit:?}")]
    Waited {
        /// How many were waited for.
        wanted: usize,
        /// How many came.
        received: usize,
        /// The time they had.
        limit: Duration,
    },
}

/// What the tasks of an engine share.
struct State {
    options: Options,
    started: SystemTime,
    log: Log,
    exporter: Option<Exporter>,
}

/// An engine that runs until it is stopped or dropped.
pub struct Engine {
    addr: SocketAddr,
    state: Arc<State>,
    server: JoinHandle<()>,
    sender: Option<JoinHandle<()>>,
}

impl Engine {
    /// Starts an engine. It listens when this returns.
    ///
    /// # Errors
    /// An address that is not to be had, or a collector that is none.
    pub async fn start(options: Options) -> Result<Self, Error> {
        let listen = options.listen;
        let listener = TcpListener::bind(listen).await;
        let refused = |reason| Error::Listen { addr: listen, reason };
        let listener = listener.map_err(refused)?;
        let addr = listener.local_addr().map_err(refused)?;
        if let Some(url) = options.otlp.as_ref().filter(|url| !is_collector(url)) {
            return Err(Error::Otlp { url: url.clone() });
        }
        let name = &options.name;
        let started = options.otlp.clone().map(|url| Exporter::start(name.clone(), url));
        let (exporter, sender) = started.unzip();
        let log = Log::new(options.keep);
        let state = Arc::new(State { options, started: SystemTime::now(), log, exporter });
        let server = tokio::spawn(server::serve(listener, Arc::clone(&state)));
        Ok(Self { addr, state, server, sender })
    }

    /// Where it listens.
    #[must_use]
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// The last requests, oldest first; those to `/health` and `/requests` are
    /// left out.
    #[must_use]
    pub fn requests(&self) -> Vec<Recorded> {
        self.state.log.requests()
    }

    /// Waits until it has received `wanted` requests since it started or was
    /// cleared, and returns the last of them.
    ///
    /// # Errors
    /// Fewer requests within `limit`.
    pub async fn wait_for(&self, wanted: usize, limit: Duration) -> Result<Vec<Recorded>, Error> {
        let outcome = self.state.log.wait_for(wanted, limit).await;
        outcome.map_err(|received| Error::Waited { wanted, received, limit })?;
        Ok(self.requests())
    }

    /// Forgets what it has received.
    pub fn clear(&self) {
        self.state.log.clear();
    }

    /// Ends all connections and sends the spans that wait, for three seconds at
    /// most; the number of spans that no collector took.
    pub async fn stop(mut self) -> usize {
        self.server.abort();
        match (&self.state.exporter, self.sender.take()) {
            (Some(exporter), Some(sender)) => exporter.stop(sender).await,
            _ => 0,
        }
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        self.server.abort();
        if let Some(sender) = &self.sender {
            sender.abort();
        }
    }
}

fn is_collector(url: &Uri) -> bool {
    url.scheme_str() == Some("http") && url.host().is_some()
}
