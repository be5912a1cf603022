//! Which engine gets a request: by weight, by name, over IPv6.

use std::net::Ipv6Addr;

use support::bootstrap::Filter;
use support::client::{Client, Request};
use support::engine::{Engine, Options};
use support::envoy::VERSIONS;
use support::running::Running;
use support::stack::Stack;

/// A router that chooses among endpoints, for requests of the model `m`.
fn router(endpoints: &str, policy: &str) -> String {
    format!(
        "vllm_endpoints:\n{endpoints}\
         model_config: {{m: {{preferred_endpoints: [one, two, never]}}}}\n\
         default_model: m\n\
         filter: {{endpoints: {{{policy}}}}}\n"
    )
}

fn endpoint(name: &str, host: &str, port: u16, weight: u32) -> String {
    format!("  - {{name: {name}, address: '{host}', port: {port}, weight: {weight}}}\n")
}

#[tokio::test(flavor = "multi_thread")]
async fn engines_get_requests_by_their_weight() {
    for version in VERSIONS {
        let choice = |stack: &Stack| {
            let endpoints = [
                endpoint("one", "127.0.0.1", stack.a.addr().port(), 3),
                endpoint("two", "127.0.0.1", stack.b.addr().port(), 1),
                endpoint("never", "127.0.0.1", 1, 0),
            ];
            router(&endpoints.concat(), "choice: weighted")
        };
        let Running { stack, envoy: _envoy, address, .. } =
            Running::start(version, choice).await.unwrap();
        let client = Client::http1(address);
        for _ in 0..200 {
            let response = client.send(Request::chat("auto", "hello", false)).await.unwrap();
            assert_eq!(response.status, 200, "{version}");
        }
        let (one, two) = (stack.a.requests().len(), stack.b.requests().len());
        assert_eq!(one + two, 200, "{version}");
        // Six standard deviations.
        assert!((113..=187).contains(&one), "{version}: {one} of 200 instead of about 150");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn engines_may_have_names() {
    for version in VERSIONS {
        let stack = Stack::start().await.unwrap();
        let named = endpoint("one", "LocalHost", stack.a.addr().port(), 1);
        let mut bootstrap =
            Running::bootstrap(&stack, vec![Filter::single(router(&named, "host_names: true"))]);
        bootstrap.host_names = true;
        let other = format!("localhost:{}", stack.b.addr().port());
        let Running { stack, envoy: _envoy, address, .. } =
            Running::with(version, stack, bootstrap).await.unwrap();
        let client = Client::http1(address);
        let chosen = client.send(Request::chat("auto", "hello", false)).await.unwrap();
        assert_eq!(chosen.status, 200, "{version}");
        let [("a", recorded)] = &stack.reached()[..] else { panic!("{version}: not the engine") };
        let named = format!("localhost:{}", stack.a.addr().port());
        assert_eq!(recorded.header("x-vsr-destination-endpoint"), Some(named.as_str()));
        stack.clear();
        // Names that a client gives lead nowhere.
        for request in [
            Request::chat("unknown", "hello", false).header("host", &other),
            Request::post("/v1/embeddings", "{}").header("x-vsr-destination-endpoint", &other),
        ] {
            client.send(request).await.unwrap();
            assert!(matches!(stack.reached()[..], [("default", _)]), "{version}");
            stack.clear();
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn engines_may_be_reached_over_ipv6() {
    let listen = (Ipv6Addr::LOCALHOST, 0).into();
    // Not every machine has it.
    let Ok(engine) = Engine::start(Options { listen, ..Options::default() }).await else { return };
    for version in VERSIONS {
        let port = engine.addr().port();
        let choice = |_: &Stack| router(&endpoint("one", "::1", port, 1), "");
        let Running { envoy: _envoy, address, .. } = Running::start(version, choice).await.unwrap();
        let response = Client::http1(address).send(Request::chat("auto", "hello", false)).await;
        assert_eq!(response.unwrap().status, 200, "{version}");
        let [recorded] = &engine.requests()[..] else { panic!("{version}: not the engine") };
        let named = format!("[::1]:{port}");
        assert_eq!(recorded.header("x-vsr-destination-endpoint"), Some(named.as_str()));
        engine.clear();
    }
}
