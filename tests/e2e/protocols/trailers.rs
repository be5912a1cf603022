//! Requests with trailers.

use bytes::Bytes;
use support::arrangement::Arrangement;
use support::client::{Client, End, Request};
use support::envoy::VERSIONS;
use support::stack::TOLERANCE;

use super::{PROTOCOLS, SPANS, listener, start};

#[tokio::test(flavor = "multi_thread")]
async fn requests_with_trailers_are_read_and_routed_over_both_versions_of_http() {
    for version in VERSIONS {
        let (stack, envoy) = start(version, &["router"]).await;
        let mut sent = 0;
        for arrangement in Arrangement::ACTING {
            let address = envoy.address(&listener("router", arrangement)).unwrap();
            for (protocol, stream) in
                PROTOCOLS.into_iter().flat_map(|as_| [(as_, false), (as_, true)])
            {
                let about = format!("{version}: {arrangement:?}, {protocol:?}, stream {stream}");
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
                sent += 1;
            }
        }
        let tree = stack.wait_for_roots(sent, SPANS).await.unwrap();
        assert_eq!(tree.check(TOLERANCE), [], "{version}");
        assert_eq!(tree.nodes().len(), sent * 7, "{version}");
    }
}
