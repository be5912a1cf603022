//! Reads and inflates request bodies within limits of size, time and memory.

use std::io::Read;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::body::Body;
use flate2::bufread::MultiGzDecoder;
use http_body_util::BodyExt;
use tokio::time::timeout;

use super::refusal::Refusal;

/// The most bytes of a body, before and after inflating.
///
/// Source: OTLP specification, "Request body size limits".
pub const MAX_BODY_BYTES: usize = 64 << 20;

/// How long a sender may be silent in the middle of a body.
const MAX_SILENCE: Duration = Duration::from_secs(30);

const CHUNK_BYTES: usize = 64 << 10;

/// The memory of all bodies that are being received.
#[derive(Debug)]
pub struct Budget {
    most: usize,
    claimed: AtomicUsize,
}

impl Budget {
    /// A budget of `most` bytes.
    pub fn new(most: usize) -> Self {
        Self { most, claimed: AtomicUsize::new(0) }
    }
}

/// The bytes of a body, claimed from the budget until dropped.
#[derive(Debug)]
pub struct Buffer {
    bytes: Vec<u8>,
    most: usize,
    claimed: usize,
    budget: Arc<Budget>,
}

impl Buffer {
    fn new(most: usize, budget: &Arc<Budget>) -> Self {
        Self { bytes: Vec::new(), most, claimed: 0, budget: budget.clone() }
    }

    /// Reads a whole body of at most `most` bytes.
    ///
    /// # Errors
    /// Why it was not read.
    pub async fn read(mut body: Body, most: usize, budget: &Arc<Budget>) -> Result<Self, Refusal> {
        let mut buffer = Self::new(most, budget);
        loop {
            let frame = timeout(MAX_SILENCE, body.frame());
            let Some(frame) = frame.await.map_err(|_| Refusal::Silent(MAX_SILENCE))? else {
                return Ok(buffer);
            };
            let frame = frame.map_err(|error| Refusal::Broken(error.to_string()))?;
            if let Some(data) = frame.data_ref() {
                buffer.push(data)?;
            }
        }
    }

    /// Inflates a gzip body, to no more than it may have itself.
    ///
    /// # Errors
    /// Why it was not inflated.
    pub fn inflate(self) -> Result<Self, Refusal> {
        let mut inflated = Self::new(self.most, &self.budget);
        let mut reader = MultiGzDecoder::new(self.bytes.as_slice());
        let mut chunk = vec![0; CHUNK_BYTES];
        loop {
            let length = reader
                .read(&mut chunk)
                .map_err(|error| Refusal::Malformed(format!("not gzip: {error}")))?;
            if length == 0 {
                return Ok(inflated);
            }
            inflated.push(chunk.get(..length).unwrap_or_default())?;
        }
    }

    /// Takes the framing off a single gRPC message: a flag that tells whether
    /// it is compressed, which is returned, and four bytes of length.
    ///
    /// # Errors
    /// In words: why it is not one message.
    pub fn unframe(&mut self) -> Result<bool, &'static str> {
        let Some((&[flag, a, b, c, d], message)) = self.bytes.split_first_chunk() else {
            return Err("there is no message");
        };
        if u32::from_be_bytes([a, b, c, d]) as usize != message.len() {
            return Err("there is not exactly one message");
        }
        self.bytes.drain(..5);
        match flag {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err("the compression flag is neither 0 nor 1"),
        }
    }

    /// How many bytes it holds.
    pub fn len(&self) -> usize {
        self.bytes.len()
    }

    /// The bytes, out of the buffer, which keeps its claim.
    pub fn take(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.bytes)
    }

    /// Claims as many bytes as it holds, for a copy in another encoding.
    ///
    /// # Errors
    /// When the budget has too little left.
    pub fn claim_again(&mut self) -> Result<(), Refusal> {
        self.claim(self.bytes.len())
    }

    fn push(&mut self, data: &[u8]) -> Result<(), Refusal> {
        if self.bytes.len() + data.len() > self.most {
            return Err(Refusal::TooLong(self.most));
        }
        self.claim(data.len())?;
        self.bytes.extend_from_slice(data);
        Ok(())
    }

    fn claim(&mut self, bytes: usize) -> Result<(), Refusal> {
        let before = self.budget.claimed.fetch_add(bytes, Ordering::Relaxed);
        self.claimed += bytes;
        if before + bytes > self.budget.most { Err(Refusal::Busy) } else { Ok(()) }
    }
}

impl Drop for Buffer {
    fn drop(&mut self) {
        self.budget.claimed.fetch_sub(self.claimed, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    async fn read(bytes: Vec<u8>, budget: &Arc<Budget>) -> Result<Buffer, Refusal> {
        Buffer::read(Body::from(bytes), MAX_BODY_BYTES, budget).await
    }

    #[tokio::test]
    async fn a_body_is_read_up_to_the_limit() {
        let budget = Arc::new(Budget::new(4 * MAX_BODY_BYTES));
        let mut buffer = read(vec![1; MAX_BODY_BYTES], &budget).await.unwrap();
        assert_eq!(buffer.take().len(), MAX_BODY_BYTES);
        let error = read(vec![1; MAX_BODY_BYTES + 1], &budget).await.unwrap_err();
        assert!(matches!(error, Refusal::TooLong(MAX_BODY_BYTES)));
    }

    #[tokio::test]
    async fn gzip_is_inflated_up_to_the_limit() {
        let budget = Arc::new(Budget::new(4 * MAX_BODY_BYTES));
        let members = [gzip(b"one "), gzip(b"two")].concat();
        let mut inflated = read(members, &budget).await.unwrap().inflate().unwrap();
        assert_eq!(inflated.take(), b"one two");
        let bomb = gzip(&vec![0; MAX_BODY_BYTES + 1]);
        let error = read(bomb, &budget).await.unwrap().inflate().unwrap_err();
        assert!(matches!(error, Refusal::TooLong(MAX_BODY_BYTES)));
        for bad in [b"plain".to_vec(), gzip(b"cut")[..12].to_vec(), [gzip(b"a"), vec![9]].concat()]
        {
            let error = read(bad, &budget).await.unwrap().inflate().unwrap_err();
            assert!(matches!(error, Refusal::Malformed(_)), "{error}");
        }
    }

    #[tokio::test]
    async fn the_budget_is_shared_and_given_back() {
        let budget = Arc::new(Budget::new(4 * MAX_BODY_BYTES));
        let mut held = Vec::new();
        for _ in 0..4 {
            held.push(read(vec![1; MAX_BODY_BYTES], &budget).await.unwrap());
        }
        let error = read(vec![1], &budget).await.unwrap_err();
        assert!(matches!(error, Refusal::Busy));
        drop(held);
        assert_eq!(budget.claimed.load(Ordering::Relaxed), 0);
        read(vec![1], &budget).await.unwrap();
    }
}
