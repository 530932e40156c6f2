//! What a policy binds is nobody else's to say, be it in a prompt or a URI.

use super::*;
use crate::ResourceTemplate;

#[derive(serde::Deserialize, schemars::JsonSchema)]
struct Owner {
    tenant: String,
}

struct Letter;

impl Prompt for Letter {
    type Args = Owner;
    const NAME: &'static str = "letter";
    const DESCRIPTION: &'static str = "A letter to a tenant.";

    async fn get(&self, _: &Context, args: Owner) -> Result<Vec<PromptMessage>, PromptError> {
        Ok(vec![PromptMessage::user(args.tenant)])
    }
}

struct Bill;

impl ResourceTemplate for Bill {
    type Parameters = Owner;
    const URI_TEMPLATE: &'static str = "bill://{tenant}/last";
    const NAME: &'static str = "bill";
    const DESCRIPTION: &'static str = "The last bill of a tenant.";

    async fn read(&self, _: &Context, parameters: Owner) -> Result<Contents, ResourceError> {
        Ok(Contents::text(parameters.tenant))
    }
}

/// Why a server with both is not served, if the policy binds `argument`.
fn problem(argument: &str) -> Option<String> {
    let binding = json!({ "tools": { "name": "who" }, "argument": argument, "claim": "tenant" });
    let policy = serde_json::from_value(json!({ "bindings": [binding] })).unwrap();
    let app = App::new("test", "1").tool(Who).prompt(Letter);
    let app = app
        .resource_template(Bill)
        .access(access(tokens()).policy(policy));
    let served = app.into_service(Config::default());
    served.err().map(|error| error.to_string())
}

#[test]
fn a_server_that_takes_from_clients_what_the_token_decides_is_not_served() {
    let problem = problem("tenant").unwrap();

    for part in [
        "`tenant`",
        "prompt `letter`",
        "`bill://{tenant}/last`",
        "`Context::identity`",
    ] {
        assert!(problem.contains(part), "no {part} in {problem}");
    }
}

#[test]
fn an_argument_of_no_prompt_and_no_template_may_be_bound() {
    assert_eq!(problem("tenan"), None);
    assert_eq!(problem("last"), None);
}
