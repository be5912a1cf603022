//! Looks for answers in Redis, and keeps them there.

use std::sync::{Mutex, MutexGuard, Once, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use redis::{Pipeline, Value};
use semantic_router_filter::cache::Judge;
use semantic_router_filter::cache::remote::{Answer, Failure, Found, Lookup, Store, Stored};
use semantic_router_filter::classify::ClassifyError;
use tokio::sync::Semaphore;
use tokio::time::{Instant, timeout_at};

use super::commands::{self, Placed, Seen};
use super::error::CacheError;
use super::link::Link;
use super::metrics::{CacheMetrics, Operation, Outcome};
use super::mirror::{Mirror, Shared};
use super::record::{Kept, Record, UnixMillis};
use super::scope::Place;
use super::seal::{Mark, Name, ScopeKeys, Sealed, Secret, mark};
use super::settings::Settings;

/// The most answers of a scope that are matched by similarity.
pub const MAX_ENTRIES: usize = 1024;

/// The most bytes of scopes that are held in memory.
const MAX_MIRROR_BYTES: usize = 64 << 20;

/// The most questions that Redis is asked at once.
const MAX_ASKED: usize = 64;

/// The most records that make room when one is stored.
const MAX_REMOVED: usize = 64;

/// The longest time to live: a hundred years.
const MAX_TTL_SECONDS: u64 = 100 * 366 * 24 * 3600;

/// A cache in Redis.
#[derive(Debug)]
pub struct Cache {
    link: Link,
    secret: Secret,
    mirror: Mirror,
    judge: Judge,
    timeout: Duration,
    room: Semaphore,
    metrics: CacheMetrics,
    /// The error that Redis answered with the last time.
    refusal: Mutex<Option<String>>,
    /// Done when something could not be opened.
    unreadable: Once,
}

impl Cache {
    /// Begins to connect; lookups are misses until that is done.
    ///
    /// # Errors
    /// The bundle has no judge of likeness.
    pub fn start(settings: Settings, metrics: CacheMetrics) -> Result<Self, ClassifyError> {
        let Settings { target, secret, timeout } = settings;
        Ok(Self {
            judge: Judge::bundled()?,
            link: Link::start(target, metrics.connected.clone()),
            secret,
            mirror: Mirror::new(MAX_MIRROR_BYTES),
            timeout,
            room: Semaphore::new(MAX_ASKED),
            metrics,
            refusal: Mutex::new(None),
            unreadable: Once::new(),
        })
    }

    /// Looks for an answer.
    pub async fn lookup(&self, lookup: &Lookup) -> Found {
        let began = Instant::now();
        let found = self.find(lookup, began + self.timeout).await;
        self.metrics.took(Operation::Lookup, began.elapsed());
        let (outcome, found) = found.unwrap_or_else(|error| {
            let error = Some(self.note(&error));
            (Outcome::Failed, Found::Miss { error })
        });
        self.metrics.request(Operation::Lookup, outcome);
        found
    }

    /// Keeps an answer.
    pub async fn store(&self, store: Store) -> Stored {
        let began = Instant::now();
        let kept = self.keep(store).await;
        self.metrics.took(Operation::Store, began.elapsed());
        let error = kept.err().map(|error| self.note(&error));
        let outcome = if error.is_some() { Outcome::Failed } else { Outcome::Stored };
        self.metrics.request(Operation::Store, outcome);
        Stored { error }
    }

    async fn find(&self, lookup: &Lookup, until: Instant) -> Result<(Outcome, Found), CacheError> {
        let keys = self.secret.scope(&lookup.scope)?;
        let exact = keys.entry(&lookup.exact);
        let miss = || (Outcome::Miss, Found::Miss { error: None });
        let Some(prompt) = &lookup.prompt else {
            let found = self.answer(&keys, &exact, 1.0, until).await?;
            return Ok(found.map_or_else(miss, |found| (Outcome::Exact, found)));
        };
        let shared = self.mirror.scope(&keys.name());
        let after = shared.lock().read_to();
        let look = commands::look(&keys.answer_key(&exact), keys.records_key(), after);
        let Seen { answer, oldest, new } = commands::seen(self.ask(look, until).await?)?;
        self.learn(&keys, &shared, oldest, new);
        if let Some(sealed) = answer
            && let Some(found) = hit(&keys, &exact, &sealed, 1.0)?
        {
            return Ok((Outcome::Exact, found));
        }
        let nearest = shared.lock().nearest(prompt, lookup.threshold, &self.judge, now());
        let Some((entry, similarity)) = nearest else { return Ok(miss()) };
        if let Some(found) = self.answer(&keys, &entry, similarity, until).await? {
            return Ok((Outcome::Similar, found));
        }
        // Redis had no room for the answer.
        shared.lock().forget(&entry);
        Ok(miss())
    }

    /// Learns the records that a lookup has read.
    fn learn(&self, keys: &ScopeKeys, shared: &Shared, oldest: Option<Place>, new: Vec<Placed>) {
        let opened = new.into_iter().map(|(place, sealed)| {
            let record = open(keys, &sealed).map_err(|error| self.note(&error));
            (place, record.ok())
        });
        let opened: Vec<_> = opened.collect();
        let mut scope = shared.lock();
        scope.learn(oldest, opened);
        let bytes = scope.bytes();
        drop(scope);
        self.mirror.keep(keys.name(), shared, bytes);
    }

    async fn answer(
        &self,
        keys: &ScopeKeys,
        entry: &Name,
        similarity: f64,
        until: Instant,
    ) -> Result<Option<Found>, CacheError> {
        let answer = self.ask(commands::get(&keys.answer_key(entry)), until).await?;
        match commands::got(answer)? {
            Some(sealed) => hit(keys, entry, &sealed, similarity),
            None => Ok(None),
        }
    }

    async fn keep(&self, store: Store) -> Result<(), CacheError> {
        let keys = self.secret.scope(&store.scope)?;
        let entry = keys.entry(&store.exact);
        let stored = now();
        let ttl = store.ttl_seconds.map(|ttl| ttl.get().min(MAX_TTL_SECONDS) * 1000);
        let ends = ttl.map(|ttl| stored.saturating_add(ttl));
        let kept = Kept { stored, ends, answer: store.answer.0 };
        let sealed = keys.seal(Sealed::Answer(entry), kept.to_bytes())?;
        let mut pipe = commands::set(&keys.answer_key(&entry), &sealed, ttl);
        let record = Record { entry, mark: mark(&sealed), ends, prompt: store.prompt };
        let sealed = keys.seal(Sealed::Record, record.to_bytes())?;
        commands::append(&mut pipe, keys.records_key(), &sealed, ttl);
        let count = commands::appended(self.ask(pipe, self.soon()).await?)?;
        let most = store.max_entries.map_or(MAX_ENTRIES, |most| most.get().min(MAX_ENTRIES));
        if count > most
            && let Err(error) = self.make_room(&keys, (count - most).min(MAX_REMOVED)).await
        {
            // The next to be stored tries again.
            self.note(&error);
        }
        Ok(())
    }

    /// Removes the oldest records, with the answers that belong to them.
    async fn make_room(&self, keys: &ScopeKeys, count: usize) -> Result<(), CacheError> {
        let oldest = commands::oldest(keys.records_key(), count);
        let oldest = commands::oldest_seen(self.ask(oldest, self.soon()).await?)?;
        if oldest.is_empty() {
            return Ok(());
        }
        let places: Vec<Place> = oldest.iter().map(|(place, _)| *place).collect();
        let records = oldest.iter().filter_map(|(_, sealed)| open(keys, sealed).ok());
        let records: Vec<(String, Mark)> =
            records.map(|record| (keys.answer_key(&record.entry), record.mark)).collect();
        let marks = commands::marks(records.iter().map(|(key, _)| key));
        let marks = commands::marks_seen(self.ask(marks, self.soon()).await?)?;
        // An answer that was stored again belongs to a later record.
        let own = records.into_iter().zip(marks).filter(|((_, mark), seen)| mark[..] == seen[..]);
        let answers: Vec<String> = own.map(|((key, _), _)| key).collect();
        self.ask(commands::remove(keys.records_key(), &places, &answers), self.soon()).await?;
        Ok(())
    }

    /// When a question that is asked now should be answered.
    fn soon(&self) -> Instant {
        Instant::now() + self.timeout
    }

    async fn ask(&self, pipe: Pipeline, until: Instant) -> Result<Value, CacheError> {
        let mut live = self.link.live().ok_or(CacheError::Away)?;
        let answer = async {
            // Never closed.
            let _room = self.room.acquire().await;
            pipe.query_async(&mut live.connection).await
        };
        let answer = match timeout_at(until, answer).await {
            Ok(answer) => answer.map_err(CacheError::from),
            Err(_) => Err(CacheError::Late(self.timeout)),
        };
        match &answer {
            Ok(_) => *self.refusal() = None,
            Err(error) if error.breaks_connection() => self.link.lose(&live, &error.to_string()),
            Err(_) => {}
        }
        answer
    }

    /// Counts an error; logs it when it begins.
    fn note(&self, error: &CacheError) -> Failure {
        let failure = error.failure();
        self.metrics.error(failure);
        let text = error.to_string();
        match failure {
            Failure::Unreadable => self.unreadable.call_once(|| {
                tracing::warn!(
                    "cache: something in Redis {text}; from now on this is only counted"
                );
            }),
            Failure::Refused if self.refusal().as_ref() != Some(&text) => {
                tracing::warn!("cache: Redis answers: {text}");
                *self.refusal() = Some(text);
            }
            // Whoever holds the connection tells of the others.
            _ => {}
        }
        failure
    }

    fn refusal(&self) -> MutexGuard<'_, Option<String>> {
        self.refusal.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn open(keys: &ScopeKeys, sealed: &[u8]) -> Result<Record, CacheError> {
    let record = Record::from_bytes(&keys.open(Sealed::Record, sealed)?);
    record.ok_or(CacheError::Foreign("record"))
}

/// An answer that has not ended.
fn hit(
    keys: &ScopeKeys,
    entry: &Name,
    sealed: &[u8],
    similarity: f64,
) -> Result<Option<Found>, CacheError> {
    let kept = Kept::from_bytes(keys.open(Sealed::Answer(*entry), sealed)?);
    let Kept { stored, ends, answer } = kept.ok_or(CacheError::Foreign("answer"))?;
    let now = now();
    let age_seconds = now.saturating_sub(stored) / 1000;
    let lasts = ends.is_none_or(|ends| now < ends);
    Ok(lasts.then_some(Found::Hit { answer: Answer(answer), similarity, age_seconds }))
}

fn now() -> UnixMillis {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    UnixMillis::try_from(since.as_millis()).unwrap_or(UnixMillis::MAX)
}
