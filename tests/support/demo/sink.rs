//! A backend that writes what it gets to a file, a line of OTLP JSON for each
//! request (the form of OpenTelemetry's file exporter).

use std::io::Write;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Mutex;
use std::sync::PoisonError;

use opentelemetry_proto::tonic::collector::trace::v1::trace_service_server::{
    TraceService, TraceServiceServer,
};
use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTraceServiceRequest, ExportTraceServiceResponse,
};
use tokio::net::TcpListener;
use tokio_stream::wrappers::TcpListenerStream;
use tonic::transport::Server;
use tonic::{Request, Response, Status};

use super::Error;
use crate::file::at;

struct Sink(Mutex<std::fs::File>);

#[tonic::async_trait]
impl TraceService for Sink {
    async fn export(
        &self,
        request: Request<ExportTraceServiceRequest>,
    ) -> Result<Response<ExportTraceServiceResponse>, Status> {
        let internal = |error: &dyn std::error::Error| Status::internal(error.to_string());
        let mut line = serde_json::to_vec(request.get_ref()).map_err(|error| internal(&error))?;
        line.push(b'\n');
        let mut file = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        file.write_all(&line).map_err(|error| internal(&error))?;
        Ok(Response::new(ExportTraceServiceResponse::default()))
    }
}

/// Receives OTLP/gRPC at `address` and writes it to a new file, until it is
/// dropped.
///
/// # Errors
/// The file or the port is not to be had.
pub async fn sink(
    address: SocketAddr,
    file: &Path,
) -> Result<impl Future<Output = ()> + use<>, Error> {
    let sink = Sink(Mutex::new(std::fs::File::create(file).map_err(at(file))?));
    let listener =
        TcpListener::bind(address).await.map_err(|reason| Error::Port { address, reason })?;
    let server = Server::builder().add_service(TraceServiceServer::new(sink));
    let serving = server.serve_with_incoming(TcpListenerStream::new(listener));
    // It ends with the supervisor, which has nobody to tell of a late error.
    Ok(async move { drop(serving.await) })
}
