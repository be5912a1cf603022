//! A Redis that is away, slow or full costs answers, and never more time than
//! the collector was given.

use std::time::{Duration, Instant};

use semantic_router_collector::cache::Options;
use semantic_router_filter::cache::remote::{Failure, Found, STORE_PATH, Stored};
use support::redis::Server;

use super::fixture::{LIMIT, Running};
use super::redis::{
    CONNECTED, answer, asked, look, post, scope, start_apart, start_with, store, store_of,
};

const ERRORS: &str = "semantic_router_cache_backend_errors_total";

/// What the collector is given.
const TIMEOUT: Duration = Duration::from_millis(200);

/// A machine that is busy may take so much longer.
const BUSY: Duration = Duration::from_secs(10);

fn options(url: &str, cache_timeout: Duration) -> Options {
    Options { redis_url: url.parse().ok(), cache_timeout, ..Options::default() }
}

async fn server() -> Option<Server> {
    Server::start(&["--maxmemory-policy", "noeviction"]).await.unwrap()
}

/// Why nothing could be looked for, and how long that took.
async fn failure(running: &Running) -> (Option<Failure>, Duration) {
    let begun = Instant::now();
    let found = look(running, scope(1), &asked("How long do I boil an egg?", 0.0)).await;
    let Found::Miss { error } = found else { panic!("{found:?}") };
    (error, begun.elapsed())
}

/// Waits until an answer that is stored is found again.
async fn recover(running: &Running) {
    running.wait_for_metric(CONNECTED, 1).await;
    let egg = asked("How long do I boil an egg?", 0.0);
    let begun = Instant::now();
    loop {
        let stored: Stored =
            post(running, STORE_PATH, &store_of(scope(1), &egg, "six minutes")).await;
        if stored.error.is_none()
            && matches!(look(running, scope(1), &egg).await, Found::Hit { .. })
        {
            return;
        }
        assert!(begun.elapsed() < LIMIT, "{stored:?}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test]
async fn a_redis_that_is_killed_and_comes_back() {
    let Some(mut server) = server().await else { return };
    let running = start_with(options(&server.url(), TIMEOUT)).await;
    recover(&running).await;
    let before = running.metric(ERRORS).await;
    server.kill().await;
    for _ in 0..3 {
        let (error, took) = failure(&running).await;
        assert_eq!(error, Some(Failure::Unavailable));
        assert!(took < TIMEOUT + BUSY, "{took:?}");
    }
    assert_eq!(running.metric(CONNECTED).await, 0);
    assert_eq!(running.metric(ERRORS).await - before, 3);
    server.restart().await.unwrap();
    recover(&running).await;
}

#[tokio::test]
async fn a_redis_that_is_not_there_yet() {
    let Some(mut server) = server().await else { return };
    server.kill().await;
    let running = start_apart(options(&server.url(), TIMEOUT)).await;
    assert_eq!(failure(&running).await.0, Some(Failure::Unavailable));
    server.restart().await.unwrap();
    recover(&running).await;
}

#[tokio::test]
async fn a_redis_that_does_not_answer() {
    let Some(server) = server().await else { return };
    let running = start_with(options(&server.url(), TIMEOUT)).await;
    recover(&running).await;
    server.pause().await.unwrap();
    let (error, took) = failure(&running).await;
    assert_eq!(error, Some(Failure::Timeout));
    assert!(took >= TIMEOUT && took < TIMEOUT + BUSY, "{took:?}");
    // It is given up until it answers.
    let (error, took) = failure(&running).await;
    assert_eq!(error, Some(Failure::Unavailable));
    assert!(took < TIMEOUT + BUSY, "{took:?}");
    server.resume().await.unwrap();
    let egg = asked("How long do I boil an egg?", 0.0);
    let begun = Instant::now();
    while !matches!(look(&running, scope(1), &egg).await, Found::Hit { .. }) {
        assert!(begun.elapsed() < LIMIT, "what was kept is not found");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test]
async fn a_redis_that_is_full() {
    let Some(server) = server().await else { return };
    let running = start_with(options(&server.url(), BUSY)).await;
    let egg = asked("How long do I boil an egg?", 0.0);
    store(&running, &store_of(scope(1), &egg, "six minutes")).await;
    let () = server.command("CONFIG", &[b"SET", b"maxmemory", b"1"]).await.unwrap();
    let cup = asked("Who won in 1998?", 90.0);
    let stored: Stored = post(&running, STORE_PATH, &store_of(scope(1), &cup, "France")).await;
    assert_eq!(stored.error, Some(Failure::Refused));
    // What is there is found all the same.
    assert_eq!(answer(look(&running, scope(1), &egg).await).unwrap(), "six minutes");
    assert_eq!(running.metric(CONNECTED).await, 1);
}

#[tokio::test]
async fn a_redis_with_another_password() {
    let Some(server) = server().await else { return };
    let url = server.url().replace("a-password", "no-password");
    let running = start_apart(options(&url, TIMEOUT)).await;
    assert_eq!(failure(&running).await.0, Some(Failure::Unavailable));
    assert_eq!(running.metric(CONNECTED).await, 0);
}
