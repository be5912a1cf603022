//! Bytes over a socket, for what no HTTP library would send.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::Error;
use super::response::reason;

/// How long to wait for the first byte.
const FIRST: Duration = Duration::from_secs(5);
/// How long a server that keeps the connection open may be silent.
const QUIET: Duration = Duration::from_millis(500);
/// How much is read at most, in bytes.
const LIMIT: usize = 16 << 20;

/// Sends `bytes` to `addr` as they are and returns what comes back until the
/// server closes the connection, has said nothing for half a second, or has
/// said nothing at all for five. Its own side stays open: proxies take the end
/// of it for a client that went away.
///
/// # Errors
/// A connection that is refused, or reset before a byte came back.
pub async fn send_raw(addr: SocketAddr, bytes: &[u8]) -> Result<Vec<u8>, Error> {
    let refused = |error: std::io::Error| Error::Connect { addr, reason: reason(&error) };
    let mut stream = TcpStream::connect(addr).await.map_err(refused)?;
    stream.set_nodelay(true).map_err(refused)?;
    // A server may answer and close before it has read everything.
    let written = stream.write_all(bytes).await;
    let received = read_until_quiet(&mut stream).await;
    match (received, written) {
        (Err(error), _) => Err(error),
        (Ok(received), Err(error)) if received.is_empty() => {
            Err(Error::NoResponse { reason: reason(&error) })
        }
        (Ok(received), _) => Ok(received),
    }
}

/// Sends the head of a request that expects `100 Continue`, and its body once
/// that has come. What came before the body and what after.
///
/// # Errors
/// As [`send_raw`]'s.
pub async fn send_expecting(
    addr: SocketAddr,
    head: &[u8],
    body: &[u8],
) -> Result<(Vec<u8>, Vec<u8>), Error> {
    let refused = |error: std::io::Error| Error::Connect { addr, reason: reason(&error) };
    let lost = |error: std::io::Error| Error::NoResponse { reason: reason(&error) };
    let mut stream = TcpStream::connect(addr).await.map_err(refused)?;
    stream.set_nodelay(true).map_err(refused)?;
    stream.write_all(head).await.map_err(lost)?;
    let before = read_until_quiet(&mut stream).await?;
    stream.write_all(body).await.map_err(lost)?;
    Ok((before, read_until_quiet(&mut stream).await?))
}

async fn read_until_quiet(stream: &mut TcpStream) -> Result<Vec<u8>, Error> {
    let mut received = Vec::new();
    let mut patience = FIRST;
    while received.len() < LIMIT {
        match timeout(patience, stream.read_buf(&mut received)).await {
            Err(_) | Ok(Ok(0)) => break,
            Ok(Ok(_)) => patience = QUIET,
            Ok(Err(error)) if received.is_empty() => {
                return Err(Error::NoResponse { reason: reason(&error) });
            }
            Ok(Err(_)) => break,
        }
    }
    Ok(received)
}
