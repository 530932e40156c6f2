//! Which resources there are, and how the API lists them. One row per collection, because OCI's
//! services answer alike.

/// Resources of one kind.
#[derive(Debug)]
pub(crate) struct Collection {
    /// The name in the JSON of a tenancy.
    pub(crate) name: &'static str,
    /// The path of the list; `{field}` stands for a value that items must have there.
    path: &'static str,
    /// The second part of an OCID, empty for what has none.
    pub(crate) kind: &'static str,
    /// Whether the OCID names the region.
    pub(crate) regional: bool,
    /// Whether the list is an object with `items`.
    pub(crate) wrapped: bool,
    /// The parameters that a list must be asked with.
    pub(crate) required: &'static [&'static str],
    /// What only the answer to a GET of one item has.
    pub(crate) detail: &'static [&'static str],
}

impl Collection {
    /// The collection that is named `name`.
    pub(crate) fn named(name: &str) -> Option<&'static Self> {
        COLLECTIONS
            .iter()
            .find(|collection| collection.name == name)
    }

    /// The collection of `path`, the values in the path, and the identifier of the item, if it is
    /// the path of one.
    pub(crate) fn at(path: &[String]) -> Option<Found<'_>> {
        COLLECTIONS.iter().find_map(|collection| {
            let mut rest = path.iter();
            let mut within = Vec::new();
            for expected in collection.path.split('/') {
                let segment = rest.next()?;
                let field = expected
                    .strip_prefix('{')
                    .and_then(|name| name.strip_suffix('}'));
                match field {
                    Some(field) => within.push((field, segment.as_str())),
                    None if segment == expected => {}
                    None => return None,
                }
            }
            let item = rest.next().map(String::as_str);
            rest.next().is_none().then_some(Found {
                collection,
                within,
                item,
            })
        })
    }

    const fn new(name: &'static str, path: &'static str, kind: &'static str) -> Self {
        Self {
            name,
            path,
            kind,
            regional: true,
            wrapped: false,
            required: &["compartmentId"],
            detail: &[],
        }
    }

    const fn global(mut self) -> Self {
        self.regional = false;
        self
    }

    const fn wrapped(mut self) -> Self {
        self.wrapped = true;
        self
    }

    const fn needs(mut self, required: &'static [&'static str]) -> Self {
        self.required = required;
        self
    }

    const fn detail(mut self, detail: &'static [&'static str]) -> Self {
        self.detail = detail;
        self
    }
}

/// What a path names.
#[derive(Debug)]
pub(crate) struct Found<'p> {
    pub(crate) collection: &'static Collection,
    pub(crate) within: Vec<(&'static str, &'p str)>,
    pub(crate) item: Option<&'p str>,
}

/// The parameters by which lists are filtered: they are named as the fields are.
pub(crate) const FILTERS: &[&str] = &[
    "applicationId",
    "autonomousDatabaseId",
    "availabilityDomain",
    "bootVolumeId",
    "clusterId",
    "containerInstanceId",
    "dbWorkload",
    "displayName",
    "gatewayId",
    "instanceId",
    "lifecycleState",
    "logType",
    "name",
    "operatingSystem",
    "operatingSystemVersion",
    "projectId",
    "resourceId",
    "riskLevel",
    "severity",
    "serviceName",
    "shape",
    "status",
    "subnetId",
    "userId",
    "vaultId",
    "vcnId",
    "vnicId",
    "volumeId",
];

const COLLECTIONS: &[Collection] = &[
    // Identity
    Collection::new("compartments", "20160918/compartments", "compartment").global(),
    Collection::new("users", "20160918/users", "user").global(),
    Collection::new("apiKeys", "20160918/users/{userId}/apiKeys", "").needs(&[]),
    Collection::new("groups", "20160918/groups", "group").global(),
    Collection::new(
        "userGroupMemberships",
        "20160918/userGroupMemberships",
        "groupmembership",
    )
    .global(),
    Collection::new("dynamicGroups", "20160918/dynamicGroups", "dynamicgroup").global(),
    Collection::new("policies", "20160918/policies", "policy").global(),
    Collection::new("tenancies", "20160918/tenancies", "tenancy").global(),
    Collection::new(
        "availabilityDomains",
        "20160918/availabilityDomains",
        "availabilitydomain",
    ),
    Collection::new("faultDomains", "20160918/faultDomains", "faultdomain")
        .needs(&["compartmentId", "availabilityDomain"]),
    Collection::new("regions", "20160918/regions", "").needs(&[]),
    Collection::new(
        "regionSubscriptions",
        "20160918/tenancies/{tenancyId}/regionSubscriptions",
        "",
    )
    .needs(&[])
    .detail(&["tenancyId"]),
    // Networking
    Collection::new("vcns", "20160918/vcns", "vcn"),
    Collection::new("subnets", "20160918/subnets", "subnet"),
    Collection::new("securityLists", "20160918/securityLists", "securitylist"),
    Collection::new(
        "networkSecurityGroups",
        "20160918/networkSecurityGroups",
        "networksecuritygroup",
    )
    .needs(&[]),
    Collection::new(
        "securityRules",
        "20160918/networkSecurityGroups/{networkSecurityGroupId}/securityRules",
        "",
    )
    .needs(&[])
    .detail(&["networkSecurityGroupId"]),
    Collection::new("routeTables", "20160918/routeTables", "routetable"),
    Collection::new(
        "internetGateways",
        "20160918/internetGateways",
        "internetgateway",
    ),
    Collection::new("natGateways", "20160918/natGateways", "natgateway"),
    Collection::new(
        "serviceGateways",
        "20160918/serviceGateways",
        "servicegateway",
    ),
    Collection::new("vnics", "20160918/vnics", "vnic"),
    // Compute and its volumes
    Collection::new("instances", "20160918/instances", "instance"),
    Collection::new(
        "vnicAttachments",
        "20160918/vnicAttachments",
        "vnicattachment",
    ),
    Collection::new("images", "20160918/images", "image"),
    Collection::new("shapes", "20160918/shapes", ""),
    Collection::new("bootVolumes", "20160918/bootVolumes", "bootvolume").needs(&[]),
    Collection::new(
        "bootVolumeAttachments",
        "20160918/bootVolumeAttachments",
        "instance",
    )
    .needs(&["availabilityDomain", "compartmentId"]),
    Collection::new("volumes", "20160918/volumes", "volume").needs(&[]),
    Collection::new(
        "volumeAttachments",
        "20160918/volumeAttachments",
        "volumeattachment",
    ),
    Collection::new(
        "workRequests",
        "20160918/workRequests",
        "coreservicesworkrequest",
    )
    .detail(&["resources"]),
    // Databases
    Collection::new(
        "autonomousDatabases",
        "20160918/autonomousDatabases",
        "autonomousdatabase",
    ),
    Collection::new(
        "autonomousDatabaseBackups",
        "20160918/autonomousDatabaseBackups",
        "autonomousdatabasebackup",
    )
    .needs(&[]),
    Collection::new("dbSystems", "20160918/dbSystems", "dbsystem"),
    Collection::new("backups", "20160918/backups", "dbbackup").needs(&[]),
    // Observability
    Collection::new("alarms", "20180401/alarms", "alarm").detail(&[
        "body",
        "isNotificationsPerMetricDimensionEnabled",
        "messageFormat",
        "metricCompartmentIdInSubtree",
        "pendingDuration",
        "repeatNotificationDuration",
        "resolution",
        "timeCreated",
        "timeUpdated",
    ]),
    Collection::new("logGroups", "20200531/logGroups", "loggroup"),
    Collection::new("logs", "20200531/logGroups/{logGroupId}/logs", "log")
        .needs(&[])
        .detail(&["tenancyId"]),
    Collection::new("logSources", "20200601/namespaces/{namespace}/sources", "")
        .wrapped()
        .detail(&["namespace"]),
    Collection::new("topics", "20181201/topics", ""),
    // Serverless
    Collection::new("applications", "20260325/applications", "fnapp")
        .detail(&["config", "syslogUrl"]),
    Collection::new("functions", "20260325/functions", "fnfunc")
        .needs(&["applicationId"])
        .detail(&["config"]),
    Collection::new(
        "containerInstances",
        "20210415/containerInstances",
        "computecontainerinstance",
    )
    .wrapped()
    .detail(&[
        "containers",
        "dnsConfig",
        "imagePullSecrets",
        "vnics",
        "volumes",
    ]),
    Collection::new("containers", "20210415/containers", "computecontainer")
        .wrapped()
        .detail(&[
            "arguments",
            "command",
            "environmentVariables",
            "exitCode",
            "workingDirectory",
        ]),
    Collection::new("gateways", "20190501/gateways", "apigateway")
        .wrapped()
        .detail(&["ipAddresses"]),
    Collection::new("deployments", "20190501/deployments", "apideployment")
        .wrapped()
        .detail(&["specification"]),
    Collection::new(
        "modelDeployments",
        "20190101/modelDeployments",
        "datasciencemodeldeployment",
    ),
    Collection::new("projects", "20190101/projects", "datascienceproject"),
    // Kubernetes
    Collection::new("clusters", "20180222/clusters", "cluster"),
    Collection::new("nodePools", "20180222/nodePools", "nodepool").detail(&["nodes"]),
    Collection::new(
        "clusterWorkRequests",
        "20180222/workRequests",
        "clustersworkrequest",
    ),
    // The rest
    Collection::new("budgets", "20190111/budgets", "budget"),
    Collection::new("limitValues", "20190729/limitValues", "")
        .needs(&["compartmentId", "serviceName"])
        .detail(&["serviceName", "used"]),
    Collection::new("limitServices", "20190729/services", ""),
    Collection::new("problems", "20200131/problems", "cloudguardproblem")
        .wrapped()
        .detail(&["additionalDetails", "description", "recommendation"]),
    Collection::new("secrets", "20180608/secrets", "vaultsecret").detail(&[
        "currentVersionNumber",
        "metadata",
        "secretRules",
    ]),
    Collection::new("vaults", "20180608/vaults", "vault").detail(&["wrappingkeyId"]),
    Collection::new(
        "repositories",
        "20160918/container/repositories",
        "containerrepo",
    )
    .wrapped()
    .detail(&["immutable"]),
    Collection::new(
        "containerImages",
        "20160918/container/images",
        "containerimage",
    )
    .wrapped()
    .detail(&["layers"]),
    Collection::new("loadBalancers", "20170115/loadBalancers", "loadbalancer"),
    Collection::new("stacks", "20180917/stacks", "ormstack").needs(&[]),
    Collection::new("jobs", "20180917/jobs", "ormjob").needs(&[]),
];
