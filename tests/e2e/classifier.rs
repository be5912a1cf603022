//! The classifiers are the same in the module as natively, and natively as in
//! onnxruntime.

use std::collections::HashMap;
use std::time::Duration;

use semantic_router_filter::classify::{Budget, Bundle, Classifiers, Limits, Sources, Wording};
use semantic_router_filter::config::Inference;
use support::client::Request;
use support::corpus::{Golden, Pair, categories, facts, golden, pairs};
use support::envoy::VERSIONS;
use support::load::{self, Plan};
use support::running::Running;
use support::stack::{Stack, trace_id, traceparent};

/// How far probabilities may be apart: instruction sets round differently.
const TOLERANCE: f64 = 1e-3;
/// The least share of held-out prompts that are classified right, in percent.
const ACCURACY: usize = 76;
/// The same of those that ask for facts, or do not.
const FACTS: usize = 87;

fn classifiers() -> Classifiers {
    Classifiers::new(Limits::of(&Inference::default()), Sources::default())
}

#[test]
fn held_out_prompts_are_classified_right() {
    let classifiers = classifiers();
    let prompts = categories().unwrap();
    let said = |text: &str| classifiers.category(text, &Budget::unlimited()).unwrap().label;
    let right = prompts.iter().filter(|prompt| said(&prompt.text) == prompt.label).count();
    assert!(right * 100 >= prompts.len() * ACCURACY, "{right} of {}", prompts.len());
}

#[test]
fn held_out_prompts_that_ask_for_facts_are_told_from_others() {
    let classifiers = classifiers();
    let prompts = facts().unwrap();
    assert!(prompts.len() >= 300);
    let said = |text: &str| classifiers.needs_fact_check(text, &Budget::unlimited()).unwrap();
    let right = prompts.iter().filter(|(text, needs)| (said(text) >= 0.7) == *needs).count();
    assert!(right * 100 >= prompts.len() * FACTS, "{right} of {}", prompts.len());
}

#[test]
fn every_head_says_what_onnxruntime_says() {
    let classifiers = classifiers();
    let encoder = classifiers.encoder().unwrap();
    let texts = golden().unwrap();
    assert_eq!(texts.len(), 500);
    for Golden { text, windows, category, jailbreak, names, factcheck, embedding } in texts {
        let reading = encoder.read_whole(&text).unwrap();
        assert_eq!(reading.windows(), windows.len(), "{text}");
        for (said, known) in reading.category().iter().zip(&category) {
            assert!((said - known).abs() < TOLERANCE, "{said} {known}: {text}");
        }
        let difference = reading.jailbreak() - jailbreak;
        assert!(difference.abs() < TOLERANCE, "{difference}: {text}");
        for (said, known) in reading.embedding().iter().zip(&embedding) {
            assert!((said - known).abs() < 1e-3, "{said} {known}: {text}");
        }
        let facts = classifiers.needs_fact_check(&text, &Budget::unlimited()).unwrap();
        assert!((facts - factcheck).abs() < TOLERANCE, "{facts} {factcheck}: {text}");
        let mut kinds: Vec<_> = reading.names().iter().map(|name| name.kind.name()).collect();
        kinds.sort_unstable();
        kinds.dedup();
        assert_eq!(kinds, names, "{text}");
    }
}

#[test]
fn likeness_is_what_training_made_of_it() {
    let likeness = Bundle::embedded().likeness().unwrap();
    let pairs = pairs().unwrap();
    assert!(pairs.len() > 200);
    for Pair { one, other, cosine, likeness: known } in pairs {
        let said = likeness.probability(&Wording::of(&one), &Wording::of(&other), cosine);
        assert!((said - known).abs() < 1e-4, "{said} {known}: {one} / {other}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_golden_text_has_the_same_verdicts_natively_and_in_envoy() {
    let texts = golden().unwrap();
    let classifiers = classifiers();
    for version in VERSIONS {
        let router = |stack: &Stack| stack.config("guarded").unwrap();
        let Running { stack, envoy: _envoy, address, .. } =
            Running::start(version, router).await.unwrap();
        let requests: Vec<Request> = (0..)
            .zip(&texts)
            .map(|(index, golden)| {
                Request::chat("auto", &golden.text, false).header("traceparent", traceparent(index))
            })
            .collect();
        let places: HashMap<String, usize> =
            (0..texts.len()).map(|at| (trace_id(at as u64), at)).collect();
        let plan = Plan::requests(4, texts.len() as u64);
        let make = move |index| requests[usize::try_from(index).unwrap()].clone();
        let report = load::run(address, &plan, make, |_, _| Ok(())).await;
        assert_eq!(report.failed(), 0, "{version}: {report}");
        let tree = stack.wait_for_roots(texts.len(), Duration::from_secs(30)).await.unwrap();
        let classified = tree.find("semantic_router.classification");
        assert_eq!(classified.len(), texts.len(), "{version}");
        for span in classified {
            let text = &texts[places[&span.trace_id()]].text;
            let native = classifiers.category(text, &Budget::unlimited()).unwrap();
            assert_eq!(
                span.text("category.name"),
                Some(native.label.as_str()),
                "{version}: {text}"
            );
            let difference = span.double("category.confidence").unwrap() - native.confidence;
            assert!(difference.abs() < TOLERANCE, "{version}: {difference}: {text}");
        }
        let evaluated = tree.find("semantic_router.signal.evaluation");
        assert_eq!(evaluated.len(), texts.len(), "{version}");
        for span in evaluated {
            let text = &texts[places[&span.trace_id()]].text;
            let native = classifiers.needs_fact_check(text, &Budget::unlimited()).unwrap();
            let scores = span.texts("signal.scores").unwrap().join(" ");
            let said = scores.strip_prefix("fact_check:needs_fact_check=").unwrap();
            let difference = said.parse::<f64>().unwrap() - native;
            assert!(difference.abs() < 2.0 * TOLERANCE, "{version}: {scores} {native}: {text}");
        }
        let guarded = tree.find("semantic_router.security.jailbreak_detection");
        assert_eq!(guarded.len(), texts.len(), "{version}");
        for span in guarded {
            let text = &texts[places[&span.trace_id()]].text;
            let native = classifiers.guard(text, &Budget::unlimited()).unwrap();
            let difference = span.double("jailbreak.confidence").unwrap() - native.jailbreak;
            assert!(difference.abs() < TOLERANCE, "{version}: {difference}: {text}");
        }
        let personal = tree.find("semantic_router.security.pii_detection");
        assert_eq!(personal.len(), texts.len(), "{version}");
        for span in personal {
            let text = &texts[places[&span.trace_id()]].text;
            let native = classifiers.personal(text, &Budget::unlimited()).unwrap();
            let mut kinds: Vec<_> = native.entities.iter().map(|found| found.kind.name()).collect();
            kinds.sort_unstable();
            kinds.dedup();
            let said = span.text("pii.types").unwrap_or_default();
            assert_eq!(said, kinds.join(","), "{version}: {text}");
        }
    }
}
