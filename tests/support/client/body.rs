//! A body whose frames leave one by one, each at its time.

use std::collections::VecDeque;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};
use tokio::time::{Sleep, sleep};

/// The body was broken off on purpose.
#[derive(Debug, thiserror::Error)]
#[error("broken off on purpose")]
pub struct BrokenOff;

/// A frame, or the end of the connection, and how long to wait before it.
pub struct Part {
    /// The time between the frame before this one and this one.
    pub wait: Duration,
    /// The frame, or the error that makes hyper end the connection (HTTP/1) or
    /// reset the stream (HTTP/2).
    pub frame: Result<Frame<Bytes>, BrokenOff>,
}

impl Part {
    /// Data, after `wait`.
    #[must_use]
    pub fn data(bytes: Bytes, wait: Duration) -> Self {
        Self { wait, frame: Ok(Frame::data(bytes)) }
    }
}

/// A body made of parts. Each frame is written to the connection before the
/// next is taken, so that frames do not melt into one write.
pub struct PacedBody {
    parts: VecDeque<Part>,
    length: Option<u64>,
    waiting: Option<Pin<Box<Sleep>>>,
    written: bool,
    finished: Option<Box<dyn FnOnce() + Send>>,
}

impl PacedBody {
    /// A body of `parts`. With a `length` in bytes the body says it beforehand,
    /// whether or not the parts keep that promise.
    #[must_use]
    pub fn new(parts: impl IntoIterator<Item = Part>, length: Option<u64>) -> Self {
        let parts = parts.into_iter().collect();
        Self { parts, length, waiting: None, written: true, finished: None }
    }

    /// Calls `action` when the last frame has been taken: not when the body is
    /// dropped before, nor when it is broken off.
    #[must_use]
    pub fn on_finish(mut self, action: impl FnOnce() + Send + 'static) -> Self {
        self.finished = Some(Box::new(action));
        self
    }

    fn take(&mut self) -> Option<Result<Frame<Bytes>, BrokenOff>> {
        let frame = self.parts.pop_front()?.frame;
        self.written = false;
        if let (Some(length), Ok(frame)) = (&mut self.length, &frame) {
            let sent = frame.data_ref().map_or(0, Bytes::len);
            *length = length.saturating_sub(sent as u64);
        }
        if frame.is_ok()
            && self.parts.is_empty()
            && let Some(finished) = self.finished.take()
        {
            finished();
        }
        Some(frame)
    }
}

impl Body for PacedBody {
    type Data = Bytes;
    type Error = BrokenOff;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BrokenOff>>> {
        // A connection writes what it holds once its body has nothing for it.
        if !self.written {
            self.written = true;
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        let Some(next) = self.parts.front() else { return Poll::Ready(None) };
        if self.waiting.is_none() && !next.wait.is_zero() {
            let wait = next.wait;
            self.waiting = Some(Box::pin(sleep(wait)));
        }
        if let Some(waiting) = &mut self.waiting {
            ready!(waiting.as_mut().poll(context));
            self.waiting = None;
        }
        Poll::Ready(self.take())
    }

    fn is_end_stream(&self) -> bool {
        self.parts.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        self.length.map_or_else(SizeHint::default, SizeHint::with_exact)
    }
}
