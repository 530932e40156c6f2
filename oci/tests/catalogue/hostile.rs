//! Names, questions and values of a model that means harm.

use proptest::prelude::*;
use serde_json::{Map, Value, json};

use crate::support::{CATALOGUE, refusal, request, send};

#[test]
fn a_name_that_is_odd_or_long_finds_nothing_and_is_cut_in_the_error() {
    let long = "x".repeat(1 << 20);
    let names = [
        long.as_str(),
        "",
        ".",
        "...",
        "core/list_instances",
        "core.list_instances\r\nx-evil: 1",
        "core.list_instances\0",
        "core.list_\u{131}nstances",
        "core.\u{202e}list_instances",
        "../core.list_instances",
        "core..list_instances",
    ];

    for name in names {
        let error = CATALOGUE.find(name).unwrap_err();
        assert!(error.to_string().len() < 600, "{error}");
    }
}

#[test]
fn a_value_in_a_url_is_bounded() {
    let long = "x".repeat(1 << 20);

    let text = refusal("core.get_instance", &json!({ "instanceId": long }));
    assert!(
        text.ends_with("is 1048576 bytes long; it may have 8192"),
        "{text}"
    );

    for blank in ["", " ", "\t\n"] {
        let text = refusal("core.get_instance", &json!({ "instanceId": blank }));
        assert!(
            text.ends_with("`/instanceId` is empty; it is a part of the path"),
            "{text}"
        );
    }
}

#[test]
fn errors_stay_short_whatever_is_wrong() {
    let long = "x".repeat(1 << 20);
    let wrong = vec![json!(1); 60_000];
    let unknown: Map<String, Value> = (0..60_000)
        .map(|number| (number.to_string(), Value::Null))
        .collect();
    let rows = [
        json!({ "body": { "subnetIds": wrong } }),
        json!({ "body": unknown }),
        json!({ "body": { "shape": long } }),
        json!({ "body": { long.as_str(): 1 } }),
        Value::Object(unknown),
    ];

    for parameters in rows {
        let error = request("functions.create_application", &parameters).unwrap_err();
        assert!(error.problems().len() <= 10);
        assert!(error.to_string().len() < 10_000);
    }
}

#[test]
fn a_body_has_a_limit_of_values() {
    let many = json!({ "body": { "subnetIds": vec!["s"; 60_000] } });

    let text = refusal("functions.create_application", &many);

    assert!(
        text.contains("is too much: less than 50000 values are sent, 64 levels deep"),
        "{text}"
    );
}

#[test]
fn headers_that_a_caller_names_are_few() {
    let names: Map<String, Value> = (0..40_000)
        .map(|number| (number.to_string(), json!("x")))
        .collect();
    let put = json!({ "namespaceName": "n", "bucketName": "b", "objectName": "o", "body": "", "opc-meta": names });

    let text = refusal("object_storage.put_object", &put);

    assert!(
        text.ends_with("`/opc-meta` has 40000 members; it may have 100"),
        "{text}"
    );
}

#[test]
fn a_model_that_contains_itself_has_a_limit_of_depth() {
    let update = |depth: usize| {
        let simple = json!({ "kind": "SIMPLE", "value": "v" });
        let condition = (0..depth).fold(
            simple,
            |inner, _| json!({ "kind": "COMPOSITE", "leftOperand": inner }),
        );
        let group = json!({ "compartmentId": "c", "condition": condition });
        let body = json!({ "details": { "conditionGroups": [group] } });
        json!({ "targetId": "t", "targetDetectorRecipeId": "r", "detectorRuleId": "d", "body": body })
    };
    let name = "cloud_guard.update_target_detector_recipe_detector_rule";

    assert!(request(name, &update(50)).is_ok());
    assert!(refusal(name, &update(100)).contains("is too much: "));
}

#[test]
fn a_header_cannot_be_ended_by_its_value() {
    let rows = [
        json!({ "instanceId": "a", "if-match": "a\r\nx-evil: 1" }),
        json!({ "instanceId": "a", "ifMatch": "a\0" }),
    ];

    for parameters in rows {
        let text = refusal("core.terminate_instance", &parameters);
        assert!(
            text.contains("`/if-match` has characters that no header may have"),
            "{text}"
        );
    }
    let parameters = json!({
        "namespaceName": "n", "bucketName": "b", "objectName": "o", "body": "",
        "opc-meta": { "a\r\nauthorization": "x" },
    });
    assert!(refusal("object_storage.put_object", &parameters).contains("no header may have"));
}

#[test]
fn what_the_client_sets_is_no_parameter() {
    for name in [
        "authorization",
        "host",
        "date",
        "opc-request-id",
        "content-length",
        "expect",
        "connection",
    ] {
        let parameters = json!({ "instanceId": "a", name: "x" });
        let text = refusal("core.get_instance", &parameters);
        assert!(text.contains("is not a parameter"), "{text}");
    }
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,20}".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 32, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::hash_map("[a-zA-Z_]{1,12}", inner, 0..4)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

proptest! {
    // Each looks through all names, without optimisation.
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn no_name_and_no_question_panics(text in "\\PC{0,80}") {
        let found = CATALOGUE.search(&text).count();
        prop_assert!(found <= 8381);
        drop(CATALOGUE.find(&text));
    }

}

proptest! {
    #[test]
    fn whatever_is_given_stays_in_its_segment(value in "\\PC{1,40}") {
        let parameters = json!({ "instanceId": value });
        if let Ok(request) = request("core.get_instance", &parameters) {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
            let sent = runtime.block_on(send("core.get_instance", &request)).unwrap();
            prop_assert_eq!(sent.uri().host(), Some("iaas.us-phoenix-1.oraclecloud.com"));
            let rest = sent.uri().path().strip_prefix("/20160918/instances/").unwrap();
            prop_assert!(!rest.contains('/') && rest != "." && rest != "..");
            prop_assert_eq!(sent.uri().query(), None);
        }
    }

    #[test]
    fn no_parameters_panic_and_errors_stay_short(
        number in 0_usize..8381,
        members in prop::collection::vec(("[a-zA-Z_-]{1,12}", any_json()), 0..4),
        body in any_json(),
    ) {
        let entry = CATALOGUE.entries().nth(number).unwrap();
        let operation = CATALOGUE.find(&entry.to_string()).unwrap();
        let mut parameters: Map<String, Value> = members.into_iter().collect();
        parameters.insert("body".to_owned(), body);
        if let Err(error) = operation.request(&parameters) {
            prop_assert!(error.to_string().len() < 10_000);
        }
    }
}
