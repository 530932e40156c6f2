#!/usr/bin/env bash
# Tests score.py with each Python it is for: those in PATH, and those that pyenv has.
set -eu

cd "$(dirname "$0")/.."
# Notes in target/skipped.txt what this machine has not.
skip() { mkdir -p target && echo "score-shim with Python $1: skipped: it is not installed" | tee -a target/skipped.txt; }
find_python() {
    local candidate
    for candidate in "python$1" "${PYENV_ROOT:-$HOME/.pyenv}/versions/$1".*/bin/python; do
        # One that pyenv has but does not offer is there, and does not run.
        "$candidate" -c '' 2>/dev/null && echo "$candidate" && return
    done
}

failed=0
for version in 3.8 3.9 3.10 3.11 3.12; do
    python=$(find_python $version) || true
    if [ -z "$python" ]; then
        skip $version
        continue
    fi
    echo "score-shim with $("$python" --version)"
    # A test forks while there are threads: that it can is what is tested.
    "$python" -W error::ResourceWarning -W 'ignore:This process' score-shim/test_score.py || failed=1
done
exit $failed
