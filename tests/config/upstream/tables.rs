//! What comes of the samples, and why.

use serde_json::Value;

/// The samples that are refused, with every error and the reason.
pub const REFUSED: [(&str, &[&str], &str); 4] = [
    (
        "config/intelligent-routing/in-tree/generic_categories.yaml",
        &[
            "decisions[0].modelRefs[0].use_reasoning: missing",
            "decisions[1].modelRefs[0].use_reasoning: missing",
            "decisions[2].modelRefs[0].use_reasoning: missing",
        ],
        "as in the original",
    ),
    (
        "deploy/openshift/config-openshift.yaml",
        &[
            "vllm_endpoints[0].address: must be an IP address without scheme, path or port, \
             is \"DYNAMIC_MODEL_A_IP\"",
            "vllm_endpoints[1].address: must be an IP address without scheme, path or port, \
             is \"DYNAMIC_MODEL_B_IP\"",
        ],
        "as in the original: a script replaces the addresses",
    ),
    (
        "e2e/profiles/response-api/values.yaml",
        &["decisions[0].modelRefs[0].use_reasoning: missing"],
        "as in the original: its keys are written in camelCase",
    ),
    (
        "e2e/profiles/routing-strategies/values-mcp.yaml",
        &["config.model_config.openai/gpt-oss-20b.preferred_endpoints[0]: expected a string, \
           found a mapping"],
        "the original's checks do not see it, but its parser has a list of strings there",
    ),
];

/// The samples among them that the original's checks accept.
pub const DIFFERENT: [&str; 1] = ["e2e/profiles/routing-strategies/values-mcp.yaml"];

/// Where the accepted samples are warned of, with the reason.
pub const WARNED: [(&str, &str); 36] = [
    ("semantic_cache.backend_type", "milvus and hybrid are not supported"),
    ("semantic_cache.*", "not read by the original's caches in memory and in Redis"),
    ("keyword_rules[].*", "not read by the original either"),
    ("keyword_rules[]", "without a name"),
    ("response_api", "not supported"),
    ("tools", "not supported"),
    ("embedding_rules[].aggregation_method", "on which the original fails"),
    ("embedding_rules[].*", "not read by the original either"),
    ("embedding_rules[]", "without a name or candidates"),
    ("classifier.mcp_category_model", "not supported"),
    ("classifier.category_model.threshold", "applies to nothing, as in the original"),
    ("classifier.category_model", "not configured, though there are decisions"),
    ("prompt_guard.use_vllm", "not supported"),
    ("config_source", "resources of Kubernetes are not read"),
    ("default_model", "missing, or not in model_config"),
    ("vllm_endpoints[].health_check_path", "not read by the original either"),
    ("categories[].mmlu_categories[]", "no label of the classifier"),
    ("decisions[].rules.conditions[]", "of a type that is not evaluated"),
    ("decisions[].rules.conditions[].name", "nothing of this name"),
    ("decisions[].rules.conditions[].rule_name", "of no version known"),
    ("decisions[].modelRefs[].model", "not in model_config"),
    ("decisions[].modelRefs[].reasoning_effort", "of a model that is told none"),
    ("decisions[].plugins[]", "not run"),
    ("decisions[].plugins", "what they need is not enabled"),
    ("decisions[].plugins[].configuration.pii_types_allowed[]", "no type of personal data"),
    ("model_config.*.reasoning_family", "not in reasoning_families"),
    // Keys that the original does not read either.
    ("api.batch_classification.*", "of an older version"),
    ("router", "of an older version"),
    ("entropy_threshold", "of an older version"),
    ("high_entropy_threshold", "of an older version"),
    ("categories[].*", "of an older version, which had no decisions"),
    ("model_config.*.use_reasoning", "belongs to a model reference"),
    ("model_config.*.allow_by_default", "of an older version"),
    ("classifier.enabled", "of no version known"),
    ("classifier.*_path", "of no version known"),
    ("classifier.*", "belongs to category_model"),
];

/// The sections that are not run where they are enabled.
const SECTIONS: [&str; 3] = ["hallucination_mitigation", "response_api", "tools"];

/// The types of conditions that are evaluated.
const CONDITIONS: [&str; 4] = ["keyword", "embedding", "domain", "fact_check"];

/// The types of plugins that are run, or whose section says that they are not.
const PLUGINS: [&str; 5] =
    ["system_prompt", "jailbreak", "pii", "semantic-cache", "header_mutation"];

/// The paths of all that a document asks for and is not supported.
pub fn not_supported(document: &Value) -> Vec<String> {
    let enabled = |section: &&&str| document[**section]["enabled"] == true;
    let mut paths: Vec<String> =
        SECTIONS.iter().filter(enabled).map(|section| (*section).to_owned()).collect();
    for (index, decision) in list(&document["decisions"]).enumerate() {
        for (at, condition) in list(&decision["rules"]["conditions"]).enumerate() {
            if !CONDITIONS.contains(&condition["type"].as_str().unwrap()) {
                paths.push(format!("decisions[{index}].rules.conditions[{at}]"));
            }
        }
        for (at, plugin) in list(&decision["plugins"]).enumerate() {
            let off = plugin["configuration"]["enabled"] == false;
            if !off && !PLUGINS.contains(&plugin["type"].as_str().unwrap()) {
                paths.push(format!("decisions[{index}].plugins[{at}]"));
            }
        }
    }
    paths
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}
