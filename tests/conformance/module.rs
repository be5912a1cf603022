//! The module against the ABI: it imports what every supported Envoy supplies,
//! and exports what the host calls.

use std::collections::BTreeMap;
use std::fs;

use support::envoy::module;
use wasmparser::{CompositeInnerType, ExternalKind, FuncType, Parser, Payload, TypeRef, ValType};

/// What Envoy supplies, by `module.name`, with its type.
fn supplied() -> BTreeMap<&'static str, &'static str> {
    let lines = include_str!("data/envoy-exports.txt").lines();
    let entries = lines.filter(|line| !line.starts_with('#'));
    entries.map(|line| line.split_once(": ").unwrap()).collect()
}

/// The imports and the exported functions of a module.
#[derive(Default)]
struct Interface {
    imports: BTreeMap<String, String>,
    exports: Vec<String>,
}

impl Interface {
    fn read(bytes: &[u8]) -> Self {
        let mut types: Vec<FuncType> = Vec::new();
        let mut interface = Self::default();
        for payload in Parser::new(0).parse_all(bytes) {
            match payload.unwrap() {
                Payload::TypeSection(section) => {
                    for group in section {
                        types.extend(group.unwrap().into_types().filter_map(|ty| {
                            match ty.composite_type.inner {
                                CompositeInnerType::Func(function) => Some(function),
                                _ => None,
                            }
                        }));
                    }
                }
                Payload::ImportSection(section) => {
                    for import in section.into_imports() {
                        let import = import.unwrap();
                        let name = format!("{}.{}", import.module, import.name);
                        let ty = match import.ty {
                            TypeRef::Func(index) => written(&types[index as usize]),
                            other => format!("{other:?}"),
                        };
                        interface.imports.insert(name, ty);
                    }
                }
                Payload::ExportSection(section) => {
                    let functions = section.into_iter().map(Result::unwrap);
                    let functions = functions.filter(|export| export.kind == ExternalKind::Func);
                    interface.exports.extend(functions.map(|export| export.name.to_owned()));
                }
                _ => {}
            }
        }
        interface
    }
}

/// A type as Envoy writes it.
fn written(function: &FuncType) -> String {
    let list = |types: &[ValType]| match types {
        [] => "void".to_owned(),
        some => some.iter().map(ToString::to_string).collect::<Vec<_>>().join(" "),
    };
    format!("{} -> {}", list(function.params()), list(function.results()))
}

#[test]
fn imports_only_what_every_envoy_supplies() {
    let interface = Interface::read(&fs::read(module()).unwrap());
    let supplied = supplied();
    assert!(!interface.imports.is_empty());
    for (name, ty) in &interface.imports {
        assert_eq!(Some(&ty.as_str()), supplied.get(name.as_str()), "{name}");
    }
}

#[test]
fn exports_what_the_host_calls() {
    let interface = Interface::read(&fs::read(module()).unwrap());
    for name in [
        "_initialize",
        "proxy_abi_version_0_2_1",
        "proxy_on_configure",
        "proxy_on_context_create",
        "proxy_on_delete",
        "proxy_on_done",
        "proxy_on_http_call_response",
        "proxy_on_log",
        "proxy_on_memory_allocate",
        "proxy_on_request_body",
        "proxy_on_request_headers",
        "proxy_on_request_trailers",
        "proxy_on_response_body",
        "proxy_on_response_headers",
        "proxy_on_tick",
        "proxy_on_vm_start",
    ] {
        assert!(interface.exports.iter().any(|export| export == name), "{name}");
    }
}
