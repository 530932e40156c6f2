//! Kubernetes, registry, load balancers, notifications, stacks; and looking at an instance as a whole.

use serde_json::json;

use super::observability::{ALARMS_STATUS, METRICS, WINDOW};
use super::{NAME, STATE, compute};
use crate::curated::argument::text;
use crate::curated::{Change, Row, composed};

pub(super) const ROWS: &[Row] = &[
    Row::list("oke_list_clusters", "container_engine.list_clusters")
        .about("Lists Kubernetes clusters (OKE).")
        .taking(&[text("name")])
        .shows("id name version=kubernetesVersion type state=lifecycleState endpoints")
        .needs(&["inspect clusters"]),
    Row::get("oke_get_cluster", "container_engine.get_cluster")
        .about("Shows a Kubernetes cluster.")
        .taking(&[text("cluster_id").required()])
        .shows(
            "id name version=kubernetesVersion type state=lifecycleState endpoints vcn_id=vcnId \
             upgrades=availableKubernetesUpgrades",
        )
        .chosen()
        .needs(&["read clusters"]),
    Row::list("oke_list_node_pools", "container_engine.list_node_pools")
        .about("Lists node pools of Kubernetes clusters.")
        .taking(&[text("cluster_id")])
        .shows(
            "id name version=kubernetesVersion shape=nodeShape ocpus=nodeShapeConfig.ocpus \
             size=nodeConfigDetails.size state=lifecycleState",
        )
        .chosen()
        .needs(&["inspect cluster-node-pools"]),
    Row::list(
        "oke_list_work_requests",
        "container_engine.list_work_requests",
    )
    .about("Lists work requests of Kubernetes clusters: what was begun, and how far it is.")
    .taking(&[text("cluster_id"), text("resource_id")])
    .shows(
        "id operation=operationType status began=timeAccepted ended=timeFinished \
         resources=resources.identifier",
    )
    .chosen()
    .needs(&["inspect cluster-work-requests"]),
    Row::list("oci_workrequests_list", "work_requests.list_work_requests")
        .about("Lists work requests of compute, storage and networks: what was begun, and how far it is.")
        .taking(&[text("resource_id")])
        .shows(
            "id operation=operationType status percent=percentComplete began=timeAccepted \
             ended=timeFinished",
        )
        .chosen()
        .needs(&["inspect work-requests"]),
    Row::get("oci_workrequests_get", "work_requests.get_work_request")
        .about("Tells how far a work request is, and of what.")
        .taking(&[text("work_request_id").required()])
        .shows(
            "operation=operationType status percent=percentComplete began=timeAccepted \
             ended=timeFinished resources",
        )
        .chosen()
        .needs(&["read work-requests"]),
    Row::list(
        "oci_registry_list_repositories",
        "artifacts.list_container_repositories",
    )
    .about("Lists repositories of container images.")
    .taking(&[NAME])
    .shows("id name=displayName images=imageCount bytes=layersSizeInBytes public=isPublic")
    .chosen()
    .needs(&["inspect repos"]),
    Row::list("oci_registry_list_images", "artifacts.list_container_images")
        .about("Lists container images.")
        .taking(&[text("repository_name"), text("version")])
        .shows("id name=displayName digest version created=timeCreated")
        .chosen()
        .needs(&["inspect repos"]),
    Row::list("oci_lb_list", "load_balancer.list_load_balancers")
        .about("Lists load balancers with their addresses.")
        .taking(&[NAME, STATE])
        .shows(
            "id name=displayName ips=ipAddresses.ipAddress shape=shapeName state=lifecycleState \
             listeners=#listeners backend_sets=#backendSets",
        )
        .needs(&["read load-balancers"]),
    Row::get("oci_lb_get_health", "load_balancer.get_load_balancer_health")
        .about("Shows the health of a load balancer and which backend sets are in trouble.")
        .taking(&[text("load_balancer_id").required()])
        .shows(
            "status sets=totalBackendSetCount critical=criticalStateBackendSetNames \
             warning=warningStateBackendSetNames unknown=unknownStateBackendSetNames",
        )
        .chosen()
        .needs(&["read load-balancers"]),
    Row::list("oci_resourcemanager_list_stacks", "resource_manager.list_stacks")
        .about("Lists stacks of Resource Manager (Terraform).")
        .taking(&[NAME])
        .shows("id name=displayName description state=lifecycleState created=timeCreated")
        .chosen()
        .needs(&["inspect orm-stacks"]),
    Row::list("oci_resourcemanager_list_jobs", "resource_manager.list_jobs")
        .about("Lists jobs of Resource Manager.")
        .taking(&[text("stack_id")])
        .shows("id name=displayName operation state=lifecycleState created=timeCreated")
        .chosen()
        .needs(&["inspect orm-jobs"]),
    Row::list("oci_notifications_list_topics", "ons.list_topics")
        .about("Lists topics of Notifications.")
        .taking(&[text("name")])
        .shows("id=topicId name description state=lifecycleState")
        .chosen()
        .needs(&["inspect ons-topics"]),
    Row::change("oci_notifications_publish", "ons.publish_message", Change::ADDS)
        .about("Sends a message to all who subscribed to a topic.")
        .taking(&[
            text("topic_id").required(),
            text("title"),
            text("body").required(),
        ])
        .by(|parameters, _| {
            let [title, body] = ["title", "body"].map(|name| parameters.remove(name));
            let mut details = json!({ "body": body });
            if let (Some(title), Some(details)) = (title, details.as_object_mut()) {
                details.insert("title".to_owned(), title);
            }
            parameters.insert("body".to_owned(), details);
            Ok(())
        })
        .shows("message_id=messageId at=timeStamp")
        .needs(&["use ons-topics"]),
    Row::composed("oci_skill_troubleshoot_instance", composed::instance::troubleshoot)
        .about("Looks at an instance from all sides and says what stands out: state, addresses, metrics, firing alarms, changes.")
        .taking(&[
            text("instance_id").required(),
            WINDOW,
        ])
        .asks(&[
            compute::GET,
            compute::VNIC_ATTACHMENTS,
            compute::VNIC,
            METRICS,
            ALARMS_STATUS,
            ("audit.list_events", &["read audit-events"]),
        ]),
];
