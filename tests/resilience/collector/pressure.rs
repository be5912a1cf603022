//! When the queue is full, senders are told to come back; nothing is dropped.

use std::time::Duration;

use support::backend::Answer;
use tonic::Code;
use tonic_types::StatusExt;

use super::fixture::{Export, LIMIT, PROTOBUF, Running, encoded, request};

const SPANS: u64 = 100;

/// A collector with room for two requests of [`SPANS`] spans, both taken, and a
/// backend that is down.
async fn full(export: Export) -> Running {
    let room = 2 * (encoded(2 * SPANS..3 * SPANS).len() + 100);
    let running = Running::start_with(export, &[], room).await;
    running.backend.stop().await;
    for ids in [0..SPANS, SPANS..2 * SPANS] {
        assert_eq!(running.post(&[PROTOBUF], encoded(ids)).await.status, 200);
    }
    running
}

#[tokio::test]
async fn a_full_queue_is_answered_with_503_and_unavailable() {
    for export in [Export::Grpc, Export::Http] {
        let running = full(export).await;
        let more = 2 * SPANS..3 * SPANS;
        let reply = running.post(&[PROTOBUF], encoded(more.clone())).await;
        assert_eq!(reply.status, 503);
        assert_eq!(reply.headers["retry-after"], "1");
        let status = running.grpc().await.export(request(more.clone())).await.unwrap_err();
        assert_eq!((status.code(), status.message()), (Code::Unavailable, "the queue is full"));
        let asked = status.get_details_retry_info().unwrap().retry_delay;
        assert_eq!(asked, Some(Duration::from_secs(1)));
        running.assert_balance(2 * SPANS, 0, 0).await;
        assert_eq!(running.metric("otelcol_receiver_refused_spans_total").await, 2 * SPANS);

        // What was refused is accepted once there is room, and all arrives.
        running.backend.restart().await.unwrap();
        running.wait_for_metric("otelcol_exporter_sent_spans_total", 2 * SPANS).await;
        assert_eq!(running.post(&[PROTOBUF], encoded(more)).await.status, 200);
        running.backend.wait_until(|spans| spans.len() == 300, LIMIT).await.unwrap();
        assert_eq!(running.backend.unique_spans(), 300);
    }
}

#[tokio::test]
async fn what_will_never_fit_is_not_asked_for_again() {
    let running = Running::start_with(Export::Grpc, &[], 1000).await;
    let reply = running.post(&[PROTOBUF], encoded(0..SPANS)).await;
    assert_eq!(reply.status, 413);
    let status = running.grpc().await.export(request(0..SPANS)).await.unwrap_err();
    assert_eq!(status.code(), Code::ResourceExhausted);
    assert!(status.get_details_retry_info().is_none());
}

#[tokio::test]
async fn senders_who_come_back_lose_nothing() {
    let room = 50 * encoded(0..1).len();
    let running = Running::start_with(Export::Grpc, &[], room).await;
    running.backend.answer(Answer::Delay(Duration::from_millis(50)));
    let send = async |first: u64| {
        for id in first..first + 40 {
            while running.post(&[PROTOBUF], encoded(id..id + 1)).await.status != 200 {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        }
    };
    tokio::join!(send(0), send(40), send(80), send(120));
    running.backend.wait_until(|spans| spans.len() == 160, LIMIT).await.unwrap();
    assert_eq!(running.backend.unique_spans(), 160);
    running.wait_for_metric("otelcol_exporter_sent_spans_total", 160).await;
    running.assert_balance(160, 160, 0).await;
    assert!(running.metric("otelcol_receiver_refused_spans_total").await > 0);
}
