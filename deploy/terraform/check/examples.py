"""Writes each example of READMEs and docs/ as a module of its own, beside copies of the modules: examples.py FOLDER"""

import pathlib
import re
import shutil
import sys

MODULES = pathlib.Path(__file__).resolve().parent.parent
DOCS = MODULES.parent.parent / "docs"
EXAMPLE = re.compile(r"^```hcl\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def main(folder):
    folder = pathlib.Path(folder)
    for module in sorted(path.parent for path in MODULES.glob("*/versions.tf")):
        shutil.copytree(module, folder / module.name, ignore=shutil.ignore_patterns(".terraform*"))
    for page in sorted([*MODULES.glob("*/README.md"), *DOCS.glob("*.md")]):
        for number, example in enumerate(EXAMPLE.findall(page.read_text())):
            target = folder / f"example-{page.parent.name}-{page.stem}-{number}"
            target.mkdir()
            # They are written for the folder of the modules, in a clone where `make model-artifact` was run.
            example = example.replace('"./', '"../').replace("../../target/dist/empty-artifact", "../datascience/tests/artifact")
            (target / "main.tf").write_text(example)


if __name__ == "__main__":
    main(*sys.argv[1:])
