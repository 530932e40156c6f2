"""Holds the documents to what is there: every relative link and its heading, every file that is named, every setting, every
`make`, every Terraform variable that is exported; commands are shell, with variables that their page sets; and what
troubleshoot.md quotes, the server says."""

import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
FENCE = re.compile(r"^```(\w*)[^\n]*\n(.*?)^```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\(([^)\s]+)\)")
# Of servers that are no part of this one.
OTHERS = {"OCI_MCP_SERVICE_HOST"}


def main():
    listed = subprocess.run(["git", "ls-files", "*.md"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
    documents = {ROOT / name: (ROOT / name).read_text() for name in listed}
    rust = "".join(path.read_text() for path in ROOT.glob("*/src/**/*.rs"))
    settings = set(re.findall(r'"(OCI_MCP_[A-Z_0-9]+)"', (ROOT / "hosts/src/unknown.rs").read_text().split("#[cfg(test)]")[0]))
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    variables = set(re.findall(r'^variable "(\w+)"', (ROOT / "deploy/terraform/complete/variables.tf").read_text(), re.MULTILINE))
    problems = []
    for path, text in documents.items():
        name = path.relative_to(ROOT)
        problems += [f"{name}: {problem}" for problem in links(path, text, documents)]
        if name.parts[0] != "docs":
            continue
        problems += [f"{name}: there is no setting {word}" for word in named(text) - settings - OTHERS]
        problems += [f"{name}: there is no `make {word}`" for word in set(re.findall(r"\bmake ([a-z][a-z-]+)\b", code(text))) - targets]
        problems += [f"{name}: there is no variable {word}" for word in set(re.findall(r"\bTF_VAR_(\w+)", text)) - variables]
        problems += [f"{name}: {problem}" for problem in shell(text)]
        problems += [f"{name}: nothing on the page sets ${word}" for word in unset(text)]
    quoted = quotations((ROOT / "docs/troubleshoot.md").read_text())
    said = re.sub(r"\\\n\s*", "", rust)
    problems += [f"docs/troubleshoot.md: nothing says `{text}`" for text in quoted if text not in said]
    if len(quoted) < 20:
        problems.append(f"docs/troubleshoot.md: {len(quoted)} texts are no table")
    for problem in problems:
        print(problem, file=sys.stderr)
    return 1 if problems else 0


def links(path, text, documents):
    for target in LINK.findall(FENCE.sub("", text)):
        if "://" in target or target.startswith("mailto:"):
            continue
        file, _, heading = target.partition("#")
        file = (path.parent / file).resolve() if file else path
        if not file.exists():
            yield f"there is no {target}"
        elif heading and heading not in headings(documents.get(file, "")):
            yield f"there is no heading {target}"


def headings(text):
    """As GitHub names them."""
    for title in re.findall(r"^#+ (.*)$", FENCE.sub("", text), re.MULTILINE):
        yield re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-")


def named(text):
    return {word for word in re.findall(r"\bOCI_MCP_[A-Z_0-9]*[A-Z0-9]\b", text)}


def code(text):
    return " ; ".join([block for _, block in FENCE.findall(text)] + re.findall(r"`([^`\n]+)`", FENCE.sub("", text)))


def shell(text):
    for language, block in FENCE.findall(text):
        if language == "sh":
            # `<NAME>` is the reader's to fill in.
            script = re.sub(r"<[A-Z ]+>", "NAME", block)
            checked = subprocess.run(["bash", "-n"], input=script, capture_output=True, text=True, check=False)
            if checked.returncode:
                yield checked.stderr.strip()


def unset(text):
    """The variables that commands of a page use and none of them sets."""
    script = "".join(block for language, block in FENCE.findall(text) if language == "sh")
    script = re.sub(r"(^|\s)#.*$", "", script, flags=re.MULTILINE)
    used = set(re.findall(r"\$\{?([A-Z][A-Z_0-9]*)", script))
    return sorted(used - set(re.findall(r"(?:^|\s)([A-Z][A-Z_0-9]*)=", script)))


def quotations(text):
    """The server's words in troubleshoot.md: the last `…` of the first cell of a row, if it is a sentence or a part of one."""
    for_server = text.split("| the platform says")[0] + text.split("## A client does not connect")[1].split("## What has been tried")[0]
    cells = [line.split(" | ")[0] for line in for_server.splitlines() if line.startswith("| ")]
    texts = [re.findall(r"`([^`]+)`", cell) for cell in cells]
    return [found[-1] for found in texts if found and " " in found[-1]]


if __name__ == "__main__":
    sys.exit(main())
