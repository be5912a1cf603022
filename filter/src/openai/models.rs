//! The model list.

use serde_json::json;

use crate::config::Config;

/// The answer to `GET /v1/models`: the router's own name and, where the
/// configuration asks for it, the models it routes to, in file order.
/// `created` is in seconds since 1970.
#[must_use]
pub fn model_list(config: &Config, created: u64) -> String {
    let own = json!({
        "id": config.auto_model_name,
        "object": "model",
        "created": created,
        "owned_by": "vllm-semantic-router",
        "description": "Intelligent Router for Mixture-of-Models",
    });
    let listed = config
        .models
        .iter()
        .filter(|model| config.include_config_models_in_list && !config.is_auto(&model.name))
        .map(|model| {
            json!({
                "id": model.name,
                "object": "model",
                "created": created,
                "owned_by": "upstream-endpoint",
            })
        });
    let data: Vec<_> = std::iter::once(own).chain(listed).collect();
    json!({"object": "list", "data": data}).to_string()
}
