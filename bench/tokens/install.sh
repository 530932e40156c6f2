#!/usr/bin/env bash
# Installs Oracle's MCP servers for OCI in target/bench-peers/oracle.
set -euo pipefail

cd "$(dirname "$0")"
venv=../../target/bench-peers/oracle

stamp="$(realpath -m "$venv") $(cat requirements.txt servers.txt | sha256sum)"
if [ "$(cat "$venv/.installed" 2>/dev/null)" = "$stamp" ]; then
    exit
fi
echo 'installing servers of Oracle ...' >&2
rm -rf "$venv"
python3 -m venv "$venv"
pip=("$venv/bin/pip" install --quiet --disable-pip-version-check)
# They say that they want Python 3.13, and run on older ones.
"${pip[@]}" --ignore-requires-python --requirement requirements.txt
"${pip[@]}" --ignore-requires-python --no-deps --requirement servers.txt
echo "$stamp" >"$venv/.installed"
