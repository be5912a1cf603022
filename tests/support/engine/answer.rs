//! From an answer to the bytes of a response, with all that may go wrong.

use std::io::{self, Write};
use std::num::NonZeroUsize;
use std::time::Duration;

use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use http::header::{
    CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue,
    RETRY_AFTER, TRAILER,
};
use http::{Response, StatusCode};
use hyper::body::Frame;
use serde::Serialize;

use super::completion::json;
use super::switches::Switches;
use crate::client::body::{BrokenOff, PacedBody, Part};

/// The field that follows a body on command.
pub const TRAILER_NAME: &str = "x-engine-trailer";

/// A piece of a body, and how long to wait before it.
pub(super) struct Piece {
    pub(super) wait: Duration,
    pub(super) bytes: Bytes,
}

impl Piece {
    pub(super) fn now(bytes: Bytes) -> Self {
        Self { wait: Duration::ZERO, bytes }
    }
}

/// What to answer.
pub(super) struct Answer {
    status: StatusCode,
    content_type: &'static str,
    /// Events of a stream, or the one piece of any other body.
    pieces: Vec<Piece>,
    streamed: bool,
    finished: Option<Box<dyn FnOnce() + Send>>,
}

impl Answer {
    /// A JSON document.
    pub(super) fn json(status: StatusCode, document: &impl Serialize) -> Self {
        Self::whole(status, json(document).into())
    }

    /// A body that is JSON already.
    pub(super) fn whole(status: StatusCode, body: Bytes) -> Self {
        let pieces = vec![Piece::now(body)];
        Self { status, content_type: "application/json", pieces, streamed: false, finished: None }
    }

    /// Server-sent events.
    pub(super) fn events(pieces: Vec<Piece>) -> Self {
        let content_type = "text/event-stream; charset=utf-8";
        Self { status: StatusCode::OK, content_type, pieces, streamed: true, finished: None }
    }

    /// With another status, if any.
    pub(super) fn with_status(mut self, status: Option<StatusCode>) -> Self {
        self.status = status.unwrap_or(self.status);
        self
    }

    /// Does `action` when the answer has been given to its end.
    pub(super) fn on_finish(mut self, action: Option<Box<dyn FnOnce() + Send>>) -> Self {
        self.finished = action;
        self
    }

    /// The response, as `switches` want it.
    pub(super) fn deliver(mut self, switches: &Switches) -> io::Result<Response<PacedBody>> {
        if switches.gzip {
            self.pieces = gzip(self.pieces)?;
        }
        let size = self.pieces.iter().map(|piece| piece.bytes.len() as u64).sum();
        let length = (!self.streamed && !switches.trailers).then_some(size);
        let headers = self.headers(switches, length);
        let broken = switches.reset_after.is_some_and(|events| self.cut(events));
        if let Some(size) = switches.chunks {
            self.pieces = split(self.pieces, size);
        }
        let data = self.pieces.into_iter().map(|piece| Part::data(piece.bytes, piece.wait));
        let mut body = PacedBody::new(data.chain(last(broken, switches.trailers)), length);
        if let Some(finished) = self.finished {
            body = body.on_finish(finished);
        }
        let mut response = Response::new(body);
        *response.status_mut() = self.status;
        *response.headers_mut() = headers;
        Ok(response)
    }

    fn headers(&self, switches: &Switches, length: Option<u64>) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(self.content_type));
        if let Some(length) = length {
            headers.insert(CONTENT_LENGTH, length.into());
        }
        if let Some(seconds) = switches.retry_after {
            headers.insert(RETRY_AFTER, seconds.into());
        }
        if switches.gzip {
            headers.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        }
        if switches.trailers {
            headers.insert(TRAILER, HeaderValue::from_static(TRAILER_NAME));
        }
        headers
    }

    /// Leaves so many events of a stream, or half of any other body; whether
    /// anything is missing then.
    fn cut(&mut self, events: usize) -> bool {
        if self.streamed {
            let broken = self.pieces.len() > events;
            self.pieces.truncate(events);
            return broken;
        }
        for piece in &mut self.pieces {
            piece.bytes.truncate(piece.bytes.len() / 2);
        }
        true
    }
}

/// What follows the data.
fn last(broken: bool, trailers: bool) -> Option<Part> {
    let fields = [(HeaderName::from_static(TRAILER_NAME), HeaderValue::from_static("done"))];
    let frame = match (broken, trailers) {
        (true, _) => Err(BrokenOff),
        (false, true) => Ok(Frame::trailers(fields.into_iter().collect())),
        (false, false) => return None,
    };
    Some(Part { wait: Duration::ZERO, frame })
}

/// Compresses a body so that each piece can be read when it arrives.
fn gzip(pieces: Vec<Piece>) -> io::Result<Vec<Piece>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    let mut compressed = Vec::with_capacity(pieces.len() + 1);
    for piece in pieces {
        encoder.write_all(&piece.bytes)?;
        encoder.flush()?;
        let bytes = std::mem::take(encoder.get_mut()).into();
        compressed.push(Piece { wait: piece.wait, bytes });
    }
    compressed.push(Piece::now(encoder.finish()?.into()));
    Ok(compressed)
}

/// Cuts pieces into smaller ones of `size` bytes.
fn split(pieces: Vec<Piece>, size: NonZeroUsize) -> Vec<Piece> {
    pieces.into_iter().flat_map(|piece| split_one(piece, size.get())).collect()
}

fn split_one(piece: Piece, size: usize) -> impl Iterator<Item = Piece> {
    let starts = (0..piece.bytes.len()).step_by(size);
    starts.map(move |start| {
        let end = piece.bytes.len().min(start + size);
        let wait = if start == 0 { piece.wait } else { Duration::ZERO };
        Piece { wait, bytes: piece.bytes.slice(start..end) }
    })
}
