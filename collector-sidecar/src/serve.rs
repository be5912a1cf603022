//! Listens and serves connections, bounded in number, until told to stop.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use tokio::time::sleep;

/// The most connections of one listener; more wait to be accepted.
const MAX_CONNECTIONS: usize = 256;

/// How long a client may take to send the headers of a request.
const HEADER_TIMEOUT: Duration = Duration::from_secs(30);

/// How often an HTTP/2 client is asked whether it is still there.
const KEEP_ALIVE: Duration = Duration::from_secs(30);

/// How long to wait when accepting fails, as when files run out.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// An address that could not be listened on.
#[derive(Debug, thiserror::Error)]
#[error("cannot listen on {address} for {purpose}: {error}")]
pub struct ListenError {
    address: SocketAddr,
    purpose: &'static str,
    error: std::io::Error,
}

/// An open listener.
#[derive(Debug)]
pub struct Listener {
    tcp: TcpListener,
    address: SocketAddr,
}

impl Listener {
    /// Opens a listener for a `purpose`, which messages name.
    ///
    /// # Errors
    /// When the address cannot be listened on.
    pub async fn open(purpose: &'static str, address: SocketAddr) -> Result<Self, ListenError> {
        let failed = |error| ListenError { address, purpose, error };
        let tcp = TcpListener::bind(address).await.map_err(failed)?;
        let address = tcp.local_addr().map_err(failed)?;
        Ok(Self { tcp, address })
    }

    /// The address, with the port that the system chose where none was given.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Serves HTTP/1.1 and HTTP/2 until `stop` is true and every request that
    /// had begun is answered.
    pub async fn serve(self, router: Router, mut stop: watch::Receiver<bool>) {
        let room = Arc::new(Semaphore::new(MAX_CONNECTIONS));
        let graceful = GracefulShutdown::new();
        let mut connections = JoinSet::new();
        let builder = builder();
        loop {
            let accepted = async {
                let permit = room.clone().acquire_owned().await;
                (permit, self.tcp.accept().await)
            };
            let (permit, accepted) = tokio::select! {
                accepted = accepted => accepted,
                // An error says that nobody is left to stop this: stop as well.
                _ = stop.wait_for(|stop| *stop) => break,
            };
            let stream = match accepted {
                Ok((stream, _)) => stream,
                Err(error) => {
                    tracing::warn!("cannot accept on {}: {error}", self.address);
                    sleep(ACCEPT_PAUSE).await;
                    continue;
                }
            };
            let connection = connection(&builder, stream, router.clone());
            let connection = graceful.watch(connection);
            connections.spawn(async move {
                if let Err(error) = connection.await {
                    tracing::debug!("connection failed: {error}");
                }
                drop(permit);
            });
            while connections.try_join_next().is_some() {}
        }
        drop(self.tcp);
        graceful.shutdown().await;
    }
}

type Connection = hyper_util::server::conn::auto::Connection<
    'static,
    TokioIo<TcpStream>,
    TowerToHyperService<Router>,
    TokioExecutor,
>;

fn connection(builder: &Builder<TokioExecutor>, stream: TcpStream, router: Router) -> Connection {
    // Answers are short, and wait for nothing.
    let _ = stream.set_nodelay(true);
    let service = TowerToHyperService::new(router);
    builder.serve_connection(TokioIo::new(stream), service).into_owned()
}

fn builder() -> Builder<TokioExecutor> {
    let mut builder = Builder::new(TokioExecutor::new());
    builder.http1().timer(TokioTimer::new()).header_read_timeout(HEADER_TIMEOUT);
    builder.http2().timer(TokioTimer::new()).keep_alive_interval(KEEP_ALIVE);
    builder
}
