#!/usr/bin/env bash
# Builds what is measured, as it would be deployed, into target/bench; `build.sh rmcp` builds that peer, too.
set -euo pipefail

cd "$(dirname "$0")/.."
target=$(realpath -m "${CARGO_TARGET_DIR:-target}")
host=$(rustc -vV | sed -n 's/^host: //p')
out=$target/bench
mkdir -p "$out"

. deploy/rustflags.sh
build() { cargo build --release --locked --target "$host" --target-dir "$target" "$@"; }
# Under another name, and new, because the old one may still be mapped by a process.
keep() { install "$target/$host/release/$1" "$out/$2"; }

build --package bench --package bench-raw
keep bench bench
keep bench-raw raw
build --package bench-subject --no-default-features --features functions
keep bench-subject function
deploy/build.sh
install "$target/dist/oci-mcp" "$out/oci-mcp"
build --package bench-subject
keep bench-subject full
if [ "${1:-}" = rmcp ]; then
    build --manifest-path bench/peers/rmcp/Cargo.toml
    keep bench-rmcp rmcp
fi
