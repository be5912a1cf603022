//! Answers given again to whoever asks the same.
//!
//! What must be the same and what may be put in other words is for `question`
//! to say; `judge` says which of the prompts that are near asks the same, and
//! `store` which answers are kept.

mod caller;
mod embedding;
mod fingerprint;
mod here;
mod judge;
mod key;
mod lookup;
mod outbox;
mod question;
pub mod remote;
mod ring;
mod shared;
pub mod signs;
mod sketch;
mod sought;
mod store;
#[cfg(test)]
mod tests;

use std::cell::{OnceCell, RefCell};
use std::rc::Rc;

use crate::classify::ClassifyError;
use crate::clock::UnixNanos;
use crate::config::{CacheBackend, Config};

pub use caller::{Caller, Control, forbids_keeping};
pub use embedding::{Embedding, EmbeddingError, MAX_DIMENSIONS};
pub use fingerprint::Fingerprint;
pub use judge::{DEFAULT_THRESHOLD, Judge};
use key::Keys;
pub use key::{KEY_BYTES, Key};
pub use lookup::{Asked, Hit, Looked, Search, look_up, reply};
use outbox::Outbox;
pub use question::Question;
use remote::Prompt;
use ring::{Event, Ring};
pub use shared::{Alone, Expected, Shared, Version};
pub use sought::Sought;
pub use store::Limits;
use store::{Entry, Store, UnixSeconds};

/// The cache of one virtual machine.
pub struct Cache {
    keys: Keys,
    judge: OnceCell<Result<Judge, ClassifyError>>,
    answers: Answers,
}

/// Where answers are kept.
enum Answers {
    /// In the proxy.
    Here { store: RefCell<Store>, ring: RefCell<Ring> },
    /// In Redis, through the sidecar.
    Away(RefCell<Outbox>),
}

/// An answer that is to be kept, once it is there.
#[derive(Clone, Debug, PartialEq)]
pub struct Pending {
    question: Question,
    prompt: Option<Prompt>,
}

impl Cache {
    /// A cache with the answers that the workers of a proxy share.
    #[must_use]
    pub fn new(key: Key, shared: Rc<dyn Shared>, limits: Limits) -> Self {
        let answers = match limits.backend {
            CacheBackend::Memory => Answers::Here {
                store: RefCell::new(Store::new(limits)),
                ring: RefCell::new(Ring::new(shared, limits.max_bytes)),
            },
            CacheBackend::Redis => Answers::Away(RefCell::new(Outbox::new(limits))),
        };
        Self { keys: Keys::new(key, limits.backend), judge: OnceCell::new(), answers }
    }

    /// What it is bounded by.
    #[must_use]
    pub fn limits(&self) -> Limits {
        match &self.answers {
            Answers::Here { store, .. } => store.borrow().limits(),
            Answers::Away(outbox) => outbox.borrow().limits(),
        }
    }

    /// How many answers this worker has.
    #[must_use]
    pub fn len(&self) -> usize {
        match &self.answers {
            Answers::Here { store, .. } => store.borrow().len(),
            Answers::Away(_) => 0,
        }
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Keeps an answer for all workers; whether there was room for it.
    pub fn keep(&self, pending: Pending, answer: String, now: UnixNanos) -> bool {
        let ring = match &self.answers {
            Answers::Here { ring, .. } => ring,
            Answers::Away(outbox) => return outbox.borrow_mut().push(pending, answer),
        };
        let Pending { question, prompt } = pending;
        let entry = Entry {
            scope: question.scope,
            exact: question.exact,
            prompt,
            answer: Rc::from(answer),
            stored: seconds(now),
        };
        let kept = ring.borrow().keep(&entry);
        self.learn(seconds(now));
        kept
    }

    /// The next answer that is to be sent to the sidecar: the body of a request
    /// to [`remote::STORE_PATH`].
    pub fn next_store(&self) -> Option<Vec<u8>> {
        match &self.answers {
            Answers::Here { .. } => None,
            Answers::Away(outbox) => outbox.borrow_mut().next(),
        }
    }

    /// Learns what other workers have kept and used, and this one.
    fn learn(&self, now: UnixSeconds) {
        let Answers::Here { store, ring } = &self.answers else { return };
        let mut store = store.borrow_mut();
        for event in ring.borrow_mut().news(store.counts_uses()) {
            match event {
                Event::Kept(number, entry) => store.put(number, entry, now),
                Event::Used(number) => store.touch(number),
            }
        }
        store.sweep(now);
    }

    fn judge(&self) -> Result<&Judge, ClassifyError> {
        self.judge.get_or_init(Judge::bundled).as_ref().map_err(Clone::clone)
    }
}

impl Limits {
    /// What the configuration says, where the cache is on.
    #[must_use]
    pub fn of(config: &Config) -> Option<Self> {
        let cache = config.semantic_cache.as_ref()?;
        Some(Self {
            max_entries: cache.max_entries,
            max_bytes: config.filter.cache.max_bytes,
            ttl: cache.ttl,
            eviction: cache.eviction,
            backend: cache.backend,
        })
    }
}

fn seconds(now: UnixNanos) -> UnixSeconds {
    now / 1_000_000_000
}
