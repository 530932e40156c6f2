"""Holds the test's idea of the configuration file against the official Python SDK's.

    pip install oci==2.189.0
    python3 make.py

gives every file of the cases below to `oci.config.from_file` and writes what came out to `cases.json`
beside itself: the values of a profile, or null if the SDK refuses the file.
"""

import json
import pathlib
import tempfile

import oci

HERE = pathlib.Path(__file__).parent

# What the case shows, the profile, the file.
CASES = [
    ("an equals sign or a colon, whichever comes first", "DEFAULT", "[DEFAULT]\na=b:c\nd:e=f\ng = h\n"),
    ("keys in any case", "DEFAULT", "[DEFAULT]\nUser = ocid1\nPASS_PHRASE=p\n"),
    ("sections in one case only", "dev", "[DEFAULT]\na=1\n[DEV]\na=2\n"),
    ("a section by its own name", "DEV", "[DEFAULT]\na=1\n[DEV]\na=2\n"),
    ("no comment behind a value, and no interpolation", "DEFAULT", "[DEFAULT]\nv = a=b#c;d %x %(y)s ; z\n"),
    ("comments on lines of their own", "DEFAULT", "# one\n[DEFAULT]\n; two\na=1\n  # three\nb=2\n"),
    ("a comment inside a value", "DEFAULT", "[DEFAULT]\na=1\n# one\n  2\nb=3\n"),
    ("no space around a value", "DEFAULT", "[DEFAULT]\na =  1 \t \nb\t=2\n"),
    ("quotes belong to the value", "DEFAULT", '[DEFAULT]\na="1"\n'),
    ("an indented line continues the value", "DEFAULT", "[DEFAULT]\na=1\n  2\n\t3\nb=4\n"),
    ("a continuation may look like a key or a section", "DEFAULT", "[DEFAULT]\na=1\n  b=2\n  [C]\n"),
    ("a continuation after a blank line", "DEFAULT", "[DEFAULT]\na=1\n\n  2\nb=3\n"),
    ("blank lines end no section", "DEFAULT", "[DEFAULT]\n\na=1\n\n\nb=2\n\n"),
    ("everything indented alike", "DEFAULT", "  [DEFAULT]\n  a=1\n  b=2\n"),
    ("an indented key behind a section", "DEFAULT", "[DEFAULT]\n    a=1\nb=2\n"),
    ("an empty value", "DEFAULT", "[DEFAULT]\na=\nb=2\n"),
    ("DEFAULT is inherited", "DEV", "[DEFAULT]\na=1\nb=2\n[DEV]\nb=3\n[OTHER]\nc=4\n"),
    ("DEFAULT is inherited from below, too", "DEV", "[DEV]\nb=3\n[DEFAULT]\na=1\nb=2\n"),
    ("DEFAULT may come in pieces", "DEFAULT", "[DEFAULT]\na=1\n[DEV]\nb=2\n[DEFAULT]\nc=3\n"),
    ("line ends of Windows", "DEV", "[DEFAULT]\r\na=1\r\n[DEV]\r\nb=2\r\n"),
    ("no line end at the end", "DEFAULT", "[DEFAULT]\na=1"),
    ("a name with spaces and brackets", "a [b] c", "[a [b] c]\na=1\n"),
    ("something behind a section's bracket", "DEV", "[DEV] # mine\na=1\n"),
    ("keys with spaces inside", "DEFAULT", "[DEFAULT]\nmy key = 1\n"),
    ("a key twice", "DEFAULT", "[DEFAULT]\na=1\nA=2\n"),
    ("a key twice in two pieces of DEFAULT", "DEFAULT", "[DEFAULT]\na=1\n[DEFAULT]\na=2\n"),
    ("a section twice", "DEFAULT", "[DEFAULT]\na=1\n[DEV]\na=1\n[DEV]\nb=1\n"),
    ("a value before any section", "DEFAULT", "a=1\n[DEFAULT]\nb=2\n"),
    ("no section", "DEFAULT", "a=1\n"),
    ("a line that is nothing", "DEFAULT", "[DEFAULT]\na=1\nnonsense\n"),
    ("a value without a key", "DEFAULT", "[DEFAULT]\n=1\n"),
    ("a section without a name", "DEFAULT", "[DEFAULT]\na=1\n[]\nb=1\n"),
    ("a profile that is not there", "NOPE", "[DEFAULT]\na=1\n"),
    ("a key in the file", "DEFAULT", "[DEFAULT]\nkey_content=secret\n"),
]


def read(folder, profile, text):
    path = folder / "config"
    path.write_bytes(text.encode())
    try:
        values = oci.config.from_file(str(path), profile)
    except Exception:
        return None
    return {key: value for key, value in values.items() if key not in oci.config.DEFAULT_CONFIG}


def main():
    with tempfile.TemporaryDirectory() as folder:
        cases = [
            {"shows": shows, "profile": profile, "text": text, "values": read(pathlib.Path(folder), profile, text)}
            for shows, profile, text in CASES
        ]
    (HERE / "cases.json").write_text(json.dumps(cases, indent=2) + "\n")
    print(f"{len(cases)} cases, {sum(case['values'] is None for case in cases)} refused")


if __name__ == "__main__":
    main()
