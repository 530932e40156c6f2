//! Whom a policy is for.

/// Whom a policy is for: by what IAM knows the identity that the server has.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Grantee {
    /// A person, whose key or session is used.
    User,
    /// A compute instance.
    Instance,
    /// A resource, by the type that rules have for it: `fnfunc`.
    Resource(String),
    /// A pod of OKE, which is in no group.
    Workload {
        /// The OCID of the cluster.
        cluster: String,
        /// The namespace of the pod.
        namespace: String,
        /// The name of its service account.
        service_account: String,
    },
}

impl Grantee {
    /// The resource that serves on the host `host`: `functions`, `datascience`, `container`.
    #[must_use]
    pub fn of_host(host: &str) -> Option<Self> {
        let kind = match host {
            "functions" => "fnfunc",
            "datascience" => "datasciencemodeldeployment",
            "container" => "computecontainerinstance",
            _ => return None,
        };
        Some(Self::Resource(kind.to_owned()))
    }

    /// The matching rule of a dynamic group that has those in `compartment`, an OCID.
    #[must_use]
    pub fn matching_rule(&self, compartment: &str) -> Option<String> {
        match self {
            Self::User | Self::Workload { .. } => None,
            Self::Instance => Some(format!("ALL {{instance.compartment.id = '{compartment}'}}")),
            Self::Resource(kind) => Some(format!(
                "ALL {{resource.type = '{kind}', resource.compartment.id = '{compartment}'}}"
            )),
        }
    }

    /// The statement that lets it, in the group `group`, do `what` in `place`.
    pub(super) fn statement(&self, group: &str, what: &str, place: &str) -> String {
        match self {
            Self::User => format!("allow group {group} to {what} in {place}"),
            Self::Instance | Self::Resource(_) => {
                format!("allow dynamic-group {group} to {what} in {place}")
            }
            Self::Workload {
                cluster,
                namespace,
                service_account,
            } => format!(
                "allow any-user to {what} in {place} where ALL {{request.principal.type = 'workload', \
                 request.principal.cluster_id = '{cluster}', request.principal.namespace = '{namespace}', \
                 request.principal.service_account = '{service_account}'}}"
            ),
        }
    }
}
