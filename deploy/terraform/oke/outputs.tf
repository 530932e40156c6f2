output "cluster_id" {
  description = "OCID of the cluster, for the policy of its pods."
  value       = oci_containerengine_cluster.this.id
}

output "kubeconfig_command" {
  description = "Lets kubectl reach the cluster, from within its network."
  value       = "oci ce cluster create-kubeconfig --cluster-id ${oci_containerengine_cluster.this.id} --kube-endpoint PRIVATE_ENDPOINT"
}
