//! Databases.

use super::{NAME, STATE};
use crate::curated::argument::{Argument, number, one_of, text};
use crate::curated::{Change, Row, composed};

pub(super) const ROWS: &[Row] = &[
    Row::list(
        "oci_database_list_autonomous",
        "database.list_autonomous_databases",
    )
    .about("Lists Autonomous Databases.")
    .taking(&[
        one_of("db_workload", &["OLTP", "DW", "AJD", "APEX", "LH"]),
        STATE,
        NAME,
    ])
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
        .shows(BACKUP)
        .chosen()
        .needs(&["inspect db-backups"]),
    Row::composed(
        "oci_database_get_metrics",
        composed::metrics::of_autonomous_database,
    )
    .about("Summarises CPU, storage, sessions and failures of an Autonomous Database: least, mean, most and last of each.")
    .taking(&[AUTONOMOUS, number("hours_back", 1, 168)])
    .needs(&["inspect autonomous-databases", "read metrics"]),
];

/// OCI has a longer name for it.
#[expect(clippy::unnecessary_wraps, reason = "others refuse")]
fn named(
    parameters: &mut serde_json::Map<String, serde_json::Value>,
    _: jiff::Timestamp,
) -> Result<(), crate::error::Failure> {
    if let Some(id) = parameters.remove("database_id") {
        parameters.insert("autonomousDatabaseId".to_owned(), id);
    }
    Ok(())
}

const AUTONOMOUS: Argument = text("database_id").required();
const CHANGED: &str = "id name=displayName state=lifecycleState";
const BACKUP: &str =
    "id name=displayName type state=lifecycleState started=timeStarted ended=timeEnded";
