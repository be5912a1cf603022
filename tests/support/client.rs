//! An HTTP client that tells everything: fields in order, chunks with their
//! times, trailers, and whether a response was whole.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use tokio::sync::Mutex;
use tokio::task::AbortHandle;
use tokio::time::timeout;

pub mod body;
mod connection;
pub mod fields;
mod raw;
mod request;
mod response;
#[cfg(test)]
pub(crate) mod script;
#[cfg(test)]
mod tests;

use connection::{Connection, Reply};
pub use raw::{send_expecting, send_raw};
pub use request::{HangUp, Request};
pub use response::{Chunk, End, Response};
use response::{Until, reason};

/// The version of HTTP that a client speaks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Protocol {
    /// HTTP/1.1.
    #[default]
    Http1,
    /// HTTP/2 over plain TCP, without asking first.
    Http2,
}

/// Why there is no response.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// Nobody listens, or nobody who speaks HTTP.
    #[error("cannot connect to {addr}: {reason}")]
    Connect {
        /// The server.
        addr: SocketAddr,
        /// Why.
        reason: String,
    },
    /// The path is none.
    #[error("`{path}` is no path that HTTP allows")]
    Path {
        /// The path.
        path: String,
    },
    /// The name or the value of a field is none.
    #[error("the field `{name}` is none that HTTP allows")]
    Field {
        /// The name.
        name: String,
    },
    /// The connection ended before a response.
    #[error("no response: {reason}")]
    NoResponse {
        /// Why.
        reason: String,
    },
    /// The time was up before a response.
    #[error("no response within {after:?}")]
    Timeout {
        /// The time.
        after: Duration,
    },
    /// The client went away before a response, as it was told to.
    #[error("hung up before a response")]
    HungUp,
}

impl Error {
    /// A word for the kind of error, to count by.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Connect { .. } => "connect",
            Self::Path { .. } | Self::Field { .. } => "request",
            Self::NoResponse { .. } => "no response",
            Self::Timeout { .. } => "timeout",
            Self::HungUp => "hung up",
        }
    }
}

/// A client with one connection, opened when it is first needed and again when
/// it was closed. No request is sent twice. Over HTTP/2 requests share the
/// connection; over HTTP/1 each waits for the one before.
pub struct Client {
    addr: SocketAddr,
    protocol: Protocol,
    connection: Mutex<Option<Connection>>,
}

impl Client {
    /// A client of the server at `addr`.
    #[must_use]
    pub fn new(addr: SocketAddr, protocol: Protocol) -> Self {
        Self { addr, protocol, connection: Mutex::default() }
    }

    /// A client that speaks HTTP/1.1.
    #[must_use]
    pub fn http1(addr: SocketAddr) -> Self {
        Self::new(addr, Protocol::Http1)
    }

    /// A client that speaks HTTP/2 with prior knowledge.
    #[must_use]
    pub fn http2(addr: SocketAddr) -> Self {
        Self::new(addr, Protocol::Http2)
    }

    /// Sends a request and reads the response to its end. A body that breaks
    /// off is no error: see [`Response::end`].
    ///
    /// # Errors
    /// A request that HTTP does not allow, and whatever keeps a response's head
    /// from arriving.
    pub async fn send(&self, request: Request) -> Result<Response, Error> {
        let asked = Instant::now();
        let timed_out = |_| Error::Timeout { after: request.timeout };
        let begun = timeout(request.timeout, self.begin(&request)).await;
        let (reply, closer) = begun.map_err(timed_out)??;
        let sent = Instant::now();
        let limit = request.timeout.saturating_sub(sent - asked);
        let exchange = exchange(reply, sent, limit, &request);
        let outcome = match request.hang_up {
            Some(HangUp::AfterTime(after)) => {
                timeout(after, exchange).await.unwrap_or(Err(Error::HungUp))
            }
            _ => exchange.await,
        };
        let hung_up = match &outcome {
            Ok(response) => response.end == End::HungUp,
            Err(error) => *error == Error::HungUp,
        };
        if hung_up {
            closer.abort();
        }
        outcome
    }

    /// Hands the request to a connection that lives.
    async fn begin(&self, request: &Request) -> Result<(Reply, AbortHandle), Error> {
        let http = request.to_http(&self.addr.to_string(), self.protocol)?;
        let mut held = self.connection.lock().await;
        let alive = match held.as_mut() {
            Some(connection) => connection.is_ready().await,
            None => false,
        };
        if !alive {
            *held = None;
        }
        let connection = match held.as_mut() {
            Some(connection) => connection,
            None => held.insert(Connection::open(self.addr, self.protocol).await?),
        };
        Ok((connection.send(http), connection.closer()))
    }
}

/// Waits for the head of a response and reads the rest.
async fn exchange(
    reply: Reply,
    sent: Instant,
    limit: Duration,
    request: &Request,
) -> Result<Response, Error> {
    let head =
        timeout(limit, reply).await.map_err(|_| Error::Timeout { after: request.timeout })?;
    let head = head.map_err(|error| Error::NoResponse { reason: reason(&error) })?;
    let bytes = match request.hang_up {
        Some(HangUp::AfterBytes(bytes)) => Some(bytes),
        _ => None,
    };
    Ok(response::read(head, &Until { sent, timeout: limit, bytes }).await)
}
