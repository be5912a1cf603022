//! The models that clients may name, as the router tells of them.

use serde_json::{Value, json};

use crate::config::Config;

/// The answer to `GET /v1/models`: the router's own name and, where the
/// configuration asks for it, the models it routes to, in file order.
/// `created` is in seconds since 1970.
#[must_use]
pub fn model_list(config: &Config, created: u64) -> String {
    let listed = listed(config).map(|id| described(id, "upstream-endpoint", created));
    let data: Vec<_> =
        std::iter::once(own(&config.auto_model_name, created)).chain(listed).collect();
    json!({"object": "list", "data": data}).to_string()
}

/// The answer to `GET /v1/models/{id}`: any name that asks the router to choose,
/// and what it lists. `None` for a model that only the engines may know.
#[must_use]
pub fn model(config: &Config, id: &str, created: u64) -> Option<String> {
    if config.is_auto(id) {
        return Some(own(id, created).to_string());
    }
    let id = listed(config).find(|listed| *listed == id)?;
    Some(described(id, "upstream-endpoint", created).to_string())
}

fn listed(config: &Config) -> impl Iterator<Item = &str> {
    let names = config.models.iter().map(|model| model.name.as_str());
    names.filter(|name| config.include_config_models_in_list && !config.is_auto(name))
}

fn own(id: &str, created: u64) -> Value {
    let mut own = described(id, "vllm-semantic-router", created);
    if let Some(own) = own.as_object_mut() {
        own.insert("description".into(), "Intelligent Router for Mixture-of-Models".into());
    }
    own
}

fn described(id: &str, owner: &str, created: u64) -> Value {
    json!({"id": id, "object": "model", "created": created, "owned_by": owner})
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::load;

    #[test]
    fn names_of_the_router_are_known_one_by_one() {
        let config = |text: &str| load(text).unwrap().0;
        let plain = config("model_config: {small: {}}");
        assert!(model(&plain, "auto", 1).unwrap().contains(r#""id":"auto""#));
        assert!(model(&plain, "MoM", 1).is_some());
        assert!(model(&plain, "small", 1).is_none() && model(&plain, "", 1).is_none());
        let listing = config(
            "{auto_model_name: mix, include_config_models_in_list: true, \
             model_config: {org/small: {}, MoM: {}}}",
        );
        assert!(model(&listing, "org/small", 1).is_some());
        let list = model_list(&listing, 1);
        assert!(list.contains(r#""id":"mix""#) && list.contains(r#""id":"org/small""#), "{list}");
        let own = model(&listing, "MoM", 1).unwrap();
        assert!(own.contains("upstream-endpoint"), "a model of that name is one: {own}");
    }
}
