//! What fuzzing begins with, and what it has found: see `make fuzz`.

use std::fs;

use support::envoy::checkout;
use support::file::entries;
use support::property::PROPERTIES;

#[test]
fn every_property_holds_for_its_corpus() {
    for (name, property) in PROPERTIES {
        let files = entries(&checkout().join("fuzz/corpus").join(name)).unwrap();
        assert!(files.len() >= 10, "{name}: {} files", files.len());
        for file in files {
            println!("{}", file.display());
            property(&fs::read(file).unwrap());
        }
    }
}
