output "dynamic_groups" {
  description = "The dynamic group of each host, for policies of your own."
  value       = { for host, group in oci_identity_dynamic_group.host : host => group.name }
}

output "statements" {
  description = "What the policy says."
  value       = local.statements
}
