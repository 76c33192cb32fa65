#!/usr/bin/env bash
# Rolls out one phase of a rotation: announce, switch or settle, in this order and never back. Passwords are in the
# environment; see redis_secrets.py.
set -euo pipefail
here=$(dirname "$0")
namespace=${NAMESPACE:-mooring}
options=(--namespace "$namespace" --phase "${1:?announce, switch or settle}")
[ "${OVERLAY:-production}" != sentinel ] || options+=(--sentinel)
if [ "${OVERLAY:-production}" = external ]; then
    echo "::error::The passwords of a Redis elsewhere are changed there: set the secrets anew, then deploy."
    exit 2
fi
python3 "$here/redis_secrets.py" kubernetes "${options[@]}" | kubectl apply --server-side --force-conflicts -f -
"$here/reload-users.sh"
# Servers take a new password while they run, but nobody could tell when all of them have: a restart is certain, and
# loses no call.
"$here/roll-out.sh" restart
"$here/examine.sh"
