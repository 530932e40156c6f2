//! What `make fuzz` starts from and has found, replayed.

#![cfg(test)]

use std::fs;

use oci_mcp_tests::{Fuzzed, workspace};

#[test]
fn every_input_of_a_corpus_is_answered_as_promised() {
    let fuzzed = Fuzzed::new();
    for (name, target) in Fuzzed::TARGETS {
        let corpus = workspace().join("fuzz/corpus").join(name);
        let inputs: Vec<_> = fs::read_dir(corpus).unwrap().collect();

        assert!(!inputs.is_empty(), "{name}");
        for input in inputs {
            let path = input.unwrap().path();
            println!("{}", path.display());
            target(&fuzzed, &fs::read(path).unwrap());
        }
    }
}
