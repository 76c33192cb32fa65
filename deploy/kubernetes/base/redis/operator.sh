#!/bin/sh
# Runs one command of Redis as the user `operator`. The password is read here: it is on no command line.
#
#   sh operator.sh ping              PONG
#   sh operator.sh acl load          OK
set -eu
REDISCLI_AUTH=$(cat "${OPERATOR_PASSWORD_FILE:-/run/redis/server/operator}")
export REDISCLI_AUTH
# Options are words: --tls --cacert FILE.
# shellcheck disable=SC2086
exec redis-cli --no-auth-warning --user "${OPERATOR_USER:-operator}" ${REDIS_CLI_OPTIONS:-} "$@"
