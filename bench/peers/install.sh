#!/usr/bin/env bash
# Installs the Python servers that `make bench` compares with in target/bench-peers, each in a venv of its own.
set -euo pipefail

cd "$(dirname "$0")"
target=../../target/bench-peers

for peer in fdk fastmcp; do
    venv=$target/$peer
    # The path is in it because a venv that was moved no longer works.
    stamp="$(realpath -m "$venv") $(sha256sum <"$peer/requirements.txt")"
    if [ "$(cat "$venv/.installed" 2>/dev/null)" = "$stamp" ]; then
        continue
    fi
    echo "installing $peer ..." >&2
    rm -rf "$venv"
    python3 -m venv "$venv"
    "$venv/bin/pip" install --quiet --disable-pip-version-check --requirement "$peer/requirements.txt"
    # They would count as part of the server.
    "$venv/bin/pip" uninstall --quiet --yes setuptools pip
    echo "$stamp" >"$venv/.installed"
done
