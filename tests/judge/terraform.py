"""Has the official SDK say whether the words that Terraform modules give to OCI are words that OCI knows.

Terraform's schema tells names and types; that `rate_key` is CLIENT_IP or TOTAL only the SDK tells, as a constant
`RATE_KEY_CLIENT_IP` of a model of that service.
"""

import importlib
import inspect
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "deploy/terraform/check"))

import hcl  # noqa: E402

WORD = re.compile(r"[A-Z][A-Z0-9_]+")
# By the beginning of a resource's type, where the SDK's name is another.
PACKAGES = {
    "apigateway": "apigateway",
    "artifacts": "artifacts",
    "container_instances": "container_instances",
    "containerengine": "container_engine",
    "core": "core",
    "datascience": "data_science",
    "functions": "functions",
    "generative_ai": "generative_ai",
    "identity": "identity",
    "logging": "logging",
}
# What is any text for the SDK, by the attribute whose words are meant.
MEANT = {"allowed_methods": "methods"}


def main():
    problems, judged = [], 0
    for path in sorted((ROOT / "deploy/terraform").glob("*/*.tf")):
        for block in hcl.parse(path.read_text()).blocks("resource"):
            known = constants(next(of for start, of in PACKAGES.items() if block.labels[0].startswith(f"oci_{start}_")))
            for attribute, word, line in given(block):
                judged += 1
                if f"{MEANT.get(attribute, attribute).upper()}_{word}" not in known:
                    problems.append(f"{path}:{line}: the SDK knows no {attribute} {word}")
    for problem in problems:
        print(problem, file=sys.stderr)
    print(f"{judged} words of Terraform modules, {len(problems)} of which the SDK does not know")
    return 1 if problems or judged < 30 else 0


def constants(package):
    """The names of all words that models of `package` know."""
    models = vars(importlib.import_module(f"oci.{package}.models")).values()
    return {name for model in models if inspect.isclass(model) for name, value in vars(model).items() if isinstance(value, str) and name.isupper()}


def given(block):
    for item in block.body:
        if isinstance(item, hcl.Block):
            yield from given(item)
            continue
        # What a map that is walked through holds goes to an attribute of another name.
        words = [] if item.name == "for_each" else item.expression
        for token in words:
            if token.kind == "text" and WORD.fullmatch(token.value):
                yield item.name, token.value, token.line


if __name__ == "__main__":
    sys.exit(main())
