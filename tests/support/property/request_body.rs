//! Request bodies.

use semantic_router_filter::config::{PromptMode, ReasoningControl, ReasoningFamily, SystemPrompt};
use semantic_router_filter::openai::{
    Body, ChatRequest, Edit, Object, ROLES, TOOLS, encode_string, splice,
};
use semantic_router_filter::route::{Reasoning, edit_reasoning, inject};

const MODEL: &str = "a \"model\"";
const PROMPT: &str = "Be\nbrief.";
/// The members that edits are about.
const EDITED: [&str; 4] = ["model", "messages", "reasoning_effort", "chat_template_kwargs"];

/// Of a request that is read every edit gives one that is read, in which nothing
/// but what the edit is about has changed, not by a byte.
///
/// # Panics
/// It does not hold.
pub fn request_body(bytes: &[u8]) {
    match Body::parse(bytes) {
        Ok(Body::Chat(request)) => {
            let everyone: Vec<&str> = ROLES.into_iter().chain([TOOLS]).collect();
            assert!(request.texts_of(&[]).len() <= request.texts_of(&everyone).len());
            let _ = (request.prompt(), request.user(), request.wanted());
            for mode in [PromptMode::Replace, PromptMode::Insert] {
                for family in families() {
                    for enabled in [false, true] {
                        edits(&request, mode, &family, enabled);
                    }
                }
            }
        }
        Ok(Body::Completion(request)) => {
            let _ = (request.texts_of(&["user"]), request.wanted());
        }
        Ok(Body::Other) => {}
        Err(error) => assert!(!error.to_string().is_empty()),
    }
}

fn families() -> [ReasoningFamily; 3] {
    let argument = ReasoningControl::TemplateArgument("thinking".to_owned());
    [argument, ReasoningControl::Effort, ReasoningControl::Nothing]
        .map(|control| ReasoningFamily { name: "family".to_owned(), control })
}

fn edits(request: &ChatRequest<'_>, mode: PromptMode, family: &ReasoningFamily, enabled: bool) {
    let source = request.source;
    let reasoning = Reasoning { enabled, effort: "high".to_owned(), family: Some(family) };
    let mut body = Edit::of(&request.object);
    body.set("model", encode_string(MODEL));
    let mut splices = edit_reasoning(&reasoning, &request.object, source, &mut body);
    splices.extend(body.splices(source));
    splices.extend(inject(&SystemPrompt { text: PROMPT.to_owned(), mode }, request));
    let edited = splice(source, splices);

    let read = Body::parse(edited.as_bytes());
    let Ok(Body::Chat(after)) = &read else {
        assert!(read.is_ok(), "{source}\n became \n{edited}\n{read:?}");
        return;
    };
    assert_eq!(after.model, MODEL);
    assert_eq!(others(&request.object), others(&after.object), "{source}");
    conversation(request, after, mode);
    thinking(&request.object, &after.object, family, enabled);
}

/// The members that no edit is about.
fn others<'o>(object: &'o Object<'_>) -> Vec<(&'o str, &'o str)> {
    object.members().filter(|(key, _)| !EDITED.contains(key)).collect()
}

/// The system prompt stands first, and what the client said behind it.
fn conversation(before: &ChatRequest<'_>, after: &ChatRequest<'_>, mode: PromptMode) {
    let Some((first, rest)) = after.messages.split_first() else {
        assert!(!after.messages.is_empty(), "no system prompt");
        return;
    };
    let kept = match before.messages.split_first() {
        Some((old, rest)) if ["system", "developer"].contains(&old.role.as_ref()) => {
            assert_eq!(first.role, old.role);
            prompted(&old.object, &first.object, mode);
            rest
        }
        _ => {
            assert_eq!(first.role, "system");
            &before.messages
        }
    };
    assert_eq!(kept.len(), rest.len());
    for (old, new) in kept.iter().zip(rest) {
        assert!(old.object.members().eq(new.object.members()), "{old:?}\n became \n{new:?}");
    }
}

/// The system prompt stands over or before that of the client.
fn prompted(old: &Object<'_>, new: &Object<'_>, mode: PromptMode) {
    let parts = old.get("content").and_then(|content| content.strip_prefix('['));
    if let (PromptMode::Insert, Some(parts)) = (mode, parts) {
        let part = format!("[{{\"type\":\"text\",\"text\":{}}}", encode_string(PROMPT));
        let rest = new.get("content").and_then(|content| content.strip_prefix(&part));
        let rest = rest.map(|rest| rest.strip_prefix(',').unwrap_or(rest));
        assert_eq!(rest, Some(parts));
        return;
    }
    let content = |object: &Object<'_>| object.string("content").unwrap_or_default().into_owned();
    let expected = match mode {
        PromptMode::Replace => PROMPT.to_owned(),
        PromptMode::Insert => format!("{PROMPT}\n\n{}", content(old)),
    };
    assert_eq!(content(new), expected);
}

/// The reasoning mode is what was asked for, or left to the client.
fn thinking(before: &Object<'_>, after: &Object<'_>, family: &ReasoningFamily, enabled: bool) {
    let argument = after.get("chat_template_kwargs").and_then(|json| {
        let arguments = Object::parse(json).ok()?;
        Some(arguments.get("thinking") == Some("true"))
    });
    match family.control {
        ReasoningControl::TemplateArgument(_) => assert_eq!(argument.unwrap_or(false), enabled),
        ReasoningControl::Effort if enabled => {
            assert_eq!(after.get("reasoning_effort"), Some("\"high\""));
        }
        ReasoningControl::Effort => assert!(after.get("reasoning_effort").is_some()),
        ReasoningControl::Nothing => {
            for key in ["reasoning_effort", "chat_template_kwargs"] {
                assert_eq!(before.get(key), after.get(key), "{key}");
            }
        }
    }
}
