//! A model with one bit flipped on its way: it is refused, and so is what it
//! was to guard.

use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use axum::extract::Request as Asked;
use axum::response::IntoResponse;
use semantic_router_filter::metrics::catalog::MODELS;
use support::client::{Client, Request};
use support::envoy::{Envoy, VERSIONS};
use support::metrics;
use support::stack::Stack;
use tokio::net::TcpListener;
use tokio::time::sleep;

use super::guarded::{HARMLESS, router_with};

/// How often it is looked whether the model has arrived.
const ATTEMPTS: usize = 200;

/// A collector whose `model.onnx` is not what its index says.
async fn tampering(collector: SocketAddr) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let passed_on = move |asked: Asked| async move {
        let path = asked.uri().path().to_owned();
        let mut request = Request::get(&path);
        for (name, value) in asked.headers().iter().filter(|(name, _)| *name == "range") {
            request = request.header(name.as_str(), value);
        }
        let answer = Client::http1(collector).send(request).await.unwrap();
        let mut body = answer.body.to_vec();
        if let (true, Some(byte)) = (path.ends_with("/model.onnx"), body.last_mut()) {
            *byte ^= 1;
        }
        (http::StatusCode::from_u16(answer.status).unwrap(), body).into_response()
    };
    tokio::spawn(async move { axum::serve(listener, Router::new().fallback(passed_on)).await });
    address
}

#[tokio::test(flavor = "multi_thread")]
async fn a_model_with_a_flipped_bit_is_refused_and_guards_nothing() {
    for version in VERSIONS {
        let stack = Stack::start().await.unwrap();
        let own = "{enabled: true, model_id: models/bert-category, \
                   jailbreak_mapping_path: category_mapping.json}";
        let bundled = "{enabled: true, model_id: jailbreak_classifier_modernbert-base_model, \
                       jailbreak_mapping_path: jailbreak_type_mapping.json}";
        let router = router_with(&stack, bundled, own);
        let mut bootstrap = stack.bootstrap_of(vec![("guarded".to_owned(), Some(router))]);
        bootstrap.collector = Some(tampering(stack.collector_address()).await);
        let envoy = Envoy::start(version, &bootstrap).await.unwrap();
        let client = Client::http1(envoy.address("guarded").unwrap());
        let mut told = String::new();
        for attempt in 0..ATTEMPTS {
            let request = Request::chat("auto", HARMLESS, attempt % 2 == 0);
            let response = client.send(request).await.unwrap();
            assert_eq!(response.status, 503, "{version}: {}", response.text());
            assert_eq!(stack.reached().len(), 0, "{version}");
            told = envoy.log();
            if told.contains("model.onnx has the SHA-256") {
                break;
            }
            sleep(Duration::from_millis(50)).await;
        }
        assert!(told.contains("model.onnx has the SHA-256"), "{version}: {told}");
        // Once it is known to be wrong, as before.
        for stream in [false, true] {
            let response = client.send(Request::chat("auto", HARMLESS, stream)).await.unwrap();
            assert_eq!(response.status, 503, "{version}: {}", response.text());
            assert_eq!(stack.reached().len(), 0, "{version}");
        }
        let refused = metrics::sum(&envoy.series().await, &MODELS);
        assert!(refused >= 1, "{version}: {refused}");
    }
}
