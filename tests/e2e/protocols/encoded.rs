//! Encoded request bodies.

use std::io::Write;

use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use support::arrangement::Arrangement;
use support::client::{Client, Request};
use support::envoy::VERSIONS;
use support::stack::{Stack, trace_id, traceparent};

use super::{ARRANGEMENTS, PROTOCOLS, SPANS, listener, start};

const QUESTION: &str =
    r#"{"model":"auto","messages":[{"role":"user","content":"What is the integral of x?"}]}"#;
const EDITED: &str = r#"{"model":"qwen","messages":[{"role":"system","content":"You are a mathematics expert."},{"role":"user","content":"What is the integral of x?"}],"chat_template_kwargs":{"enable_thinking":true}}"#;
const NAMED: &str = r#"{"model":"gpt-oss","messages":[{"role":"user","content":"hello"}]}"#;

fn gzip(text: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

/// A request with an encoded body.
struct Encoded {
    name: &'static str,
    encoding: &'static str,
    body: Vec<u8>,
    came: Came,
}

/// What comes of it.
#[derive(Clone, Copy)]
enum Came {
    /// This engine gets this body, not encoded.
    Edited(&'static str, &'static str),
    /// This engine gets it as it was.
    Kept(&'static str),
    /// It is not read: the reason, and the status of the answer where it is
    /// refused.
    Unread(&'static str, u16),
}

fn table() -> Vec<Encoded> {
    let new = |name, encoding, body, came| Encoded { name, encoding, body, came };
    let question = || gzip(QUESTION.as_bytes());
    let two = [gzip(&QUESTION.as_bytes()[..40]), gzip(&QUESTION.as_bytes()[40..])].concat();
    let edited = Came::Edited("a", EDITED);
    let other = Came::Unread("content_encoding", 415);
    let cut = question()[..60].to_vec();
    vec![
        new("gzip", "gzip", question(), edited),
        new("gzip under its old name", "X-GZIP", question(), edited),
        new("gzip of two members", "gzip", two, edited),
        new("no encoding, told", "identity", QUESTION.into(), edited),
        new("gzip that stays as it is", "gzip", gzip(NAMED.as_bytes()), Came::Kept("b")),
        new("a bomb", "gzip", gzip(&vec![b' '; 64 << 20]), Came::Unread("body_too_large", 413)),
        new("no gzip at all", "gzip", QUESTION.into(), Came::Unread("body_not_gzip", 400)),
        new("gzip that breaks off", "gzip", cut, Came::Unread("body_not_gzip", 400)),
        new("gzip of no JSON", "gzip", gzip(b"hello"), Came::Unread("body_not_json", 400)),
        new("deflate", "deflate", question(), other),
        new("brotli", "br", question(), other),
        new("zstd", "zstd", question(), other),
        new("gzip twice", "gzip, gzip", gzip(&question()), other),
    ]
}

impl Encoded {
    fn request(&self, index: u64, chunks: usize) -> Request {
        let size = self.body.len().div_ceil(chunks);
        Request::post("/v1/chat/completions", Bytes::new())
            .body(self.body.chunks(size).map(Bytes::copy_from_slice).collect())
            .header("content-encoding", self.encoding)
            .header("traceparent", traceparent(index))
    }

    /// Holds what the engines got against what was to come of it.
    fn check(&self, came: Came, stack: &Stack, about: &str) {
        let reached = stack.reached();
        let (engine, body, encoding) = match came {
            Came::Edited(engine, body) => (engine, body.as_bytes(), None),
            Came::Kept(engine) => (engine, self.body.as_slice(), Some(self.encoding)),
            Came::Unread(..) => ("default", self.body.as_slice(), Some(self.encoding)),
        };
        let [(name, recorded)] = &reached[..] else { panic!("{about}: {}", reached.len()) };
        assert_eq!((*name, recorded.body.as_slice()), (engine, body), "{about}");
        let told = recorded.header("content-encoding").filter(|told| *told != "identity");
        assert_eq!(told, encoding.filter(|told| *told != "identity"), "{about}");
        if let Some(length) = recorded.header("content-length") {
            assert_eq!(length.parse(), Ok(body.len()), "{about}");
        }
    }

    /// What the trace says of a body that is not read.
    fn reason(&self) -> Option<&'static str> {
        match self.came {
            Came::Unread(reason, _) => Some(reason),
            Came::Edited(..) | Came::Kept(_) => None,
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn encoded_bodies_are_read_or_pass_as_they_are() {
    for version in VERSIONS {
        let (stack, envoy) = start(version, &["router"]).await;
        let mut sent = Vec::new();
        for arrangement in ARRANGEMENTS {
            let address = envoy.address(&listener("router", arrangement)).unwrap();
            for (protocol, chunks) in PROTOCOLS.into_iter().flat_map(|as_| [(as_, 1), (as_, 3)]) {
                for case in table() {
                    let name = case.name;
                    let about =
                        format!("{version}: {arrangement:?}, {protocol:?}, {chunks}: {name}");
                    let request = case.request(sent.len() as u64, chunks);
                    Client::new(address, protocol).send(request).await.unwrap();
                    let came = match arrangement {
                        Arrangement::Observe => Came::Kept("default"),
                        Arrangement::Single | Arrangement::Pair => case.came,
                    };
                    case.check(came, &stack, &about);
                    stack.clear();
                    sent.push((about, case.reason()));
                }
            }
        }
        let tree = stack.wait_for_roots(sent.len(), SPANS).await.unwrap();
        for (index, (about, reason)) in (0..).zip(sent) {
            let trace = tree.trace(&trace_id(index));
            let span = trace.one("semantic_router.classification");
            let span = span.unwrap_or_else(|error| panic!("{about}: {error}"));
            assert_eq!(span.text("stage.reason"), reason, "{about}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn encoded_bodies_that_cannot_be_read_are_refused_where_that_is_the_policy() {
    for version in VERSIONS {
        let (stack, envoy) = start(version, &["reject"]).await;
        for arrangement in Arrangement::ACTING {
            let address = envoy.address(&listener("reject", arrangement)).unwrap();
            for protocol in PROTOCOLS {
                for case in table() {
                    let about = format!("{version}: {arrangement:?}, {protocol:?}: {}", case.name);
                    let response = Client::new(address, protocol).send(case.request(0, 1)).await;
                    let response = response.unwrap();
                    let reached = stack.reached().len();
                    if let Came::Unread(_, status) = case.came {
                        assert_eq!((response.status, reached), (status, 0), "{about}");
                        let answer: serde_json::Value =
                            serde_json::from_slice(&response.body).unwrap();
                        assert_eq!(answer["error"]["code"], status, "{about}");
                    } else {
                        assert_eq!(reached, 1, "{about}");
                    }
                    stack.clear();
                }
            }
        }
    }
}
