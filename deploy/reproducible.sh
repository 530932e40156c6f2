#!/usr/bin/env bash
# Builds the binary of the last commit twice, where folders, targets and cargo's home have other names, and fails unless the
# bytes are the same. Both are kept: target/reproducible/{first,second}.
set -euo pipefail

cd "$(dirname "$0")/.."
kept=$(realpath -m "${CARGO_TARGET_DIR:-target}")/reproducible
home=${CARGO_HOME:-$HOME/.cargo}
commit=$(git rev-parse HEAD)
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

# build NAME SOURCE TARGET CARGO_HOME
build() {
    mkdir -p "$2"
    git archive "$commit" | tar -x -C "$2"
    CARGO_TARGET_DIR=$3 CARGO_HOME=$4 "$2/deploy/build.sh"
    install -D "$3/dist/oci-mcp" "$kept/$1"
    rm -rf "$2" "$3"
}

build first "$folder/source" "$folder/source/target" "$home"
# The same crates and settings, at another path.
mkdir "$folder/cargo"
ln -s "$home"/* "$folder/cargo"
build second "$folder/a/deeper/place" "$folder/target" "$folder/cargo"
sha256sum "$kept"/{first,second}
cmp "$kept"/{first,second} || { echo 'the same source gives other bytes at another place' >&2 && exit 1; }
