//! What the documents say is what is there.

#![cfg(test)]

const README: &str = include_str!("../README.md");

#[test]
fn the_readme_shows_the_example_as_it_is_and_it_is_short() {
    let example = include_str!("../examples/calculator/src/main.rs");

    let (_docs, code) = example.split_once("\n\n").unwrap();

    assert!(README.contains(code), "README.md shows another calculator");
    assert!(example.lines().count() <= 30);
}

#[test]
fn every_setting_is_in_the_readme() {
    let sources = [
        include_str!("../cli/src/serve.rs"),
        include_str!("../cli/src/settings.rs"),
        include_str!("../hosts/src/access.rs"),
        include_str!("../hosts/src/lib.rs"),
    ];

    let mut settings: Vec<_> = sources
        .iter()
        .flat_map(|source| source.split(|c: char| !c.is_ascii_uppercase() && c != '_'))
        .filter(|word| word.starts_with("OCI_MCP_"))
        .collect();
    settings.sort_unstable();
    settings.dedup();

    assert!(settings.len() >= 7, "{settings:?}");
    for setting in settings {
        assert!(
            README.contains(&format!("| `{setting}` |")),
            "{setting} is not in README.md"
        );
    }
}

#[test]
fn the_variable_that_a_wrong_region_is_told_of_is_in_the_readme() {
    assert!(include_str!("../oci/src/region.rs").contains("\"OCI_REGION_METADATA\""));
    assert!(README.contains("| `OCI_REGION_METADATA` |"));
}

#[test]
fn the_readme_quotes_the_measurements_as_they_were_written() {
    let results = include_str!("../bench/RESULTS.md");
    let measured = [
        "| Fn socket: ",
        "| HTTP: ",
        "| start to ",
        "| memory ",
        "| more ",
        "| static ",
    ];

    let is_quoted = |line: &&str| measured.iter().any(|start| line.starts_with(start));
    let quoted: Vec<_> = README.lines().filter(is_quoted).collect();

    assert!(quoted.len() >= 7, "{quoted:?}");
    for line in quoted {
        assert!(results.contains(line), "bench/RESULTS.md has no {line}");
    }
}
