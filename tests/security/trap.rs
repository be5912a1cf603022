//! A filter that crashes lets nothing around it, and comes back.

use std::fs;
use std::ops::Range;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use bytes::Bytes;
use serde_yaml::Value;
use support::client::{Client, Request};
use support::envoy::{Envoy, VERSIONS, checkout, module};
use support::file::entries;
use support::stack::Stack;
use tokio::time::sleep;
use wasmparser::{ExternalKind, Parser, Payload, TypeRef};

use super::guarded::{ATTACK, HARMLESS, router};

/// How long the filter may take to come back.
const PATIENCE: Duration = Duration::from_mins(1);

/// Where in a module the code of an exported function is.
fn code_of(bytes: &[u8], name: &str) -> Range<usize> {
    let (mut imported, mut index, mut bodies) = (0, None, Vec::new());
    for payload in Parser::new(0).parse_all(bytes) {
        match payload.unwrap() {
            Payload::ImportSection(section) => {
                let imports = section.into_imports().map(Result::unwrap);
                imported = imports.filter(|import| matches!(import.ty, TypeRef::Func(_))).count();
            }
            Payload::ExportSection(section) => {
                let mut exports = section.into_iter().map(Result::unwrap);
                let is_it = |export: &wasmparser::Export<'_>| {
                    export.kind == ExternalKind::Func && export.name == name
                };
                index = exports.find(is_it).map(|export| export.index as usize);
            }
            Payload::CodeSectionEntry(body) => bodies.push(body.range()),
            _ => {}
        }
    }
    let Range { start, end } = bodies[index.unwrap() - imported].clone();
    usize::try_from(start).unwrap()..usize::try_from(end).unwrap()
}

/// The module, but for one function, which traps.
fn planted(function: &str) -> PathBuf {
    const NO_LOCALS: u8 = 0x00;
    const UNREACHABLE: u8 = 0x00;
    const NOP: u8 = 0x01;
    const END: u8 = 0x0b;
    let mut bytes = fs::read(module()).unwrap();
    let range = code_of(&bytes, function);
    let code = &mut bytes[range];
    code.fill(NOP);
    let last = code.len() - 1;
    (code[0], code[1], code[last]) = (NO_LOCALS, UNREACHABLE, END);
    let file = std::env::temp_dir().join(format!("trap-{}.wasm", std::process::id()));
    fs::write(&file, bytes).unwrap();
    file
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crash_lets_no_request_around_the_filter() {
    let module = planted("proxy_on_request_trailers");
    for version in VERSIONS {
        let stack = Stack::start().await.unwrap();
        let mut bootstrap = stack.bootstrap_of(vec![("guarded".to_owned(), Some(router(&stack)))]);
        bootstrap.module.clone_from(&module);
        let envoy = Envoy::start(version, &bootstrap).await.unwrap();
        let client = || Client::http1(envoy.address("guarded").unwrap());
        let served = client().send(Request::chat("auto", HARMLESS, false)).await.unwrap();
        assert_eq!((served.status, stack.reached().len()), (200, 1), "{version}");
        stack.clear();

        // One for each worker, and more.
        for _ in 0..8 {
            let attack = Request::chat("auto", ATTACK, false);
            let body = attack.chunks.concat();
            let halves = body.chunks(80).map(Bytes::copy_from_slice).collect();
            let response = client().send(attack.body(halves).trailer("x-checksum", "7")).await;
            let status = response.map_or(0, |response| response.status);
            assert!(matches!(status, 0 | 500..600), "{version}: {status}");
        }
        assert!(envoy.log().contains("unreachable"), "{version}: the filter has crashed");

        // What comes meanwhile is refused, and later scanned again.
        let begun = Instant::now();
        loop {
            let response = client().send(Request::chat("auto", ATTACK, false)).await.unwrap();
            assert_eq!(stack.reached().len(), 0, "{version}: {}", response.text());
            if response.header("x-vsr-jailbreak-blocked") == Some("true") {
                break;
            }
            assert_eq!(response.status, 503, "{version}: {}", response.text());
            assert!(begun.elapsed() < PATIENCE, "{version}: it does not come back");
            sleep(Duration::from_millis(100)).await;
        }
        let served = client().send(Request::chat("auto", HARMLESS, false)).await.unwrap();
        assert!(matches!(served.status, 200 | 503), "{version}: {}", served.text());
    }
    fs::remove_file(module).unwrap();
}

/// What stands in place of the filter where it has crashed.
fn policies(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Mapping(mapping) => {
            let policy = |key: &str| mapping.get(key).map(|value| format!("{key}: {value:?}"));
            if mapping.contains_key("vm_config") {
                found.push(policy("failure_policy").unwrap_or_default());
            }
            if mapping.get("kind").and_then(Value::as_str) == Some("WasmPlugin") {
                let spec = mapping.get("spec").and_then(|spec| spec.get("failStrategy"));
                found.push(format!("failStrategy: {spec:?}"));
            }
            assert!(!mapping.contains_key("fail_open"), "two policies");
            mapping.iter().for_each(|(_, value)| policies(value, found));
        }
        Value::Sequence(items) => items.iter().for_each(|item| policies(item, found)),
        _ => {}
    }
}

#[test]
fn the_configurations_here_let_nothing_around_a_crashed_filter() {
    let mut count = 0;
    for folder in ["envoy", "istio"] {
        for file in entries(&checkout().join(folder)).unwrap() {
            let text = fs::read_to_string(&file).unwrap_or_default();
            for document in serde_yaml::Deserializer::from_str(&text) {
                let value = serde::Deserialize::deserialize(document).unwrap();
                let mut found = Vec::new();
                policies(&value, &mut found);
                for policy in &found {
                    assert!(policy.contains("FAIL_RELOAD"), "{}: {policy}", file.display());
                }
                count += found.len();
            }
        }
    }
    assert!(count >= 3, "{count} filters found");
}
