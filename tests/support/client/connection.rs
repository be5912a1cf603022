//! One connection to a server.

use std::net::SocketAddr;
use std::pin::Pin;

use http::{Request, Response};
use hyper::body::Incoming;
use hyper::client::conn::{http1, http2};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::TcpStream;
use tokio::task::AbortHandle;

use super::body::PacedBody;
use super::response::reason;
use super::{Error, Protocol};

/// The head of a response, to come.
pub(super) type Reply = Pin<Box<dyn Future<Output = hyper::Result<Response<Incoming>>> + Send>>;

/// Where requests are handed to hyper.
enum Sender {
    Http1(http1::SendRequest<PacedBody>),
    Http2(http2::SendRequest<PacedBody>),
}

/// An open connection.
pub(super) struct Connection {
    sender: Sender,
    driver: AbortHandle,
}

impl Connection {
    /// Connects to `addr`.
    pub(super) async fn open(addr: SocketAddr, protocol: Protocol) -> Result<Self, Error> {
        let refused =
            |error: &dyn std::error::Error| Error::Connect { addr, reason: reason(error) };
        let stream = TcpStream::connect(addr).await.map_err(|error| refused(&error))?;
        stream.set_nodelay(true).map_err(|error| refused(&error))?;
        let io = TokioIo::new(stream);
        match protocol {
            Protocol::Http1 => {
                let opened = http1::handshake(io).await;
                let (sender, driver) = opened.map_err(|error| refused(&error))?;
                Ok(Self { sender: Sender::Http1(sender), driver: drive(driver) })
            }
            Protocol::Http2 => {
                let opened = http2::handshake(TokioExecutor::new(), io).await;
                let (sender, driver) = opened.map_err(|error| refused(&error))?;
                Ok(Self { sender: Sender::Http2(sender), driver: drive(driver) })
            }
        }
    }

    /// Waits until it can take a request; `false` when it never will again.
    pub(super) async fn is_ready(&mut self) -> bool {
        match &mut self.sender {
            Sender::Http1(sender) => sender.ready().await.is_ok(),
            Sender::Http2(sender) => sender.ready().await.is_ok(),
        }
    }

    /// Sends a request.
    pub(super) fn send(&mut self, request: Request<PacedBody>) -> Reply {
        match &mut self.sender {
            Sender::Http1(sender) => Box::pin(sender.send_request(request)),
            Sender::Http2(sender) => Box::pin(sender.send_request(request)),
        }
    }

    /// Closes the connection when used.
    pub(super) fn closer(&self) -> AbortHandle {
        self.driver.clone()
    }
}

/// Lets the connection do its work until its owner has gone.
fn drive<D>(driver: D) -> AbortHandle
where
    D: Future<Output = hyper::Result<()>> + Send + 'static,
{
    // Its errors reach whoever waits for a response.
    tokio::spawn(async move { drop(driver.await) }).abort_handle()
}
