//! Serves connections that can be cut off.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use axum::{Extension, Router};
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto::Builder;
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use tokio::task::JoinSet;

/// Cuts off the connection that a request came by.
#[derive(Clone, Debug, Default)]
pub struct Cut(Arc<Notify>);

impl Cut {
    /// Cuts it off; never returns, since there is nothing to answer any more.
    pub async fn off<T>(&self) -> T {
        self.0.notify_one();
        std::future::pending().await
    }
}

/// A server and its connections; stops when dropped.
#[derive(Debug)]
pub struct Server {
    address: SocketAddr,
    accepting: JoinSet<()>,
}

impl Server {
    /// Serves `router` at `address`.
    pub async fn start(address: SocketAddr, router: Router) -> io::Result<Self> {
        let listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        let mut accepting = JoinSet::new();
        accepting.spawn(accept(listener, router));
        Ok(Self { address, accepting })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Closes every connection and listens no more.
    pub async fn stop(mut self) {
        self.accepting.shutdown().await;
    }
}

async fn accept(listener: TcpListener, router: Router) {
    let mut connections = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        // An answer in two parts waits for no acknowledgement of the first.
        let _ = stream.set_nodelay(true);
        connections.spawn(serve(stream, router.clone()));
        while connections.try_join_next().is_some() {}
    }
}

async fn serve(stream: TcpStream, router: Router) {
    let cut = Cut::default();
    let service = TowerToHyperService::new(router.layer(Extension(cut.clone())));
    let builder = Builder::new(TokioExecutor::new());
    tokio::select! {
        // How a client leaves is its own affair.
        _ = builder.serve_connection(TokioIo::new(stream), service) => {}
        () = cut.0.notified() => {}
    }
}
