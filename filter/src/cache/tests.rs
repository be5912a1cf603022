//! The cache as the pipeline asks it, in one worker and in several.

use std::rc::Rc;

use serde::Deserialize;

use super::*;
use crate::classify::{Classifiers, Limits as ClassifierLimits, Sources};
use crate::clock::Clock;
use crate::config;
use crate::headers::Headers;
use crate::pipeline::{self, Arrival, Progress, Router};

struct Noon;

impl Clock for Noon {
    fn now(&self) -> UnixNanos {
        43_200_000_000_000
    }
}

/// A worker of a proxy, with this configuration of the cache.
fn worker(shared: &Rc<Alone>, cache: &str) -> Router {
    let text = format!("default_model: small\nsemantic_cache: {{enabled: true, {cache}}}");
    let (config, _) = config::load(&text).unwrap();
    let key = Key::new([7; KEY_BYTES]);
    let limits = Limits::of(&config).unwrap();
    let cache = Cache::new(key, Rc::clone(shared) as Rc<_>, limits);
    let limits =
        ClassifierLimits { memo_entries: 10_000, ..ClassifierLimits::of(&config.filter.inference) };
    thread_local! {
        static KEPT: OnceCell<Rc<Classifiers>> = const { OnceCell::new() };
    }
    let classifiers = KEPT.with(|kept| {
        let classifiers = || Rc::new(Classifiers::new(limits, Sources::of(&config)));
        Rc::clone(kept.get_or_init(classifiers))
    });
    Router { cache: Some(Rc::new(cache)), ..Router::new(config, classifiers) }
}

fn look(worker: &Router, question: &str) -> Looked {
    let body = serde_json::json!({"messages": [{"role": "user", "content": question}]});
    let caller = Caller::read(&Headers::default(), &worker.config.filter.cache);
    let arrival = Arrival { caller: &caller, random: 0, clock: &Noon };
    match pipeline::run(worker, body.to_string().as_bytes(), &arrival) {
        Progress::Done(run) => run.cache.unwrap().result().unwrap().clone(),
        Progress::Waits(_) => panic!("it waits"),
    }
}

/// Whether a worker has an answer; where it has none, it is given one to keep.
fn hits(worker: &Router, question: &str) -> bool {
    let looked = look(worker, question);
    if let Some(pending) = looked.pending {
        assert!(worker.cache.as_ref().unwrap().keep(pending, "{}".to_owned(), Noon.now()));
    }
    looked.hit.is_some()
}

#[test]
fn what_one_worker_keeps_another_gives() {
    let shared = Rc::default();
    let [one, other] = [0, 1].map(|_| worker(&shared, "max_entries: 10"));
    assert!(!hits(&one, "Which tea goes with scones?"));
    assert!(hits(&other, "Which tea goes with scones?"));
    assert!(hits(&worker(&shared, "ttl_seconds: 9"), "Which tea goes with scones?"));
    assert_eq!(other.cache.unwrap().len(), 1);
}

#[test]
fn every_worker_makes_room_for_the_same() {
    const QUESTIONS: [&str; 3] =
        ["How do I boil an egg?", "Who wrote Faust?", "Which tree grows tallest?"];
    for (policy, gone) in [("fifo", 0), ("lru", 1), ("lfu", 1)] {
        let shared = Rc::default();
        let [one, other] =
            [0, 1].map(|_| worker(&shared, &format!("max_entries: 2, eviction_policy: {policy}")));
        assert!(!hits(&one, QUESTIONS[0]) && !hits(&one, QUESTIONS[1]), "{policy}");
        assert!(hits(&other, QUESTIONS[0]), "{policy}");
        assert!(!hits(&one, QUESTIONS[2]), "{policy}");
        for worker in [&one, &other] {
            for (index, question) in QUESTIONS.iter().enumerate() {
                let is_there = look(worker, question).hit.is_some();
                assert_eq!(is_there, index != gone, "{policy}: {question}");
            }
        }
    }
}

#[derive(Deserialize)]
struct Group {
    q: String,
    same: Vec<String>,
    different: Vec<String>,
}

#[test]
fn other_words_are_found_and_look_alikes_are_not() {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../models/data/pairs/groups.jsonl");
    let text = std::fs::read_to_string(file).unwrap();
    let groups: Vec<Group> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let (mut found, mut mistaken, mut same, mut different) = (0_u32, 0_u32, 0_u32, 0_u32);
    // Those that no model was trained with.
    for group in groups.iter().skip(4).step_by(5) {
        let worker = worker(&Rc::default(), "similarity_threshold: 0.8");
        assert!(!hits(&worker, &group.q));
        for other in &group.same {
            found += u32::from(look(&worker, other).hit.is_some());
            same += 1;
        }
        for other in &group.different {
            mistaken += u32::from(look(&worker, other).hit.is_some());
            different += 1;
        }
    }
    let share = |part: u32, of: u32| f64::from(part) / f64::from(of);
    println!("found {found} of {same}, mistaken {mistaken} of {different}");
    assert!(share(found, same) > 0.2, "{found} of {same}");
    assert!(share(mistaken, different) < 0.004, "{mistaken} of {different}");
}
