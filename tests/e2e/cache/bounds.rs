//! How long and how many answers are kept, and what they may take.

use super::*;

fn numbered(number: u32) -> Value {
    chat(&format!("Which tea goes best with breakfast number {number}?"))
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_ends_however_often_it_is_used() {
    let brief = with("ttl_seconds: 3600", "ttl_seconds: 2");
    let running = Running::start(VERSIONS[0], brief).await.unwrap();
    assert!(!hits(&running, &numbered(1)).await);
    let stored = std::time::Instant::now();
    let mut used = 0;
    while stored.elapsed() < Duration::from_secs(3) {
        used += u32::from(hits(&running, &numbered(1)).await);
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    // It ended, and the next answer took its place.
    assert!(used > 0);
    assert!(running.stack.reached().len() >= 2, "{used} uses did not lengthen it");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_entry_that_makes_room_is_chosen_by_the_policy() {
    for (policy, gone) in [("fifo", 1), ("lru", 2), ("lfu", 3)] {
        let running = Running::start(VERSIONS[0], |stack: &Stack| {
            cached(stack)
                .replace("max_entries: 1000", &format!("max_entries: 3, eviction_policy: {policy}"))
        });
        let running = running.await.unwrap();
        // Used twice and then never; once; last, and once.
        for number in [1, 2, 3] {
            assert!(!hits(&running, &numbered(number)).await, "{policy}");
        }
        let uses: &[u32] = if policy == "lfu" { &[1, 2, 1, 2] } else { &[3, 1] };
        for number in uses {
            assert!(hits(&running, &numbered(*number)).await, "{policy}");
        }
        assert!(!hits(&running, &numbered(4)).await, "{policy}");
        // One that is not there enters; those that are, are asked for first.
        for number in (1..=4).filter(|number| *number != gone) {
            assert!(hits(&running, &numbered(number)).await, "{policy}: {number}");
        }
        assert!(!hits(&running, &numbered(gone)).await, "{policy}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn bytes_are_bounded() {
    const ANSWERS: u32 = 150;
    let small = with("budget_ms: 10000}", "budget_ms: 10000}, cache: {max_bytes: 4194304}");
    let running = Running::start(VERSIONS[0], small).await.unwrap();
    let big = |number| request(&numbered(number)).header("x-simulate", "big=500000");
    for number in 0..20 {
        send(&running, big(number)).await;
    }
    let before = running.envoy.resident_bytes();
    for number in 20..ANSWERS {
        assert!(!is_hit(&send(&running, big(number)).await));
    }
    // 65 MB of answers more, of which each worker and the proxy keep 4 MiB.
    let grown = running.envoy.resident_bytes().saturating_sub(before) >> 20;
    assert!(grown < 32, "{grown} MiB");
    assert!(hits(&running, &numbered(ANSWERS - 1)).await, "the last is there");
    assert!(!hits(&running, &numbered(20)).await, "the first is not");
}
