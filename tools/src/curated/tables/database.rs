//! Databases.

use jiff::Timestamp;
use serde_json::{Map, Value};

use super::observability::{METRICS, POINTS, RESOLUTION, WINDOW};
use super::{NAME, STATE, rename};
use crate::curated::argument::{Argument, one_of, text};
use crate::curated::{Change, Row, composed};
use crate::error::Failure;

pub(super) const ROWS: &[Row] = &[
    Row::list(
        "oci_database_list_autonomous",
        "database.list_autonomous_databases",
    )
    .about("Lists Autonomous Databases.")
    .taking(&[
        one_of("workload_type", &["OLTP", "DW", "AJD", "APEX", "LH"]),
        STATE,
        NAME,
    ])
    .by(|parameters, _| {
        rename(parameters, "workload_type", "dbWorkload");
        Ok(())
    })
    .shows(
        "id name=displayName db=dbName state=lifecycleState workload=dbWorkload ecpus=computeCount \
         tb=dataStorageSizeInTBs version=dbVersion",
    )
    .needs(&["inspect autonomous-databases"]),
    Row::get(
        "oci_database_get_autonomous",
        "database.get_autonomous_database",
    )
    .about("Shows an Autonomous Database.")
    .taking(&[AUTONOMOUS])
    .by(named)
    .shows(
        "id name=displayName db=dbName state=lifecycleState workload=dbWorkload ecpus=computeCount \
         tb=dataStorageSizeInTBs version=dbVersion auto_scaling=isAutoScalingEnabled free=isFreeTier \
         license=licenseModel created=timeCreated compartment_id=compartmentId",
    )
    .needs(&["inspect autonomous-databases"]),
    Row::change(
        "oci_database_start_autonomous",
        "database.start_autonomous_database",
        Change::SETS,
    )
    .about("Starts an Autonomous Database.")
    .taking(&[AUTONOMOUS])
    .by(named)
    .shows(CHANGED)
    .needs(&["use autonomous-databases"]),
    Row::change(
        "oci_database_stop_autonomous",
        "database.stop_autonomous_database",
        Change::INTERRUPTS,
    )
    .about("Stops an Autonomous Database; whoever is connected is cut off.")
    .taking(&[AUTONOMOUS])
    .by(named)
    .shows(CHANGED)
    .needs(&["use autonomous-databases"]),
    Row::list("oci_database_list_dbsystems", "database.list_db_systems")
        .about("Lists DB systems (databases on virtual machines, bare metal or Exadata).")
        .taking(&[STATE, NAME])
        .shows(
            "id name=displayName shape edition=databaseEdition cores=cpuCoreCount nodes=nodeCount \
             state=lifecycleState",
        )
        .chosen()
        .needs(&["inspect db-systems"]),
    Row::list(
        "oci_database_list_autonomous_backups",
        "database.list_autonomous_database_backups",
    )
    .about("Lists backups of Autonomous Databases, of one with `database_id`.")
    .taking(&[text("database_id")])
    .by(named)
    .shows(BACKUP)
    .chosen()
    .needs(&["inspect autonomous-backups"]),
    Row::list("oci_database_list_backups", "database.list_backups")
        .about("Lists backups of databases on DB systems, of one with `database_id`.")
        .taking(&[text("database_id")])
        .by(|parameters, _| {
            let id = parameters.get("database_id").and_then(Value::as_str);
            if id.is_some_and(|id| id.starts_with("ocid1.autonomousdatabase.")) {
                let problem = "`database_id` is that of an Autonomous Database";
                return Err(Failure::validation(problem)
                    .suggest("`oci_database_list_autonomous_backups` lists its backups"));
            }
            Ok(())
        })
        .shows(BACKUP)
        .chosen()
        .needs(&["inspect db-backups"]),
    Row::composed(
        "oci_database_get_metrics",
        composed::metrics::of_autonomous_database,
    )
    .about("Summarises CPU, storage, sessions and failures of an Autonomous Database.")
    .taking(&[AUTONOMOUS, WINDOW, RESOLUTION, POINTS])
    .asks(&[
        ("database.get_autonomous_database", &["inspect autonomous-databases"]),
        METRICS,
    ]),
];

/// OCI has a longer name for it.
#[expect(clippy::unnecessary_wraps, reason = "others refuse")]
fn named(parameters: &mut Map<String, Value>, _: Timestamp) -> Result<(), Failure> {
    rename(parameters, "database_id", "autonomousDatabaseId");
    Ok(())
}

const AUTONOMOUS: Argument = text("database_id").required();
const CHANGED: &str = "id name=displayName state=lifecycleState";
const BACKUP: &str =
    "id name=displayName type state=lifecycleState started=timeStarted ended=timeEnded";
