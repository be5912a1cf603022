//! The dialect of the original's command line, `version: v0.1`
//! (`src/vllm-sr/cli/merger.py` upstream).

use std::net::IpAddr;

use serde_yaml::{Mapping, Value};

use super::{Origins, Translation};
use crate::config::reader::{Fields, Form, Node, Reading};

/// What the original adds to each file of this dialect.
const DEFAULTS: &str = include_str!("defaults.yaml");
/// Keys of the dialect that have none of their name in the plain one.
const OWN_KEYS: [&str; 3] = ["version", "signals", "providers"];
/// Signals and the sections that they become.
const SIGNALS: [(&str, &str); 4] = [
    ("keywords", "keyword_rules"),
    ("embeddings", "embedding_rules"),
    ("domains", "categories"),
    ("fact_check", "fact_check_rules"),
];
/// Signals that are not evaluated.
const OTHER_SIGNALS: [&str; 6] =
    ["user_feedbacks", "preferences", "language", "latency", "context", "complexity"];

/// Translates a configuration. Keys of the plain dialect beside those of this
/// one stay as they are.
pub fn translate(file: &Value) -> Translation {
    let reading = Reading::default();
    let top = Node::root(file, &reading).fields();
    let mut target = Target::of(file);
    if let Some(fields) = top.fields("signals") {
        signals(&fields, &mut target);
    }
    if let Some(fields) = top.fields("providers") {
        providers(&fields, &mut target);
    }
    target.fill_reasoning();
    target.fill_defaults();
    let (report, _) = reading.end();
    Translation { value: Value::Mapping(target.top), origins: target.origins, report }
}

/// The plain configuration that comes to be.
struct Target {
    top: Mapping,
    origins: Origins,
}

impl Target {
    fn of(file: &Value) -> Self {
        let mut top = file.as_mapping().cloned().unwrap_or_default();
        top.retain(|key, _| !OWN_KEYS.iter().any(|own| key.as_str() == Some(own)));
        Self { top, origins: Origins::default() }
    }

    /// Puts a section where none is yet.
    fn put(&mut self, key: &str, value: Value, origin: &Node<'_>) {
        if self.top.contains_key(key) {
            origin.error(format!("is there a second time, as {key}"));
            return;
        }
        self.top.insert(key.into(), value);
        self.origins.add(key, origin.path());
    }

    /// A reference to a model without `use_reasoning` does not reason.
    fn fill_reasoning(&mut self) {
        let decisions = self.top.get_mut("decisions").and_then(Value::as_sequence_mut);
        for decision in decisions.into_iter().flatten() {
            let refs = decision.get_mut("modelRefs").and_then(Value::as_sequence_mut);
            for model in refs.into_iter().flatten().filter_map(Value::as_mapping_mut) {
                model.entry("use_reasoning".into()).or_insert(Value::Bool(false));
            }
        }
    }

    fn fill_defaults(&mut self) {
        let defaults: Mapping = serde_yaml::from_str(DEFAULTS).unwrap_or_default();
        for (key, value) in defaults {
            self.top.entry(key).or_insert(value);
        }
    }

    /// Host names are usual in this dialect: they are allowed unless the file
    /// says otherwise.
    fn allow_host_names(&mut self) {
        let mut at = &mut self.top;
        for key in ["filter", "endpoints"] {
            let section = at.entry(key.into()).or_insert_with(|| Mapping::new().into());
            let Some(section) = section.as_mapping_mut() else { return };
            at = section;
        }
        at.entry("host_names".into()).or_insert(Value::Bool(true));
    }
}

fn signals(fields: &Fields<'_>, target: &mut Target) {
    for (key, section) in SIGNALS {
        if let Some(node) = fields.get(key) {
            target.put(section, node.value().clone(), &node);
        }
    }
    for key in OTHER_SIGNALS {
        if let Some(node) = fields.get(key)
            && !node.items().is_empty()
        {
            node.warn("signals of this kind are not evaluated: conditions on them never hold");
        }
    }
    fields.finish();
}

fn providers(fields: &Fields<'_>, target: &mut Target) {
    for key in ["default_model", "default_reasoning_effort", "reasoning_families"] {
        if let Some(node) = fields.get(key) {
            target.put(key, node.value().clone(), &node);
        }
    }
    if let Some(node) = fields.get("external_models")
        && !node.items().is_empty()
    {
        node.warn("is not supported here: no other models are asked");
    }
    if let Some(list) = fields.get("models") {
        models(&list, target);
    }
    fields.finish();
}

fn models(list: &Node<'_>, target: &mut Target) {
    let mut config = Mapping::new();
    let mut engines = Vec::new();
    for node in list.items() {
        let fields = node.fields();
        let name = fields.required_text("name");
        let mut model = Mapping::new();
        for key in ["reasoning_family", "pricing", "loras"] {
            if let Some(value) = fields.get(key) {
                model.insert(key.into(), value.value().clone());
            }
        }
        let served = endpoints(&name, &fields, &mut engines, target);
        model.insert("preferred_endpoints".into(), served.into());
        unused(&fields);
        fields.finish();
        let path = format!("model_config.{name}");
        target.origins.add(format!("{path}.preferred_endpoints"), node.path_of("endpoints"));
        target.origins.add(path, node.path());
        if config.insert(name.clone().into(), model.into()).is_some() {
            node.error(format!("there is another model {name:?}"));
        }
    }
    target.put("model_config", config.into(), list);
    target.put("vllm_endpoints", engines.into(), list);
}

/// What is said of a model and is not for a router in Envoy to do.
fn unused(fields: &Fields<'_>) {
    fields.check(&[("param_size", Form::Text)]);
    if let Some(node) = fields.get("access_key") {
        node.warn("is not sent here: give it to the engine's route in Envoy");
    }
    let formats = [("openai", true), ("anthropic", false)];
    if let Some(node) = fields.get("api_format")
        && node.preference(&formats, "requests are not translated") == Some(false)
    {
        node.warn("requests are not translated here: the engine has to take OpenAI's");
    }
}

/// Adds the endpoints of a model to `engines`; their names come back.
fn endpoints(
    model: &str,
    fields: &Fields<'_>,
    engines: &mut Vec<Value>,
    target: &mut Target,
) -> Vec<Value> {
    let mut names = Vec::new();
    for node in fields.items("endpoints") {
        let fields = node.fields();
        let name = format!("{model}_{}", fields.required_text("name"));
        let protocols = [("http", false), ("https", true)];
        let protocol = fields.get("protocol");
        let secure = protocol.as_ref().and_then(|node| node.choice(&protocols)).unwrap_or(false);
        if let Some(node) = protocol.filter(|_| secure) {
            node.warn("TLS is for Envoy to speak: give its cluster a transport_socket");
        }
        let address = fields.required_text("endpoint");
        let (host, port) = host_and_port(&address, if secure { 443 } else { 80 });
        if host.parse::<IpAddr>().is_err() && !host.contains('/') {
            target.allow_host_names();
            node.warn("has a host name: Envoy's cluster has to resolve it");
        }
        let mut engine = Mapping::new();
        engine.insert("name".into(), name.clone().into());
        engine.insert("address".into(), host.into());
        engine.insert("port".into(), port);
        if let Some(weight) = fields.get("weight") {
            engine.insert("weight".into(), weight.value().clone());
        }
        fields.finish();
        let path = format!("vllm_endpoints[{}]", engines.len());
        for key in ["address", "port"] {
            target.origins.add(format!("{path}.{key}"), node.path_of("endpoint"));
        }
        target.origins.add(path, node.path());
        engines.push(engine.into());
        names.push(name.into());
    }
    names
}

/// The two parts of `host[:port]`; what is neither is left for the reader of
/// addresses to refuse.
fn host_and_port(text: &str, default: u16) -> (&str, Value) {
    let bare = |host: &'_ str| -> bool { !host.contains(':') || host.ends_with(']') };
    let (host, port) = match text.rsplit_once(':') {
        Some((host, port)) if bare(host) => match port.parse::<i64>() {
            Ok(port) => (host, port.into()),
            Err(_) => (text, default.into()),
        },
        _ => (text, default.into()),
    };
    let inner = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
    (inner.unwrap_or(host), port)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_and_ports_are_told_apart() {
        for (text, host, port) in [
            ("engine:8000", "engine", 8000),
            ("api.example.com", "api.example.com", 443),
            ("10.0.0.1:1", "10.0.0.1", 1),
            ("[::1]:8000", "::1", 8000),
            ("[::1]", "::1", 443),
            ("::1", "::1", 443),
            ("engine:http", "engine:http", 443),
            ("engine:99999", "engine", 99999),
            ("http://engine:8000", "http://engine:8000", 443),
        ] {
            assert_eq!(host_and_port(text, 443), (host, Value::from(port)), "{text}");
        }
    }

    #[test]
    fn the_defaults_are_a_configuration() {
        let (config, warnings) = crate::config::load(DEFAULTS).unwrap();
        assert!(config.classify_category && config.prompt_guard.is_some());
        assert!(config.semantic_cache.is_some());
        assert_eq!(config.stand_ins.len(), 3);
        let paths: Vec<&str> = warnings.iter().map(|warning| warning.path.as_str()).collect();
        assert_eq!(paths, ["default_model"]);
    }
}
