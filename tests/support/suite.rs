//! MCP's official conformance suite, at the version that `tests/peers/install.sh` pins.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};
use std::{fmt, fs};

use serde::Deserialize;
use tokio::process::Command;
use tokio::time::timeout;

use crate::{peer, workspace};

/// Far more than a set of scenarios needs, so that what hangs fails.
const PATIENCE: Duration = Duration::from_secs(300);

/// What a server that only answers requests cannot pass.
const BASELINE: &str = "tests/conformance.yml";

/// The suite, and a server to run it against.
#[derive(Debug)]
pub struct Suite {
    modules: PathBuf,
    server: &'static str,
    url: String,
    table: String,
    faults: String,
}

/// Scenarios that are run together.
#[derive(Clone, Copy, Debug)]
pub enum Scenarios {
    /// What conformance to a revision requires.
    Required(&'static str),
    /// All that the suite has for a revision, extensions apart.
    All(&'static str),
    /// Some, of a revision, which pass without a warning.
    These(&'static str, &'static [&'static str]),
}

/// What a scenario looked at.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Check {
    id: String,
    status: Status,
    #[serde(default)]
    error_message: String,
}

#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "UPPERCASE")]
enum Status {
    Failure,
    Info,
    Skipped,
    Success,
    Warning,
}

/// The checks of each scenario that was run.
type Results = BTreeMap<String, Vec<Check>>;

impl Suite {
    /// The suite, to be run against `server`; `None`, noted, if it is not installed.
    #[must_use]
    pub fn find(server: &'static str, url: String) -> Option<Self> {
        let folder = peer(&format!("conformance of a {server}"), "conformance", "node")?;
        Some(Self {
            modules: folder.join("node_modules"),
            server,
            url,
            table: String::new(),
            faults: String::new(),
        })
    }

    /// Runs `scenarios`, and notes what was not as `tests/conformance.yml` has it.
    pub async fn run(&mut self, scenarios: Scenarios) {
        let folder = self.folder().join(scenarios.to_string());
        let _none_yet = fs::remove_dir_all(&folder);
        let start = Instant::now();
        let complaint = self.complaint(scenarios, &folder).await;
        let took = start.elapsed();

        let mut results = results(&folder);
        if let Scenarios::These(_, these) = scenarios {
            results.retain(|scenario, _| these.contains(&scenario.as_str()));
        }
        let required = self.required(scenarios);
        let missing = required.iter().filter(|name| !results.contains_key(*name));
        let missing: Vec<_> = missing.collect();
        let faults = faults(&results);
        // The suite knows what is expected of a set, and takes no list of scenarios.
        let is_fine = match scenarios {
            Scenarios::These(..) => faults.is_empty(),
            Scenarios::Required(_) | Scenarios::All(_) => complaint.is_none(),
        };
        self.table += &self.row(scenarios, &required, &results, took);
        if !is_fine || !missing.is_empty() || results.is_empty() {
            let complaint = complaint.unwrap_or_default();
            let fault = format!("\n{scenarios}: not run: {missing:?}\n{complaint}\n{faults}");
            self.faults += &fault;
        }
    }

    /// What the suite says, if it is not content.
    async fn complaint(&self, scenarios: Scenarios, folder: &Path) -> Option<String> {
        let mut suite = Command::new(self.modules.join(".bin/node"));
        suite
            .arg(self.modules.join(".bin/conformance"))
            .args(["server", "--url", &self.url])
            .args(scenarios.options())
            .arg("--expected-failures")
            .arg(workspace().join(BASELINE))
            .arg("--output-dir")
            .arg(folder)
            .stdin(Stdio::null())
            .kill_on_drop(true);
        let output = timeout(PATIENCE, suite.output()).await;
        let output = output.unwrap().unwrap();
        let told = String::from_utf8_lossy(&output.stdout);
        let stderr = String::from_utf8_lossy(&output.stderr);
        // Before that there is a line for each scenario, which the results tell better.
        let verdict = told.rsplit("\nTotal: ").next().unwrap_or_default();
        (!output.status.success()).then(|| format!("{verdict}\n{stderr}"))
    }

    /// Keeps the table of what was run for people, in `target/conformance`.
    ///
    /// # Panics
    ///
    /// If a result was not as expected.
    pub fn finish(self) {
        fs::write(self.folder().with_extension("txt"), &self.table).unwrap();
        assert!(self.faults.is_empty(), "{}{}", self.table, self.faults);
    }

    fn folder(&self) -> PathBuf {
        workspace().join("target/conformance").join(self.server)
    }

    /// The scenarios that must be among the results.
    fn required(&self, scenarios: Scenarios) -> Vec<String> {
        let revision = match scenarios {
            Scenarios::Required(revision) => revision,
            Scenarios::All(_) => return Vec::new(),
            Scenarios::These(_, these) => {
                return these.iter().map(|&name| name.to_owned()).collect();
            }
        };
        let file = format!("@modelcontextprotocol/conformance/requirements/{revision}.yaml");
        let text = fs::read_to_string(self.modules.join(file)).unwrap();
        let lines = text.lines().skip_while(|line| *line != "server:").skip(1);
        lines
            .map_while(|line| line.strip_prefix("  - "))
            .map(str::to_owned)
            .collect()
    }

    /// The line of the table for `results`, of which the `required` ones count, all if there are none.
    fn row(
        &self,
        scenarios: Scenarios,
        required: &[String],
        results: &Results,
        took: Duration,
    ) -> String {
        let counted = results
            .iter()
            .filter(|(scenario, _)| required.is_empty() || required.contains(scenario));
        let (mut passed, mut skipped, mut checks, mut failed) = (0, 0, 0, Vec::new());
        for (scenario, all) in counted {
            let has = |status| all.iter().any(|check| check.status == status);
            checks += all
                .iter()
                .filter(|check| check.status == Status::Success)
                .count();
            if has(Status::Failure) {
                failed.push(scenario.as_str());
            } else if has(Status::Success) || has(Status::Warning) {
                passed += 1;
            } else {
                skipped += 1;
            }
        }
        let run = passed + failed.len();
        let mut row = format!(
            "{:<16}  {:<21}  {passed:>2} of {run:>2} passed, {checks:>3} checks, {:>4.1} s",
            self.server,
            scenarios.to_string(),
            took.as_secs_f32()
        );
        if skipped > 0 {
            write!(row, "; {skipped} does not apply").unwrap();
        }
        if !failed.is_empty() {
            write!(row, "; failed: {}", failed.join(", ")).unwrap();
        }
        row + "\n"
    }
}

impl Scenarios {
    fn options(self) -> Vec<&'static str> {
        match self {
            Self::Required(revision) => vec!["--requirements", revision],
            Self::All(revision) | Self::These(revision, _) => {
                vec!["--suite", "all", "--spec-version", revision]
            }
        }
    }
}

impl fmt::Display for Scenarios {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Required(revision) => write!(f, "{revision} required"),
            Self::All(revision) => write!(f, "{revision} all"),
            Self::These(revision, _) => write!(f, "{revision} applicable"),
        }
    }
}

/// What the suite left in `folder`, as `server-SCENARIO-TIME/checks.json`.
fn results(folder: &Path) -> Results {
    let entries = fs::read_dir(folder).into_iter().flatten();
    let read = entries.filter_map(|entry| {
        let entry = entry.unwrap();
        let name = entry.file_name().into_string().unwrap();
        let named = name.strip_prefix("server-")?;
        let scenario = &named[..named.len() - "-2026-07-28T00-00-00-000Z".len()];
        let checks = fs::read(entry.path().join("checks.json")).unwrap();
        Some((
            scenario.to_owned(),
            serde_json::from_slice(&checks).unwrap(),
        ))
    });
    read.collect()
}

/// What failed, and what was only warned of.
fn faults(results: &Results) -> String {
    let checks = results
        .iter()
        .flat_map(|(scenario, checks)| checks.iter().map(move |check| (scenario, check)));
    let faults =
        checks.filter(|(_, check)| matches!(check.status, Status::Failure | Status::Warning));
    let lines = faults.map(|(scenario, check)| {
        let Check {
            id,
            status,
            error_message,
        } = check;
        format!("  {status:?} {scenario}:{id} {error_message}\n")
    });
    lines.collect()
}
