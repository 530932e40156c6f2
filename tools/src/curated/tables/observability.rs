//! Metrics, alarms, logs.

use serde_json::json;

use super::compute;
use crate::curated::argument::{Argument, flag, number, one_of, text};
use crate::curated::{Asked, Row, composed, times};

pub(super) const ROWS: &[Row] = &[
    Row::composed_in("oci_observability_get_metrics", composed::metrics::query)
        .about("Runs a Monitoring query (MQL), such as `CpuUtilization[5m].mean()`, and summarises each series.")
        .taking(&[
            text("namespace").required(),
            text("query").required(),
            WINDOW,
            RESOLUTION,
            POINTS,
        ])
        .asks(&[METRICS]),
    Row::composed(
        "oci_observability_get_instance_metrics",
        composed::metrics::of_instance,
    )
    .also("get_instance_metrics")
    .about("Summarises CPU, memory, disk and network of an instance.")
    .taking(&[text("instance_id").required(), WINDOW, RESOLUTION, POINTS])
    .asks(&[compute::GET, METRICS]),
    Row::list("oci_observability_list_metrics", "monitoring.list_metrics")
        .about("Lists the metrics that there are, with their dimensions.")
        .taking(&[text("namespace"), text("name"), text("resource_id")])
        .by(|parameters, _| {
            let mut body = serde_json::Map::new();
            for name in ["namespace", "name"] {
                body.extend(parameters.remove(name).map(|value| (name.to_owned(), value)));
            }
            if let Some(id) = parameters.remove("resource_id") {
                body.insert("dimensionFilters".to_owned(), json!({ "resourceId": id }));
            }
            parameters.insert("body".to_owned(), body.into());
            Ok(())
        })
        .shows("namespace name dimensions")
        .chosen()
        .needs(&["inspect metrics"]),
    Row::composed_in("oci_observability_list_alarms", composed::alarms::list)
        .about("Lists alarms and whether they fire.")
        .taking(&[
            one_of("severity", &["CRITICAL", "ERROR", "WARNING", "INFO"]),
            flag("firing_only"),
        ])
        .asks(&[ALARMS, ALARMS_STATUS]),
    Row::list_of(
        "oci_observability_get_alarm_history",
        "monitoring.get_alarm_history",
    )
    .about("Lists when an alarm changed its state, the latest first.")
    .taking(&[text("alarm_id").required(), WINDOW])
    .by(|parameters, now| {
        let [start, _] = times::window(parameters, now, times::DAY)?;
        parameters.remove("window");
        parameters.insert("timestampGreaterThanOrEqualTo".to_owned(), start.to_string().into());
        parameters.insert("alarmHistorytype".to_owned(), "STATE_TRANSITION_HISTORY".into());
        Ok(())
    })
    .shows("at=timestamp what=summary")
    .chosen()
    .needs(&["read alarms"]),
    Row::list("oci_observability_list_log_groups", "logging.list_log_groups")
        .about("Lists log groups.")
        .shows("id name=displayName description state=lifecycleState")
        .chosen()
        .needs(&["inspect log-groups"]),
    Row::list_of("oci_observability_list_logs", "logging.list_logs")
        .about("Lists the logs of a log group.")
        .taking(&[text("log_group_id").required(), one_of("log_type", &["CUSTOM", "SERVICE"])])
        .shows("id name=displayName type=logType enabled=isEnabled state=lifecycleState")
        .chosen()
        .needs(&["read log-groups"]),
    Row::list("oci_observability_search_logs", "loggingsearch.search_logs")
        .about("Searches logs, the latest first: the compartment's, or by a Logging `query` such as `search \"<compartment>/<log group>\" | where level = 'ERROR'`.")
        .taking(&[
            text("query"),
            times::START,
            times::END,
            times::HOURS_BACK,
        ])
        .by(|parameters, now| {
            let compartment = parameters.remove("compartment_id").unwrap_or_default();
            let compartment = compartment.as_str().unwrap_or_default();
            let query = parameters.remove("query");
            let query = query.unwrap_or_else(|| {
                format!("search \"{compartment}\" | sort by datetime desc").into()
            });
            let [start, end] = times::span(parameters, now, times::MAX_HOURS)?;
            let body = json!({
                "timeStart": start.to_string(),
                "timeEnd": end.to_string(),
                "searchQuery": query,
            });
            parameters.insert("body".to_owned(), body);
            Ok(())
        })
        .limited(10)
        .shows("time=data.logContent.time log=data.logContent.source data=data.logContent.data")
        .needs(&["read log-groups", "read log-content"]),
    Row::composed_in("oci_observability_overview", composed::overview::overview)
        .about("Tells what is watched in a compartment: alarms and which fire, log groups, namespaces of metrics.")
        .chosen()
        .of_parts()
        .asks(&[
            ALARMS,
            ALARMS_STATUS,
            ("logging.list_log_groups", &["inspect log-groups"]),
            ("monitoring.list_metrics", &["inspect metrics"]),
        ]),
    Row::list(
        "oci_observability_execute_log_query",
        "log_analytics.query",
    )
    .about("Runs a query of Log Analytics, such as `'Log Source' = 'Linux Syslog Logs' | stats count by Severity`.")
    .taking(&[
        text("query").required(),
        times::START,
        times::END,
        number("hours_back", 1, MAX_HOURS),
    ])
    .by(|parameters, now| {
        let [start, end] = times::span(parameters, now, MAX_HOURS)?;
        let body = json!({
            "compartmentId": parameters.remove("compartment_id"),
            "compartmentIdInSubtree": true,
            "queryString": parameters.remove("query"),
            "subSystem": "LOG",
            "timeFilter": {
                "timeStart": start.to_string(),
                "timeEnd": end.to_string(),
                "timeZone": "UTC",
            },
        });
        parameters.insert("body".to_owned(), body);
        Ok(())
    })
    .chosen()
    .needs(LOG_ANALYTICS),
    Row::list("oci_observability_list_log_sources", "log_analytics.list_sources")
        .about("Lists the sources of Log Analytics: what kinds of logs it reads.")
        .taking(&[text("name")])
        .shows("name display_name=displayName description is_system=isSystem")
        .chosen()
        .needs(LOG_ANALYTICS),
];

pub(super) const WINDOW: Argument = text("window").about("1h, 7d");
/// How far the points of a series are apart, and what shows them.
pub(super) const RESOLUTION: Argument = text("resolution");
pub(super) const POINTS: Argument = flag("include_points");
pub(super) const METRICS: Asked = ("monitoring.summarize_metrics_data", &["read metrics"]);
pub(super) const ALARMS_STATUS: Asked = ("monitoring.list_alarms_status", &["inspect alarms"]);
const ALARMS: Asked = ("monitoring.list_alarms", &["inspect alarms"]);
/// 90 days, the most that a query of Log Analytics looks through.
const MAX_HOURS: u32 = 2_160;
const LOG_ANALYTICS: &[&str] = &[
    "read loganalytics-features-family in tenancy",
    "read loganalytics-resources-family",
];
