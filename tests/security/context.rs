//! A trace context that is not one begins a new trace; what is wrong in it is
//! not passed on.

use support::client::Request;

use super::guarded::{Guarded, HARMLESS};

const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";
const PARENT: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

/// Fields of a request, and whether their trace goes on.
fn contexts() -> Vec<(Vec<(&'static str, String)>, bool)> {
    let parent = |value: &str| vec![("traceparent", value.to_owned())];
    let state = |value: String| vec![("traceparent", PARENT.to_owned()), ("tracestate", value)];
    let members =
        |count: usize| (0..count).map(|index| format!("k{index}=v")).collect::<Vec<_>>().join(",");
    vec![
        (parent(PARENT), true),
        (parent(&PARENT.to_uppercase()), false),
        (parent(&PARENT.replace(TRACE, &"0".repeat(32))), false),
        (parent("00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01"), false),
        (parent(&format!("{PARENT}-more")), false),
        (parent(&PARENT.replacen("00", "ff", 1)), false),
        (parent("garbage"), false),
        (parent(&"0".repeat(9_000)), false),
        ([parent(PARENT), parent(PARENT)].concat(), false),
        (state(members(32)), true),
        (state(members(200)), true),
        (state("no pair".to_owned()), true),
        (state(format!("a={}", "x".repeat(9_000))), true),
    ]
}

/// Every context goes on or is replaced.
pub async fn a_context_is_believed_only_if_it_is_one(guarded: &Guarded) {
    let version = &guarded.version;
    let both = |(fields, goes_on): (Vec<_>, bool)| {
        [false, true].map(|stream| (fields.clone(), goes_on, stream))
    };
    for (fields, goes_on, stream) in contexts().into_iter().flat_map(both) {
        let about = format!("{version} stream {stream} {fields:?}");
        let about: String = about.chars().take(200).collect();
        let request = Request::chat("auto", HARMLESS, stream).header("baggage", "a=b");
        let request =
            fields.iter().fold(request, |request, (name, value)| request.header(name, value));
        let response = guarded.send(request).await;
        assert_eq!(response.status, 200, "{about}");
        let reached = guarded.stack.reached();
        guarded.stack.clear();
        let [("a", recorded)] = &reached[..] else { panic!("{about}") };
        let sent = recorded.header("traceparent").unwrap();
        assert_eq!((sent.len(), sent.contains(TRACE)), (55, goes_on), "{about}: {sent}");
        assert_ne!(sent, PARENT, "{about}: a span of the router's own");
        let state = recorded.header("tracestate").unwrap_or_default();
        let valid = fields.iter().any(|(_, value)| value == state);
        assert!(state.is_empty() || (valid && state.split(',').count() <= 32), "{about}");
        assert_eq!(recorded.header("baggage"), Some("a=b"), "{about}");
    }
}
