//! The reasoning mode of a request.

use crate::config::{Config, ModelRef, ReasoningControl, ReasoningFamily};
use crate::openai::{Edit, Object, Splice, encode_string};

/// Whether and how hard a model is to reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reasoning<'a> {
    /// Whether.
    pub enabled: bool,
    /// How hard; known also where reasoning is off, as in the original.
    pub effort: String,
    /// Which field of the request says so; `None` for a model without a
    /// family, whose request is not touched.
    pub family: Option<&'a ReasoningFamily>,
}

impl<'a> Reasoning<'a> {
    /// The mode that a decision asks for.
    #[must_use]
    pub fn of(config: &'a Config, model_ref: &ModelRef) -> Self {
        let mode = Self::off(config, &model_ref.model);
        let effort = model_ref.reasoning_effort.clone().unwrap_or(mode.effort);
        Self { enabled: model_ref.use_reasoning, effort, family: mode.family }
    }

    /// No reasoning, for a model that no decision chose.
    #[must_use]
    pub fn off(config: &'a Config, model: &str) -> Self {
        let effort = config.default_reasoning_effort.clone().unwrap_or("medium".to_owned());
        Self { enabled: false, effort, family: config.reasoning_family(model) }
    }
}

/// The effort that stands for "off" where only an effort can be given.
const LEAST_EFFORT: &str = "\"low\"";

/// Sets the reasoning mode in a request (`setReasoningModeToRequestBody` in
/// `pkg/extproc/req_filter_reason.go` upstream). The field of the model's
/// family is the router's to set; other arguments of the chat template stay,
/// which the original drops.
pub fn edit<'o, 'a: 'o>(
    reasoning: &'o Reasoning<'_>,
    request: &'o Object<'a>,
    source: &str,
    body: &mut Edit<'o, 'a>,
) -> Vec<Splice> {
    match reasoning.family.map(|family| &family.control) {
        None | Some(ReasoningControl::Nothing) => Vec::new(),
        Some(ReasoningControl::Effort) => {
            if reasoning.enabled {
                body.set("reasoning_effort", encode_string(&reasoning.effort));
            } else if request.get("reasoning_effort").is_none() {
                body.set("reasoning_effort", LEAST_EFFORT);
            }
            Vec::new()
        }
        Some(ReasoningControl::TemplateArgument(parameter)) => {
            body.remove("reasoning_effort");
            template_argument(request, source, body, parameter, reasoning.enabled)
        }
    }
}

fn template_argument<'o, 'a: 'o>(
    request: &'o Object<'a>,
    source: &str,
    body: &mut Edit<'o, 'a>,
    parameter: &'o str,
    enabled: bool,
) -> Vec<Splice> {
    const KEY: &str = "chat_template_kwargs";
    let existing = request.get(KEY).and_then(|json| Object::parse(json).ok());
    match existing {
        Some(arguments) => {
            let mut edit = Edit::of(&arguments);
            if enabled {
                edit.set(parameter, "true");
            } else {
                edit.remove(parameter);
            }
            edit.splices(source)
        }
        // Not an object: nothing in it can be kept.
        _ if enabled => {
            body.set(KEY, format!("{{{}:true}}", encode_string(parameter)));
            Vec::new()
        }
        _ => {
            body.remove(KEY);
            Vec::new()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::openai::splice;

    fn family(control: ReasoningControl) -> ReasoningFamily {
        ReasoningFamily { name: "f".to_owned(), control }
    }

    fn edited(body: &str, enabled: bool, family: &ReasoningFamily) -> String {
        let reasoning = Reasoning { enabled, effort: "high".to_owned(), family: Some(family) };
        let object = Object::parse(body).unwrap();
        let mut edits = Edit::of(&object);
        let mut splices = edit(&reasoning, &object, body, &mut edits);
        splices.extend(edits.splices(body));
        splice(body, splices)
    }

    #[test]
    fn template_argument_is_set_beside_the_others() {
        let family = family(ReasoningControl::TemplateArgument("enable_thinking".to_owned()));
        for (body, on, off) in [
            (
                "{\"a\":1}",
                "{\"a\":1,\"chat_template_kwargs\":{\"enable_thinking\":true}}",
                "{\"a\":1}",
            ),
            (
                "{\"chat_template_kwargs\":{\"x\":1},\"a\":1}",
                "{\"chat_template_kwargs\":{\"x\":1,\"enable_thinking\":true},\"a\":1}",
                "{\"chat_template_kwargs\":{\"x\":1},\"a\":1}",
            ),
            (
                "{\"chat_template_kwargs\":{\"enable_thinking\":false,\"x\":1}}",
                "{\"chat_template_kwargs\":{\"enable_thinking\":true,\"x\":1}}",
                "{\"chat_template_kwargs\":{\"x\":1}}",
            ),
            (
                "{\"chat_template_kwargs\":null,\"a\":1}",
                "{\"chat_template_kwargs\":{\"enable_thinking\":true},\"a\":1}",
                "{\"a\":1}",
            ),
            (
                "{\"a\":1,\"reasoning_effort\":\"low\"}",
                "{\"a\":1,\"chat_template_kwargs\":{\"enable_thinking\":true}}",
                "{\"a\":1}",
            ),
        ] {
            assert_eq!(edited(body, true, &family), on);
            assert_eq!(edited(body, false, &family), off);
        }
    }

    #[test]
    fn effort_is_set_when_on_and_low_when_off() {
        let family = family(ReasoningControl::Effort);
        assert_eq!(edited("{}", true, &family), "{\"reasoning_effort\":\"high\"}");
        assert_eq!(edited("{}", false, &family), "{\"reasoning_effort\":\"low\"}");
        let own = "{\"reasoning_effort\":\"minimal\"}";
        assert_eq!(edited(own, true, &family), "{\"reasoning_effort\":\"high\"}");
        assert_eq!(edited(own, false, &family), own);
    }
}
