//! Empty bodies, bodies that wait to be asked for, and bodies above the limit.

use bytes::Bytes;
use http::Method;
use support::arrangement::Arrangement;
use support::client::{Client, Protocol, Request, send_expecting, send_raw};
use support::envoy::VERSIONS;
use support::stack::{trace_id, traceparent};

use super::{ARRANGEMENTS, PROTOCOLS, SPANS, listener, start};

const PATH: &str = "/v1/chat/completions";

#[tokio::test(flavor = "multi_thread")]
async fn an_empty_body_passes_whatever_the_policy_says() {
    for version in VERSIONS {
        let (stack, envoy) = start(version, &["reject"]).await;
        let mut sent = Vec::new();
        for arrangement in ARRANGEMENTS {
            let address = envoy.address(&listener("reject", arrangement)).unwrap();
            // With its length, and in no or two chunks.
            let ways = [vec![], vec![Bytes::new()], vec![Bytes::new(), Bytes::new()]];
            for (protocol, chunks) in
                PROTOCOLS.into_iter().flat_map(|as_| ways.clone().map(|way| (as_, way)))
            {
                let about = format!("{version}: {arrangement:?}, {protocol:?}, {chunks:?}");
                let request = Request::new(Method::POST, PATH)
                    .body(chunks)
                    .header("x-selected-model", "evil")
                    .header("traceparent", traceparent(sent.len() as u64));
                let response = Client::new(address, protocol).send(request).await.unwrap();
                // The engine's own answer.
                assert_eq!(response.status, 400, "{about}");
                assert!(!response.text().contains("JSON object"), "{about}: {}", response.text());
                let [("default", recorded)] = &stack.reached()[..] else { panic!("{about}") };
                assert_eq!(recorded.body, b"", "{about}");
                let kept = recorded.header("x-selected-model").is_some();
                assert_eq!(kept, arrangement == Arrangement::Observe, "{about}");
                stack.clear();
                sent.push(about);
            }
        }
        let tree = stack.wait_for_roots(sent.len(), SPANS).await.unwrap();
        for (index, about) in (0..).zip(sent) {
            let trace = tree.trace(&trace_id(index));
            assert!(trace.one("semantic_router.classification").is_err(), "{about}");
            assert!(trace.one("semantic_router.upstream.request").is_ok(), "{about}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_waits_to_be_asked_for_its_body_is_asked() {
    for version in VERSIONS {
        let (stack, envoy) = start(version, &["router"]).await;
        for arrangement in Arrangement::ACTING {
            let about = format!("{version}: {arrangement:?}");
            let address = envoy.address(&listener("router", arrangement)).unwrap();
            let body = Request::chat("auto", "What is the integral of x?", false).chunks.concat();
            let head = format!(
                "POST {PATH} HTTP/1.1\r\nhost: a\r\nexpect: 100-continue\r\n\
                 content-length: {}\r\ncontent-type: application/json\r\n\r\n",
                body.len()
            );
            let (asked, answer) = send_expecting(address, head.as_bytes(), &body).await.unwrap();
            assert!(asked.starts_with(b"HTTP/1.1 100 "), "{about}");
            let answer = String::from_utf8_lossy(&answer).into_owned();
            assert!(answer.starts_with("HTTP/1.1 200 "), "{about}: {answer}");
            assert!(answer.contains("x-vsr-selected-model: qwen"), "{about}: {answer}");
            let [("a", recorded)] = &stack.reached()[..] else { panic!("{about}") };
            assert_eq!(recorded.json()["model"], "qwen", "{about}");
            stack.clear();
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_length_above_the_limit_is_refused_before_the_body_comes() {
    for version in VERSIONS {
        let (stack, envoy) = start(version, &["reject"]).await;
        for arrangement in Arrangement::ACTING {
            let about = format!("{version}: {arrangement:?}");
            let address = envoy.address(&listener("reject", arrangement)).unwrap();
            let head =
                format!("POST {PATH} HTTP/1.1\r\nhost: a\r\ncontent-length: 2000000\r\n\r\n");
            let answer = send_raw(address, head.as_bytes()).await.unwrap();
            let answer = String::from_utf8_lossy(&answer).into_owned();
            assert!(answer.starts_with("HTTP/1.1 413 "), "{about}: {answer}");
            assert!(answer.contains("larger than 1048576 bytes"), "{about}: {answer}");
            assert_eq!(stack.reached().len(), 0, "{about}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_body_over_http2_follows_the_policy() {
    for version in VERSIONS {
        let (stack, envoy) = start(version, &["router", "reject"]).await;
        let body = vec![b' '; 2_000_000];
        let chunks = |size| body.chunks(size).map(Bytes::copy_from_slice).collect::<Vec<_>>();
        for arrangement in ARRANGEMENTS {
            for (of, chunks) in [("its length", chunks(body.len())), ("chunks", chunks(1 << 16))] {
                let about = format!("{version}: {arrangement:?}, {of}");
                let request = Request::post(PATH, Bytes::new()).body(chunks);
                for (config, refused) in [("router", false), ("reject", true)] {
                    let refused = refused && arrangement != Arrangement::Observe;
                    let address = envoy.address(&listener(config, arrangement)).unwrap();
                    let client = Client::new(address, Protocol::Http2);
                    let response = client.send(request.clone()).await.unwrap();
                    assert_eq!(response.status == 413, refused, "{about}: {}", response.status);
                    let reached = stack.reached();
                    let whole = reached.iter().filter(|(_, recorded)| recorded.body == body);
                    assert_eq!(whole.count(), usize::from(!refused), "{about}, {config}");
                    stack.clear();
                }
            }
        }
    }
}
