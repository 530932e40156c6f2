#!/usr/bin/env bash
# Runs the images in a container engine as their hosts do: as a function, as a container and as a model deployment. Starts
# an engine of its own where none runs; without one, it says so in target/skipped.txt.
set -euo pipefail

cd "$(dirname "$0")/.."
mkdir -p target
folder=$(mktemp -d)
engine=${DOCKER:-docker}
# Docker's own client builds nothing without a plugin; Debian's needs none.
if [ -x /usr/bin/docker ] && ! "$engine" buildx version >/dev/null 2>&1; then engine=/usr/bin/docker; fi
export DOCKER=$engine
socket=$folder/iofs/lsnr.sock
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

note() { echo "image-test: skipped: $1" | tee -a target/skipped.txt; }
skip() { note "$1" && exit 0; }
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
    # One that is slow is waited for; only one that has ended cannot start.
    for _ in $(seq 1200); do
        "$engine" ps >/dev/null 2>&1 && return
        kill -0 "$daemon" 2>/dev/null || { daemon='' && skip "dockerd does not start: $(tail -n 1 "$folder/log")"; }
        sleep 0.05
    done
    fail "dockerd runs, and does not answer: $(tail -n 1 "$folder/log")"
}

# run ARGUMENT...: starts a container as every host can: nothing to write to, no capability.
run() {
    container=$("$engine" run --detach --read-only --cap-drop ALL --security-opt no-new-privileges "$@")
    containers+=("$container")
}

# function_of [OPTION...] IMAGE [ARGUMENT...]: starts a container as the Functions platform does, and waits for its socket.
function_of() {
    mkdir --parents --mode 777 "$folder/iofs"
    run --network none --user 1000:1000 --memory 128m --pids-limit 50 --ulimit nofile=350 --tmpfs /tmp \
        --env FN_FORMAT=http-stream --env FN_LISTENER=unix:/tmp/iofs/lsnr.sock --volume "$folder/iofs:/tmp/iofs" "$@"
    eventually curl -s -o /dev/null --unix-socket "$socket" http://localhost/call
}

# invoke [ARGUMENT...]: what the platform sends for a request that a gateway passes on; from stdin where nothing else is said.
invoke() {
    curl -sS --max-time 10 --unix-socket "$socket" http://localhost/call --header 'Fn-Intent: httprequest' \
        --header 'Fn-Http-Method: POST' --header 'Fn-Http-Request-Url: /v1/mcp' --header 'Content-Type: application/json' "$@"
}

as_function() {
    local answer='\"host\":\"functions\"' first limits
    function_of "$1"
    first=$container
    holds 'a function answers through its socket' "$(invoke --data "$ask")" "$answer"
    "$engine" pause "$first" >/dev/null && "$engine" unpause "$first" >/dev/null
    holds 'it answers after it was frozen' "$(invoke --data "$ask")" "$answer"
    for _ in $(seq 50); do invoke --data "$ask" >/dev/null; done
    limits=$("$engine" inspect --format '{{.State.OOMKilled}} {{.State.Running}}' "$first")
    holds 'it keeps within 128 MB, 50 processes and 350 files' "$limits" 'false true'

    # What a platform does with a call that does not end: the half of a request is one.
    mkfifo "$folder/endless"
    invoke --request POST --upload-file - <"$folder/endless" >"$folder/cut" 2>&1 &
    local call=$!
    exec 3>"$folder/endless"
    echo '{' >&3
    "$engine" kill "$first" >/dev/null
    if wait "$call"; then fail 'a call was answered by what was killed'; fi
    exec 3>&-
    holds 'it leaves its socket behind when it is killed' "$(readlink "$socket")" lsnr.sock
    function_of "$1"
    holds 'another one takes its place' "$(invoke --data "$ask")" "$answer"
    "$engine" rm --force "$container" >/dev/null
    announced "$1"
}

# From the start of the process to its socket, which the platform is waiting for: the best of five, for others use this machine.
announced() {
    local best='' start end took
    command -v cc >/dev/null || { note 'how soon a socket is announced: there is no C compiler' && return; }
    # Times of files are those of the last tick, so that the start counts from one before.
    cc -static -x c -o "$folder/stopwatch" - <<'C'
#define _GNU_SOURCE
#include <stdio.h>
#include <time.h>
#include <unistd.h>
int main(int count, char **arguments) {
    struct timespec now, tick;
    clock_gettime(CLOCK_REALTIME, &now);
    clock_getres(CLOCK_REALTIME_COARSE, &tick);
    printf("%lld\n", now.tv_sec * 1000000LL + (now.tv_nsec - tick.tv_nsec) / 1000);
    fflush(stdout);
    return execv(arguments[1], arguments + 1);
}
C
    for _ in 1 2 3 4 5; do
        rm -f "$folder"/iofs/*
        function_of --volume "$folder/stopwatch:/stopwatch:ro" --entrypoint /stopwatch "$1" /usr/local/bin/oci-mcp
        start=$("$engine" logs "$container" 2>/dev/null | head -n 1)
        end=$(stat --format %.6Z "$socket" | tr -d .)
        took=$((end - start))
        [ -n "$best" ] && [ "$best" -le "$took" ] || best=$took
        "$engine" rm --force "$container" >/dev/null
    done
    [ "$best" -le 15000 ] || fail "a socket is announced after $best µs, over 15 ms"
    echo "ok: a socket is announced at most $best µs after the process starts"
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

# Debian's image, made of its packages where it cannot be pulled.
make_base() {
    local base
    base=$(sed -n 's/^FROM \(debian:[^ ]*\) AS datascience$/\1/p' Dockerfile)
    "$engine" image inspect "$base" >/dev/null 2>&1 || "$engine" pull "$base" >/dev/null 2>&1 && return
    local debian="as a model deployment: $base cannot be pulled"
    command -v debootstrap >/dev/null || { note "$debian, and debootstrap is not installed" && return 1; }
    debootstrap --variant=minbase bookworm "$folder/debian" >"$folder/log" 2>&1 || {
        note "$debian: $(tail -n 1 "$folder/log")" && return 1
    }
    tar --directory "$folder/debian" --create . | "$engine" import - "$base" >/dev/null
}

start_engine
image=$(deploy/image.sh | tee >(cat >&2) | tail -n 1)
as_function "$image"
as_container "$image"
if make_base; then as_model_deployment "$(deploy/image.sh datascience | tail -n 1)"; fi
size=$("$engine" image inspect --format '{{.Size}}' "$image")
[ "$size" -le 10000000 ] || fail "the image has $size bytes, over 10 MB"
echo "ok: the image has $size bytes"
