#!/usr/bin/env bash
# Builds the binary that images and archives hold, target/dist/oci-mcp: static, so that it needs nothing else; without
# the simulated platforms, which are for a developer; and without the machine's paths in it, so that the same source gives
# the same bytes wherever it is built.
set -euo pipefail

cd "$(dirname "$0")/.."
target=$(realpath -m "${CARGO_TARGET_DIR:-target}")
host=$(rustc -vV | sed -n 's/^host: //p')

. deploy/rustflags.sh
# Once a package has a level of its own, cargo leaves out the profile's `strip`.
cargo rustc --release --locked --package oci-mcp-cli --bin oci-mcp --no-default-features --features server \
    --target "$host" --target-dir "$target" -- -C strip=symbols
install -D "$target/$host/release/oci-mcp" "$target/dist/oci-mcp"
