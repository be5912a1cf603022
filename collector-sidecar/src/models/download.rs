//! A file as the body of an answer, read a chunk ahead of what is sent.

use std::fs::File;
use std::io::{self, ErrorKind, Read, Seek, SeekFrom};
use std::ops::Range;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};
use prometheus_client::metrics::counter::Counter;
use tokio::sync::{OwnedSemaphorePermit, mpsc, watch};
use tokio::task::spawn_blocking;
use tokio::time::timeout;

const CHUNK_BYTES: u64 = 128 << 10;

/// How long a client may take nothing.
const MAX_SILENCE: Duration = Duration::from_secs(30);

/// What a download needs until it ends.
#[derive(Debug)]
pub struct Conditions {
    /// Counts the bytes.
    pub sent: Counter,
    /// Ends it when true.
    pub stop: watch::Receiver<bool>,
    /// Its place among all downloads.
    pub place: OwnedSemaphorePermit,
}

/// The bytes of a file that are sent.
#[derive(Debug)]
pub struct Download {
    chunks: mpsc::Receiver<io::Result<Bytes>>,
    left: u64,
}

impl Download {
    /// Sends these bytes of a file.
    #[must_use]
    pub fn start(file: File, range: Range<u64>, conditions: Conditions) -> Self {
        let (sender, chunks) = mpsc::channel(1);
        let left = range.end.saturating_sub(range.start);
        let Conditions { sent, mut stop, place } = conditions;
        tokio::spawn(async move {
            tokio::select! {
                () = pump(file, range, &sender, sent) => {}
                // What is left is missed by the client, who knows the length.
                _ = stop.wait_for(|stop| *stop) => {}
            }
            drop(place);
        });
        Self { chunks, left }
    }
}

impl Body for Download {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        let chunk = match self.chunks.poll_recv(context) {
            Poll::Pending => return Poll::Pending,
            Poll::Ready(chunk) => chunk,
        };
        Poll::Ready(match chunk {
            Some(chunk) => Some(chunk.map(|chunk| {
                self.left = self.left.saturating_sub(chunk.len() as u64);
                Frame::data(chunk)
            })),
            None if self.left > 0 => Some(Err(ErrorKind::UnexpectedEof.into())),
            None => None,
        })
    }

    fn is_end_stream(&self) -> bool {
        self.left == 0
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left)
    }
}

async fn pump(
    mut file: File,
    mut range: Range<u64>,
    sender: &mpsc::Sender<io::Result<Bytes>>,
    sent: Counter,
) {
    while !range.is_empty() {
        let part = range.start..range.end.min(range.start + CHUNK_BYTES);
        range.start = part.end;
        let read = spawn_blocking(move || chunk(&file, part).map(|chunk| (file, chunk))).await;
        let chunk = match read.unwrap_or_else(|error| Err(io::Error::other(error))) {
            Ok((again, chunk)) => {
                file = again;
                Ok(chunk)
            }
            Err(error) => {
                tracing::warn!("a model's file cannot be sent on: {error}");
                let _ = sender.send(Err(error)).await;
                return;
            }
        };
        let length = chunk.as_ref().map_or(0, Bytes::len);
        // Nobody there any more, or nobody who reads.
        if !matches!(timeout(MAX_SILENCE, sender.send(chunk)).await, Ok(Ok(()))) {
            return;
        }
        sent.inc_by(length as u64);
    }
}

fn chunk(mut file: &File, part: Range<u64>) -> io::Result<Bytes> {
    let wanted = part.end - part.start;
    let mut bytes = Vec::with_capacity(usize::try_from(wanted).unwrap_or_default());
    file.seek(SeekFrom::Start(part.start))?;
    file.take(wanted).read_to_end(&mut bytes)?;
    if bytes.len() as u64 == wanted {
        Ok(bytes.into())
    } else {
        Err(io::Error::new(ErrorKind::UnexpectedEof, "the file became shorter"))
    }
}
