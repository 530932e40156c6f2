"""Writes an archive whose bytes depend on nothing but what is in it: zip.py ARCHIVE NAME=FILE..."""

import sys
import zipfile

# Dates start in 1980 in a ZIP.
EPOCH = (1980, 1, 1, 0, 0, 0)
REGULAR_FILE = 0o100000
UNIX = 3


def main(archive, *members):
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as file:
        for name, path in (member.split("=", 1) for member in members):
            with open(path, "rb") as source:
                content = source.read()
            entry = zipfile.ZipInfo(name, EPOCH)
            entry.create_system = UNIX
            entry.compress_type = zipfile.ZIP_DEFLATED
            mode = 0o755 if content.startswith(b"\x7fELF") else 0o644
            entry.external_attr = (REGULAR_FILE | mode) << 16
            file.writestr(entry, content)
    print(archive)


main(*sys.argv[1:])
