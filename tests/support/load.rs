//! Load: many requests over a few connections, all of them accounted for.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use tokio::task::JoinSet;
use tokio::time::sleep_until;

use crate::client::{Client, End, Protocol, Request, Response};

mod report;
#[cfg(test)]
mod tests;

pub use report::{Failure, Latencies, Report};

/// When the load ends.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Bound {
    /// After so many requests.
    Requests(u64),
    /// After so much time; requests that have been sent by then are finished.
    Time(Duration),
}

/// How much load, and for how long. It always ends: a request has the time that
/// [`Request::timeout`] gives it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Plan {
    /// How many connections, each with one request at a time.
    pub connections: usize,
    /// When it ends.
    pub bound: Bound,
    /// Requests per second, however fast the answers come. A request that finds
    /// every connection busy is late, and its latency counts from when it was
    /// due. `None` to send a request as soon as a connection is free.
    pub rate: Option<f64>,
    /// The version of HTTP.
    pub protocol: Protocol,
}

impl Plan {
    /// So many requests, as fast as the answers come.
    #[must_use]
    pub fn requests(connections: usize, requests: u64) -> Self {
        let protocol = Protocol::Http1;
        Self { connections, bound: Bound::Requests(requests), rate: None, protocol }
    }

    /// Requests for so long, as fast as the answers come.
    #[must_use]
    pub fn time(connections: usize, time: Duration) -> Self {
        Self { bound: Bound::Time(time), ..Self::requests(connections, 0) }
    }
}

/// Sends to `addr` what `make` makes of each index, counted from 0, and hands
/// every whole response to `check`, whose errors are kept as `check`.
pub async fn run<M, C>(addr: SocketAddr, plan: &Plan, make: M, check: C) -> Report
where
    M: Fn(u64) -> Request + Send + Sync + 'static,
    C: Fn(u64, &Response) -> Result<(), String> + Send + Sync + 'static,
{
    let begun = Instant::now();
    let schedule = Arc::new(Schedule { plan: *plan, begun, next: AtomicU64::new(0) });
    let user = Arc::new(User { make, check });
    let mut workers = JoinSet::new();
    for _ in 0..plan.connections {
        let client = Client::new(addr, plan.protocol);
        workers.spawn(work(client, Arc::clone(&schedule), Arc::clone(&user)));
    }
    let mut report = Report::default();
    while let Some(worker) = workers.join_next().await {
        match worker {
            Ok(part) => report.merge(part),
            Err(error) => report.fail("worker", 0, error.to_string()),
        }
    }
    report.finish(begun.elapsed());
    report
}

/// What there is to do, and who does the next of it.
struct Schedule {
    plan: Plan,
    begun: Instant,
    next: AtomicU64,
}

impl Schedule {
    /// The next request and when it is due; `None` when the load is over.
    fn take(&self) -> Option<(u64, Instant)> {
        let index = self.next.fetch_add(1, Ordering::Relaxed);
        let due = match self.plan.rate {
            // No index comes near 2^52, where a double would lose it.
            #[expect(clippy::cast_precision_loss, reason = "see above")]
            Some(rate) => self.begun + Duration::try_from_secs_f64(index as f64 / rate).ok()?,
            None => Instant::now(),
        };
        let more = match self.plan.bound {
            Bound::Requests(requests) => index < requests,
            Bound::Time(time) => due.duration_since(self.begun) < time,
        };
        more.then_some((index, due))
    }
}

/// What the caller wants sent and checked.
struct User<M, C> {
    make: M,
    check: C,
}

/// Sends requests over one connection until there are no more.
async fn work<M, C>(client: Client, schedule: Arc<Schedule>, user: Arc<User<M, C>>) -> Report
where
    M: Fn(u64) -> Request,
    C: Fn(u64, &Response) -> Result<(), String>,
{
    let mut report = Report::default();
    while let Some((index, due)) = schedule.take() {
        // The timer's own lateness, a millisecond or so, is nobody's fault.
        let late = due.elapsed();
        if due > Instant::now() {
            sleep_until(due.into()).await;
        }
        match client.send((user.make)(index)).await {
            Ok(response) => judge(&mut report, index, late, &response, &user.check),
            Err(error) => report.fail(error.kind(), index, error.to_string()),
        }
    }
    report
}

fn judge(
    report: &mut Report,
    index: u64,
    late: Duration,
    response: &Response,
    check: impl Fn(u64, &Response) -> Result<(), String>,
) {
    *report.statuses.entry(response.status).or_default() += 1;
    match &response.end {
        End::Complete => match check(index, response) {
            Ok(()) => report.succeed(late + response.first_byte, late + response.elapsed),
            Err(reason) => report.fail("check", index, reason),
        },
        End::Truncated(reason) => report.fail("truncated", index, reason.clone()),
        End::HungUp => report.fail("hung up", index, "as it was told to".to_owned()),
    }
}
