#!/usr/bin/env bash
# Lists the crates that the binary of the last commit is made of: target/dist/oci-mcp.cdx.json (CycloneDX). None is
# missing; some are too many, because it takes the features that any crate of the workspace asks for.
set -euo pipefail

cd "$(dirname "$0")/.."
dist=$(realpath -m "${CARGO_TARGET_DIR:-target}")/dist
host=$(rustc -vV | sed -n 's/^host: //p')
# In a copy, because it writes a file beside each Cargo.toml.
copy=$(mktemp -d)
trap 'rm -rf "$copy"' EXIT

git archive HEAD | tar -x -C "$copy"
# The date is that of the commit, so that the list changes with the source alone.
SOURCE_DATE_EPOCH=$(git log -1 --format=%ct) cargo cyclonedx --quiet --manifest-path "$copy/cli/Cargo.toml" \
    --format json --spec-version 1.5 --describe binaries --no-build-deps --target "$host"
mkdir -p "$dist"
sed "s#$copy/##g" "$copy/cli/oci-mcp_bin.cdx.json" >"$dist/oci-mcp.cdx.json"
echo "$dist/oci-mcp.cdx.json"
