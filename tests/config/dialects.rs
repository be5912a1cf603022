//! One configuration in every dialect that is read and in everything that may
//! carry it: `data/dialects/`. The refused ones stand in `data/bad/`.

use semantic_router_filter::config::load;

use crate::files::{list, read};
use crate::routers::{findings, router_of};

const FOLDER: &str = "tests/config/data/dialects";

#[test]
fn every_dialect_and_carrier_comes_to_the_same() {
    let files = list(FOLDER, &[".yaml"]);
    assert_eq!(files.len(), 6);
    let plain = router_of(&format!("{FOLDER}/plain.yaml"));
    assert_eq!(plain.decisions.len(), 3);
    for file in files {
        assert_eq!(router_of(&file), plain, "{file}");
    }
}

#[test]
fn what_is_doubtful_is_named_by_its_path_in_the_file() {
    for (name, path) in [("plain", ""), ("configmap", ""), ("plugin", ""), ("helm", "config.")] {
        let expected = format!(
            "warning: {path}decisions[2].rules.conditions[0]: conditions of type \
             \"user_feedback\" are not evaluated and never hold\n"
        );
        assert_eq!(findings(&read(&format!("{FOLDER}/{name}.yaml"))), expected, "{name}");
    }
    for name in ["v0.1", "v0.1-configmap"] {
        let found = findings(&read(&format!("{FOLDER}/{name}.yaml")));
        assert_eq!(found, read(&format!("{FOLDER}/v0.1.warnings")), "{name}");
    }
}

#[test]
fn host_names_of_the_command_line_can_be_forbidden() {
    let text = read(&format!("{FOLDER}/v0.1.yaml"));
    let forbidden = format!("{text}filter: {{endpoints: {{host_names: false}}}}\n");
    let report = load(&forbidden).unwrap_err();
    let paths: Vec<&str> = report.errors.iter().map(|error| error.path.as_str()).collect();
    let model = "providers.models[0].endpoints";
    assert_eq!(paths, [format!("{model}[0].endpoint"), format!("{model}[1].endpoint")]);
}
