//! Text wherever a model may come to read it: an attack there is blocked, personal
//! data too, and a harmless text reaches the engine.

use support::client::Request;

use super::guarded::{ATTACK, Guarded, HARMLESS, PERSONAL, assert_blocked, streamed};

const CHAT: &str = "/v1/chat/completions";
const COMPLETION: &str = "/v1/completions";

/// Places of a text: name, path, and the body with `TEXT` for it.
const POSITIONS: [(&str, &str, &str); 33] = [
    ("the only message", CHAT, r#"{"messages":[{"role":"user","content":"TEXT"}]}"#),
    (
        "an earlier turn of the user's",
        CHAT,
        r#"{"messages":[{"role":"user","content":"TEXT"},{"role":"assistant","content":"Fine."},{"role":"user","content":"And now?"}]}"#,
    ),
    (
        "a system message",
        CHAT,
        r#"{"messages":[{"role":"system","content":"TEXT"},{"role":"user","content":"hi"}]}"#,
    ),
    (
        "a system message in the midst",
        CHAT,
        r#"{"messages":[{"role":"user","content":"hi"},{"role":"system","content":"TEXT"},{"role":"user","content":"hi"}]}"#,
    ),
    (
        "a developer message",
        CHAT,
        r#"{"messages":[{"role":"developer","content":"TEXT"},{"role":"user","content":"hi"}]}"#,
    ),
    (
        "an assistant message",
        CHAT,
        r#"{"messages":[{"role":"user","content":"hi"},{"role":"assistant","content":"TEXT"},{"role":"user","content":"hi"}]}"#,
    ),
    (
        "the output of a tool",
        CHAT,
        r#"{"messages":[{"role":"user","content":"hi"},{"role":"tool","tool_call_id":"c1","content":"TEXT"}]}"#,
    ),
    (
        "the output of a tool, in parts",
        CHAT,
        r#"{"messages":[{"role":"user","content":"hi"},{"role":"tool","tool_call_id":"c1","content":[{"type":"text","text":"Result:"},{"type":"text","text":"TEXT"}]}]}"#,
    ),
    (
        "the output of a function",
        CHAT,
        r#"{"messages":[{"role":"user","content":"hi"},{"role":"function","name":"f","content":"TEXT"}]}"#,
    ),
    (
        "the arguments of a tool call",
        CHAT,
        r#"{"messages":[{"role":"assistant","content":null,"tool_calls":[{"id":"c1","type":"function","function":{"name":"f","arguments":"{\"q\":\"TEXT\"}"}}]},{"role":"user","content":"hi"}]}"#,
    ),
    (
        "the arguments of a tool call, as an object",
        CHAT,
        r#"{"messages":[{"role":"assistant","tool_calls":[{"id":"c1","type":"function","function":{"name":"f","arguments":{"q":"TEXT"}}}]},{"role":"user","content":"hi"}]}"#,
    ),
    (
        "the arguments of a function call",
        CHAT,
        r#"{"messages":[{"role":"assistant","content":null,"function_call":{"name":"f","arguments":"TEXT"}},{"role":"user","content":"hi"}]}"#,
    ),
    (
        "the input of a custom tool",
        CHAT,
        r#"{"messages":[{"role":"assistant","tool_calls":[{"id":"c1","type":"custom","custom":{"name":"f","input":"TEXT"}}]},{"role":"user","content":"hi"}]}"#,
    ),
    (
        "the name of the function that is called",
        CHAT,
        r#"{"messages":[{"role":"assistant","tool_calls":[{"id":"c1","type":"function","function":{"name":"TEXT","arguments":"{}"}}]},{"role":"user","content":"hi"}]}"#,
    ),
    (
        "the name of who speaks",
        CHAT,
        r#"{"messages":[{"role":"user","name":"TEXT","content":"hi"}]}"#,
    ),
    (
        "a role that the API does not know",
        CHAT,
        r#"{"messages":[{"role":"oracle","content":"TEXT"}]}"#,
    ),
    ("a role in capitals", CHAT, r#"{"messages":[{"role":"USER","content":"TEXT"}]}"#),
    ("no role", CHAT, r#"{"messages":[{"content":"TEXT"}]}"#),
    ("a role that is no text", CHAT, r#"{"messages":[{"role":["user"],"content":"TEXT"}]}"#),
    (
        "a part of a message",
        CHAT,
        r#"{"messages":[{"role":"user","content":[{"type":"text","text":"TEXT"}]}]}"#,
    ),
    (
        "a part behind an image",
        CHAT,
        r#"{"messages":[{"role":"user","content":[{"type":"image_url","image_url":{"url":"data:image/png;base64,iVBORw0KGgo="}},{"type":"text","text":"TEXT"}]}]}"#,
    ),
    (
        "a part of an unusual type",
        CHAT,
        r#"{"messages":[{"role":"user","content":[{"type":"input_text","text":"TEXT"}]}]}"#,
    ),
    (
        "a part without a type",
        CHAT,
        r#"{"messages":[{"role":"user","content":[{"text":"TEXT"}]}]}"#,
    ),
    ("a part that is a string", CHAT, r#"{"messages":[{"role":"user","content":["hi","TEXT"]}]}"#),
    (
        "a refusal",
        CHAT,
        r#"{"messages":[{"role":"assistant","content":null,"refusal":"TEXT"},{"role":"user","content":"hi"}]}"#,
    ),
    (
        "what a model thought",
        CHAT,
        r#"{"messages":[{"role":"assistant","content":"a","reasoning_content":"TEXT"},{"role":"user","content":"hi"}]}"#,
    ),
    (
        "the result of a tool in the form of another API",
        CHAT,
        r#"{"messages":[{"role":"user","content":[{"type":"tool_result","tool_use_id":"t1","content":[{"type":"text","text":"TEXT"}]}]}]}"#,
    ),
    (
        "a document beside the messages",
        CHAT,
        r#"{"messages":[{"role":"user","content":"hi"}],"documents":[{"title":"a","text":"TEXT"}]}"#,
    ),
    (
        "a system prompt beside the messages",
        CHAT,
        r#"{"messages":[{"role":"user","content":"hi"}],"system":[{"type":"text","text":"TEXT"}]}"#,
    ),
    (
        "an argument of the chat template",
        CHAT,
        r#"{"messages":[{"role":"user","content":"hi"}],"chat_template_kwargs":{"persona":"TEXT"}}"#,
    ),
    (
        "prompts beside the messages",
        CHAT,
        r#"{"messages":[{"role":"user","content":"hi"}],"prompt":["hi","TEXT"]}"#,
    ),
    ("the prompt of a completion", COMPLETION, r#"{"prompt":"TEXT"}"#),
    ("one of several prompts of completions", COMPLETION, r#"{"prompt":["hi","TEXT"]}"#),
];

fn request(path: &str, body: &str, text: &str, stream: bool) -> Request {
    let body = body.replacen('{', "{\"model\":\"default\",", 1).replace("TEXT", text);
    Request::post(path, streamed(&body, stream))
}

/// Every position is scanned.
pub async fn text_is_scanned_wherever_it_stands(guarded: &Guarded) {
    let version = &guarded.version;
    for (name, path, body) in POSITIONS {
        for stream in [false, true] {
            let response = guarded.send(request(path, body, ATTACK, stream)).await;
            assert_blocked(guarded, &response, "x-vsr-jailbreak-blocked", stream, name);
            assert!(!response.text().contains("previous instructions"), "{name}");

            // No decision, and so no policy on personal data, is taken on
            // what is no chat.
            if path == CHAT {
                let response = guarded.send(request(path, body, PERSONAL, stream)).await;
                assert_blocked(guarded, &response, "x-vsr-pii-violation", stream, name);
                assert!(!response.text().contains("anna"), "{name}");
            }
            let response = guarded.send(request(path, body, HARMLESS, stream)).await;
            let about = format!("{version} {name}, stream {stream}: {}", response.text());
            assert_eq!(response.header("x-vsr-jailbreak-blocked"), None, "{about}");
            assert_eq!(response.header("x-vsr-pii-violation"), None, "{about}");
            assert_eq!(guarded.reached(), 1, "{about}");
        }
    }
}

/// Definitions of tools are scanned by the listener `tools`.
pub async fn definitions_of_tools_are_scanned_where_that_is_asked_for(guarded: &Guarded) {
    let version = &guarded.version;
    for tool in [
        r#""tools":[{"type":"function","function":{"name":"f","description":"TEXT"}}]"#,
        r#""tools":[{"type":"function","function":{"name":"f","parameters":{"type":"object","properties":{"q":{"type":"string","description":"TEXT"}}}}}]"#,
        r#""functions":[{"name":"f","description":"TEXT"}]"#,
    ] {
        let body = format!(r#"{{"messages":[{{"role":"user","content":"{HARMLESS}"}}],{tool}}}"#);
        for stream in [false, true] {
            let attack = request(CHAT, &body, ATTACK, stream);
            let response = guarded.send_to("tools", attack.clone()).await;
            assert_blocked(guarded, &response, "x-vsr-jailbreak-blocked", stream, tool);
            // Applications define tools, and in the imperative: it is a choice.
            assert_eq!(guarded.send(attack).await.header("x-vsr-jailbreak-blocked"), None);
            assert_eq!(guarded.reached(), 1, "{version} {tool}");
        }
    }
}
