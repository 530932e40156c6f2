output "repository" {
  description = "Where the image is pushed to, as REPOSITORY:TAG."
  value       = module.registry.repository
}

output "mcp_url" {
  description = "What a client is given; null until there is an image."
  value       = one(module.api_gateway[*].mcp_url)
}

output "metadata_url" {
  description = "Where clients read who gives out tokens; null until there is an image."
  value       = one(module.api_gateway[*].metadata_url)
}

output "policy_statements" {
  description = "What the server and its gateway may do."
  value       = module.iam.statements
}
