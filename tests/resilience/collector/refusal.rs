//! What a backend will never take is counted and not sent again.

use support::backend::Answer;

use super::fixture::{Export, LIMIT, PROTOBUF, Running, encoded};

const FAILED: &str = "otelcol_exporter_send_failed_spans_total";
const SENT: &str = "otelcol_exporter_sent_spans_total";

#[tokio::test]
async fn refused_spans_are_counted_and_not_sent_again() {
    for export in [Export::Grpc, Export::Http] {
        for status in [400, 401, 413, 500] {
            let running = Running::start(export, &[]).await;
            running.backend.answer(Answer::Status(status, None));
            running.post(&[PROTOBUF], encoded(0..7)).await;
            running.wait_for_metric(FAILED, 7).await;
            // What follows is sent as if nothing had been.
            running.backend.answer(Answer::Ok);
            running.post(&[PROTOBUF], encoded(7..10)).await;
            running.wait_for_metric(SENT, 3).await;
            assert_eq!(running.backend.requests(), 2);
            assert_eq!(running.backend.unique_spans(), 3);
            running.assert_balance(10, 3, 7).await;
        }
    }
}

#[tokio::test]
async fn spans_rejected_by_partial_success_are_counted_and_not_sent_again() {
    for (export, variables) in [
        (Export::Grpc, vec![]),
        (Export::Http, vec![]),
        (Export::Http, vec![("PROTOCOL", "http/json")]),
    ] {
        let running = Running::start(export, &variables).await;
        running.backend.answer(Answer::Partial(2, "too old".to_owned()));
        running.post(&[PROTOBUF], encoded(0..7)).await;
        running.wait_for_metric(SENT, 5).await;
        running.backend.wait_for_requests(1, LIMIT).await.unwrap();
        running.assert_balance(7, 5, 2).await;
        assert_eq!(running.metric("otelcol_exporter_retries_total").await, 0);
    }
}
