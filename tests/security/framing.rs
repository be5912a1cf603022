//! However a request is framed, it is scanned; one without a body still has its
//! headers cleaned.

use std::io::Write;

use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use support::client::{Client, Protocol, Request};

use super::guarded::{ATTACK, Guarded, assert_blocked};

fn gzip(body: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(body).unwrap();
    encoder.finish().unwrap()
}

/// The ways of an attack into Envoy.
fn framings(stream: bool) -> Vec<(&'static str, Request)> {
    let whole = || Request::chat("auto", ATTACK, stream);
    let body = whole().chunks.concat();
    let chunks = |size: usize| body.chunks(size).map(Bytes::copy_from_slice).collect::<Vec<_>>();
    let closing: Vec<Bytes> = [chunks(40), vec![Bytes::new()]].concat();
    let zipped = gzip(&body);
    let pieces = zipped.chunks(9).map(Bytes::copy_from_slice).collect();
    let encoded = || whole().header("content-encoding", "gzip");
    vec![
        ("with its length", whole()),
        ("in chunks", whole().body(chunks(17))),
        ("byte by byte", whole().body(chunks(1))),
        ("with trailers", whole().body(chunks(30)).trailer("x-checksum", "7")),
        ("in one chunk with trailers", whole().trailer("x-checksum", "7")),
        ("with an empty end", whole().body(closing)),
        ("in gzip", encoded().body(vec![Bytes::from(zipped.clone())])),
        ("in gzip, in chunks", encoded().body(pieces)),
        ("expecting to be asked for", whole().header("expect", "100-continue")),
        ("without a type", {
            let mut request = whole();
            request.headers.clear();
            request
        }),
        ("as plain text", {
            let mut request = whole();
            request.headers.clear();
            request.header("content-type", "text/plain")
        }),
        ("under another method", Request { method: http::Method::PUT, ..whole() }),
        (
            "under another path",
            Request { path: "/v1/chat//completions/?x=1".to_owned(), ..whole() },
        ),
    ]
}

/// Every framing of an attack ends at the router.
pub async fn every_framing_is_scanned(guarded: &Guarded) {
    let version = &guarded.version;
    let address = guarded.envoy.address("guarded").unwrap();
    for protocol in [Protocol::Http1, Protocol::Http2] {
        for stream in [false, true] {
            for (name, request) in framings(stream) {
                let about = format!("{name}, {protocol:?}");
                let response = Client::new(address, protocol).send(request).await.unwrap();
                assert_blocked(guarded, &response, "x-vsr-jailbreak-blocked", stream, &about);
            }
        }
        for request in
            [Request::new(http::Method::POST, "/v1/chat/completions"), Request::get("/version")]
        {
            let request = request.header("x-vsr-destination-endpoint", "127.0.0.1:1");
            let about = format!("{version}, {protocol:?}: {} {}", request.method, request.path);
            Client::new(address, protocol).send(request).await.unwrap();
            let reached = guarded.stack.reached();
            let [("default", recorded)] = &reached[..] else { panic!("{about}") };
            assert_eq!(recorded.header("x-vsr-destination-endpoint"), None, "{about}");
            guarded.stack.clear();
        }
    }
}
