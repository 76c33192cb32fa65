#!/usr/bin/env bash
# Has each server examine its way to Redis, with its own settings. Findings (1) are told; what keeps it from working
# (2 and more) fails.
set -euo pipefail
namespace=${NAMESPACE:-mooring}
failed=0
for server in $(kubectl -n "$namespace" get deployments -l app.kubernetes.io/component=mcp-server -o name); do
    code=0
    kubectl -n "$namespace" exec "$server" -c server -- mooring doctor --wait 60 || code=$?
    if [ "$code" -eq 1 ]; then
        echo "::warning::mooring doctor has findings for $server"
    elif [ "$code" -ne 0 ]; then
        echo "::error::mooring doctor fails for $server with $code"
        failed=1
    fi
done
exit "$failed"
