#!/usr/bin/env bash
# Has Terraform judge the modules, their tests and the examples of their READMEs; run by provider.py. terraform.sh PYTHON
set -u

cd "$(dirname "$0")/.."
check=$PWD/check
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
failed=0

terraform fmt -check -diff -recursive . || failed=1
# Copies, so that nothing is left beside the modules; tests name files from their module's folder.
python3 check/examples.py "$scratch"
for folder in "$scratch"/*/; do
    echo "terraform: $(basename "$folder")"
    cd "$folder"
    terraform fmt -check -diff . || failed=1
    terraform init -backend=false -input=false >log 2>&1 || { cat log; failed=1; }
    terraform validate -no-color >log 2>&1 || { cat log; failed=1; }
    [ ! -d tests ] || terraform test -no-color >log 2>&1 || { cat log; failed=1; }
done
"$1" "$check/test_check.py" || failed=1
exit $failed
