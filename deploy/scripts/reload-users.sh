#!/usr/bin/env bash
# Lets Redis know its users anew, after the Secret redis-users was changed.
#
# One Redis loads the file once the node has it; connections of its users may be closed, and are opened again. Three
# with Sentinels are restarted one after the other, for each keeps passwords of the others in its configuration.
set -euo pipefail
namespace=${NAMESPACE:-mooring}
patience=${PATIENCE:-180}

if ! kubectl -n "$namespace" get statefulset redis-master > /dev/null 2>&1; then
    kubectl -n "$namespace" rollout restart statefulset/redis
    exec kubectl -n "$namespace" rollout status statefulset/redis --timeout 10m
fi

# Sums of a file that has nothing but sums of passwords: these may be compared on a command line.
wanted=$(kubectl -n "$namespace" get secret redis-users -o 'jsonpath={.data.users\.acl}' | base64 -d | sha256sum)
in_redis() {
    kubectl -n "$namespace" exec redis-master-0 -c redis -- "$@"
}
end=$((SECONDS + patience))
until [ "$(in_redis cat /run/redis/users/users.acl | sha256sum)" = "$wanted" ]; do
    if [ "$SECONDS" -ge "$end" ]; then
        echo "::error::redis-master-0 did not get the changed Secret in $patience s"
        exit 1
    fi
    sleep 5
done
# Whatever password of the operator the node has by now, Redis was told of it in the phase before.
answer=$(in_redis sh /etc/redis/operator.sh acl load)
if [ "$answer" != OK ]; then
    echo "::error::Redis did not load its users: $answer"
    exit 1
fi
in_redis wget -q -O /dev/null --post-data= http://127.0.0.1:9121/-/reload
echo "Redis knows its users."
