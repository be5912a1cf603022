//! A server that says what it is told to, byte for byte.

use std::net::{Ipv4Addr, SocketAddr};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// A server that answers one connection after another, each with the next of
/// its answers, and closes it then.
pub(crate) struct Script {
    addr: SocketAddr,
    requests: JoinHandle<Vec<Vec<u8>>>,
}

impl Script {
    pub(crate) async fn start(answers: &[&'static [u8]]) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let addr = listener.local_addr().unwrap();
        let answers = answers.to_vec();
        let requests = tokio::spawn(async move {
            let mut requests = Vec::new();
            for answer in answers {
                let (mut stream, _) = listener.accept().await.unwrap();
                requests.push(read(&mut stream).await);
                stream.write_all(answer).await.unwrap();
            }
            requests
        });
        Self { addr, requests }
    }

    pub(crate) fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// Waits until it has given its last answer; what it was asked.
    pub(crate) async fn finish(self) -> Vec<Vec<u8>> {
        self.requests.await.unwrap()
    }
}

/// Reads a request whose body, if any, has a length.
async fn read(stream: &mut TcpStream) -> Vec<u8> {
    let mut request = Vec::new();
    while !is_whole(&request) {
        assert_ne!(stream.read_buf(&mut request).await.unwrap(), 0);
    }
    request
}

fn is_whole(request: &[u8]) -> bool {
    let text = String::from_utf8_lossy(request);
    let Some(head) = request.windows(4).position(|window| window == b"\r\n\r\n") else {
        return false;
    };
    let length = text.lines().find_map(|line| line.strip_prefix("content-length: "));
    request.len() >= head + 4 + length.map_or(0, |length| length.parse().unwrap())
}
