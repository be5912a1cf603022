//! Configurations that are refused: `data/bad/`, each with the problems that
//! are to be found in it, all of them and in this order.

use std::path::Path;
use std::process::Command;

use semantic_router_filter::config;
use support::bootstrap::{Bootstrap, Filter, Ingress};
use support::envoy::{VERSIONS, checkout, module, validate};

use crate::files::{list, read};
use crate::routers::findings;

const FOLDER: &str = "tests/config/data/bad";

/// Files, each with its problems, one a line.
fn all() -> Vec<(String, String)> {
    let files = list(FOLDER, &[".yaml", ".json"]);
    assert!(!files.is_empty());
    let problems = |file: String| {
        let problems = read(&format!("{file}.problems"));
        assert!(problems.contains("error: "), "{file} is not bad");
        (file, problems)
    };
    files.into_iter().map(problems).collect()
}

#[test]
fn every_problem_is_listed_with_its_path() {
    for (file, problems) in all() {
        assert_eq!(findings(&read(&file)), problems, "{file}");
    }
    let problems = read(&format!("{FOLDER}/decisions.yaml.problems"));
    let example = "error: decisions[2].modelRefs[0].use_reasoning: missing";
    assert!(problems.lines().any(|line| line == example));
}

#[test]
fn the_collector_lists_the_same_problems() {
    // Beside the tests' own programs.
    let own = std::env::current_exe().unwrap();
    let collector = own.ancestors().nth(2).unwrap().join("semantic-router-collector");
    assert!(collector.exists(), "{collector:?} is not built: cargo build --workspace --bins");
    for (file, problems) in all() {
        let validate = ["validate", &file];
        let output = Command::new(&collector).current_dir(checkout()).args(validate).output();
        let output = output.unwrap();
        assert_eq!(output.status.code(), Some(1), "{file}");
        let printed = String::from_utf8(output.stdout).unwrap();
        let expected: Vec<_> = problems.lines().map(|line| format!("{file}: {line}")).collect();
        assert_eq!(printed.lines().collect::<Vec<_>>(), expected);
    }
}

/// One of each way to be wrong: a starting Envoy takes seconds.
const IN_ENVOY: [&str; 3] = ["decisions.yaml", "syntax.yaml", "plugin.yaml"];

#[tokio::test]
async fn envoy_does_not_start_and_says_the_same() {
    for name in IN_ENVOY {
        let text = read(&format!("{FOLDER}/{name}"));
        let problems = read(&format!("{FOLDER}/{name}.problems"));
        let mut expected: Vec<_> =
            problems.lines().filter_map(|line| line.strip_prefix("error: ")).collect();
        expected.sort_unstable();
        let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("bad-{name}.json"));
        std::fs::write(&file, bootstrap(given(&text)).to_json().to_string()).unwrap();
        for version in VERSIONS {
            let said = validate(version, &file).await.unwrap();
            let said = said.expect_err(&format!("{name}: Envoy {version} accepts it"));
            let logged =
                said.lines().filter_map(|line| line.split_once("wasm log semantic-router: "));
            let mut logged: Vec<_> =
                logged.filter_map(|(_, line)| line.strip_prefix("configuration: ")).collect();
            logged.sort_unstable();
            assert_eq!(logged, expected, "{name}, Envoy {version}: {said}");
        }
    }
}

/// What the filter is given for a file: of a `pluginConfig`, the JSON that
/// Istio makes of it, with its keys in order.
fn given(text: &str) -> String {
    match config::find(text) {
        Ok(found) if found.carrier != config::FILE => {
            serde_json::to_value(found.value).unwrap().to_string()
        }
        _ => text.to_owned(),
    }
}

fn bootstrap(router: String) -> Bootstrap {
    Bootstrap {
        ingresses: vec![Ingress {
            name: "ingress".to_owned(),
            filters: vec![Filter::single(router)],
        }],
        default_engine: ([127, 0, 0, 1], 8001).into(),
        collector: None,
        module: module(),
        host_names: false,
        buffer_limit: 2 << 20,
        external: None,
        listeners_file: None,
        vm_configuration: String::new(),
    }
}
