//! HTTP/2 and trailers.

use std::time::Duration;

use bytes::Bytes;
use support::client::{Client, End, Protocol, Request};
use support::envoy::VERSIONS;
use support::running::Running;
use support::stack::{Stack, TOLERANCE};

#[tokio::test(flavor = "multi_thread")]
async fn requests_with_trailers_are_read_and_routed_over_both_versions_of_http() {
    for version in VERSIONS {
        let router = |stack: &Stack| stack.config("router").unwrap();
        let Running { stack, envoy: _envoy, address, .. } =
            Running::start(version, router).await.unwrap();
        for protocol in [Protocol::Http1, Protocol::Http2] {
            for stream in [false, true] {
                let about = format!("{version}: {protocol:?}, stream {stream}");
                let whole = Request::chat("auto", "What is the derivative of x^2 + 3x?", stream);
                let body = whole.chunks.concat();
                let request = whole
                    .body(body.chunks(30).map(Bytes::copy_from_slice).collect())
                    .header("x-simulate", "trailers")
                    .header("te", "trailers")
                    .trailer("x-checksum", "7");
                let response = Client::new(address, protocol).send(request).await.unwrap();
                assert_eq!((response.status, &response.end), (200, &End::Complete), "{about}");
                assert_eq!(response.header("x-vsr-selected-model"), Some("qwen"), "{about}");
                let [("a", recorded)] = &stack.reached()[..] else { panic!("{about}") };
                assert_eq!(recorded.json()["model"], "qwen", "{about}");
                assert!(recorded.complete, "{about}");
                stack.clear();
            }
        }
        let tree = stack.wait_for_roots(4, Duration::from_secs(20)).await.unwrap();
        assert_eq!(tree.check(TOLERANCE), [], "{version}");
        assert_eq!(tree.nodes().len(), 28, "{version}");
    }
}
