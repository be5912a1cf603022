//! What `make run` starts: Envoy with the router, the collector, two engines
//! and a file that the spans go to; and what shows the traces in a terminal.
//!
//! A supervisor of its own keeps it all up; whoever shows traces may come and
//! go.

mod prompts;
mod show;
mod sink;
mod supervise;

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

pub use prompts::{PROMPTS, Prompt};
pub use show::{ask, watch};
pub use supervise::{start, stop, supervise};

use crate::envoy::checkout;
use crate::file::FileError;

/// Where Envoy takes requests, as `envoy/envoy.yaml` says.
pub const INGRESS: ([u8; 4], u16) = ([127, 0, 0, 1], 10_000);

/// How long it may take until Envoy is ready, on a machine that is busy.
pub const READY: Duration = Duration::from_mins(2);

/// Why the demonstration does not run.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file that should be there is not, or the like.
    #[error(transparent)]
    File(#[from] FileError),
    /// A port is taken.
    #[error("{address} is taken by another program ({reason}): is Envoy or a collector running?")]
    Port {
        /// The address.
        address: SocketAddr,
        /// Why it is not to be had.
        reason: io::Error,
    },
    /// A part of it ended by itself.
    #[error("{name} ended by itself; the end of {log}:\n{said}")]
    Ended {
        /// The part.
        name: &'static str,
        /// Its log.
        log: PathBuf,
        /// The end of it.
        said: String,
    },
    /// It is not ready in time, or the supervisor is gone.
    #[error("not ready; the supervisor said:\n{log}")]
    NotReady {
        /// The supervisor's log.
        log: String,
    },
    /// A request was not answered.
    #[error(transparent)]
    Request(#[from] crate::client::Error),
    /// A line of the spans' file is not what the supervisor writes.
    #[error("spans: {0}")]
    Spans(#[from] serde_json::Error),
    /// Signals cannot be waited for.
    #[error("signals: {0}")]
    Signals(io::Error),
}

/// A file of the demonstration, in the folder `run` of the checkout.
#[must_use]
pub fn file(name: &str) -> PathBuf {
    checkout().join("run").join(name)
}
