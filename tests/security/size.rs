//! Bodies beyond the limit are refused early, and cost no memory.

use std::time::Duration;

use support::client::{Client, Protocol, Request, send_raw};
use support::envoy::VERSIONS;
use tokio::time::sleep;

use super::guarded::{ATTACK, Guarded, chat};

const MEGABYTES: usize = 1 << 20;
/// What Envoy may keep of it all.
const ROOM: u64 = 64 << 20;

fn head(framing: &str) -> Vec<u8> {
    format!(
        "POST /v1/chat/completions HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\n{framing}\r\n\r\n"
    )
    .into_bytes()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_megabytes_of_brackets_are_refused_early_and_cost_no_memory() {
    for version in VERSIONS {
        let guarded = Guarded::start(version, |_| Vec::new()).await;
        let address = guarded.envoy.address("guarded").unwrap();
        for index in 0..20 {
            guarded.send(Request::chat("auto", &format!("What is {index} and 2?"), false)).await;
        }
        guarded.reached();
        let before = guarded.envoy.resident_bytes();

        // Of a body whose length is told, the first bytes are enough.
        let mut told = head(&format!("content-length: {}", 100 * MEGABYTES));
        told.extend(b"[[[[");
        let mut chunked = head("transfer-encoding: chunked");
        for _ in 0..100 {
            chunked.extend(b"100000\r\n");
            chunked.resize(chunked.len() + MEGABYTES, b'[');
            chunked.extend(b"\r\n");
        }
        chunked.extend(b"0\r\n\r\n");
        for _ in 0..8 {
            for bytes in [&told, &chunked] {
                let answer = send_raw(address, bytes).await.unwrap();
                let answer = String::from_utf8_lossy(&answer);
                assert!(answer.starts_with("HTTP/1.1 413 "), "{version}: {answer}");
                assert!(answer.contains("larger than 1048576 bytes"), "{version}: {answer}");
            }
        }
        // Below the limit, but many times the memory once taken apart.
        for body in [
            format!("{{\"messages\":[{}{{}}]}}", "{},".repeat(300_000)),
            format!("{{\"messages\":[{{\"content\":[{}{{}}]}}]}}", "{},".repeat(300_000)),
            format!("{{\"messages\":[{{\"content\":[{}\"\"]}}]}}", "\"\",".repeat(300_000)),
            format!("{{\"messages\":{}", "[".repeat(1_000_000)),
            format!("{{\"messages\":[],\"documents\":{}", "{\"a\":".repeat(170_000)),
        ] {
            guarded.send(chat(body)).await;
        }
        guarded.reached();
        sleep(Duration::from_secs(2)).await;
        let grown = guarded.envoy.resident_bytes().saturating_sub(before);
        assert!(grown < ROOM, "{version}: grew by {} MiB", grown >> 20);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_attack_does_not_hide_in_a_body_beyond_the_limit() {
    for version in VERSIONS {
        let guarded = Guarded::start(version, |_| Vec::new()).await;
        let address = guarded.envoy.address("guarded").unwrap();
        for protocol in [Protocol::Http1, Protocol::Http2] {
            for stream in [false, true] {
                let attack = format!("{ATTACK}{}", " Please.".repeat(200_000));
                let told = Request::chat("auto", &attack, stream);
                let body = told.chunks.concat();
                let chunks = body.chunks(100_000).map(bytes::Bytes::copy_from_slice).collect();
                for request in [told.clone(), told.body(chunks)] {
                    let about = format!("{version}, {protocol:?}, stream {stream}");
                    let response = Client::new(address, protocol).send(request).await.unwrap();
                    assert_eq!(response.status, 413, "{about}: {}", response.text());
                    assert_eq!(guarded.reached(), 0, "{about}");
                }
            }
        }
    }
}
