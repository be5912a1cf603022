//! Headers: what a client claims is not believed, and no name splits or bloats
//! one.

use support::client::{Request, Response};
use support::engine::Recorded;
use support::stack::Stack;

use super::guarded::{Guarded, HARMLESS, PERSONAL, assert_blocked, chat, router_with, streamed};

/// The router's headers on an answer of the engine's.
const ON_ANSWERS: [&str; 5] = [
    "x-vsr-selected-category",
    "x-vsr-selected-decision",
    "x-vsr-selected-reasoning",
    "x-vsr-selected-model",
    "x-vsr-injected-system-prompt",
];
/// The router's headers on a request to the engine.
const ON_REQUESTS: [&str; 2] = ["x-vsr-destination-endpoint", "x-selected-model"];
/// What a client may claim.
const CLAIMED: [&str; 8] = [
    "x-vsr-destination-endpoint",
    "x-vsr-selected-model",
    "X-VSR-Selected-Decision",
    "x-vsr-jailbreak-blocked",
    "x-vsr-debug",
    "x-selected-model",
    "x-gateway-destination-endpoint",
    "x-envoy-original-dst-host",
];

/// Names that cannot stand in a header, as YAML writes them.
const NAMES: [(&str, &str); 3] =
    [("split", "\"a\\r\\nx-evil: 1\""), ("foreign", "\"geschäft\""), ("long", "LONG")];

/// What a key of a YAML file may be long.
const LONG: usize = 1_000;

fn long(name: &str, length: usize) -> String {
    name.replace("LONG", &"x".repeat(length))
}

/// The routers whose decision has such a name, and those whose model has.
pub fn misnamed(stack: &Stack) -> Vec<(&'static str, String)> {
    let decision = |(listener, name): (&'static str, &str)| {
        let router =
            router_with(stack, "name: private_decision", &format!("name: {}", long(name, LONG)));
        (listener, router)
    };
    let model = |(listener, name): (&'static str, &str)| {
        let name = long(name, LONG);
        let router = router_with(stack, "{model: plain", &format!("{{model: {name}"));
        let router = router.replace("  plain: {", &format!("  {name}: {{"));
        let listener = match listener {
            "split" => "model-split",
            "foreign" => "model-foreign",
            _ => "model-long",
        };
        (listener, router)
    };
    NAMES.into_iter().map(decision).chain(NAMES.into_iter().map(model)).collect()
}

fn one(guarded: &Guarded, about: &str) -> Recorded {
    let mut reached = guarded.stack.reached();
    guarded.stack.clear();
    assert_eq!(reached.len(), 1, "{about}");
    reached.remove(0).1
}

fn routers_own(fields: &[(String, Vec<u8>)]) -> Vec<&str> {
    let names = fields.iter().map(|(name, _)| name.as_str());
    names.filter(|name| name.starts_with("x-vsr-") || name.starts_with("x-selected")).collect()
}

fn assert_sound(response: &Response, about: &str) {
    assert_eq!(response.header("x-evil"), None, "{about}");
    for (name, value) in &response.headers {
        assert!(value.len() <= 256, "{about}: {name} has {} bytes", value.len());
        assert!(value.is_ascii(), "{about}: {name}");
    }
}

/// Every header that only the router may set is its own.
pub async fn what_a_client_claims_is_not_believed(guarded: &Guarded) {
    let version = &guarded.version;
    for request in [
        Request::chat("auto", HARMLESS, false),
        Request::chat("auto", HARMLESS, true),
        Request::chat("default", HARMLESS, false),
        Request::post("/v1/embeddings", r#"{"model":"default","input":"bread"}"#),
        Request::get("/version"),
    ] {
        let about = format!("{version}: {} {}", request.method, request.path);
        let claiming = CLAIMED.iter().fold(request, |request, name| {
            request.header(name, "127.0.0.1:1").header(name, "evil")
        });
        let response = guarded.send(claiming).await;
        let recorded = one(guarded, &about);
        for (name, value) in &recorded.headers {
            assert!(!value.ends_with(b"127.0.0.1:1") || name == "host", "{about}: {name}");
            assert!(!value.ends_with(b"evil"), "{about}: {name}");
        }
        for name in routers_own(&recorded.headers) {
            assert!(ON_REQUESTS.contains(&name), "{about}: {name}");
        }
        for name in routers_own(&response.headers) {
            assert!(ON_ANSWERS.contains(&name), "{about}: {name}");
        }
    }
}

/// Every name that cannot stand in a header stands in none.
pub async fn no_name_splits_or_bloats_a_header(guarded: &Guarded) {
    let version = &guarded.version;
    let clients = [r"a\r\nx-evil: 1", r"a\u0000b", "geschäft", "LONG"];
    for (name, stream) in clients.into_iter().flat_map(|name| [(name, false), (name, true)]) {
        let about = format!("{version}: a client's model {name}, stream {stream}");
        let body = format!(
            r#"{{"model":"{}","messages":[{{"role":"user","content":"{HARMLESS}"}}]}}"#,
            long(name, 10_000)
        );
        let body = streamed(&body, stream);
        let response = guarded.send(chat(body.clone())).await;
        assert_sound(&response, &about);
        assert_eq!(response.header("x-vsr-selected-model"), None, "{about}");
        let recorded = one(guarded, &about);
        assert_eq!(recorded.header("x-evil"), None, "{about}");
        assert_eq!(recorded.header("x-selected-model"), None, "{about}");
        assert_eq!(recorded.body, body.as_bytes(), "{about}");
    }
    for (listener, name, stream) in NAMES
        .into_iter()
        .flat_map(|(listener, name)| [false, true].map(|as_| (listener, name, as_)))
    {
        let about = format!("{version}: a decision {name}, stream {stream}");
        let response = guarded.send_to(listener, Request::chat("auto", HARMLESS, stream)).await;
        assert_eq!(response.status, 200, "{about}: {}", response.text());
        assert_sound(&response, &about);
        assert_eq!(response.header("x-vsr-selected-decision"), None, "{about}");
        assert_eq!(response.header("x-vsr-selected-model"), Some("plain"), "{about}");
        one(guarded, &about);

        let response = guarded.send_to(listener, Request::chat("auto", PERSONAL, stream)).await;
        assert_sound(&response, &about);
        assert_blocked(guarded, &response, "x-vsr-pii-violation", stream, &about);
        assert_eq!(response.header("x-vsr-selected-decision"), None, "{about}");

        let about = format!("{version}: a model {name}, stream {stream}");
        let listener = format!("model-{listener}");
        let response = guarded.send_to(&listener, Request::chat("auto", HARMLESS, stream)).await;
        assert_sound(&response, &about);
        assert_eq!(response.header("x-vsr-selected-model"), None, "{about}");
        let recorded = one(guarded, &about);
        assert_eq!(recorded.header("x-evil"), None, "{about}");
        assert_eq!(recorded.header("x-selected-model"), None, "{about}");
        let model = recorded.json()["model"].as_str().unwrap().to_owned();
        assert_ne!(model, "auto", "{about}");
    }
}
