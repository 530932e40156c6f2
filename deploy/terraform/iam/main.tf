locals {
  resource_types = {
    functions          = "fnfunc"
    container-instance = "computecontainerinstance"
    datascience        = "datasciencemodeldeployment"
  }
  compartment = "in compartment id ${var.compartment_id}"

  tools = flatten([for group in values(oci_identity_dynamic_group.host)[*].name :
  [for permission in var.permissions : "Allow dynamic-group ${group} to ${permission} ${local.compartment}"]])

  images = contains(var.hosts, "container-instance") ? [
    "Allow dynamic-group ${oci_identity_dynamic_group.host["container-instance"].name} to read repos ${local.compartment}",
  ] : []

  deployments = contains(var.hosts, "datascience") ? [for permission in ["read repos", "use log-content"] :
    "Allow any-user to ${permission} ${local.compartment} where ALL {request.principal.type = 'datasciencemodeldeployment', request.resource.compartment.id = '${var.compartment_id}'}"
  ] : []

  gateway = var.is_gateway_in_front ? [
    "Allow any-user to use functions-family ${local.compartment} where ALL {request.principal.type = 'ApiGateway', request.resource.compartment.id = '${var.compartment_id}'}",
  ] : []

  # A pod is known by its service account, and is in no dynamic group.
  pods = var.workload == null ? [] : [for permission in var.permissions :
    "Allow any-user to ${permission} ${local.compartment} where ALL {request.principal.type = 'workload', request.principal.cluster_id = '${var.workload.cluster_id}', request.principal.namespace = '${var.workload.namespace}', request.principal.service_account = '${var.workload.service_account}'}"
  ]

  statements = concat(local.tools, local.images, local.deployments, local.gateway, local.pods, var.statements)
}

resource "oci_identity_dynamic_group" "host" {
  for_each = var.hosts

  compartment_id = var.tenancy_id
  name           = "${var.name}-${each.key}"
  description    = "MCP servers: ${each.key}"
  matching_rule  = "ALL {resource.type = '${local.resource_types[each.key]}', resource.compartment.id = '${var.compartment_id}'}"
}

resource "oci_identity_policy" "this" {
  count = length(local.statements) > 0 ? 1 : 0

  compartment_id = var.tenancy_id
  name           = var.name
  description    = "What MCP servers and their gateway may do"
  statements     = local.statements
}
