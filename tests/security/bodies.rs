//! Bodies that two readers may read in two ways, or that nobody can: they are
//! refused with a clear error, or go on byte for byte.

use support::client::Request;

use super::guarded::{ATTACK, Guarded, HARMLESS, assert_blocked, chat, streamed};

/// Bodies that are refused with status 400, and what the error says.
fn refused() -> Vec<(Vec<u8>, &'static str)> {
    let nested = "[".repeat(100_000);
    let closed = "]".repeat(100_000);
    let mut bodies: Vec<(Vec<u8>, &str)> = [
        (r#"{"model":"auto","model":"plain","messages":[]}"#, "the key model is there more than once"),
        (
            r#"{"model":"auto","messages":[{"role":"user","content":"hi"}],"messages":[]}"#,
            "the key messages is there more than once",
        ),
        (
            r#"{"model":"auto","messages":[],"mess\u0061ges":[]}"#,
            "the key messages is there more than once",
        ),
        (r#"{"messages":[],"stream":true,"stream":false}"#, "the key stream is there more than once"),
        (r#"{"messages":[],"tools":[],"tools":[]}"#, "the key tools is there more than once"),
        (
            r#"{"messages":[],"temperature":0,"temperature":1}"#,
            "the key temperature is there more than once",
        ),
        (
            r#"{"messages":[{"role":"system","role":"user","content":"hi"}]}"#,
            "messages[0]: the key role is there more than once",
        ),
        (
            r#"{"messages":[{"role":"user","content":"hi","content":"ho"}]}"#,
            "messages[0]: the key content is there more than once",
        ),
        (
            r#"{"messages":[{"role":"user","content":[{"type":"text","text":"a","text":"b"}]}]}"#,
            "messages[0]: the key text is there more than once",
        ),
        (
            r#"{"messages":[{"role":"assistant","tool_calls":[],"tool_calls":[]}]}"#,
            "messages[0]: the key tool_calls is there more than once",
        ),
        (
            r#"{"messages":[{"role":"assistant","tool_calls":[{"function":{"arguments":"a","arguments":"b"}}]}]}"#,
            "messages[0]: the key arguments is there more than once",
        ),
        (
            r#"{"messages":[],"chat_template_kwargs":{"thinking":true,"thinking":false}}"#,
            "chat_template_kwargs: a key is there more than once",
        ),
        (r#"{"prompt":"a","prompt":"b"}"#, "the key prompt is there more than once"),
        (r#"{"prompt":[1,2,3]}"#, "not given as text"),
        ("hello", "not JSON"),
        ("[]", "not a JSON object"),
        ("{\"messages\":[]} {\"messages\":[]}", "not JSON"),
        ("\u{feff}{\"messages\":[]}", "not JSON"),
        (r#"{"messages":NaN}"#, "not JSON"),
        ("{'messages':[]}", "not JSON"),
        ("{\"messages\":[{\"content\":\"a\nb\"}]}", "not JSON"),
        (r#"{"messages":{}}"#, "messages: not a list"),
        (r#"{"messages":["hi"]}"#, "messages[0]: not a JSON object"),
        (r#"{"messages":[{"role":"user","content":[1]}]}"#, "neither a text nor an object"),
        (r#"{"model":{},"messages":[]}"#, "model: not a string"),
    ]
    .into_iter()
    .map(|(body, says)| (body.as_bytes().to_vec(), says))
    .collect();
    bodies.push((nested.clone().into_bytes(), "not a JSON object"));
    bodies.push((format!("{nested}{closed}").into_bytes(), "not a JSON object"));
    bodies.push((format!("{{\"messages\":{nested}").into_bytes(), "not JSON"));
    bodies.push((
        format!("{{\"messages\":{nested}{closed}}}").into_bytes(),
        "messages[0]: not a JSON",
    ));
    bodies
        .push((b"{\"messages\":[{\"content\":\"\xff\"}]}".to_vec(), "not UTF-8: invalid byte at"));
    bodies.push((b"{\"messages\":[{\"content\":\"\xed\xa0\x80\"}]}".to_vec(), "not UTF-8"));
    // What Python's json takes for UTF-16.
    let wide: Vec<u8> = r#"{"messages":[]}"#.bytes().flat_map(|byte| [byte, 0]).collect();
    bodies.push((wide, "not JSON"));
    bodies
}

/// Bodies that go on, with the model changed and not another byte.
fn kept() -> Vec<String> {
    let nested = format!("{}1{}", "[".repeat(100_000), "]".repeat(100_000));
    let mut bodies: Vec<String> = [
        r#"{"model":"auto","messages":[{"role":"user","content":"TEXT"}],"seed":12345678901234567890}"#,
        r#"{"model":"auto","messages":[{"role":"user","content":"TEXT"}],"temperature":1e400,"top_p":-0.0,"n":1E+2}"#,
        r#"{"messages":[{"role":"user","content":"TEXT","x":0.1000000000000000055511151231257827}],"model":"auto"}"#,
        "{ \"model\" :\t\"auto\" , \"messages\" : [ { \"role\" : \"user\" , \"content\" : \"TEXT\" } ] , \"z\" : 1 }\n",
        r#"{"model":"auto","messages":[{"role":"user","content":"TEXT \ud800"}],"\/":"\u00e9\/"}"#,
        r#"{"model":"auto","messages":[{"role":"user","content":"TEXT"}],"metadata":{"a":1,"a":2}}"#,
    ]
    .map(|body| body.replace("TEXT", HARMLESS))
    .to_vec();
    bodies.push(format!(
        r#"{{"model":"auto","messages":[{{"role":"user","content":"{HARMLESS}"}}],"x":{nested}}}"#
    ));
    bodies
}

/// Every body is refused with its reason, or goes on as it is.
pub async fn what_can_be_read_in_two_ways_is_refused_and_the_rest_kept(guarded: &Guarded) {
    let version = &guarded.version;
    let streaming = |(body, says): &(Vec<u8>, &'static str)| {
        let rest = body.strip_prefix(b"{\"")?;
        Some(([b"{\"stream\":true,\"".as_slice(), rest].concat(), *says))
    };
    let refused = refused();
    let streams: Vec<_> = refused.iter().filter_map(streaming).collect();
    for (body, says) in refused.into_iter().chain(streams) {
        let shown: String = String::from_utf8_lossy(&body).chars().take(120).collect();
        let response = guarded.send(Request::post("/v1/chat/completions", body)).await;
        let about = format!("{version} {shown}: {}", response.text());
        assert_eq!(response.status, 400, "{about}");
        assert_eq!(response.header("content-type"), Some("application/json"), "{about}");
        let error: serde_json::Value = serde_json::from_slice(&response.body).unwrap();
        let message = error["error"]["message"].as_str().unwrap();
        assert!(message.contains(says), "{about}");
        assert_eq!(guarded.reached(), 0, "{about}");
    }
    let streams = kept().into_iter().map(|body| streamed(&body, true));
    for body in kept().into_iter().chain(streams) {
        let shown: String = body.chars().take(160).collect();
        let response = guarded.send(chat(body.clone())).await;
        let reached = guarded.stack.reached();
        let [("a", recorded)] = &reached[..] else { panic!("{shown}: {}", response.text()) };
        let expected = body.replace("\"auto\"", "\"plain\"");
        assert_eq!(String::from_utf8_lossy(&recorded.body), expected, "{version} {shown}");
        guarded.stack.clear();
    }
    for stream in [false, true] {
        let body = format!(
            r#"{{"model":"auto","messages":[{{"role":"user","content":"\ud800{ATTACK}\udc00"}}]}}"#
        );
        let response = guarded.send(chat(streamed(&body, stream))).await;
        assert_blocked(guarded, &response, "x-vsr-jailbreak-blocked", stream, "surrogates");
    }
}
