//! What happened, what there is, what it costs and how much more there may be.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value, json};

use super::DOMAIN;
use crate::curated::argument::{Argument, decimal, number, one_of, text};
use crate::curated::{Row, composed};
use crate::error::Failure;

pub(super) const ROWS: &[Row] = &[
    Row::list("oci_audit_list_events", "audit.list_events")
        .unlimited()
        .about("Lists who did what in a compartment: audit events of the last hours, 1 unless told otherwise.")
        .taking(&[number("hours_back", 1, 336)])
        .by(|parameters, now| {
            let hours = parameters.remove("hours_back").and_then(|hours| hours.as_i64());
            let start = now.checked_sub(SignedDuration::from_hours(hours.unwrap_or(1)));
            let start = start.map_err(Failure::validation)?;
            parameters.insert("startTime".to_owned(), start.to_string().into());
            parameters.insert("endTime".to_owned(), now.to_string().into());
            Ok(())
        })
        .shows(
            "time=eventTime who=data.identity.principalName what=data.eventName \
             resource=data.resourceName status=data.response.status ip=data.identity.ipAddress",
        )
        .needs(&["read audit-events"]),
    Row::list_of("oci_search_resources", "resource_search.search_resources")
        .about("Finds resources of all kinds and compartments by `text`, or by a structured `query` such as `query instance resources where displayName = 'web'`.")
        .taking(&[text("text"), text("query")])
        .by(search)
        .shows(
            "type=resourceType name=displayName id=identifier state=lifecycleState \
             compartment_id=compartmentId created=timeCreated",
        ),
    Row::connector("search", composed::connector::search)
        .about("Finds resources of all kinds in the region by a word that they have, such as a name.")
        .taking(&[text("query").required()])
        .chosen(),
    Row::connector("fetch", composed::connector::fetch)
        .about("Shows a resource that `search` found.")
        .taking(&[text("id").required()])
        .chosen(),
    Row::composed("oci_cost_get_summary", composed::cost::summary)
        .about("Sums what the tenancy cost, by day or month; the last 30 days unless told otherwise.")
        .taking(&[FROM, TO, one_of("granularity", &["DAILY", "MONTHLY"])])
        .needs(USAGE),
    Row::composed("oci_cost_by_service", composed::cost::by_service)
        .about("Sums what each service cost, the dearest first.")
        .taking(&[FROM, TO, TOP])
        .needs(USAGE),
    Row::composed("oci_cost_by_compartment", composed::cost::by_compartment)
        .about("Sums what each compartment cost, the dearest first.")
        .taking(&[FROM, TO, TOP])
        .needs(USAGE),
    Row::composed("oci_cost_monthly_trend", composed::cost::trend)
        .about("Shows what each month cost and how it differs from the one before.")
        .taking(&[number("months_back", 1, 12)])
        .needs(USAGE),
    Row::composed("oci_cost_detect_anomalies", composed::cost::anomalies)
        .about("Finds days on which a service cost much more than on others: by `threshold` standard deviations, 2 unless told otherwise.")
        .taking(&[FROM, TO, decimal("threshold"), TOP])
        .needs(USAGE),
    Row::list_of("oci_cost_list_budgets", "budget.list_budgets")
        .of_tenancy()
        .about("Lists budgets with what was spent and is forecast.")
        .shows(
            "id name=displayName amount spent=actualSpend forecast=forecastedSpend targets \
             state=lifecycleState",
        )
        .chosen()
        .needs(&["inspect usage-budgets in tenancy"]),
    Row::list_of("oci_limits_list", "limits.list_limit_values")
        .of_tenancy()
        .about("Lists the limits of a service, such as `compute`.")
        .taking(&[text("service_name").required(), text("name")])
        .shows("name value scope=scopeType ad=availabilityDomain")
        .needs(&["inspect resource-availability in tenancy"]),
    Row::get("oci_limits_get_availability", "limits.get_resource_availability")
        .of_tenancy()
        .about("Shows how much of a limit is used and left.")
        .taking(&[
            text("service_name").required(),
            text("limit_name").required(),
            DOMAIN,
        ])
        .shows("used available")
        .chosen()
        .needs(&["inspect resource-availability in tenancy"]),
];

fn search(parameters: &mut Map<String, Value>, _: Timestamp) -> Result<(), Failure> {
    let [text, query] = ["text", "query"].map(|name| parameters.remove(name));
    let body = match (text, query) {
        (Some(text), None) => json!({ "type": "FreeText", "text": text }),
        (None, Some(query)) => json!({ "type": "Structured", "query": query }),
        _ => {
            return Err(Failure::validation(
                "either `text` or `query` is to be given",
            ));
        }
    };
    parameters.insert("body".to_owned(), body);
    Ok(())
}

const FROM: Argument = text("time_start").about("a day, such as 2026-11-01");
const TO: Argument = text("time_end");
const TOP: Argument = number("top_n", 1, 100);
const USAGE: &[&str] = &["read usage-report in tenancy"];
