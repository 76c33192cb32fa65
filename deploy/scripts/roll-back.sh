#!/usr/bin/env bash
# Takes a roll-out back: `remember FILE` before it, `undo FILE` after it has failed.
#
# Only what differs from then is undone: an undo of what was left as it was would bring back something older.
set -euo pipefail
namespace=${NAMESPACE:-mooring}
file=${2:?remember FILE, or undo FILE}
state() {
    local one
    for one in $(kubectl -n "$namespace" get deployments,statefulsets -l app.kubernetes.io/part-of=mooring -o name); do
        echo "$one $(kubectl -n "$namespace" get "$one" -o 'jsonpath={.spec.template}' | sha256sum)"
    done
}
case $1 in
    remember)
        state > "$file"
        ;;
    undo)
        # Lines that were not there before.
        state | { grep -vxFf "$file" || true; } | while read -r one _; do
            if grep -q "^$one " "$file"; then
                kubectl -n "$namespace" rollout undo "$one"
                kubectl -n "$namespace" rollout status "$one" --timeout 10m
            else
                echo "::warning::$one is new: there is nothing to go back to"
            fi
        done
        ;;
    *)
        echo "roll-back.sh: remember or undo, not $1" >&2
        exit 2
        ;;
esac
