//! A configuration that is bad, or that changes while requests run.

use std::fs;
use std::time::Duration;

use support::arrangement::Arrangement;
use support::bootstrap::{Filter, Wasm};
use support::client::Client;
use support::envoy::{Envoy, Error};
use support::load::{self, Plan};
use support::stack::Stack;
use tokio::time::sleep;

use super::{Running, SPANS, SPANS_OF_A_CHAT, VERSIONS, question, router};

const PROBLEMS: [&str; 2] = [
    "configuration: decisions[0].modelRefs[0].use_reasoning: missing",
    "configuration: filter.mode: ",
];

fn bad(stack: &Stack) -> String {
    router(stack)
        .replace("{model: qwen, use_reasoning: true}", "{model: qwen}")
        .replace("mode: single", "mode: double")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bad_configuration_keeps_envoy_from_starting_and_names_every_problem() {
    for version in VERSIONS {
        let stack = Stack::start().await.unwrap();
        let bootstrap = Running::bootstrap(&stack, vec![Filter::single(bad(&stack))]);
        let Err(Error::Start { log, .. }) = Envoy::start(version, &bootstrap).await else {
            panic!("{version}: it started")
        };
        for problem in PROBLEMS {
            assert!(log.contains(problem), "{version}: {problem}: {log}");
        }
    }
}

/// Waits until Envoy has taken so many updates, or refused so many.
async fn updated(envoy: &Envoy, stat: &str, count: u64) {
    for _ in 0..600 {
        if envoy.stat(stat).await >= count {
            return;
        }
        sleep(Duration::from_millis(100)).await;
    }
    panic!("{stat} did not reach {count}: {}", envoy.log());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_under_load_loses_no_request_and_no_span() {
    let [new, old] = VERSIONS;
    for (version, arrangement) in [
        (new, Arrangement::Single),
        (old, Arrangement::Single),
        (new, Arrangement::Pair),
        (old, Arrangement::Pair),
    ] {
        let about = format!("{version}, {arrangement:?}");
        let name = format!("semantic-router-listeners-{}-{about}", std::process::id());
        let folder = std::env::temp_dir().join(name);
        fs::create_dir_all(&folder).unwrap();
        let stack = Stack::start().await.unwrap();
        let mut bootstrap = Running::bootstrap(&stack, arrangement.filters(&router(&stack)));
        bootstrap.listeners_file = Some(folder.join("listeners.json"));
        let mut running = Running::with(version, stack, bootstrap).await.unwrap();
        let address = running.address;

        let plan = Plan { rate: Some(100.0), ..Plan::time(10, Duration::from_secs(8)) };
        let make = |index| question(index, index % 2 == 0);
        let loading =
            tokio::spawn(async move { load::run(address, &plan, make, |_, _| Ok(())).await });

        // A bad one is refused, and the old one stays.
        running.bootstrap.ingresses[0].filters = arrangement.filters(&bad(&running.stack));
        Envoy::update_listeners(&running.bootstrap, 2).unwrap();
        updated(&running.envoy, "listener_manager.lds.update_rejected", 1).await;
        // A good one counts for whoever connects from now on.
        let other = router(&running.stack).replace("model: qwen, use", "model: gpt-oss, use");
        running.bootstrap.ingresses[0].filters = arrangement.filters(&other);
        Envoy::update_listeners(&running.bootstrap, 3).unwrap();
        updated(&running.envoy, "listener_manager.lds.update_success", 2).await;
        updated(&running.envoy, "listener_manager.workers_started", 1).await;
        sleep(Duration::from_millis(500)).await;
        let response = Client::http1(address).send(question(1 << 20, false)).await.unwrap();
        assert_eq!(response.header("x-vsr-selected-model"), Some("gpt-oss"), "{about}");

        let report = loading.await.unwrap();
        assert_eq!(report.failed(), 0, "{about}: {report}");
        let tree = running.stack.wait_for_roots(report.sent() + 1, SPANS).await.unwrap();
        assert_eq!(tree.nodes().len(), (report.sent() + 1) * 7, "{about}");
        let spans = running.spans().await;
        assert_eq!(spans["dropped"], 0, "{about}: {spans:?}");
        fs::remove_dir_all(folder).unwrap();
    }
}

const RELOADS: u32 = 20;
/// Of the reloads, every fifth is of a configuration that is refused.
const BAD: u32 = 5;
/// What a reload may not change for long.
const VMS: &str = "wasm.envoy.wasm.runtime.v8.active";
const EXTENSION: &str = "extension_config_discovery.http_filter.semantic-router";

/// The configuration of a reload, and the model that it has chosen.
fn reloaded(stack: &Stack, number: u32) -> (String, &'static str) {
    let model = ["qwen", "gpt-oss"][number as usize % 2];
    (router(stack).replace("model: qwen, use", &format!("model: {model}, use")), model)
}

#[tokio::test(flavor = "multi_thread")]
async fn twenty_changes_lose_no_request_and_leave_no_vm_behind() {
    for version in VERSIONS {
        let name = format!("semantic-router-extension-{}-{version}", std::process::id());
        let folder = std::env::temp_dir().join(name);
        fs::create_dir_all(&folder).unwrap();
        let file = folder.join("extension.json");
        let stack = Stack::start().await.unwrap();
        let mut bootstrap = Running::bootstrap(&stack, Vec::new());
        bootstrap.ingresses[0].filters = vec![Filter::Discovered(file.clone())];
        let (first, mut model) = reloaded(&stack, 0);
        Envoy::update_extension(&bootstrap, &file, &Wasm::single(first), 0).unwrap();
        let running = Running::with(version, stack, bootstrap).await.unwrap();
        let address = running.address;
        let vms = running.envoy.stat(VMS).await;

        let plan = Plan { rate: Some(50.0), ..Plan::time(10, Duration::from_secs(15)) };
        let make = |index| question(index, index % 2 == 0);
        let loading =
            tokio::spawn(async move { load::run(address, &plan, make, |_, _| Ok(())).await });
        // One request lasts for as long as many reloads.
        let long = question(1 << 20, true).header("x-simulate", "delay=8s");
        let long = tokio::spawn(async move { Client::http1(address).send(long).await });

        let mut asked = 1 << 21;
        for number in 1..=RELOADS {
            let (next, its_model) = reloaded(&running.stack, number);
            let (next, stat, count) = if number % BAD == 0 {
                (bad(&running.stack), "update_rejected", number / BAD)
            } else {
                model = its_model;
                // The first was there from the start.
                (next, "update_success", 1 + number - number / BAD)
            };
            let wasm = Wasm::single(next);
            Envoy::update_extension(&running.bootstrap, &file, &wasm, number).unwrap();
            updated(&running.envoy, &format!("{EXTENSION}.{stat}"), count.into()).await;
            // Workers take it up one after another.
            let mut seen = None;
            for _ in 0..50 {
                asked += 1;
                let response = Client::http1(address).send(question(asked, false)).await.unwrap();
                seen = response.header("x-vsr-selected-model").map(str::to_owned);
                if seen.as_deref() == Some(model) {
                    break;
                }
                sleep(Duration::from_millis(20)).await;
            }
            assert_eq!(seen.as_deref(), Some(model), "{version}: reload {number}");
        }

        let report = loading.await.unwrap();
        assert_eq!(report.failed(), 0, "{version}: {report}");
        let response = long.await.unwrap().unwrap();
        assert_eq!(response.status, 200, "{version}");
        let requests = report.sent() + 1 + usize::try_from(asked - (1 << 21)).unwrap();
        let tree = running.stack.wait_for_roots(requests, SPANS).await.unwrap();
        assert_eq!(tree.nodes().len(), requests * SPANS_OF_A_CHAT.len(), "{version}");
        assert_eq!(running.spans().await["dropped"], 0, "{version}");
        for _ in 0..100 {
            if running.envoy.stat(VMS).await == vms {
                break;
            }
            sleep(Duration::from_millis(100)).await;
        }
        assert_eq!(running.envoy.stat(VMS).await, vms, "{version}");
        fs::remove_dir_all(folder).unwrap();
    }
}
