//! `oci-mcp doctor`: what is wrong, why, and what mends it, where a server runs or is to run.
//!
//! Each subject is a file that looks and tells [`Finding`]s. They are looked at together, but for those
//! that need what another has found; what cannot be looked at is told with the reason.

mod clock;
mod configuration;
#[cfg(feature = "client")]
mod deployed;
mod endpoints;
mod finding;
#[cfg(feature = "client")]
mod gateway;
mod identity;
mod image;
mod limits;
mod permissions;
mod port;
mod progress;
mod report;
mod socket;

use std::fmt::Display;
use std::io::{self, Write};
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use clap::ValueEnum;
use oci_mcp::{Config, Vars};
use oci_mcp_hosts::{Place, environment as process_variable};
use oci_mcp_tools::OciTools;
use oci_rest::{Endpoints, Environment, Https, HttpsError, Transport};

use crate::oci::{self, Once};
use crate::{app_over, now, over_network, serve, stdout};
use clock::Reading;
use endpoints::Asked;
use finding::Finding;
use identity::Identity;
use progress::Progress;
use report::Report;

/// What is looked at.
#[derive(clap::Args)]
// Those of `serve` are flattened into it, and have the name that it would have.
#[group(id = "doctor")]
pub(crate) struct Args {
    // An image is not where clients and operators are.
    #[cfg(feature = "client")]
    #[command(flatten)]
    way: gateway::Args,
    #[cfg(feature = "client")]
    #[command(flatten)]
    deployed: deployed::Args,
    /// The shape that the binary is to run on, such as `CI.Standard.A1.Flex` or `GENERIC_X86`
    #[arg(long)]
    shape: Option<String>,
    /// Nothing but these subjects
    #[arg(long, value_delimiter = ',')]
    only: Vec<Subject>,
    /// As JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    serve: serve::Args,
}

/// What there is to look at, in the order in which it is told.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
enum Subject {
    /// Every problem for which the server would not start
    Configuration,
    /// The socket of a function, or the port of the others
    Listener,
    /// The processor that the binary is for
    Image,
    /// Memory, processes and open files
    Limits,
    /// Who requests to OCI are signed for
    Identity,
    /// Names, connections and certificates of what is asked
    Endpoints,
    /// By the dates of those who answered
    Clock,
    /// What OCI lets the tools do
    Permissions,
    /// What OCI has of --function and --deployment
    #[cfg(feature = "client")]
    Deployed,
    /// The way through --url
    #[cfg(feature = "client")]
    Gateway,
}

/// Looks, and prints what was found. The exit code is 0 if nothing is wrong, 1 for warnings, and 2 if something does
/// not work.
pub(crate) fn run(args: &Args) -> ExitCode {
    let environment = Environment::new(process_variable);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    let (runtime, network) = match (runtime, Network::new(&environment)) {
        (Ok(runtime), Ok(network)) => (runtime, network),
        (Err(error), _) => return fail(&error),
        (_, Err(error)) => return fail(&error),
    };
    let report = runtime.block_on(examine(args, &environment, network));
    // A name that is still looked up is not waited for.
    runtime.shutdown_background();
    let text = if args.json {
        format!("{:#}\n", report.json())
    } else {
        report.table()
    };
    stdout::print_and(&text, ExitCode::from(report.code()))
}

fn fail(problem: &dyn Display) -> ExitCode {
    // There is nobody left to tell if stderr is closed.
    let _written = writeln!(io::stderr(), "error: {problem}");
    ExitCode::from(2)
}

async fn examine(args: &Args, environment: &Environment, network: Network) -> Report {
    let lookup = |name: &str| args.serve.flag(name).or_else(|| process_variable(name));
    let (root, progress) = (Path::new("/"), Progress::new());
    let names = std::env::vars_os().filter_map(|(name, _)| name.into_string().ok());
    let (mut configuration, place) = configuration::examine(lookup, names);
    configuration.extend(network.problem);

    let (listener, of_oci, gateway) = tokio::join!(
        async {
            if args.wants(Subject::Listener) {
                listener(place, &lookup, root, &network.whole).await
            } else {
                Vec::new()
            }
        },
        async {
            if OF_OCI.iter().any(|subject| args.wants(*subject)) {
                let look = Look {
                    args,
                    lookup: &lookup,
                    environment,
                    place,
                    progress: &progress,
                    #[cfg(feature = "client")]
                    root,
                };
                look.at_oci(&network.whole).await
            } else {
                Vec::new()
            }
        },
        async {
            #[cfg(feature = "client")]
            if args.wants(Subject::Gateway) {
                let _step = progress.begin("gateway");
                let found = args.way.examine(&lookup, &network.streaming).await;
                return vec![(Subject::Gateway, found)];
            }
            Vec::new()
        },
    );
    let memory = lookup("FN_MEMORY");
    let limits = place.map(|place| limits::examine(root, place, memory.as_deref()));
    let limits = limits.unwrap_or_else(|| vec![Finding::not_checked("limits", UNKNOWN_HOST)]);
    let mut all = vec![
        (Subject::Configuration, configuration),
        (Subject::Listener, listener),
        (Subject::Image, image::examine(root, args.shape.as_deref())),
        (Subject::Limits, limits),
    ];
    all.extend(of_oci.into_iter().chain(gateway));
    all.retain(|(subject, _)| args.wants(*subject));
    let told = all.into_iter();
    Report(
        told.map(|(subject, findings)| (subject.name(), findings))
            .collect(),
    )
}

impl Args {
    fn wants(&self, subject: Subject) -> bool {
        if !self.only.is_empty() {
            return self.only.contains(&subject);
        }
        #[cfg(feature = "client")]
        match subject {
            Subject::Deployed => return self.deployed.is_given(),
            Subject::Gateway => return self.way.is_given(),
            _ => {}
        }
        true
    }
}

impl Subject {
    fn name(self) -> &'static str {
        match self {
            Self::Configuration => "configuration",
            Self::Listener => "listener",
            Self::Image => "image",
            Self::Limits => "limits",
            Self::Identity => "identity",
            Self::Endpoints => "endpoints",
            Self::Clock => "clock",
            Self::Permissions => "permissions",
            #[cfg(feature = "client")]
            Self::Deployed => "deployed",
            #[cfg(feature = "client")]
            Self::Gateway => "gateway",
        }
    }
}

/// Ways to the network, all bounded in time.
struct Network {
    whole: Transport,
    #[cfg(feature = "client")]
    streaming: oci_rest::StreamingTransport,
    /// What is wrong with the authorities that the operator trusts.
    problem: Option<Finding>,
}

impl Network {
    /// Trusts whom `environment` says; if that cannot be used, whom everybody trusts.
    fn new(environment: &Environment) -> Result<Self, HttpsError> {
        let (https, problem) = match oci::https(environment) {
            Ok(https) => (https, None),
            Err(error) => {
                let remedy = "name a PEM file of certificates, or unset the variable";
                (Https::new(), Some(Finding::problem(error).mend(remedy)))
            }
        };
        let https = https.connect_timeout(CONNECT).max_response_bytes(MAX_BYTES);
        Ok(Self {
            #[cfg(feature = "client")]
            streaming: https.clone().timeout(gateway::START).build_streaming()?,
            whole: https.timeout(ANSWER).build()?,
            problem,
        })
    }
}

/// Where the server listens, or would.
async fn listener(
    place: Option<Place>,
    lookup: &impl Fn(&str) -> Option<String>,
    root: &Path,
    transport: &Transport,
) -> Vec<Finding> {
    let in_pod = lookup("KUBERNETES_SERVICE_HOST").is_some();
    match place.map(|place| (place.host, place.address)) {
        None => vec![Finding::not_checked(
            "where the server listens",
            UNKNOWN_HOST,
        )],
        Some((_, Some(address))) => port::examine(address, root, in_pod, transport).await,
        Some(("functions", _)) => socket::examine(&lookup("FN_LISTENER").unwrap_or_default()),
        Some(_) => vec![Finding::good("stdio: it listens to who starts it")],
    }
}

/// What those have in common that look at OCI.
struct Look<'a> {
    args: &'a Args,
    lookup: &'a dyn Fn(&str) -> Option<String>,
    environment: &'a Environment,
    place: Option<Place>,
    progress: &'a Progress,
    /// Where the files of this machine are.
    #[cfg(feature = "client")]
    root: &'a Path,
}

impl Look<'_> {
    async fn at_oci(&self, transport: &Transport) -> Vec<(Subject, Vec<Finding>)> {
        let host = self.place.map_or("container", |place| place.host);
        let once = Once::default();
        let identity = {
            let _step = self.progress.begin("identity");
            let connected = once.connect(self.environment, over_network);
            identity::examine(connected, self.environment, host, now()).await
        };
        let wants = |subject| self.args.wants(subject);
        let ((endpoints, readings), permissions) = tokio::join!(
            async {
                if !wants(Subject::Endpoints) && !wants(Subject::Clock) {
                    return Default::default();
                }
                let _step = self.progress.begin("endpoints");
                self.endpoints(&identity, transport).await
            },
            async {
                if !wants(Subject::Permissions) {
                    return Vec::new();
                }
                let _step = self.progress.begin("permissions");
                self.permissions(&identity, once, host).await
            },
        );
        // After the others, so that images have nothing of it.
        #[cfg(feature = "client")]
        let deployed = if wants(Subject::Deployed) {
            let _step = self.progress.begin("deployed");
            self.args.deployed.examine(&identity, self.root).await
        } else {
            Vec::new()
        };
        Vec::from([
            (Subject::Identity, identity.findings),
            (Subject::Endpoints, endpoints),
            (Subject::Clock, clock::examine(&readings)),
            (Subject::Permissions, permissions),
            #[cfg(feature = "client")]
            (Subject::Deployed, deployed),
        ])
    }

    async fn endpoints(
        &self,
        identity: &Identity,
        transport: &Transport,
    ) -> (Vec<Finding>, Vec<Reading>) {
        let endpoints = match Endpoints::from_environment(self.environment) {
            Ok(endpoints) => endpoints,
            Err(error) => return (vec![Finding::problem(error)], Vec::new()),
        };
        let mut vars = Vars::new(self.lookup);
        let tools = OciTools::read(&mut vars, Box::new(|| Err("nothing is asked".into())));
        let region = identity.region.clone().or_else(|| {
            let names = ["OCI_REGION", "OCI_RESOURCE_PRINCIPAL_REGION"];
            let (_, name) = self.environment.first(&names)?;
            endpoints.regions().configured(&name).ok()
        });
        let asked = Asked {
            tools: &tools,
            endpoints: &endpoints,
            region: region.as_ref(),
            principal: identity.principal(),
        };
        let (addresses, mut findings) = asked.addresses(self.lookup);
        let (reached, readings) = endpoints::examine(addresses, transport, now).await;
        findings.extend(reached);
        (findings, readings)
    }

    async fn permissions(
        &self,
        identity: &Identity,
        once: Once,
        host: &'static str,
    ) -> Vec<Finding> {
        let moot = |because: &str| vec![Finding::not_checked("what tools may do", because)];
        if !identity.can_sign {
            return moot("there is nothing to sign with; see identity");
        }
        let mut vars = Vars::new(self.lookup);
        let app = app_over(&mut vars, once);
        let tools = OciTools::read(&mut vars, Box::new(|| Err("nothing is asked".into())));
        let service = match vars
            .finish(Some(app))
            .map(|app| app.into_service(Config::default()))
        {
            Ok(Ok(service)) => service,
            Ok(Err(error)) => return moot(&error.to_string()),
            Err(_told) => return moot("the settings of tools cannot be used; see configuration"),
        };
        permissions::examine(&service, tools.requirements().collect(), host).await
    }
}

const OF_OCI: &[Subject] = &[
    Subject::Identity,
    Subject::Endpoints,
    Subject::Clock,
    Subject::Permissions,
    #[cfg(feature = "client")]
    Subject::Deployed,
];
const UNKNOWN_HOST: &str = "the host is not known; see configuration";
const CONNECT: Duration = Duration::from_secs(5);
const ANSWER: Duration = Duration::from_secs(10);
const MAX_BYTES: usize = 256 * 1024;
