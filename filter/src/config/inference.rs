//! Reads what the file says of models: `classifier`, `prompt_guard` and
//! `filter.inference`.

use super::parse::unsupported;
use super::reader::{Fields, Form, Node};
use super::types::{Backend, Classifier, CustomModel, Inference, PiiModel, PromptGuard};
use crate::openai::{ROLES, TOOLS};

/// Names under which the original offers its own models; each may have
/// `models/` or an owner before it. The bundled model stands in for them.
const UPSTREAM_MODELS: [&str; 10] = [
    "category_classifier_modernbert-base_model",
    "pii_classifier_modernbert-base_presidio_token_model",
    "pii_classifier_modernbert-base_model",
    "jailbreak_classifier_modernbert-base_model",
    "mmbert32k-intent-classifier-merged",
    "mmbert32k-jailbreak-detector-merged",
    "mmbert32k-pii-detector-merged",
    "mom-domain-classifier",
    "mom-pii-classifier",
    "mom-jailbreak-classifier",
];
/// How the names of the original's adapters begin.
const UPSTREAM_ADAPTERS: [&str; 3] =
    ["lora_intent_classifier_", "lora_pii_detector_", "lora_jailbreak_classifier_"];

/// Where the original runs a model, and a key that it ignores itself.
const PROCESS: [(&str, Form); 2] = [("use_cpu", Form::Flag), ("use_modernbert", Form::Flag)];

/// What the section `classifier` asks for.
pub struct Asked {
    /// Whether categories are classified.
    pub category: bool,
    /// The user's own category model.
    pub category_model: Option<CustomModel>,
    /// The PII model.
    pub pii: PiiModel,
    /// Names of the original's models, in whose place the bundled one stands.
    pub stand_ins: Vec<String>,
}

/// Reads the section `classifier`.
pub fn classifier(top: &Fields<'_>) -> Asked {
    let mut asked = Asked {
        category: false,
        category_model: None,
        pii: PiiModel::default(),
        stand_ins: Vec::new(),
    };
    let Some(classifier) = top.fields("classifier") else { return asked };
    if let Some(fields) = classifier.fields("category_model") {
        // As in the original: on when both the model and its mapping are named.
        let (named, own) = model(&fields, "category_mapping_path", &mut asked.stand_ins);
        asked.category = named;
        asked.category_model = own;
        if let Some(node) = fields.get("threshold").filter(|node| node.fraction().is_some()) {
            node.warn("applies to no decision, as in the original: the likeliest category counts");
        }
        fields.check(&PROCESS);
        fields.finish();
    }
    if let Some(fields) = classifier.fields("pii_model") {
        asked.pii.model = model(&fields, "pii_mapping_path", &mut asked.stand_ins).1;
        asked.pii.threshold = fields.get("threshold").and_then(|node| node.fraction());
        fields.check(&PROCESS);
        fields.finish();
    }
    unsupported::mcp_category_model(&classifier);
    classifier.finish();
    asked
}

/// Reads the section `prompt_guard`; `None` unless it is enabled.
pub fn prompt_guard(top: &Fields<'_>, stand_ins: &mut Vec<String>) -> Option<PromptGuard> {
    let fields = top.fields("prompt_guard")?;
    let enabled = fields.flag("enabled").unwrap_or(false);
    let (_, own) = model(&fields, "jailbreak_mapping_path", stand_ins);
    let threshold = fields.get("threshold").and_then(|node| node.fraction());
    if fields.flag("use_vllm") == Some(true)
        && let Some(node) = fields.get("use_vllm")
    {
        node.warn("a guard served by vLLM is not asked here, the bundled one is used");
    }
    fields.check(&PROCESS);
    fields.check(&[
        ("vllm_model_name", Form::Text),
        ("vllm_timeout_seconds", Form::Integer(0, i64::from(u32::MAX))),
        ("response_parser_type", Form::Text),
    ]);
    if let Some(fields) = fields.fields("classifier_vllm_endpoint") {
        fields.check(&[
            ("address", Form::Text),
            ("port", Form::Integer(1, 65_535)),
            ("name", Form::Text),
            ("use_chat_template", Form::Flag),
            ("prompt_template", Form::Text),
        ]);
        fields.finish();
    }
    fields.finish();
    enabled.then_some(PromptGuard { threshold, model: own })
}

/// Whether a model and its mapping are named, and the model where it is the
/// user's own.
fn model(
    fields: &Fields<'_>,
    mapping_key: &'static str,
    stand_ins: &mut Vec<String>,
) -> (bool, Option<CustomModel>) {
    let id = fields.text("model_id").filter(|id| !id.is_empty());
    let mapping = fields.text(mapping_key).filter(|path| !path.is_empty());
    let named = id.is_some() && mapping.is_some();
    let (Some(id), Some(node)) = (id, fields.get("model_id")) else { return (named, None) };
    let name = id.rsplit('/').next().unwrap_or_default();
    let bundled = UPSTREAM_MODELS.contains(&name)
        || UPSTREAM_ADAPTERS.iter().any(|prefix| name.starts_with(prefix));
    if bundled {
        stand_ins.push(name.to_owned());
        return (named, None);
    }
    let Some(mapping) = mapping else {
        node.warn(format!("{mapping_key} is missing: the bundled model is used"));
        return (named, None);
    };
    let folder = id.strip_prefix("models/").unwrap_or(&id).trim_matches('/').to_owned();
    if folder.split('/').any(|part| part == "..") {
        node.error("must not lead out of the models folder");
    }
    let mapping = mapping.rsplit('/').next().unwrap_or_default().to_owned();
    (named, Some(CustomModel { folder, mapping }))
}

/// Reads `filter.inference`.
pub fn inference(filter: &Fields<'_>) -> Inference {
    let mut inference = Inference::default();
    let Some(fields) = filter.fields("inference") else { return inference };
    let size = |key, most: i64| {
        let node: Option<Node<'_>> = fields.get(key);
        let number = node.and_then(|node| node.integer(0..=most));
        number.and_then(|number| usize::try_from(number).ok())
    };
    if let Some(tokens) = size("max_tokens", 1 << 20) {
        inference.max_tokens = tokens.max(1);
    }
    if let Some(millis) = size("budget_ms", 60_000) {
        inference.budget_ms = millis as u64;
    }
    if let Some(millis) = size("sidecar_timeout_ms", 60_000) {
        inference.sidecar_timeout_ms = (millis as u64).max(1);
    }
    if let Some(entries) = size("memo_entries", 1 << 20) {
        inference.memo_entries = entries;
    }
    if let Some(mebibytes) = size("memory_mb", 1 << 10) {
        inference.memory_bytes = mebibytes << 20;
    }
    for (key, of) in [
        ("category", &mut inference.category),
        ("jailbreak", &mut inference.jailbreak),
        ("pii", &mut inference.pii),
    ] {
        if let Some(fields) = fields.fields(key) {
            classifier_policy(&fields, of, key == "category");
        }
    }
    fields.finish_strict();
    inference
}

fn classifier_policy(fields: &Fields<'_>, of: &mut Classifier, is_category: bool) {
    let backends = [("filter", Backend::Filter), ("sidecar", Backend::Sidecar)];
    if let Some(backend) = fields.get("backend").and_then(|node| node.choice(&backends)) {
        of.backend = backend;
    }
    of.sha256 = fields.text("sha256").map(|hash| hash.to_ascii_lowercase());
    if let Some(hash) = &of.sha256
        && (hash.len() != 64 || !hash.bytes().all(|byte| byte.is_ascii_hexdigit()))
        && let Some(node) = fields.get("sha256")
    {
        node.error("must be the 64 hexadecimal digits of the model file's SHA-256");
    }
    if !is_category && let Some(node) = fields.get("scan") {
        of.scan.clear();
        for role in node.items() {
            let mut known = ROLES.into_iter().chain([TOOLS]);
            match role.text().and_then(|text| known.find(|known| *known == text)) {
                Some(role) => of.scan.push(role),
                None => role.error(format!("must be one of {}, {TOOLS}", ROLES.join(", "))),
            }
        }
    }
    fields.finish_strict();
}
