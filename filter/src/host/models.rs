//! Fetches the user's own models from the collector, one piece after another,
//! once a request of this worker has needed one.

use std::rc::Rc;
use std::time::Duration;

use super::abi::{self, Buffer};
use super::metrics;
use crate::classify::Classifiers;
use crate::classify::fetch::{Fetch, FetchError};
use crate::clock::Clock;
use crate::config::Config;
use crate::metrics::catalog::MODELS;
use crate::trace::Backoff;

/// Time for one piece.
const TIMEOUT: Duration = Duration::from_secs(10);

/// The models of one virtual machine.
pub struct Models {
    classifiers: Rc<Classifiers>,
    fetch: Option<Fetch>,
    call: Option<u32>,
    backoff: Backoff,
}

impl Models {
    /// Nothing is fetched until a classifier needs it.
    pub fn new(classifiers: Rc<Classifiers>) -> Self {
        Self { classifiers, fetch: None, call: None, backoff: Backoff::default() }
    }

    /// Goes on, if there is something to fetch.
    pub fn advance(&mut self, config: &Config, clock: &dyn Clock) {
        let unusable = self.classifiers.shelf().borrow_mut().take_unusable();
        if unusable > 0 {
            let unusable = i64::try_from(unusable).unwrap_or(i64::MAX);
            metrics::record(&MODELS, &["refused"], unusable);
        }
        if self.call.is_some() || !self.backoff.is_over(clock.now()) {
            return;
        }
        if self.fetch.is_none() {
            let inference = &config.filter.inference;
            self.fetch = self.classifiers.shelf().borrow_mut().next_wanted().map(|model| {
                let pinned = config.pinned(&model);
                Fetch::new(model, pinned, inference.memory_bytes)
            });
        }
        let Some(fetch) = &self.fetch else { return };
        let cluster = &config.filter.collector.cluster;
        let ask = fetch.ask();
        let range = ask.range.map(|(first, last)| format!("bytes={first}-{last}"));
        let mut headers =
            vec![(":method", "GET"), (":path", ask.path.as_str()), (":authority", cluster)];
        headers.extend(range.as_deref().map(|range| ("range", range)));
        // The SDK's call, since its dispatcher has to know the token.
        match proxy_wasm::hostcalls::dispatch_http_call(cluster, headers, None, Vec::new(), TIMEOUT)
        {
            Ok(token) => self.call = Some(token),
            Err(status) => {
                log::warn!("collector cluster {cluster}: cannot be called: {status:?}");
                let now = clock.now();
                self.backoff.fail(now, Duration::ZERO, now);
            }
        }
    }

    /// Takes the answer to a callout; whether it was one of this.
    pub fn answered(
        &mut self,
        token: u32,
        (headers, body): (usize, usize),
        config: &Config,
        clock: &dyn Clock,
    ) -> bool {
        if self.call != Some(token) {
            return false;
        }
        self.call = None;
        let Some(mut fetch) = self.fetch.take() else { return true };
        let status = abi::callout_status(headers);
        let body = abi::buffer(Buffer::CalloutBody, 0, body).unwrap_or_default();
        let folder = fetch.model.folder.clone();
        match fetch.answered(status, &body) {
            Ok(None) => {
                self.backoff.reset();
                self.fetch = Some(fetch);
            }
            Ok(Some(files)) => {
                self.backoff.reset();
                log::info!("models/{folder}: fetched, {} KiB", files.onnx.len() >> 10);
                metrics::record(&MODELS, &["fetched"], 1);
                self.classifiers.shelf().borrow_mut().deliver(&folder, Ok(files));
            }
            Err(FetchError::Later(why)) => {
                if self.backoff.is_clear() {
                    log::warn!("{why}: it is tried again");
                }
                let now = clock.now();
                self.backoff.fail(now, Duration::ZERO, now);
                self.fetch = Some(fetch);
            }
            Err(FetchError::Refused(why)) => {
                log::error!("{why}");
                metrics::record(&MODELS, &["refused"], 1);
                self.classifiers.shelf().borrow_mut().deliver(&folder, Err(why));
            }
        }
        self.advance(config, clock);
        true
    }
}
