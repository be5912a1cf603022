//! A collector that is told to stop delivers what it has, or says how much not.

use std::time::{Duration, Instant};

use bytes::Bytes;
use http::{Method, StatusCode};
use support::backend::Answer;

use super::fixture::{Export, LIMIT, PROTOBUF, Running, encoded, request, send};

#[tokio::test]
async fn what_is_queued_is_delivered_at_once() {
    for export in [Export::Grpc, Export::Http] {
        let running = Running::start(export, &[]).await;
        running.post(&[PROTOBUF], encoded(0..30)).await;
        let Running { collector, backend } = running;
        assert_eq!(collector.shutdown(LIMIT).await, 0);
        assert_eq!(backend.unique_spans(), 30);
    }
}

#[tokio::test]
async fn idle_connections_do_not_hold_it_up() {
    let running = Running::start(Export::Grpc, &[]).await;
    let addresses = running.collector.addresses();
    let mut grpc = running.grpc().await;
    grpc.export(request(0..30)).await.unwrap();
    let _silent = tokio::net::TcpStream::connect(addresses.otlp_grpc).await.unwrap();
    let _silent = tokio::net::TcpStream::connect(addresses.otlp_http).await.unwrap();
    let begun = Instant::now();
    assert_eq!(running.collector.shutdown(LIMIT).await, 0);
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
}

#[tokio::test]
async fn what_cannot_be_delivered_is_counted() {
    for export in [Export::Grpc, Export::Http] {
        let running = Running::start(export, &[]).await;
        running.backend.stop().await;
        running.post(&[PROTOBUF], encoded(0..30)).await;
        assert_eq!(running.collector.shutdown(Duration::from_millis(300)).await, 30);
    }
}

#[tokio::test]
async fn while_draining_nothing_is_received_and_health_says_so() {
    let running = Running::start(Export::Grpc, &[]).await;
    running.backend.answer(Answer::Delay(Duration::from_secs(2)));
    running.post(&[PROTOBUF], encoded(0..30)).await;
    running.backend.wait_for_requests(1, LIMIT).await.unwrap();
    let Running { collector, backend } = running;
    let addresses = collector.addresses();
    let stopping = tokio::spawn(collector.shutdown(LIMIT));
    let draining = async {
        let health = format!("http://{}/healthz", addresses.admin);
        while send(Method::GET, &health, &[], Bytes::new()).await.status == StatusCode::OK {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        while tokio::net::TcpStream::connect(addresses.otlp_http).await.is_ok() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_millis(1900), draining).await.unwrap();
    assert_eq!(stopping.await.unwrap(), 0);
    assert_eq!(backend.unique_spans(), 30);
}
