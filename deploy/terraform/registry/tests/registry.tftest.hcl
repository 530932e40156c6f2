mock_provider "oci" {
  mock_resource "oci_artifacts_container_repository" {
    defaults = { namespace = "axaxnpcrorw5" }
  }
}

variables {
  compartment_id = "ocid1.compartment.oc1..mcp"
  region         = "us-ashburn-1"
}

run "a_repository_is_private_and_its_path_is_what_images_are_tagged_with" {
  assert {
    condition     = oci_artifacts_container_repository.this.is_public == false && oci_artifacts_container_repository.this.is_immutable
    error_message = "it is public, or its tags can change"
  }
  assert {
    condition     = output.repository == "ocir.us-ashburn-1.oci.oraclecloud.com/axaxnpcrorw5/oci-mcp"
    error_message = "the path is another"
  }
}

run "names_that_no_repository_can_have_are_refused" {
  command = plan
  variables {
    name   = "Oci MCP"
    region = "Ashburn"
  }
  expect_failures = [var.name, var.region]
}
