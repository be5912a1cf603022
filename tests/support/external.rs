//! A server for Envoy's `ext_proc` filter that looks at requests and changes
//! nothing: what an external router costs before it does any work.

use std::future::{Ready, ready};
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::pin::Pin;

use axum::Router;
use axum::routing::post;
use bytes::Bytes;
use prost::Message;
use tokio_stream::{Stream, StreamExt};
use tonic::body::Body;
use tonic::server::{Grpc, StreamingService};
use tonic::{Request, Response, Status, Streaming};
use tonic_prost::ProstCodec;

use crate::backend::server::Server;

/// The path of `ExternalProcessor.Process`.
const PATH: &str = "/envoy.service.ext_proc.v3.ExternalProcessor/Process";

/// `envoy.service.ext_proc.v3.ProcessingRequest`, as far as it is read: which
/// part of the exchange it is about. The parts are left as they stand.
#[derive(Clone, PartialEq, Message)]
struct ProcessingRequest {
    #[prost(bytes = "bytes", optional, tag = "2")]
    request_headers: Option<Bytes>,
    #[prost(bytes = "bytes", optional, tag = "4")]
    request_body: Option<Bytes>,
}

/// `envoy.service.ext_proc.v3.ProcessingResponse`, as far as it is written. A
/// part of no bytes is a message that changes nothing.
#[derive(Clone, PartialEq, Message)]
struct ProcessingResponse {
    #[prost(bytes = "bytes", optional, tag = "1")]
    request_headers: Option<Bytes>,
    #[prost(bytes = "bytes", optional, tag = "3")]
    request_body: Option<Bytes>,
}

impl ProcessingRequest {
    /// The answer that changes nothing.
    fn unchanged(self) -> ProcessingResponse {
        ProcessingResponse {
            request_headers: self.request_headers.map(|_| Bytes::new()),
            request_body: self.request_body.map(|_| Bytes::new()),
        }
    }
}

/// A running server; it stops when dropped.
pub struct External(Server);

impl External {
    /// Starts it.
    ///
    /// # Errors
    /// There is no port to listen on.
    pub async fn start() -> io::Result<Self> {
        let any = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        Server::start(any, Router::new().route(PATH, post(serve))).await.map(Self)
    }

    /// Where it listens, for HTTP/2 without TLS.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.0.address()
    }
}

async fn serve(request: axum::extract::Request) -> http::Response<Body> {
    Grpc::new(ProstCodec::default()).streaming(Process, request).await
}

struct Process;

impl StreamingService<ProcessingRequest> for Process {
    type Response = ProcessingResponse;
    type ResponseStream = Pin<Box<dyn Stream<Item = Result<ProcessingResponse, Status>> + Send>>;
    type Future = Ready<Result<Response<Self::ResponseStream>, Status>>;

    fn call(&mut self, request: Request<Streaming<ProcessingRequest>>) -> Self::Future {
        let parts = request.into_inner();
        let answers = parts.map(|part| part.map(ProcessingRequest::unchanged));
        ready(Ok(Response::new(Box::pin(answers))))
    }
}
