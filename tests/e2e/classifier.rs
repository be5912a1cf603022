//! The classifier is the same in the module as natively.

use std::collections::HashMap;
use std::time::Duration;

use semantic_router_filter::classify::Bundle;
use support::client::Request;
use support::corpus::held_out;
use support::envoy::VERSIONS;
use support::load::{self, Plan};
use support::running::Running;
use support::stack::{Stack, trace_id, traceparent};

/// How far confidences may be apart: instruction sets round differently.
const TOLERANCE: f64 = 1e-3;
/// The least share of held-out prompts that are classified right, in percent.
const ACCURACY: usize = 80;

#[tokio::test(flavor = "multi_thread")]
async fn every_held_out_prompt_has_the_same_category_natively_and_in_envoy() {
    let prompts = held_out().unwrap();
    let native = {
        let classifier = Bundle::embedded().category().unwrap();
        let classify = |prompt: &support::corpus::Prompt| classifier.classify(&prompt.text);
        prompts.iter().map(classify).collect::<Result<Vec<_>, _>>().unwrap()
    };
    let right = prompts.iter().zip(&native).filter(|(prompt, said)| prompt.label == said.label);
    let (right, all) = (right.count(), prompts.len());
    assert!(right * 100 >= all * ACCURACY, "{right} of {all} prompts");
    for version in VERSIONS {
        let router = |stack: &Stack| stack.config("router").unwrap();
        let Running { stack, envoy: _envoy, address, .. } =
            Running::start(version, router).await.unwrap();
        let requests: Vec<Request> = (0..)
            .zip(&prompts)
            .map(|(index, prompt)| {
                Request::chat("auto", &prompt.text, false).header("traceparent", traceparent(index))
            })
            .collect();
        let places: HashMap<String, usize> =
            (0..prompts.len()).map(|at| (trace_id(at as u64), at)).collect();
        let plan = Plan::requests(4, prompts.len() as u64);
        let make = move |index| requests[usize::try_from(index).unwrap()].clone();
        let report = load::run(address, &plan, make, |_, _| Ok(())).await;
        assert_eq!(report.failed(), 0, "{version}: {report}");
        let tree = stack.wait_for_roots(prompts.len(), Duration::from_secs(30)).await.unwrap();
        let said = tree.find("semantic_router.classification");
        assert_eq!(said.len(), prompts.len(), "{version}");
        for span in said {
            let at = places[&span.trace_id()];
            let (prompt, native) = (&prompts[at], &native[at]);
            let label = span.text("category.name");
            assert_eq!(label, Some(native.label.as_str()), "{version}: {}", prompt.text);
            let difference = span.double("category.confidence").unwrap() - native.confidence;
            assert!(difference.abs() < TOLERANCE, "{version}: {difference}: {}", prompt.text);
        }
    }
}
