//! Callouts to the collector.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;
use std::time::Duration;

use super::abi::{self, Buffer, Map};
use super::metrics::SpanMetrics;
use crate::clock::Clock;
use crate::config::Collector as Target;
use crate::trace::{self, Answer, Exporter, Transmission};

/// Sends what an exporter gives to the collector's cluster, from the root
/// context: a stream's own callouts end with it.
pub struct Collector {
    target: Target,
    exporter: Rc<RefCell<Exporter>>,
    calls: HashMap<u32, u64>,
    metrics: SpanMetrics,
}

impl Collector {
    /// A sender to `target`.
    pub fn new(target: Target, exporter: Rc<RefCell<Exporter>>) -> Self {
        Self { target, exporter, calls: HashMap::new(), metrics: SpanMetrics::default() }
    }

    /// Sends what is to be sent now.
    pub fn flush(&mut self, clock: &dyn Clock) {
        loop {
            let now = clock.now();
            let Some(batch) = self.exporter.borrow_mut().next(now, now) else { break };
            if let Err(status) = self.send(&batch) {
                log::warn!("collector cluster {}: cannot be called: {status}", self.target.cluster);
                let answer = Answer::Later(Duration::ZERO);
                self.exporter.borrow_mut().answered(batch.id, &answer, now, now);
            }
        }
        let exporter = self.exporter.borrow();
        self.metrics.publish(exporter.counters(), exporter.pending());
    }

    /// Takes the answer to a callout.
    pub fn answered(&mut self, token: u32, headers: usize, body: usize, clock: &dyn Clock) {
        let Some(batch) = self.calls.remove(&token) else { return };
        let answer = answer(headers, body);
        let now = clock.now();
        self.exporter.borrow_mut().answered(batch, &answer, now, now);
        self.flush(clock);
    }

    /// Whether every span has been delivered or dropped.
    pub fn is_drained(&self) -> bool {
        self.exporter.borrow().pending() == 0
    }

    fn send(&mut self, batch: &Transmission) -> Result<(), String> {
        let headers = vec![
            (":method", "POST"),
            (":path", self.target.path.as_str()),
            (":authority", self.target.cluster.as_str()),
            ("content-type", "application/x-protobuf"),
        ];
        // The SDK's call, since its dispatcher has to know the token.
        let token = proxy_wasm::hostcalls::dispatch_http_call(
            &self.target.cluster,
            headers,
            Some(&batch.body),
            Vec::new(),
            self.target.timeout,
        )
        .map_err(|status| format!("{status:?}"))?;
        self.calls.insert(token, batch.id);
        Ok(())
    }
}

/// What the collector answered, or Envoy in its place.
fn answer(headers: usize, body: usize) -> Answer {
    // No headers at all: the connection was lost, or nobody answered.
    if headers == 0 {
        return Answer::Later(Duration::ZERO);
    }
    let headers = abi::headers(Map::Callout).unwrap_or_default();
    let status = headers.text(":status");
    match status {
        "429" | "502" | "503" | "504" => {
            let seconds = headers.text("retry-after").trim().parse().unwrap_or(0);
            Answer::Later(Duration::from_secs(seconds))
        }
        _ if status.starts_with('2') => {
            let body = abi::buffer(Buffer::CalloutBody, 0, body).unwrap_or_default();
            let rejected = trace::rejected_spans(&body);
            if let Some((count, why)) = &rejected {
                log::error!("the collector rejected {count} spans: {why}");
            }
            Answer::Taken { rejected: rejected.map_or(0, |(count, _)| count) }
        }
        _ => {
            log::error!("the collector refused a batch of spans with status {status}");
            Answer::Refused
        }
    }
}
