#!/usr/bin/env bash
# Restarts the servers, or with `status` only waits until they are rolled out: all of them, within ten minutes.
set -euo pipefail
namespace=${NAMESPACE:-mooring}
servers=$(kubectl -n "$namespace" get deployments -l app.kubernetes.io/component=mcp-server -o name)
if [ "${1:-restart}" = restart ]; then
    for server in $servers; do
        kubectl -n "$namespace" rollout restart "$server"
    done
fi
for server in $servers; do
    kubectl -n "$namespace" rollout status "$server" --timeout 10m
done
