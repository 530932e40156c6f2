"""Whether what the simulated OCI lists and gets has the fields of the real API: those of the SDK's models."""

import datetime
import json

import oci
from oci.monitoring.models import ListMetricsDetails, SummarizeMetricsDataDetails


class Watched:
    """Compares each answer, as sent, with the model that the SDK makes of it."""

    def __init__(self):
        self.answers = 0
        self.problems = []

    def check(self, where, model, raw):
        if isinstance(model, list):
            for one, part in zip(model, raw):
                self.check(where, one, part)
        elif isinstance(model, dict) and isinstance(raw, dict):
            for name in model:
                self.check(where, model[name], raw[name])
        elif hasattr(model, "attribute_map"):
            known = {sent: python for python, sent in model.attribute_map.items()}
            for name, value in raw.items():
                if name not in known:
                    self.problems.append(f"{where}: {type(model).__name__} has no field {name}")
                    continue
                field = getattr(model, known[name])
                if isinstance(field, str) and field == "UNKNOWN_ENUM_VALUE":
                    self.problems.append(f"{where}: {type(model).__name__}.{name} cannot be {value}")
                elif value is not None:
                    self.check(where, field, value)

    def call(self, where, call, *arguments, **more):
        raw = []
        client = call.__self__.base_client
        deserialize = client.deserialize_response_data

        def keep(data, *more):
            raw.append(json.loads(data))
            return deserialize(data, *more)

        client.deserialize_response_data = keep
        try:
            response = call(*arguments, **more)
        except oci.exceptions.ServiceError as error:
            self.problems.append(f"{where}: {error.status} {error.code} {error.message}")
            return []
        finally:
            client.deserialize_response_data = deserialize
        self.check(where, response.data, raw[0])
        self.answers += 1
        items = getattr(response.data, "items", response.data)
        if isinstance(response.data, list) or hasattr(response.data, "items"):
            if not items:
                self.problems.append(f"{where}: the list is empty")
        return items


def check_models(oci_, compartment):
    watched = Watched()
    production, network, data, development, security = (
        compartment(name) for name in ("production", "network", "production-data", "development", "security")
    )
    for kind, list_, get, arguments in rows(oci_, production, network, data, development, security):
        client = oci_.client(kind)
        found = watched.call(list_, getattr(client, list_), *arguments)
        if get and found:
            watched.call(get, getattr(client, get), getattr(found[0], "id", None) or found[0].topic_id)
    special(oci_, watched, production, security)
    assert not watched.problems, "\n".join(sorted(set(watched.problems)))
    return f"{watched.answers} answers"


def rows(oci_, production, network, data, development, security):
    core, tenancy = oci.core, oci_.tenancy
    identity = oci.identity.IdentityClient
    for name in ("compartment", "user", "group", "dynamic_group", "policy"):
        plural = {"policy": "policies"}.get(name, name + "s")
        yield identity, f"list_{plural}", f"get_{name}", [tenancy]
    yield identity, "list_regions", None, []
    yield identity, "list_region_subscriptions", None, [tenancy]
    yield identity, "list_availability_domains", None, [tenancy]
    yield identity, "list_fault_domains", None, [tenancy, "Uocm:PHX-AD-1"]
    for name in ("vcn", "subnet", "security_list", "route_table", "internet_gateway", "nat_gateway", "service_gateway"):
        yield core.VirtualNetworkClient, f"list_{name}s", f"get_{name}", [network]
    yield core.VirtualNetworkClient, "list_network_security_groups", "get_network_security_group", []
    for name in ("instance", "image", "vnic_attachment"):
        yield core.ComputeClient, f"list_{name}s", f"get_{name}", [production]
    yield core.ComputeClient, "list_shapes", None, [production]
    yield core.ComputeClient, "list_boot_volume_attachments", None, ["Uocm:PHX-AD-1", production]
    yield core.BlockstorageClient, "list_volumes", "get_volume", []
    yield core.BlockstorageClient, "list_boot_volumes", "get_boot_volume", []
    database = oci.database.DatabaseClient
    yield database, "list_autonomous_databases", "get_autonomous_database", [data]
    yield database, "list_autonomous_database_backups", "get_autonomous_database_backup", []
    yield database, "list_db_systems", "get_db_system", [data]
    yield database, "list_backups", "get_backup", []
    yield oci.monitoring.MonitoringClient, "list_alarms", "get_alarm", [production]
    yield oci.monitoring.MonitoringClient, "list_alarms_status", None, [production]
    yield oci.logging.LoggingManagementClient, "list_log_groups", "get_log_group", [security]
    yield oci.log_analytics.LogAnalyticsClient, "list_sources", None, ["axacmecloud01", production]
    yield oci.work_requests.WorkRequestClient, "list_work_requests", "get_work_request", [production]
    yield oci.ons.NotificationControlPlaneClient, "list_topics", None, [security]
    yield oci.functions.FunctionsManagementClient, "list_applications", "get_application", [production]
    yield oci.container_instances.ContainerInstanceClient, "list_container_instances", "get_container_instance", [production]
    yield oci.container_instances.ContainerInstanceClient, "list_containers", "get_container", [production]
    yield oci.apigateway.GatewayClient, "list_gateways", "get_gateway", [production]
    yield oci.apigateway.DeploymentClient, "list_deployments", "get_deployment", [production]
    yield oci.data_science.DataScienceClient, "list_projects", "get_project", [development]
    yield oci.data_science.DataScienceClient, "list_model_deployments", "get_model_deployment", [development]
    yield oci.container_engine.ContainerEngineClient, "list_clusters", "get_cluster", [production]
    yield oci.container_engine.ContainerEngineClient, "list_node_pools", "get_node_pool", [production]
    yield oci.container_engine.ContainerEngineClient, "list_work_requests", "get_work_request", [production]
    yield oci.budget.BudgetClient, "list_budgets", "get_budget", [tenancy]
    yield oci.limits.LimitsClient, "list_services", None, [tenancy]
    yield oci.limits.LimitsClient, "list_limit_values", None, [tenancy, "compute"]
    yield oci.cloud_guard.CloudGuardClient, "list_problems", "get_problem", [development]
    yield oci.vault.VaultsClient, "list_secrets", "get_secret", [security]
    yield oci.artifacts.ArtifactsClient, "list_container_repositories", "get_container_repository", [production]
    yield oci.artifacts.ArtifactsClient, "list_container_images", "get_container_image", [production]
    yield oci.load_balancer.LoadBalancerClient, "list_load_balancers", "get_load_balancer", [production]
    yield oci.load_balancer.LoadBalancerClient, "list_load_balancers", "get_load_balancer_health", [production]
    yield oci.resource_manager.ResourceManagerClient, "list_stacks", "get_stack", []
    yield oci.resource_manager.ResourceManagerClient, "list_jobs", "get_job", []


def special(oci_, watched, production, security):
    """What is not a list and a get."""
    identity = oci_.client(oci.identity.IdentityClient)
    watched.call("tenancy", identity.get_tenancy, oci_.tenancy)
    watched.call("root compartment", identity.get_compartment, oci_.tenancy)
    ada = identity.list_users(oci_.tenancy, name="ada@example.com").data[0].id
    watched.call("memberships", identity.list_user_group_memberships, oci_.tenancy, user_id=ada)
    watched.call("API keys", identity.list_api_keys, ada)
    storage = oci_.client(oci.object_storage.ObjectStorageClient)
    namespace = storage.get_namespace().data
    watched.call("buckets", storage.list_buckets, namespace, production)
    watched.call("bucket", storage.get_bucket, namespace, "reports")
    fields = "name,size,md5,etag,timeCreated,timeModified,storageTier"
    watched.call("objects", storage.list_objects, namespace, "reports", fields=fields)
    network = oci_.client(oci.core.VirtualNetworkClient)
    group = network.list_network_security_groups().data[0]
    rules = network.list_network_security_group_security_rules
    watched.call("security rules", rules, group.id)
    attachment = oci_.client(oci.core.ComputeClient).list_vnic_attachments(production).data[0]
    watched.call("vnic", network.get_vnic, attachment.vnic_id)
    functions = oci_.client(oci.functions.FunctionsManagementClient)
    application = functions.list_applications(production).data[0]
    found = watched.call("functions", functions.list_functions, application.id)
    watched.call("function", functions.get_function, found[0].id)
    invoked = oci_.client(oci.functions.FunctionsInvokeClient).invoke_function(found[0].id, invoke_function_body=b"hello")
    assert b"hello" in invoked.data.content
    monitoring = oci_.client(oci.monitoring.MonitoringClient)
    alarm = monitoring.list_alarms(production).data[0]
    watched.call("alarm history", monitoring.get_alarm_history, alarm.id)
    watched.call("metrics", monitoring.list_metrics, production, ListMetricsDetails(namespace="oci_computeagent"))
    query = SummarizeMetricsDataDetails(namespace="oci_computeagent", query="CpuUtilization[5m].mean()")
    series = watched.call("metric data", monitoring.summarize_metrics_data, production, query)
    assert len(series) == 26 and len(series[0].aggregated_datapoints) >= 35
    observe(oci_, watched, production, security)


def observe(oci_, watched, production, security):
    now = datetime.datetime.now(datetime.timezone.utc)
    day = datetime.timedelta(days=1)
    audit = oci_.client(oci.audit.AuditClient)
    watched.call("audit", audit.list_events, production, now - day, now)
    search = oci.loggingsearch.models.SearchLogsDetails(
        time_start=now - day, time_end=now, search_query=f'search "{security}" | sort by datetime desc'
    )
    watched.call("log search", oci_.client(oci.loggingsearch.LogSearchClient).search_logs, search, limit=5)
    resources = oci_.client(oci.resource_search.ResourceSearchClient)
    details = oci.resource_search.models.StructuredSearchDetails(query="query instance resources where displayName = 'web-01'")
    assert len(watched.call("resource search", resources.search_resources, details)) == 1
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    usage = oci.usage_api.models.RequestSummarizedUsagesDetails(
        tenant_id=oci_.tenancy,
        time_usage_started=midnight - 7 * day,
        time_usage_ended=midnight,
        granularity="DAILY",
        group_by=["service"],
    )
    watched.call("usage", oci_.client(oci.usage_api.UsageapiClient).request_summarized_usages, usage)
    limits = oci_.client(oci.limits.LimitsClient)
    more = {"availability_domain": "Uocm:PHX-AD-1"}
    watched.call(
        "availability", limits.get_resource_availability, "compute", "standard-e5-core-count", oci_.tenancy, **more
    )
