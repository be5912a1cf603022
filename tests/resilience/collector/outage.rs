//! A backend that cannot take spans now gets them later, all of them.

use std::time::{Duration, Instant};

use support::backend::Answer;

use super::fixture::{Export, LIMIT, PROTOBUF, Running, encoded};

const RETRIES: &str = "otelcol_exporter_retries_total";
const SENT: &str = "otelcol_exporter_sent_spans_total";

/// Sends to a collector whose backend cannot take it, until it has tried again.
async fn send_in_vain(running: &Running) {
    assert_eq!(running.post(&[PROTOBUF], encoded(0..100)).await.status, 200);
    running.wait_for_metric(RETRIES, 1).await;
    running.assert_balance(100, 0, 0).await;
}

/// Waits until the backend has everything.
async fn recover(running: &Running) {
    running.wait_for_metric(SENT, 100).await;
    assert_eq!(running.backend.unique_spans(), 100);
    running.assert_balance(100, 100, 0).await;
}

#[tokio::test]
async fn a_backend_that_was_down() {
    for export in [Export::Grpc, Export::Http] {
        let running = Running::start(export, &[]).await;
        running.backend.stop().await;
        send_in_vain(&running).await;
        running.backend.restart().await.unwrap();
        recover(&running).await;
    }
}

#[tokio::test]
async fn a_backend_that_closes_connections() {
    for export in [Export::Grpc, Export::Http] {
        let running = Running::start(export, &[]).await;
        running.backend.answer(Answer::Reset);
        send_in_vain(&running).await;
        running.backend.answer(Answer::Ok);
        recover(&running).await;
    }
}

#[tokio::test]
async fn a_backend_that_is_overloaded() {
    for export in [Export::Grpc, Export::Http] {
        for status in [429, 502, 503, 504] {
            let running = Running::start(export, &[]).await;
            running.backend.answer(Answer::Status(status, (status == 429).then_some(0)));
            send_in_vain(&running).await;
            running.backend.answer(Answer::Ok);
            recover(&running).await;
        }
    }
}

#[tokio::test]
async fn a_backend_that_says_when_to_come_back() {
    for export in [Export::Grpc, Export::Http] {
        let running = Running::start(export, &[]).await;
        running.backend.answer(Answer::Status(503, Some(2)));
        running.post(&[PROTOBUF], encoded(0..100)).await;
        running.backend.wait_for_requests(1, LIMIT).await.unwrap();
        let refused = Instant::now();
        running.backend.answer(Answer::Ok);
        recover(&running).await;
        assert!(refused.elapsed() > Duration::from_millis(1900), "{:?}", refused.elapsed());
        assert_eq!(running.backend.requests(), 2);
    }
}

#[tokio::test]
async fn a_backend_that_is_slow() {
    for export in [Export::Grpc, Export::Http] {
        let running = Running::start(export, &[("TIMEOUT", "200")]).await;
        running.backend.answer(Answer::Delay(Duration::from_secs(1)));
        send_in_vain(&running).await;
        running.backend.answer(Answer::Delay(Duration::from_millis(20)));
        recover(&running).await;
    }
}
