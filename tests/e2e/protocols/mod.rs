//! What HTTP lets a client do with a request's body, over both of its versions
//! and in every arrangement.

mod encoded;
mod lengths;
mod trailers;

use std::time::Duration;

use support::arrangement::Arrangement;
use support::client::Protocol;
use support::envoy::Envoy;
use support::stack::Stack;

/// How long spans may take from a filter to the backend.
const SPANS: Duration = Duration::from_secs(20);

const PROTOCOLS: [Protocol; 2] = [Protocol::Http1, Protocol::Http2];
const ARRANGEMENTS: [Arrangement; 3] =
    [Arrangement::Single, Arrangement::Pair, Arrangement::Observe];

/// The name of a listener.
fn listener(config: &str, arrangement: Arrangement) -> String {
    format!("{config}-{}", arrangement.mode())
}

/// An Envoy with a listener for each arrangement of each configuration.
async fn start(version: &str, configs: &[&str]) -> (Stack, Envoy) {
    let stack = Stack::start().await.unwrap();
    let all = configs.iter().flat_map(|config| ARRANGEMENTS.map(|as_| (config, as_)));
    let listeners = all.map(|(config, arrangement)| {
        let filters = arrangement.filters(&stack.config(config).unwrap());
        (listener(config, arrangement), filters)
    });
    let bootstrap = stack.bootstrap_with(listeners.collect());
    let envoy = Envoy::start(version, &bootstrap).await.unwrap();
    (stack, envoy)
}
