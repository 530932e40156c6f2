//! What happened, what there is, what it costs and how much more there may be.

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::{DOMAIN, rename};
use crate::curated::argument::{Argument, decimal, number, one_of, text};
use crate::curated::{Asked, Row, composed, times};
use crate::error::Failure;

pub(super) const ROWS: &[Row] = &[
    Row::list("oci_audit_list_events", "audit.list_events")
        .unlimited()
        .about("Lists who did what in a compartment (audit events): from `time_start`, or `hours_back` (1), to `time_end`, or now.")
        .taking(&[
            times::START,
            times::END,
            times::HOURS_BACK,
            text("principal"),
            text("action"),
        ])
        .by(|parameters, now| {
            let [start, end] = times::span(parameters, now, times::MAX_HOURS)?;
            for (name, time) in [("startTime", start), ("endTime", end)] {
                parameters.insert(name.to_owned(), time.to_string().into());
            }
            Ok(())
        })
        .keeping(&[
            ("principal", "/data/identity/principalName"),
            ("action", "/data/eventName"),
        ])
        .shows(
            "time=eventTime who=data.identity.principalName what=data.eventName \
             resource=data.resourceName status=data.response.status ip=data.identity.ipAddress",
        )
        .needs(&["read audit-events"]),
    Row::list_of("oci_search_resources", "resource_search.search_resources")
        .about("Finds resources of all compartments by `text`, `type` such as `instance`, or `query` such as `query instance resources where displayName = 'web'`.")
        .taking(&[text("text"), text("type"), text("query")])
        .by(search)
        .shows(
            "type=resourceType name=displayName id=identifier state=lifecycleState \
             compartment_id=compartmentId created=timeCreated",
        ),
    Row::connector("search", composed::connector::search)
        .about("Finds resources of all kinds in the region by a word that they have, such as a name.")
        .taking(&[text("query").required()])
        .chosen()
        .asks(SEARCH),
    Row::connector("fetch", composed::connector::fetch)
        .about("Shows a resource that `search` found.")
        .taking(&[text("id").required()])
        .chosen()
        .asks(SEARCH),
    Row::composed("oci_cost_get_summary", composed::cost::summary)
        .about("Sums what the tenancy cost, by day or month; by default the last 30 days.")
        .taking(&[FROM, UNTIL, one_of("granularity", &["DAILY", "MONTHLY"])])
        .asks(USAGE),
    Row::composed("oci_cost_by_service", composed::cost::by_service)
        .about("Sums what each service cost, the dearest first.")
        .taking(&[FROM, UNTIL, TOP])
        .asks(USAGE),
    Row::composed("oci_cost_by_compartment", composed::cost::by_compartment)
        .about("Sums what each compartment cost, the dearest first.")
        .taking(&[FROM, UNTIL, TOP])
        .asks(USAGE),
    Row::composed("oci_cost_monthly_trend", composed::cost::trend)
        .about("Shows what each month cost and how it differs from the one before.")
        .taking(&[number("months_back", 1, 12)])
        .asks(USAGE),
    Row::composed("oci_cost_detect_anomalies", composed::cost::anomalies)
        .about("Finds days when a service cost `threshold` (2) standard deviations more than usual.")
        .taking(&[FROM, UNTIL, decimal("threshold"), TOP])
        .asks(USAGE),
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
        .about("Lists limits of a service, such as `compute`.")
        .taking(&[text("service_name").required(), text("limit_name"), DOMAIN])
        .by(|parameters, _| {
            rename(parameters, "limit_name", "name");
            Ok(())
        })
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
    let [text, kind, query] = ["text", "type", "query"].map(|name| parameters.remove(name));
    let body = match (text, kind, query) {
        (Some(text), None, None) => json!({ "type": "FreeText", "text": text }),
        (None, None, Some(query)) => json!({ "type": "Structured", "query": query }),
        (text, Some(kind), None) => {
            let text = text.as_ref().and_then(Value::as_str);
            let query = of_type(kind.as_str().unwrap_or_default(), text)?;
            json!({ "type": "Structured", "query": query })
        }
        _ => {
            return Err(Failure::validation(
                "either `query` is to be given, or `text`, `type` or both",
            ));
        }
    };
    parameters.insert("body".to_owned(), body);
    Ok(())
}

/// What finds resources of one type, in which `text` is if there is one.
fn of_type(kind: &str, text: Option<&str>) -> Result<String, Failure> {
    if kind.is_empty() || !kind.chars().all(|char| char.is_ascii_alphanumeric()) {
        let kind: String = kind.escape_debug().take(100).collect();
        return Err(Failure::validation(format!(
            "`type` is `{kind}`; it is one word of letters and digits, such as `vcn`, or `all`"
        )));
    }
    match text {
        None => Ok(format!("query {kind} resources")),
        Some("") => Err(Failure::validation(
            "`text` is empty; leave it away for all of the `type`",
        )),
        // They would end the text, and begin a query of the caller's.
        Some(text) if text.contains(['\'', '\\']) => Err(Failure::validation(
            "`text` beside `type` cannot have `'` or `\\`; take them out of it, or leave `type` away",
        )),
        Some(text) => Ok(format!("query {kind} resources matching '{text}'")),
    }
}

const FROM: Argument = text("time_start").about("2026-11-01");
const UNTIL: Argument = text("time_end").about("exclusive");
const TOP: Argument = number("top_n", 1, 100);
const USAGE: &[Asked] = &[(
    "usage_api.request_summarized_usages",
    &["read usage-report in tenancy"],
)];
const SEARCH: &[Asked] = &[("resource_search.search_resources", &[])];
