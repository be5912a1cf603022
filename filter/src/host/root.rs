//! The root context: configuration, and the way of spans out.

use std::cell::RefCell;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::rc::Rc;

use proxy_wasm::traits::{Context, HttpContext, RootContext};
use proxy_wasm::types::ContextType;

use super::abi::{self, Buffer};
use super::clock::HostClock;
use super::collector::Collector;
use super::hold::Hold;
use super::http::Http;
use super::metrics::{HostMetrics, Stall};
use super::models::Models;
use super::pair::{self, Waker};
use super::shared::{SharedData, claim};
use super::stores::Stores;
use crate::cache::{Cache, KEY_BYTES, Key, Limits as CacheLimits};
use crate::classify::{Classifiers, Limits as ClassifierLimits, Sources};
use crate::config::{self, Config, Mode};
use crate::exchange::Services;
use crate::pipeline::Router;
use crate::trace::{Exporter, Limits, RandomIds, ScopeHeader};

/// How often waiting spans are looked at.
const TICK_MILLIS: u32 = 100;

/// The root context of one plugin in one virtual machine.
#[derive(Default)]
pub struct Root {
    running: Option<Running>,
    ending: bool,
}

/// What a configured plugin has.
struct Running {
    services: Services,
    clock: Rc<HostClock>,
    exporter: Rc<RefCell<Exporter>>,
    collector: Collector,
    models: Models,
    stores: Stores,
    waker: Waker,
}

impl Root {
    fn configure(&mut self, text: &str) -> bool {
        let (config, warnings) = match config::load(text) {
            Ok(loaded) => loaded,
            Err(report) => {
                for error in report.errors {
                    log::error!("configuration: {error}");
                }
                return false;
            }
        };
        // Every worker reads the configuration; one speaks of it.
        let mut hasher = DefaultHasher::new();
        text.hash(&mut hasher);
        if claim(&format!("semantic_router.configured.{:x}", hasher.finish())) {
            if !config.stand_ins.is_empty() {
                log::info!(
                    "configuration: the bundled model stands in for {}",
                    config.stand_ins.join(", ")
                );
            }
            for warning in &warnings {
                log::warn!("configuration: {warning}");
            }
            log::info!(
                "configured: {} decisions, {} models, {} warnings",
                config.decisions.len(),
                config.models.len(),
                warnings.len()
            );
        }
        self.running = Some(Running::new(config));
        true
    }
}

impl Running {
    fn new(config: Config) -> Self {
        let clock = Rc::new(HostClock::new());
        let target = config.filter.collector.clone();
        let limits = Limits {
            max_spans: target.max_queued_spans,
            max_bytes: target.max_queued_bytes,
            timeout: target.timeout,
        };
        let header = ScopeHeader::new(&config.tracing.resource);
        let exporter = Rc::new(RefCell::new(Exporter::new(header, limits)));
        let classifiers = match config.filter.mode {
            // It decides nothing, and asks no classifier.
            Mode::Hold => Rc::new(Classifiers::new(
                ClassifierLimits::of(&config.filter.inference),
                Sources::default(),
            )),
            _ => classifiers(&config),
        };
        let models = Models::new(Rc::clone(&classifiers));
        let cache = cache(&config);
        let stores = Stores::new(cache.clone(), target.cluster.clone());
        let services = Services {
            router: Rc::new(Router { cache, ..Router::new(config, classifiers) }),
            clock: Rc::clone(&clock) as Rc<_>,
            ids: Rc::new(RefCell::new(RandomIds::default())),
            metrics: Rc::new(HostMetrics),
        };
        let collector = Collector::new(target, Rc::clone(&exporter));
        Self { services, clock, exporter, collector, models, stores, waker: Waker::default() }
    }
}

/// The classifiers of this virtual machine, kept as long as what they remember
/// may be: the model is loaded by the first request that needs it, so that the
/// main thread's machine, which serves none, never does.
fn classifiers(config: &Config) -> Rc<Classifiers> {
    thread_local! {
        static KEPT: RefCell<Option<Rc<Classifiers>>> = const { RefCell::new(None) };
    }
    let limits = ClassifierLimits::of(&config.filter.inference);
    let sources = Sources::of(config);
    KEPT.with_borrow_mut(|kept| match kept {
        Some(kept) if kept.made_with() == (limits, &sources) => Rc::clone(kept),
        _ => Rc::clone(kept.insert(Rc::new(Classifiers::new(limits, sources)))),
    })
}

/// The cache of this virtual machine, kept as long as it is bounded as before.
fn cache(config: &Config) -> Option<Rc<Cache>> {
    thread_local! {
        static KEPT: RefCell<Option<Rc<Cache>>> = const { RefCell::new(None) };
    }
    let limits = CacheLimits::of(config)?;
    KEPT.with_borrow_mut(|kept| match kept {
        Some(kept) if kept.limits() == limits => Some(Rc::clone(kept)),
        _ => {
            let shared = Rc::new(SharedData);
            let key = Key::of(shared.as_ref(), draw)?;
            Some(Rc::clone(kept.insert(Rc::new(Cache::new(key, shared, limits)))))
        }
    })
}

/// Random bytes for a key.
fn draw() -> Option<[u8; KEY_BYTES]> {
    let mut bytes = [0; KEY_BYTES];
    match getrandom::fill(&mut bytes) {
        Ok(()) => Some(bytes),
        Err(error) => {
            log::error!("nothing is cached: no random numbers: {error}");
            None
        }
    }
}

impl Context for Root {
    fn on_http_call_response(&mut self, token: u32, headers: usize, body: usize, _: usize) {
        let _stall = Stall::begin("callout");
        if let Some(running) = &mut self.running {
            let (clock, config) = (running.clock.as_ref(), &running.services.router.config);
            if !running.models.answered(token, (headers, body), config, clock)
                && !running.stores.answered(token, (headers, body))
            {
                running.collector.answered(token, headers, body, clock);
            }
        }
    }

    fn on_done(&mut self) -> bool {
        // The host keeps this context, and its ticks, until the spans are out.
        self.ending = true;
        self.running.as_ref().is_none_or(|running| running.collector.is_drained())
    }
}

impl RootContext for Root {
    fn on_configure(&mut self, size: usize) -> bool {
        let bytes = match abi::buffer(Buffer::PluginConfiguration, 0, size) {
            Ok(bytes) => bytes,
            Err(error) => {
                log::error!("configuration: {error}");
                return false;
            }
        };
        if let Err(error) = abi::set_tick_period(TICK_MILLIS) {
            log::error!("spans cannot be sent: {error}");
        }
        match str::from_utf8(&bytes) {
            Ok(text) => self.configure(text),
            Err(error) => {
                log::error!("configuration: not UTF-8: {error}");
                false
            }
        }
    }

    fn on_tick(&mut self) {
        let _stall = Stall::begin("tick");
        let Some(running) = &mut self.running else { return };
        running.clock.synchronize();
        running.collector.flush(running.clock.as_ref());
        running.models.advance(&running.services.router.config, running.clock.as_ref());
        running.stores.flush();
        if self.ending
            && running.collector.is_drained()
            && let Err(error) = abi::done()
        {
            log::warn!("shutdown: {error}");
        }
        pair::release_ready(running.clock.as_ref());
    }

    fn on_queue_ready(&mut self, _: u32) {
        let _stall = Stall::begin("queue_ready");
        if let Some(running) = &self.running {
            pair::release_ready(running.clock.as_ref());
        }
    }

    fn get_type(&self) -> Option<ContextType> {
        Some(ContextType::HttpContext)
    }

    fn create_http_context(&self, context: u32) -> Option<Box<dyn HttpContext>> {
        let Running { services, exporter, waker, .. } = self.running.as_ref()?;
        if services.router.config.filter.mode == Mode::Hold {
            return Some(Box::new(Hold::new(context, services.clone(), waker.clone())));
        }
        Some(Box::new(Http::new(context, services.clone(), Rc::clone(exporter))))
    }
}
