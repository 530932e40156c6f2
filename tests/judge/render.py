"""Has the official SDK say whether `oci-mcp render` prints requests that OCI knows: fields, their types, and the words in them."""

import importlib
import json
import re
import subprocess
import sys

ASKS = ["OCI_MCP_ACCESS=jwt", "OCI_MCP_ACCESS_ISSUER=https://a.example", "OCI_MCP_ACCESS_RESOURCE=https://b.example/mcp"]
OPEN = ["OCI_MCP_ACCESS=none"]
GATEWAY = "oci.apigateway.models.CreateDeploymentDetails"
DOCUMENTS = [
    ("oci.functions.models.CreateFunctionDetails", "functions --provisioned-instances 2", ["OCI_MCP_LOG=info"]),
    ("oci.data_science.models.CreateModelDeploymentDetails", "datascience", ["OCI_MCP_LOG=info"]),
    ("oci.data_science.models.CreateModelDeploymentDetails", "datascience --subnet ocid1.subnet.oc1..a", []),
    ("oci.container_instances.models.CreateContainerInstanceDetails", "container-instance", OPEN),
    ("oci.generative_ai.models.CreateHostedApplicationDetails", "hosted-application", OPEN),
    ("oci.generative_ai.models.CreateHostedDeploymentDetails", "hosted-application --deployment", OPEN),
    (GATEWAY, "apigateway --allowed-origins https://a.example", []),
    (GATEWAY, "apigateway --url http://10.0.0.5:8080", OPEN),
    (GATEWAY, "apigateway --url http://10.0.0.5:8080", ASKS),
    (GATEWAY, "apigateway --metadata --allowed-origins https://a.example", []),
]
# What the CLI calls otherwise than the API.
OF_CLI = {"memoryInMbs": "memoryInMBs", "provisionedConcurrency": "provisionedConcurrencyConfig"}
SCALARS = {"str": str, "int": int, "float": (int, float), "bool": bool, "object": object}


def main(program):
    problems = []
    judged = 0
    for model, target, settings in DOCUMENTS:
        document = render(program, target, settings)
        if target.startswith("functions"):
            document = as_the_api_has_it(document)
        package, kind = model.rsplit(".", 1)
        judge = Judge(importlib.import_module(package))
        judge.value(kind, document, target)
        problems += judge.problems
        judged += judge.fields
    for problem in problems + self_check():
        print(problem, file=sys.stderr)
    print(f"{judged} fields of {len(DOCUMENTS)} rendered requests, {len(problems)} of which the SDK does not know")
    return 1 if problems or self_check() or judged < 200 else 0


def render(program, target, settings):
    options = [option for setting in settings for option in ("--set", setting)]
    output = subprocess.run([program, "render", *target.split(), *options], env={}, capture_output=True, text=True, check=False)
    if output.returncode:
        sys.exit(f"{target}: {output.stderr}")
    return json.loads(output.stdout)


def as_the_api_has_it(function):
    """The CLI's command for images has their source's fields among the others."""
    source = {"sourceType": "CONTAINER_IMAGE", "image": function.pop("image")}
    return {OF_CLI.get(name, name): value for name, value in function.items()} | {"sourceDetails": source}


class Judge:
    def __init__(self, models):
        self.models = models
        self.problems = []
        self.fields = 0

    def value(self, kind, value, path):
        inner = re.fullmatch(r"list\[(.*)\]|dict\(str, (.*)\)", kind)
        if inner and inner[1] and isinstance(value, list):
            for index, item in enumerate(value):
                self.value(inner[1], item, f"{path}[{index}]")
        elif inner and inner[2] and isinstance(value, dict):
            for name, item in value.items():
                self.value(inner[2], item, f"{path}.{name}")
        elif inner or kind in SCALARS:
            allowed = () if inner else SCALARS[kind]
            is_number = kind in ("int", "float")
            if not isinstance(value, allowed) or (is_number and isinstance(value, bool)):
                self.problems.append(f"{path}: {value!r} is no {kind}")
        elif isinstance(value, str) and not hasattr(self.models, kind):
            # A list of words, such as `HttpMethod`, which the SDK names and does not have.
            pass
        elif isinstance(value, dict):
            self.model(getattr(self.models, kind), value, path)
        else:
            self.problems.append(f"{path}: {value!r} is no {kind}")

    def model(self, kind, value, path):
        if hasattr(kind, "get_subtype"):
            subtype = getattr(self.models, kind.get_subtype(value))
            if subtype is kind:
                self.problems.append(f"{path}: no {kind.__name__} is as this says")
            kind = subtype
        model = kind()
        known = {sent: python for python, sent in model.attribute_map.items()}
        for name, item in value.items():
            self.fields += 1
            if name not in known:
                self.problems.append(f"{path}: {kind.__name__} has no field {name}")
                continue
            self.word(model, known[name], item, f"{path}.{name}")
            self.value(model.swagger_types[known[name]], item, f"{path}.{name}")

    def word(self, model, name, value, path):
        """A model's setters know which words there are."""
        try:
            setattr(model, name, list(value) if isinstance(value, list) else value)
            unknown = "UNKNOWN_ENUM_VALUE" in json.dumps(getattr(model, name))
        except ValueError:
            unknown = True
        if unknown:
            self.problems.append(f"{path}: {value!r} is none of its words")


def self_check():
    """What is wrong must be found, or nothing was judged."""
    judge = Judge(importlib.import_module("oci.apigateway.models"))
    wrong = {
        "pathPrefixes": "/v1",
        "displayName": 1,
        "specification": {
            "requestPolicies": {"rateLimiting": {"rateInRequestsPerSecond": "1", "rateKey": "IP"}},
            "routes": [{"backend": {"type": "MCP_BACKEND"}, "methods": ["ASK"]}],
        },
    }
    judge.value("CreateDeploymentDetails", wrong, "self-check")
    return [] if len(judge.problems) == 7 else [f"of 7 complaints these were found: {judge.problems}"]


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
