//! The connection to Redis: held, watched and made anew in the background, so
//! that no request waits for it.

use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use prometheus_client::metrics::gauge::Gauge;
use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, Client, RedisError};
use tokio::sync::Notify;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout};

use crate::export::Backoff;

/// The delays between attempts to connect.
const FIRST_DELAY: Duration = Duration::from_millis(100);
const LONGEST_DELAY: Duration = Duration::from_secs(5);

/// A connection that lasted so long is made anew at once.
const STEADY: Duration = Duration::from_secs(5);

/// How often an idle connection is asked whether it is still there.
const PING_EVERY: Duration = Duration::from_secs(10);

/// Commands that wait to be written.
const WAITING: usize = 256;

/// Where Redis is.
#[derive(Clone, Debug)]
pub struct Target {
    /// What connects to it.
    pub client: Client,
    /// How long that may take.
    pub timeout: Duration,
}

impl Target {
    /// Where it is, without credentials.
    #[must_use]
    pub fn address(&self) -> String {
        self.client.get_connection_info().addr().to_string()
    }

    async fn connect(&self) -> Result<MultiplexedConnection, String> {
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(None)
            .set_response_timeout(None)
            .set_pipeline_buffer_size(WAITING);
        let connection = self.client.get_multiplexed_async_connection_with_config(&config);
        within(self.timeout, connection).await
    }
}

/// A connection, and which one it is.
#[derive(Clone, Debug)]
pub struct Live {
    /// The connection.
    pub connection: MultiplexedConnection,
    number: u64,
}

/// The connection to Redis.
#[derive(Debug)]
pub struct Link {
    state: Arc<State>,
    /// Holds the connection until this is dropped.
    _holder: JoinSet<()>,
}

#[derive(Debug)]
struct State {
    live: Mutex<Option<Live>>,
    lost: Notify,
    connected: Gauge,
}

impl Link {
    /// Begins to connect; `connected` is 1 while there is a connection, else 0.
    #[must_use]
    pub fn start(target: Target, connected: Gauge) -> Self {
        let state = State { live: Mutex::new(None), lost: Notify::new(), connected };
        let state = Arc::new(state);
        let mut holder = JoinSet::new();
        holder.spawn(hold(target, state.clone()));
        Self { state, _holder: holder }
    }

    /// The connection, if there is one now.
    #[must_use]
    pub fn live(&self) -> Option<Live> {
        self.state.live.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Has a connection that does not work replaced.
    pub fn lose(&self, broken: &Live, why: &str) {
        self.state.lose(broken.number, why);
    }
}

impl State {
    fn set(&self, live: Option<Live>) {
        self.connected.set(i64::from(live.is_some()));
        *self.live.lock().unwrap_or_else(PoisonError::into_inner) = live;
    }

    /// Only the first to find it broken says so.
    fn lose(&self, number: u64, why: &str) {
        let mut live = self.live.lock().unwrap_or_else(PoisonError::into_inner);
        if live.take_if(|live| live.number == number).is_some() {
            self.connected.set(0);
            tracing::warn!("cache: the connection to Redis is lost: {why}; nothing is found now");
            self.lost.notify_one();
        }
    }

    /// Watches a connection until it is lost.
    async fn watch(&self, mut live: Live, patience: Duration) {
        while timeout(PING_EVERY, self.lost.notified()).await.is_err() {
            let ping = redis::cmd("PING");
            let answer = ping.exec_async(&mut live.connection);
            if let Err(why) = within(patience, answer).await {
                self.lose(live.number, &why);
            }
        }
    }
}

async fn hold(target: Target, state: Arc<State>) {
    let address = target.address();
    let mut backoff = Backoff::between(FIRST_DELAY, LONGEST_DELAY);
    let mut told = None;
    for number in 0.. {
        let began = Instant::now();
        match target.connect().await {
            Ok(connection) => {
                tracing::info!("cache: connected to Redis at {address}");
                told = None;
                let live = Live { connection, number };
                state.set(Some(live.clone()));
                state.watch(live, target.timeout).await;
                if began.elapsed() > STEADY {
                    backoff = Backoff::between(FIRST_DELAY, LONGEST_DELAY);
                    continue;
                }
            }
            Err(why) if told.as_ref() != Some(&why) => {
                tracing::warn!("cache: cannot connect to Redis at {address}: {why}; trying again");
                told = Some(why);
            }
            Err(_) => {}
        }
        sleep(backoff.next(None)).await;
    }
}

async fn within<T>(
    patience: Duration,
    answer: impl Future<Output = Result<T, RedisError>>,
) -> Result<T, String> {
    match timeout(patience, answer).await {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(error)) => Err(error.to_string()),
        Err(_) => Err(format!("no answer within {}", humantime::format_duration(patience))),
    }
}
