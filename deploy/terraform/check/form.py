"""Holds the form of Resource Manager, complete/schema.yaml, to the variables and outputs that it is for."""

import pathlib
import sys

import hcl
import yaml

FOLDER = pathlib.Path(__file__).resolve().parent.parent / "complete"


def main():
    form = yaml.safe_load((FOLDER / "schema.yaml").read_text())
    blocks = [block for name in ("variables.tf", "outputs.tf") for block in hcl.parse((FOLDER / name).read_text()).body]
    named = {kind: {block.labels[0]: block.attributes() for block in blocks if block.name == kind} for kind in ("variable", "output")}
    problems = list(differences("variable", named["variable"], form["variables"], form["variableGroups"], "variables"))
    problems += differences("output", named["output"], form["outputs"], form["outputGroups"], "outputs")
    for name, attributes in named["variable"].items():
        is_required = form["variables"].get(name, {}).get("required", False)
        if is_required != ("default" not in attributes):
            problems.append(f"`{name}` is required in one and not in the other")
    for problem in problems:
        print(f"{FOLDER / 'schema.yaml'}: {problem}", file=sys.stderr)
    return 1 if problems else 0


def differences(kind, declared, shown, groups, key):
    grouped = [name for group in groups for name in group[key]]
    hidden = {name for group in groups if group.get("visible") is False for name in group[key]}
    for name in sorted(set(declared) ^ set(grouped)):
        yield f"the {kind} `{name}` is in no group, or is none of the module's"
    for name in sorted({name for name in grouped if grouped.count(name) > 1}):
        yield f"the {kind} `{name}` is in two groups"
    for name in sorted(set(declared) - set(shown) - hidden):
        yield f"the {kind} `{name}` is not explained"
    for name in sorted(set(shown) - set(declared)):
        yield f"there is no {kind} `{name}`"


if __name__ == "__main__":
    sys.exit(main())
