#!/usr/bin/env bash
# Installs the official OCI SDK for Python, which judges ours and the simulated OCI, in target/judge.
set -eu

cd "$(dirname "$0")/../.."
folder=${OCI_MCP_JUDGE:-target/judge}
package=oci==2.189.0
# The path is in it because a venv that was moved no longer works.
stamp="$PWD/$folder $package"

if [ "$(cat "$folder/.installed" 2>/dev/null)" = "$stamp" ]; then
    exit
fi
if ! python3 -c 'import ensurepip' 2>/dev/null; then
    echo 'the judge needs python3 with venv; on Debian and Ubuntu: apt-get install python3-venv' >&2
    exit 1
fi
echo "installing $package ..."
rm -rf "$folder"
python3 -m venv "$folder"
"$folder/bin/pip" install --quiet --disable-pip-version-check "$package"
echo "$stamp" >"$folder/.installed"
