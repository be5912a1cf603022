//! Reads what the original does and this does not, with a warning where it is
//! turned on. Values have to be of the right form, as there; the reasons stand
//! in `docs/compatibility.md`.

use crate::config::reader::{Fields, Form, Node};

const COUNT: Form = Form::Integer(0, i64::MAX);

/// Reads the sections of the top level that are not run.
pub fn read(top: &Fields<'_>) {
    if let Some(fields) = asked(top, "response_api", "responses are not kept here") {
        fields.check(&[
            ("store_backend", Form::Text),
            ("ttl_seconds", COUNT),
            ("max_responses", COUNT),
            ("backend_config_path", Form::Text),
        ]);
        if let Some(fields) = fields.fields("milvus") {
            fields.check(&[
                ("address", Form::Text),
                ("database", Form::Text),
                ("collection", Form::Text),
            ]);
            fields.finish();
        }
        fields.finish();
    }
    if let Some(fields) = asked(top, "tools", "no tools are chosen here") {
        fields.check(&[
            ("top_k", Form::Integer(i64::MIN, i64::MAX)),
            ("similarity_threshold", Form::Fraction),
            ("tools_db_path", Form::Text),
            ("fallback_to_empty", Form::Flag),
        ]);
        fields.finish();
    }
}

/// Reads `hallucination_mitigation`; what comes back is the threshold of its
/// fact check, which is run.
pub fn hallucination_mitigation(top: &Fields<'_>) -> Option<f64> {
    let what = "answers are not checked here; prompts that ask for facts are found";
    let fields = asked(top, "hallucination_mitigation", what)?;
    let model = |key, more: &[(&'static str, Form)]| {
        let fields = fields.fields(key)?;
        let threshold = fields.get("threshold").and_then(|node| node.fraction());
        fields.check(&[("model_id", Form::Text), ("use_cpu", Form::Flag)]);
        fields.check(more);
        fields.finish();
        threshold
    };
    let threshold = model("fact_check_model", &[("mapping_path", Form::Text)]);
    model("hallucination_model", &[]);
    model("nli_model", &[]);
    fields.check(&[("on_hallucination_detected", Form::Text)]);
    fields.finish();
    threshold
}

/// Reads the configuration of a plugin of type `hallucination`, which is not
/// run.
pub fn hallucination_plugin(plugin: &Node<'_>, settings: &Node<'_>) {
    let fields = settings.fields();
    if fields.flag("enabled") == Some(true) {
        plugin.warn("plugins of type \"hallucination\" are not run: answers are not checked here");
    }
    fields.check(&[
        ("use_nli", Form::Flag),
        ("hallucination_action", Form::Text),
        ("unverified_factual_action", Form::Text),
        ("include_hallucination_details", Form::Flag),
    ]);
    fields.finish();
}

/// Reads `classifier.mcp_category_model`.
pub fn mcp_category_model(classifier: &Fields<'_>) {
    let what = "no classifier is asked over MCP here, and none decided in the original";
    let Some(fields) = asked(classifier, "mcp_category_model", what) else { return };
    drop(fields.texts("args"));
    if let Some(node) = fields.get("env") {
        for (_, value) in node.entries() {
            drop(value.text());
        }
    }
    fields.check(&[
        ("transport_type", Form::Text),
        ("command", Form::Text),
        ("url", Form::Text),
        ("tool_name", Form::Text),
        ("threshold", Form::Fraction),
        ("timeout_seconds", COUNT),
    ]);
    fields.finish();
}

/// A section, with a warning if it is enabled.
fn asked<'a>(parent: &Fields<'a>, key: &'static str, what: &str) -> Option<Fields<'a>> {
    let node = parent.get(key)?;
    let fields = node.fields();
    if fields.flag("enabled") == Some(true) {
        node.warn(format!("is not supported here: {what}"));
    }
    Some(fields)
}
