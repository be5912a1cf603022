//! The endpoint of a model.

use crate::config::{Config, Endpoint};

/// The endpoint with the highest weight among a model's preferred ones, the
/// first among equals (`SelectBestEndpointForModel` in `pkg/config/helper.go`
/// upstream); `None` where the model prefers none that exists.
#[must_use]
pub fn choose<'a>(config: &'a Config, model: &str) -> Option<&'a Endpoint> {
    let model = config.model(model)?;
    let preferred = model
        .preferred_endpoints
        .iter()
        .filter_map(|name| config.endpoints.iter().find(|endpoint| endpoint.name == *name));
    preferred.reduce(|best, next| if next.weight > best.weight { next } else { best })
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
  last: {preferred_endpoints: [c]}
  none: {}
",
        )
        .unwrap();
        let chosen = |model| choose(&config, model).map(Endpoint::authority);
        assert_eq!(chosen("all").as_deref(), Some("10.0.0.2:8000"));
        assert_eq!(chosen("last").as_deref(), Some("[::1]:8000"));
        assert_eq!(chosen("none"), None);
        assert_eq!(chosen("unknown"), None);
    }
}
