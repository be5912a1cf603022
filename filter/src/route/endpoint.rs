//! The endpoint of a model.

use crate::config::{Config, Endpoint, EndpointChoice};

/// One of a model's preferred endpoints, as `filter.endpoints.choice` says;
/// `None` where the model prefers none that exists. `random` is any number, each
/// as likely.
#[must_use]
pub fn choose<'a>(config: &'a Config, model: &str, random: u64) -> Option<&'a Endpoint> {
    let model = config.model(model)?;
    let preferred = model
        .preferred_endpoints
        .iter()
        .filter_map(|name| config.endpoints.iter().find(|endpoint| endpoint.name == *name));
    match config.filter.endpoints.choice {
        EndpointChoice::HighestWeight => highest(preferred),
        EndpointChoice::Weighted => weighted(&preferred.collect::<Vec<_>>(), random),
    }
}

/// The one with the highest weight, the first among equals
/// (`SelectBestEndpointForModel` in `pkg/config/helper.go` upstream).
fn highest<'a>(endpoints: impl Iterator<Item = &'a Endpoint>) -> Option<&'a Endpoint> {
    endpoints.reduce(|best, next| if next.weight > best.weight { next } else { best })
}

/// Each as often as its weight says: one of weight 0 never, unless all are.
fn weighted<'a>(endpoints: &[&'a Endpoint], random: u64) -> Option<&'a Endpoint> {
    let sum: u64 = endpoints.iter().map(|endpoint| u64::from(endpoint.weight)).sum();
    if sum == 0 {
        let count = u64::try_from(endpoints.len()).unwrap_or(u64::MAX);
        let at = usize::try_from(random % count.max(1)).unwrap_or_default();
        return endpoints.get(at).copied();
    }
    let mut left = random % sum;
    endpoints.iter().copied().find(|endpoint| {
        let weight = u64::from(endpoint.weight);
        let is_here = left < weight;
        left = left.saturating_sub(weight);
        is_here
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn highest_weight_wins_and_the_first_among_equals() {
        let (config, _) = crate::config::load(
            "\
vllm_endpoints:
  - {name: a, address: 10.0.0.1, port: 8000, weight: 1}
  - {name: b, address: 10.0.0.2, port: 8000, weight: 5}
  - {name: c, address: '::1', port: 8000, weight: 5}
model_config:
  all: {preferred_endpoints: [a, b, c, gone]}
  last: {preferred_endpoints: [c], loras: [{name: adapter}]}
  none: {}
",
        )
        .unwrap();
        let chosen = |model| choose(&config, model, 7).map(Endpoint::authority);
        assert_eq!(chosen("all").as_deref(), Some("10.0.0.2:8000"));
        assert_eq!(chosen("last").as_deref(), Some("[::1]:8000"));
        assert_eq!(chosen("none"), None);
        assert_eq!(chosen("unknown"), None);
        assert_eq!(chosen("adapter").as_deref(), Some("[::1]:8000"), "where its base model is");
    }

    #[test]
    fn by_weight_each_is_chosen_as_often_as_it_says() {
        let config = |weights: [u32; 3]| {
            let endpoint = |(name, weight): (&str, u32)| {
                format!("  - {{name: {name}, address: 10.0.0.1, port: 1, weight: {weight}}}\n")
            };
            let list: String = ["a", "b", "c"].into_iter().zip(weights).map(endpoint).collect();
            let text = format!(
                "vllm_endpoints:\n{list}model_config: {{m: {{preferred_endpoints: [a, b, c]}}}}\n\
                 filter: {{endpoints: {{choice: weighted}}}}\n"
            );
            crate::config::load(&text).unwrap().0
        };
        for (weights, wanted) in [
            ([1, 2, 3], [10, 20, 30]),
            ([0, 1, 0], [0, 60, 0]),
            ([0, 0, 0], [20, 20, 20]),
            ([5, 0, 5], [30, 0, 30]),
        ] {
            let config = config(weights);
            let times = |name: &str| {
                let chosen = (0..60).filter_map(|random| choose(&config, "m", random));
                chosen.filter(|endpoint| endpoint.name == name).count()
            };
            assert_eq!(["a", "b", "c"].map(times), wanted, "{weights:?}");
        }
        assert!(choose(&config([1, 1, 1]), "unknown", 3).is_none());
    }
}
