//! What a hostile model may say to the tools of the tables.

use serde_json::{Value, json};

use crate::curated::ALL;
use crate::support::Server;

/// Texts that would be another path, host, header or query if they were taken for more than texts.
fn texts() -> Vec<String> {
    let mut texts: Vec<String> = [
        "../../20160918/users",
        "..%2f..%2fusers",
        "a/../../b",
        ".",
        "..",
        "a?b=c#d",
        "a\r\nx-evil: 1",
        "x.evil.com",
        "https://x.evil.com/",
        "@x.evil.com",
        "ocid1.instance.oc1.phx.a\" || resourceId = \"b",
        "\u{202e}ocid1\u{0}",
        "ａ／ｂ",
        "{{7*7}}",
        "",
    ]
    .map(str::to_owned)
    .to_vec();
    texts.push("a".repeat(100_000));
    texts
}

/// The arguments of a tool that are texts: each with those that there must be, because some refuse others beside them,
/// and all together. What names the region, the compartment or the page is tried elsewhere.
fn together(schema: &Value) -> Vec<Vec<&str>> {
    let properties = schema["properties"].as_object().unwrap();
    let is_text = |name: &&str| properties[*name]["type"] == "string";
    let common = ["region", "compartment_id", "page"];
    let names = properties.keys().map(String::as_str);
    let own: Vec<&str> = names
        .filter(|name| !common.contains(name) && is_text(name))
        .collect();
    let required = schema["required"].as_array();
    let is_required =
        |name: &&str| required.is_some_and(|names| names.iter().any(|own| own == name));
    let (must, may): (Vec<&str>, Vec<&str>) = own.iter().partition(|name| is_required(name));
    let each = may.into_iter().map(|name| [&must[..], &[name]].concat());
    each.chain([own]).collect()
}

#[tokio::test(start_paused = true)]
async fn no_text_reaches_another_operation_host_or_header() {
    let server = Server::new(&[ALL]);
    let listed = server.list().await;
    let tools = listed.as_array().unwrap();

    for tool in tools {
        let name = tool["name"].as_str().unwrap();
        let together = together(&tool["inputSchema"]);
        for text in texts() {
            for names in &together {
                let mut arguments = json!({});
                for argument in names {
                    arguments[*argument] = text.clone().into();
                }
                let answer = server.tool(name, &arguments).await;
                assert!(answer.text.len() <= 24_000, "{name}");
            }
        }
    }
    for argument in ["region", "compartment_id", "page", "display_name"] {
        for text in texts() {
            let mut arguments = json!({});
            arguments[argument] = text.into();
            server.tool("oci_compute_list_instances", &arguments).await;
        }
    }
    for sent in server.sent() {
        let host = sent.uri().host().unwrap();
        let is_ocis = host.ends_with(".oraclecloud.com") || host.ends_with(".oci.oraclecloud.com");
        assert!(is_ocis && !host.contains("evil"), "{host}");
        let path = sent.uri().path();
        assert!(
            !path
                .split('/')
                .any(|segment| segment == ".." || segment == "."),
            "{path}"
        );
        assert!(
            !path.ends_with("/20160918/users/x") && !path.contains("//"),
            "{path}"
        );
        assert!(!sent.headers().contains_key("x-evil"));
        assert!(path.len() < 20_000, "{}", path.len());
    }
}

#[tokio::test]
async fn arguments_that_are_none_and_regions_that_are_none_are_refused() {
    let server = Server::new(&[]);
    let rows = [
        json!({ "compartmentId": "x" }),
        json!({ "limit": 101 }),
        json!({ "limit": "20" }),
        json!({ "region": "x.evil.com" }),
        json!({ "region": "us-phoenix-1.evil.com" }),
        json!({ "fields": ["a..b"] }),
        json!({ "fields": vec!["a"; 51] }),
        json!({ "page": "../.." }),
        json!({ "compartment_id": { "a": 1 } }),
    ];

    for arguments in rows {
        let answer = server.tool("oci_compute_list_instances", &arguments).await;

        assert!(answer.is_error, "{arguments}: {}", answer.text);
    }
    assert!(server.sent().is_empty());
}
