//! Connections, and the way of a request through the engine.

use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use http::header::HOST;
use http::{Request, Response, StatusCode};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use tokio::task::JoinSet;
use tokio::time::sleep;

use super::State;
use super::record::Recorded;
use super::refusal::refusal;
use super::routes::{Arrival, answer, is_private};
use super::switches::{HEADER, Switches};
use crate::client::body::PacedBody;
use crate::client::fields::{Fields, from_map, texts};

/// How much of a body is read, in bytes.
const BODY: usize = 64 << 20;
/// The wait after a connection that could not be accepted, for want of file
/// descriptors in all likelihood.
const BACK_OFF: Duration = Duration::from_millis(50);

/// Accepts connections for as long as it is polled; they end with it.
pub(super) async fn serve(listener: TcpListener, state: Arc<State>) {
    let mut connections = JoinSet::new();
    loop {
        match listener.accept().await {
            Ok((stream, _)) => drop(connections.spawn(connection(stream, Arc::clone(&state)))),
            Err(_) => sleep(BACK_OFF).await,
        }
        while connections.try_join_next().is_some() {}
    }
}

/// Serves a connection until either side ends it.
async fn connection(stream: TcpStream, state: Arc<State>) {
    let hang_up = Arc::new(Notify::new());
    let service = service_fn(|request| respond(request, Arc::clone(&state), Arc::clone(&hang_up)));
    // Without it pieces of a stream would melt into one.
    if stream.set_nodelay(true).is_err() {
        return;
    }
    let builder = auto::Builder::new(TokioExecutor::new());
    let served = builder.serve_connection(TokioIo::new(stream), service);
    tokio::select! {
        // How it ended is for the other side to judge.
        _ = served => {}
        () = hang_up.notified() => {}
    }
}

/// Waits, if there is anything to wait for: a sleep of no time lasts until the
/// timer's next tick.
pub(super) async fn pause(time: Duration) {
    if !time.is_zero() {
        sleep(time).await;
    }
}

/// The response to a request.
async fn respond(
    request: Request<Incoming>,
    state: Arc<State>,
    hang_up: Arc<Notify>,
) -> io::Result<Response<PacedBody>> {
    let request = receive(request).await;
    let (at, started) = (SystemTime::now(), Instant::now());
    if !is_private(&request) {
        state.log.push(request.clone());
    }
    let switches = match Switches::parse(texts(&request.headers, HEADER)) {
        Ok(switches) => switches,
        Err(error) => {
            let answer = refusal(StatusCode::BAD_REQUEST, &error.to_string());
            return answer.deliver(&Switches::default());
        }
    };
    pause(switches.delay).await;
    if switches.reset {
        hang_up.notify_one();
        std::future::pending::<()>().await;
    }
    if !request.complete {
        let message = "the body broke off, or is too large";
        return refusal(StatusCode::BAD_REQUEST, message).deliver(&switches);
    }
    let arrival = Arrival { request: &request, at, started };
    answer(&state, &arrival, &switches).await.deliver(&switches)
}

/// Reads a request to its end, or as far as it goes.
async fn receive(request: Request<Incoming>) -> Recorded {
    let (head, mut incoming) = request.into_parts();
    let path = head.uri.path_and_query().map_or_else(|| "/".to_owned(), ToString::to_string);
    let mut headers = from_map(&head.headers);
    if !head.headers.contains_key(HOST)
        && let Some(authority) = head.uri.authority()
    {
        headers.insert(0, (":authority".to_owned(), authority.as_str().into()));
    }
    let mut recorded = Recorded {
        method: head.method.to_string(),
        path,
        headers,
        body: Vec::new(),
        trailers: Fields::new(),
        complete: true,
    };
    while let Some(frame) = incoming.frame().await {
        match frame.map(hyper::body::Frame::into_data) {
            Ok(Ok(data)) if recorded.body.len() + data.len() <= BODY => {
                recorded.body.extend_from_slice(&data);
            }
            Ok(Err(frame)) => {
                recorded.trailers = frame.trailers_ref().map(from_map).unwrap_or_default();
            }
            Ok(Ok(_)) | Err(_) => {
                recorded.complete = false;
                break;
            }
        }
    }
    recorded
}
