locals {
  # Pods have addresses of the network, so that a gateway reaches them through its security groups.
  cni = "OCI_VCN_IP_NATIVE"
}

resource "oci_containerengine_cluster" "this" {
  compartment_id     = var.compartment_id
  name               = var.name
  kubernetes_version = var.kubernetes_version
  vcn_id             = var.vcn_id
  # Only enhanced clusters have workload identity.
  type = "ENHANCED_CLUSTER"

  cluster_pod_network_options {
    cni_type = local.cni
  }

  endpoint_config {
    subnet_id            = var.endpoint.subnet_id
    nsg_ids              = var.endpoint.nsg_ids
    is_public_ip_enabled = false
  }

  options {
    service_lb_subnet_ids = var.load_balancer_subnet_ids
  }
}

resource "oci_containerengine_node_pool" "this" {
  compartment_id     = var.compartment_id
  cluster_id         = oci_containerengine_cluster.this.id
  name               = var.name
  kubernetes_version = var.kubernetes_version
  node_shape         = var.nodes.shape

  node_shape_config {
    ocpus         = var.nodes.ocpus
    memory_in_gbs = var.nodes.memory_in_gbs
  }

  node_source_details {
    source_type = "IMAGE"
    image_id    = var.nodes.image_id
  }

  node_config_details {
    size    = var.nodes.count
    nsg_ids = var.nodes.nsg_ids

    dynamic "placement_configs" {
      for_each = var.nodes.availability_domains

      content {
        availability_domain = placement_configs.value
        subnet_id           = var.nodes.subnet_id
      }
    }

    node_pool_pod_network_option_details {
      cni_type       = local.cni
      pod_subnet_ids = [var.nodes.pod_subnet_id]
      pod_nsg_ids    = var.nodes.pod_nsg_ids
    }
  }
}
