#!/usr/bin/env bash
# Has Terraform judge the modules, their tests and the examples of their READMEs; run by provider.py. terraform.sh PYTHON
set -u

cd "$(dirname "$0")/.."
check=$PWD/check
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
failed=0

# judge COMMAND...: says what Terraform finds. Asks twice where Terraform did not reach the provider, which happens, rarely, on
# a machine that has much else to do, and says nothing about a module.
judge() {
    for _ in 1 2; do
        terraform "$@" -no-color >log 2>&1 && return
        grep -q 'Plugin did not respond' log || break
    done
    cat log
    failed=1
}

terraform fmt -check -diff -recursive . || failed=1
# Copies, so that nothing is left beside the modules; tests name files from their module's folder.
python3 check/examples.py "$scratch"
for folder in "$scratch"/*/; do
    echo "terraform: $(basename "$folder")"
    cd "$folder"
    terraform fmt -check -diff . || failed=1
    judge init -backend=false -input=false
    judge validate
    [ ! -d tests ] || judge test
done
"$1" "$check/test_check.py" || failed=1
exit $failed
