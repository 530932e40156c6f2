#!/usr/bin/env bash
# Runs the image in a container engine as its hosts do: as a function, as a container and, if Debian's image can be had,
# as a model deployment. Starts an engine of its own where none runs; without one, it says so in target/skipped.txt.
set -euo pipefail

cd "$(dirname "$0")/.."
mkdir -p target
folder=$(mktemp -d)
engine=${DOCKER:-docker}
daemon='' containers=()
ask='{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"oci_ping"}}'

finish() {
    for container in "${containers[@]}"; do "$engine" rm --force "$container" >/dev/null 2>&1 || true; done
    if [ -n "$daemon" ]; then
        kill "$daemon" && wait "$daemon" || true
        umount "$folder"/exec/netns/* 2>/dev/null || true
    fi
    rm -rf "$folder"
}
trap finish EXIT

skip() { echo "image-test: skipped: $1" | tee -a target/skipped.txt && exit 0; }
fail() { echo "image-test: $1" >&2 && exit 1; }
# holds WHAT TEXT PART: TEXT has PART in it.
holds() { case $2 in *"$3"*) echo "ok: $1" ;; *) fail "$1: no $3 in: $2" ;; esac; }
# eventually COMMAND...: it succeeds within 10 s.
eventually() {
    for _ in $(seq 200); do "$@" >/dev/null 2>&1 && return || sleep 0.05; done
    fail "gave up waiting for: $*"
}

start_engine() {
    "$engine" ps >/dev/null 2>&1 && return
    command -v dockerd >/dev/null || skip 'no container engine runs, and dockerd is not installed'
    export DOCKER_HOST=unix://$folder/docker.sock
    # Without networks of its own it leaves the machine's firewall alone.
    dockerd --data-root="$folder/data" --exec-root="$folder/exec" --host="$DOCKER_HOST" --pidfile="$folder/pid" \
        --bridge=none --iptables=false --ip6tables=false --ip-forward=false --ip-masq=false --userland-proxy=false \
        >"$folder/log" 2>&1 &
    daemon=$!
    for _ in $(seq 200); do "$engine" ps >/dev/null 2>&1 && return || sleep 0.05; done
    skip "dockerd does not start: $(tail -n 1 "$folder/log")"
}

# run ARGUMENT...: starts a container as every host can: nothing to write to, no capability.
run() {
    container=$("$engine" run --detach --read-only --cap-drop ALL --security-opt no-new-privileges "$@")
    containers+=("$container")
}

as_function() {
    mkdir --mode 777 "$folder/iofs"
    run --network none --user 1000:1000 --memory 128m --pids-limit 50 --ulimit nofile=350 --tmpfs /tmp \
        --env FN_FORMAT=http-stream --env FN_LISTENER=unix:/tmp/iofs/lsnr.sock --volume "$folder/iofs:/tmp/iofs" "$1"
    local socket=$folder/iofs/lsnr.sock
    eventually test -S "$socket"
    invoke() {
        curl -sS --max-time 10 --unix-socket "$socket" http://localhost/call --header 'Fn-Intent: httprequest' \
            --header 'Fn-Http-Method: POST' --header 'Fn-Http-Request-Url: /v1/mcp' \
            --header 'Content-Type: application/json' --data "$ask"
    }
    holds 'a function answers through its socket' "$(invoke)" '\"host\":\"functions\"'
    "$engine" pause "$container" >/dev/null && "$engine" unpause "$container" >/dev/null
    holds 'it answers after it was frozen' "$(invoke)" '\"host\":\"functions\"'
}

# over_http IMAGE PORT [ARGUMENT...]
over_http() {
    local image=$1
    url=http://127.0.0.1:$2
    shift 2
    run --network host --env OCI_MCP_BIND=127.0.0.1 --env OCI_MCP_PORT="${url##*:}" "$@" "$image"
    eventually curl -sf "$url/health"
    holds 'it runs as user 1000' "$("$engine" top "$container" -eo pid,uid,gid | tail -n 1)" '1000                1000'
}

as_container() {
    local refused
    if refused=$("$engine" run --rm --network none "$1" 2>&1); then fail 'it starts without a word on who may call'; fi
    holds 'it does not start for everybody unasked' "$refused" OCI_MCP_ACCESS
    over_http "$1" "$(free_port)"
    holds 'a container is healthy' "$(curl -sS "$url/health")" '"status":"healthy"'
    holds 'it answers' "$(curl -sS "$url/mcp" -H 'Content-Type: application/json' -d "$ask")" '\"host\":\"container\"'
    if "$engine" exec "$container" /bin/sh -c true 2>/dev/null; then fail 'there is a shell in it'; fi
    "$engine" stop --time 5 "$container" >/dev/null
    holds 'it ends when told to' "$("$engine" inspect --format 'exit {{.State.ExitCode}}' "$container")" 'exit 0'
}

as_model_deployment() {
    over_http "$1" "$(free_port)" --env MODEL_DEPLOYMENT_OCID=ocid1.datasciencemodeldeployment.oc1..test
    holds 'a model deployment checks its health with curl' \
        "$("$engine" exec "$container" curl -sf "$url/health")" '"status":"healthy"'
    holds 'it answers a plain call' \
        "$(curl -sS "$url/predict" -H 'Content-Type: application/json' -d '{"tool":"oci_ping"}')" '\"host\":\"datascience\"'
}

free_port() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }

start_engine
image=$(deploy/image.sh | tee /dev/stderr | tail -n 1)
size=$("$engine" image inspect --format '{{.Size}}' "$image")
[ "$size" -le 10000000 ] || fail "the image has $size bytes, over 10 MB"
echo "ok: the image has $size bytes"
as_function "$image"
as_container "$image"
base=$(sed -n 's/^FROM \(debian:[^ ]*\) AS datascience$/\1/p' Dockerfile)
if "$engine" image inspect "$base" >/dev/null 2>&1 || "$engine" pull "$base" >/dev/null 2>&1; then
    as_model_deployment "$(deploy/image.sh datascience | tail -n 1)"
else
    skip "as a model deployment: $base cannot be pulled"
fi
