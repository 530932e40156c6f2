#!/usr/bin/env bash
# Builds the image oci-mcp:VERSION, or with `datascience` as its argument oci-mcp:VERSION-datascience, with docker, podman
# or buildah; DOCKER chooses. Where the toolchain's image cannot be pulled, the binary is built here.
set -euo pipefail

cd "$(dirname "$0")/.."
stage=${1:-}
engine=${DOCKER:-$(command -v docker || command -v podman || command -v buildah)} || {
    echo 'an image needs docker, podman or buildah; on Debian and Ubuntu: apt-get install docker.io' >&2
    exit 1
}
version=$(sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml)
tag=oci-mcp:$version${stage:+-$stage}
toolchain=$(sed -n 's/^FROM \(rust:[^ ]*\) AS build$/\1/p' Dockerfile)

if "$engine" image inspect "$toolchain" >/dev/null 2>&1 || "$engine" pull "$toolchain"; then
    binary=build context=.
else
    echo "$toolchain cannot be pulled: the image gets the binary that is built here"
    deploy/build.sh
    binary=machine context=${CARGO_TARGET_DIR:-target}/dist
fi
# BuildKit, because it leaves out the stages that are not asked for. The host's network, because there may be no other.
DOCKER_BUILDKIT=1 "$engine" build --file Dockerfile --tag "$tag" --network host ${stage:+--target "$stage"} \
    --build-arg BINARY=$binary --build-arg VERSION="$version" \
    --build-arg REVISION="$(git rev-parse HEAD 2>/dev/null || echo unknown)" "$context"
echo "$tag"
