"""What is wrong in a module is found, with its file and line: by the check, and by Terraform where it is there."""

import json
import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

import check
import hcl

MODULES = check.HERE.parent
SCHEMA = json.loads((check.HERE / "provider-schema.json").read_text())

# Module, what is replaced, by what, and the problem that it makes. Terraform must see it, too, but for one that is left to
# the provider itself.
MISTAKES = [
    ("functions", "memory_in_mbs      =", "memory_in_mb       =", "`oci_functions_function.this` has no `memory_in_mb`"),
    ("functions", "  memory_in_mbs      = var.memory_in_mbs\n", "", "lacks `memory_in_mbs`, which is required"),
    ("functions", "provisioned_concurrency_config {", "provisioned_concurrency {", "has no `provisioned_concurrency`"),
    ("functions", '"oci_functions_function"', '"oci_functions_functions"', "no resource `oci_functions_functions`"),
    ("functions", "var.timeout_in_seconds", "var.timeout", "there is no variable `timeout`"),
    ("functions", "oci_functions_application.this.id", "oci_functions_application.this.ocid", "has no `ocid`"),
    ("functions", "oci_functions_application.this.id", "oci_functions_application.that.id", "no resource `oci_functions_application.that`"),
    ("api-gateway", "rate_limiting {", "rate_limit {", "request_policies` has no `rate_limit`"),
    ("api-gateway", 'dynamic "cors"', 'dynamic "crossing"', "has no `crossing`"),
    ("api-gateway", "allowed_origins              = cors.value\n", "", "request_policies.cors` lacks `allowed_origins`"),
    ("api-gateway", "local.hostname", "local.host", "there is no local value `host`"),
    ("network", "data.oci_core_services.all.services", "data.oci_core_services.all.service", "`oci_core_services` has no `service`"),
    ("oke", "  options {", "  options = {", "`options` of `oci_containerengine_cluster.this` is a block"),
    ("registry", "is_public      = false", "namespace      = false", "`namespace` of `oci_artifacts_container_repository.this` is the provider's to say"),
    ("container-instance", "shape_config {", "shape_configs {", "lacks `shape_config`, which is required"),
    ("complete", "module.registry.repository", "module.registry.path", "`registry` has no output `path`"),
    ("complete", "is_public      = var.is_public", "public = var.is_public", "has no variable `public`"),
]


class Checks(unittest.TestCase):
    def test_the_modules_have_nothing_wrong(self):
        self.assertEqual(check.check(MODULES, SCHEMA), [])

    def test_each_mistake_is_found_where_it_is(self):
        for module, old, new, expected in MISTAKES:
            with self.subTest(new, module=module), mistaken(module, old, new) as (folder, line):
                problems = check.check(folder, SCHEMA)
                found = [problem for problem in problems if expected in problem]
                self.assertTrue(found, problems)
                if "lacks" not in expected:
                    self.assertTrue(any(f"main.tf:{line}:" in problem for problem in found), (line, found))

    def test_what_nobody_uses_or_explains_is_found(self):
        with mistaken("registry", "", "") as (folder, _):
            (folder / "registry" / "more.tf").write_text('variable "spare" {\n  type = string\n}\n')

            problems = "\n".join(check.check(folder, SCHEMA))

        self.assertIn("more.tf:1: the variable `spare` has no description", problems)
        self.assertIn("more.tf:1: nothing uses the variable `spare`", problems)

    def test_what_the_oldest_terraform_cannot_is_found(self):
        with mistaken("registry", "", "") as (folder, _):
            path = folder / "registry" / "variables.tf"
            path.write_text(path.read_text().replace('var.region))', 'var.name))'))

            problems = check.check(folder, SCHEMA)

        self.assertTrue(any("`region` is validated by another variable" in problem for problem in problems), problems)

    def test_terraform_finds_the_same_with_the_same_schema(self):
        if not ("TF_REATTACH_PROVIDERS" in os.environ and shutil.which("terraform")):
            self.skipTest("there is no Terraform with the provider's stand-in: see provider.py")
        for module, old, new, expected in MISTAKES:
            if "the provider's to say" in expected:
                continue
            with self.subTest(new, module=module), mistaken(module, old, new) as (folder, _):
                self.assertNotEqual(terraform(folder / module), 0)
        with mistaken("complete", "", "") as (folder, _):
            self.assertEqual(terraform(folder / "complete"), 0)


class Reader(unittest.TestCase):
    def test_names_are_found_in_templates_and_not_in_texts(self):
        body = hcl.parse('a = "var.no ${var.x["${local.y}"]} $${var.no}" # var.no\nb = [for i in var.z[0].w : i]\n')

        found = [names for item in body.body for names, _ in hcl.words(item.expression)]

        self.assertEqual([names for names in found if names[0] in ("var", "local")], [["local", "y"], ["var", "x"], ["var", "z", "w"]])

    def test_lines_are_told_behind_texts_of_many_lines(self):
        body = hcl.parse('a = <<-EOT\n  one ${\n  var.x}\n  EOT\n/* 5\n6 */ b = "\n"\nc {\n  d = 1\n}\n')

        self.assertEqual([(item.name, item.line) for item in body.body], [("a", 1), ("b", 6), ("c", 8)])
        self.assertIn((["var", "x"], 3), list(hcl.words(body.body[0].expression)))

    def test_what_cannot_be_read_is_said_with_its_line(self):
        for source, line in (("a {\n", 1), ("\na = [1\n", 2), ('a = "b', 1), ("a = <<E\nb\n", 1), ("\n}", 2), ("a b = 1", 1)):
            with self.subTest(source), self.assertRaisesRegex(hcl.Malformed, f"line {line}: "):
                hcl.parse(source)

    def test_another_reader_sees_the_same(self):
        try:
            import hcl2
        except ImportError:
            self.skipTest("python-hcl2 is not installed")
        for path in sorted(MODULES.glob("*/*.tf")):
            with self.subTest(str(path)), open(path) as file:
                self.assertEqual(outline(hcl.parse(path.read_text())), outline_2(hcl2.load(file)))


def outline(block):
    """Names of attributes and blocks, sorted, blocks with their labels and what is in them."""
    return sorted(
        [item.name, *item.labels, outline(item)] if isinstance(item, hcl.Block) else [item.name] for item in block.body
    )


def outline_2(body):
    whole = []
    for name, value in body.items():
        if name.startswith("__"):
            continue
        blocks = [item for item in value if is_block(item)] if isinstance(value, list) else []
        if not blocks:
            whole.append([name])
        for block in blocks:
            labels = []
            while is_labelled(block):
                label = next(key for key in block if not key.startswith("__"))
                labels.append(label.strip('"'))
                block = block[label]
            whole.append([name, *labels, outline_2(block)])
    return sorted(whole)


def is_block(value):
    return isinstance(value, dict) and ("__is_block__" in value or is_labelled(value))


def is_labelled(block):
    """Labels are keys in quotes, and what they label is a block."""
    names = [name for name in block if not name.startswith("__")]
    return len(names) == 1 and names[0].startswith('"') and isinstance(block[names[0]], dict)


class mistaken:
    """A copy of the modules in which `module` has `new` for the first `old`, with the line where that is."""

    def __init__(self, module, old, new):
        self.module, self.old, self.new = module, old, new

    def __enter__(self):
        self.scratch = tempfile.TemporaryDirectory()
        folder = pathlib.Path(self.scratch.name)
        for path in MODULES.glob("*/*.tf"):
            (folder / path.parent.name).mkdir(exist_ok=True)
            shutil.copy(path, folder / path.parent.name)
        main = folder / self.module / "main.tf"
        text = main.read_text()
        assert self.old in text, f"{self.module} has no {self.old}"
        main.write_text(text.replace(self.old, self.new, 1))
        return folder, text.count("\n", 0, text.index(self.old)) + 1

    def __exit__(self, *_):
        self.scratch.cleanup()


def terraform(folder):
    quiet = {"cwd": folder, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "check": False}
    begun = subprocess.run(["terraform", "init", "-backend=false", "-input=false"], **quiet).returncode
    return begun or subprocess.run(["terraform", "validate"], **quiet).returncode


if __name__ == "__main__":
    unittest.main()
