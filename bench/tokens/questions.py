"""Ten questions, and what one asks our server and Oracle's to have them answered.

`{name}` in an argument is an identifier of the simulated tenancy.
"""

import dataclasses


@dataclasses.dataclass
class Question:
    text: str
    tool: str
    arguments: dict
    server: str
    their_tool: str
    their_arguments: dict


QUESTIONS = [
    Question(
        "Which compartments are there?",
        "oci_identity_list_compartments", {"subtree": True},
        "identity", "list_compartments",
        {"compartment_id": "{tenancy}", "compartment_id_in_subtree": True, "include_root": False},
    ),
    Question(
        "Which instances does production have? (20)",
        "oci_compute_list_instances", {"compartment_id": "{production}", "limit": 20},
        "compute", "list_instances", {"compartment_id": "{production}", "limit": 20},
    ),
    Question(
        "What is the instance web-01?",
        "oci_compute_get_instance", {"instance_id": "{web-01}"},
        "compute", "get_instance", {"instance_id": "{web-01}"},
    ),
    Question(
        "Which images can instances be made of?",
        "oci_compute_list_images", {"compartment_id": "{tenancy}"},
        "compute", "list_images", {"compartment_id": "{tenancy}"},
    ),
    Question(
        "Which VCNs are there?",
        "oci_network_list_vcns", {"compartment_id": "{network}"},
        "networking", "list_vcns", {"compartment_id": "{network}"},
    ),
    Question(
        "Which subnets does the VCN main have?",
        "oci_network_list_subnets", {"compartment_id": "{network}", "vcn_id": "{main}"},
        "networking", "list_subnets", {"compartment_id": "{network}", "vcn_id": "{main}"},
    ),
    Question(
        "Which buckets are there?",
        "oci_storage_list_buckets", {"compartment_id": "{production}"},
        "object_storage", "list_buckets", {"compartment_id": "{production}"},
    ),
    Question(
        "Which alarms are there?",
        "oci_observability_list_alarms", {"compartment_id": "{production}"},
        "monitoring", "list_alarms", {"compartment_id": "{production}"},
    ),
    Question(
        "What is called web-01?",
        "oci_search_resources", {"text": "web-01"},
        "resource_search", "search_resources_free_form", {"tenant_id": "{tenancy}", "text": "web-01"},
    ),
    Question(
        "What did each service cost in October 2026?",
        "oci_cost_by_service", {"time_start": "2026-10-01", "time_end": "2026-11-01"},
        "usage", "get_summarized_usage",
        {
            "tenant_id": "{tenancy}", "start_time": "2026-10-01T00:00:00Z", "end_time": "2026-11-01T00:00:00Z",
            "group_by": ["service"], "compartment_depth": 1, "granularity": "MONTHLY",
        },
    ),
]
