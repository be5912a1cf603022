//! Random requests in real Envoys, each held against what the core makes of it
//! natively, with changes of the configuration among them. `make soak` does the
//! same for longer.

use std::time::Duration;

use support::envoy::VERSIONS;
use support::soak::{Options, run};

#[tokio::test(flavor = "multi_thread")]
async fn every_random_request_comes_to_what_the_core_says() {
    for (version, seed) in VERSIONS.iter().zip(7..) {
        let options = Options {
            requests: 1_000,
            time: Duration::from_secs(10),
            rate: 50.0,
            reloads: 3,
            seed,
            connections: 10,
        };
        let report = run(version, options, |_| {}).await.unwrap();
        assert!(report.faults().is_empty(), "{version}, seed {seed}:\n{report}");
        assert!(report.forwarded > 300 && !report.answered.is_empty(), "{version}: {report}");
    }
}
