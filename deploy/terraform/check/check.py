"""Holds Terraform modules to the provider's schema and to each other, without Terraform: check.py [FOLDER of modules]

Every resource, data source, block, attribute and reference is there, and what is required is given. Prints what is not,
with file and line. What values are is not looked at: `terraform validate` does that, where there is Terraform.
"""

import json
import pathlib
import sys

import hcl

HERE = pathlib.Path(__file__).resolve().parent
OF_TERRAFORM = {
    "resource": {"count", "for_each", "depends_on", "provider", "lifecycle", "provisioner", "connection"},
    "data": {"count", "for_each", "depends_on", "provider", "lifecycle"},
    "provider": {"alias", "version"},
    "module": {"source", "version", "count", "for_each", "depends_on", "providers"},
}


class Module:
    """The `*.tf` files of a folder, by what they declare."""

    def __init__(self, folder, problems):
        self.folder, self.problems = folder, problems
        self.files = {}
        for path in sorted(folder.glob("*.tf")):
            try:
                self.files[path] = hcl.parse(path.read_text())
            except hcl.Malformed as error:
                problems.append(f"{path}: {error}")
        self.declared = {kind: dict(self.declarations(kind)) for kind in ("variable", "output", "module", "resource", "data")}
        self.locals = {name for _, block in self.blocks("locals") for name in block.attributes()}

    def blocks(self, kind):
        return [(path, block) for path, body in self.files.items() for block in body.blocks(kind)]

    def declarations(self, kind):
        for path, block in self.blocks(kind):
            yield tuple(block.labels), (path, block)

    def problem(self, path, line, text):
        self.problems.append(f"{path}:{line}: {text}")


def check(folder, schema):
    """What is wrong in the modules of `folder`, one text each."""
    problems = []
    modules = {path.name: Module(path, problems) for path in sorted(folder.iterdir()) if list(path.glob("*.tf"))}
    for module in modules.values():
        described(module)
        for kind in ("resource", "data"):
            for (of, name), (path, block) in module.declared[kind].items():
                if of not in schema[kind]:
                    module.problem(path, block.line, f"the provider has no {kind} `{of}`")
                else:
                    within(module, path, block, schema[kind][of], f"{of}.{name}", OF_TERRAFORM[kind])
        for path, block in module.blocks("provider"):
            within(module, path, block, schema["provider"], "provider", OF_TERRAFORM["provider"])
        for path, block in module.blocks("module"):
            called(module, path, block, modules)
        referred(module, modules, schema)
    return problems


def described(module):
    for kind, required in (("variable", ("type", "description")), ("output", ("value", "description"))):
        for (name,), (path, block) in module.declared[kind].items():
            for attribute in set(required) - set(block.attributes()):
                module.problem(path, block.line, f"the {kind} `{name}` has no {attribute}")
    for (name,), (path, block) in module.declared["variable"].items():
        for names, line in everywhere(block):
            if names[0] == "var" and names[1] != name:
                module.problem(path, line, f"`{name}` is validated by another variable, which Terraform 1.5 cannot")


def within(module, path, block, schema, place, others=frozenset()):
    """`block` has what `schema` requires and nothing that it does not know, but for `others`."""
    given = set()
    for item in block.body:
        name, inner = item.name, item
        if isinstance(item, hcl.Block) and name == "dynamic":
            name, inner = item.labels[0], next(iter(item.blocks("content")), item)
        given.add(name)
        known = schema.get(name)
        if name in others:
            continue
        if known is None or name == "":
            module.problem(path, item.line, f"`{place}` has no `{name}`")
        elif isinstance(known, dict) != isinstance(item, hcl.Block):
            form = "a block" if isinstance(known, dict) else "an attribute"
            module.problem(path, item.line, f"`{name}` of `{place}` is {form}")
        elif isinstance(known, dict):
            within(module, path, inner, known, f"{place}.{name}")
        elif known[1] == "computed":
            module.problem(path, item.line, f"`{name}` of `{place}` is the provider's to say")
    for name, known in schema.items():
        is_required = known[""][1] > 0 if isinstance(known, dict) else "required" in known[1] if name else False
        if is_required and name not in given:
            module.problem(path, block.line, f"`{place}` lacks `{name}`, which is required")


def called(module, path, block, modules):
    source = block.attributes()["source"].expression[0].value
    target = modules.get(pathlib.PurePath(source).name)
    if target is None:
        module.problem(path, block.line, f"there is no module {source}")
        return
    variables = {name: declared for (name,), (_, declared) in target.declared["variable"].items()}
    given = {item.name: item.line for item in block.body if item.name not in OF_TERRAFORM["module"]}
    for name in set(given) - set(variables):
        module.problem(path, given[name], f"the module {source} has no variable `{name}`")
    for name in set(variables) - set(given):
        if "default" not in variables[name].attributes():
            module.problem(path, block.line, f"the module {source} needs `{name}`")


def referred(module, modules, schema):
    """Everything that expressions name is declared, and every variable is named."""
    used = set()
    for path, body in module.files.items():
        for names, line in everywhere(body):
            root, rest = names[0], names[1:]
            if root == "var" and rest:
                used.add(rest[0])
                if (rest[0],) not in module.declared["variable"]:
                    module.problem(path, line, f"there is no variable `{rest[0]}`")
            elif root == "local" and rest and rest[0] not in module.locals:
                module.problem(path, line, f"there is no local value `{rest[0]}`")
            elif root == "module" and rest:
                output(module, path, line, rest, modules)
            elif root == "data" and len(rest) >= 2:
                attribute(module, path, line, "data", rest, schema)
            elif root.startswith("oci_") and rest:
                attribute(module, path, line, "resource", names, schema)
    for (name,), (path, block) in module.declared["variable"].items():
        if name not in used:
            module.problem(path, block.line, f"nothing uses the variable `{name}`")


def output(module, path, line, names, modules):
    declared = module.declared["module"].get((names[0],))
    if declared is None:
        module.problem(path, line, f"there is no module `{names[0]}`")
        return
    source = declared[1].attributes()["source"].expression[0].value
    target = modules.get(pathlib.PurePath(source).name)
    if target and len(names) > 1 and (names[1],) not in target.declared["output"]:
        module.problem(path, line, f"the module `{names[0]}` has no output `{names[1]}`")


def attribute(module, path, line, kind, names, schema):
    of, name = names[:2]
    if (of, name) not in module.declared[kind]:
        module.problem(path, line, f"there is no {kind} `{of}.{name}`")
    elif len(names) > 2 and names[2] not in schema[kind].get(of, {}):
        module.problem(path, line, f"`{of}` has no `{names[2]}`")


def everywhere(block):
    for item in block.body:
        if isinstance(item, hcl.Block):
            yield from everywhere(item)
        else:
            yield from hcl.words(item.expression)


def main(folder=HERE.parent):
    problems = check(pathlib.Path(folder), json.loads((HERE / "provider-schema.json").read_text()))
    for problem in problems:
        print(problem, file=sys.stderr)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
