//! What the workers of a proxy share.

use std::fs;

use semantic_router_filter::metrics::catalog::{CACHE_HITS, CACHE_MISSES};
use support::bootstrap::Filter;
use support::metrics::sum;

use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn a_hit_does_not_depend_on_the_worker() {
    for version in VERSIONS {
        for policy in ["fifo", "lru"] {
            let running = Running::start(version, |stack: &Stack| {
                cached(stack)
                    .replace("ttl_seconds", &format!("eviction_policy: {policy}, ttl_seconds"))
            });
            let running = running.await.unwrap();
            let body = chat("Which tea goes best with scones?");
            assert!(!hits(&running, &body).await, "{version}");
            // Connections that the kernel spreads over both workers.
            for _ in 0..40 {
                assert!(hits(&running, &body).await, "{version}");
            }
            let workers = running.envoy.admin("/stats?filter=worker_._downstream_cx_total").await;
            let of = |worker: &str| !workers.contains(&format!("{worker}.downstream_cx_total: 0"));
            assert!(of("worker_0") && of("worker_1"), "{version}: {workers}");
            let series = running.envoy.series().await;
            let lookups = (sum(&series, &CACHE_HITS), sum(&series, &CACHE_MISSES));
            assert_eq!(lookups, (40, 1), "{version}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_outlive_the_machines_that_keep_them() {
    for version in VERSIONS {
        let name = format!("semantic-router-cache-{}-{version}", std::process::id());
        let folder = std::env::temp_dir().join(name);
        fs::create_dir_all(&folder).unwrap();
        let stack = Stack::start().await.unwrap();
        let mut bootstrap = Running::bootstrap(&stack, vec![Filter::single(cached(&stack))]);
        bootstrap.listeners_file = Some(folder.join("listeners.json"));
        let mut running = Running::with(version, stack, bootstrap).await.unwrap();
        let body = chat("Which tea goes best with scones?");
        assert!(!hits(&running, &body).await, "{version}");

        let machines = "wasm.envoy.wasm.runtime.v8.created";
        let before = running.envoy.stat(machines).await;
        "other machines".clone_into(&mut running.bootstrap.vm_configuration);
        Envoy::update_listeners(&running.bootstrap, 2).unwrap();
        for _ in 0..600 {
            let warming = running.envoy.stat("listener_manager.total_listeners_warming").await;
            let taken = running.envoy.stat("listener_manager.lds.update_success").await;
            if taken >= 2 && warming == 0 {
                break;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        tokio::time::sleep(Duration::from_millis(500)).await;
        assert!(running.envoy.stat(machines).await > before, "{version}");
        for _ in 0..10 {
            assert!(hits(&running, &body).await, "{version}");
        }
        fs::remove_dir_all(folder).unwrap();
    }
}
