//! Misbehaviour on command: the `x-simulate` request header.

use std::num::NonZeroUsize;
use std::str::FromStr;
use std::time::Duration;

use http::StatusCode;

/// The header that carries switches, a comma-separated list.
pub const HEADER: &str = "x-simulate";

/// How much a response may be padded to, in bytes.
const BIG: usize = 16 << 20;

/// What a request asks the engine to do wrong, or at least unusually.
#[expect(clippy::struct_excessive_bools, reason = "each is a switch that a header turns on")]
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Switches {
    /// `status=503`: the status of the response; from 400 on, an error body.
    pub status: Option<StatusCode>,
    /// `retry-after=2`: a `retry-after` field, in seconds.
    pub retry_after: Option<u32>,
    /// `delay=500ms`: a wait before the response's head.
    pub delay: Duration,
    /// `token-delay=200ms`: the time between two tokens.
    pub token_delay: Option<Duration>,
    /// `reset`: the connection ends without a byte of response.
    pub reset: bool,
    /// `reset-after=3`: the connection ends after so many events of a stream,
    /// or halfway through a JSON body.
    pub reset_after: Option<usize>,
    /// `no-usage`: token counts are left out.
    pub no_usage: bool,
    /// `no-finish`: no choice says why it finished.
    pub no_finish: bool,
    /// `gzip`: the body is gzip-encoded, event by event in a stream.
    pub gzip: bool,
    /// `chunks=1`: the body is written in pieces of so many bytes.
    pub chunks: Option<NonZeroUsize>,
    /// `trailers`: fields follow the body. Over HTTP/1 only for a client that
    /// said `te: trailers`.
    pub trailers: bool,
    /// `big=1048576`: the content is padded to so many bytes.
    pub big: Option<usize>,
    /// `model=NAME`: the response names another model.
    pub model: Option<String>,
    /// `fingerprint=fp_x`: a `system_fingerprint`.
    pub fingerprint: Option<String>,
    /// `finish=length`: another reason for finishing.
    pub finish: Option<String>,
}

/// Why a header is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// No switch has that name.
    #[error("x-simulate: unknown switch `{0}`")]
    Unknown(String),
    /// The switch does not take that value, or needs one.
    #[error("x-simulate: `{name}` does not take the value `{value}`")]
    Value {
        /// The switch.
        name: String,
        /// The value; empty when there was none.
        value: String,
    },
}

impl Switches {
    /// Reads the values of the header.
    ///
    /// # Errors
    /// The first switch that is unknown or has a wrong value.
    pub fn parse<'a>(headers: impl IntoIterator<Item = &'a str>) -> Result<Self, Error> {
        let mut switches = Self::default();
        let items = headers.into_iter().flat_map(|header| header.split(','));
        for item in items.map(str::trim).filter(|item| !item.is_empty()) {
            match item.split_once('=') {
                Some((name, value)) => switches.set(name.trim(), value.trim())?,
                None => switches.turn_on(item)?,
            }
        }
        Ok(switches)
    }

    /// A switch without a value.
    fn turn_on(&mut self, name: &str) -> Result<(), Error> {
        let switch = match name {
            "reset" => &mut self.reset,
            "no-usage" => &mut self.no_usage,
            "no-finish" => &mut self.no_finish,
            "gzip" => &mut self.gzip,
            "trailers" => &mut self.trailers,
            // Refuses it as unknown, or for want of a value.
            _ => return self.set(name, ""),
        };
        *switch = true;
        Ok(())
    }

    /// A switch with a value.
    fn set(&mut self, name: &str, value: &str) -> Result<(), Error> {
        let set = match name {
            "status" => value.parse().map(|status| self.status = Some(status)).ok(),
            "retry-after" => number(value).map(|seconds| self.retry_after = Some(seconds)),
            "delay" => duration(value).map(|delay| self.delay = delay),
            "token-delay" => duration(value).map(|delay| self.token_delay = Some(delay)),
            "reset-after" => number(value).map(|events| self.reset_after = Some(events)),
            "chunks" => number(value).map(|size| self.chunks = Some(size)),
            "big" => number(value).filter(|size| *size <= BIG).map(|size| self.big = Some(size)),
            "model" => word(value).map(|model| self.model = Some(model)),
            "fingerprint" => word(value).map(|print| self.fingerprint = Some(print)),
            "finish" => word(value).map(|reason| self.finish = Some(reason)),
            "reset" | "no-usage" | "no-finish" | "gzip" | "trailers" => None,
            _ => return Err(Error::Unknown(name.to_owned())),
        };
        set.ok_or_else(|| Error::Value { name: name.to_owned(), value: value.to_owned() })
    }
}

/// A number of any kind.
fn number<T: FromStr>(value: &str) -> Option<T> {
    value.parse().ok()
}

/// `500ms` or `2s`.
fn duration(value: &str) -> Option<Duration> {
    match value.strip_suffix("ms") {
        Some(millis) => millis.parse().ok().map(Duration::from_millis),
        None => value.strip_suffix('s')?.parse().ok().map(Duration::from_secs),
    }
}

/// A text that is not empty.
fn word(value: &str) -> Option<String> {
    (!value.is_empty()).then(|| value.to_owned())
}
