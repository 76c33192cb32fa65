#!/bin/sh
# Writes what one node starts with: redis.conf and sentinel.conf in $CONF, with the passwords of $SERVER.
#
# NODES are the names of all nodes, HOST is this one's. The master is whom a Sentinel names; at the first start, or
# after all are gone, the first node. Should that be wrong because no Sentinel could be reached, the others find a
# second master and make it a replica again.
set -eu
: "${NODES:?the names of all nodes}" "${HOST:?the name of this node}"
CONF=${CONF:-/run/redis/conf}
SERVER=${SERVER:-/run/redis/server}
REDIS_PORT=${REDIS_PORT:-6379}
SENTINEL_PORT=${SENTINEL_PORT:-26379}

# Prints host and port, each on a line, or fails.
ask() {
    REDISCLI_AUTH=$(cat "$SERVER/sentinels")
    export REDISCLI_AUTH
    timeout 2 redis-cli --no-auth-warning -h "$1" -p "$SENTINEL_PORT" sentinel get-master-addr-by-name mymaster
}

host=${NODES%% *}
port=$REDIS_PORT
for node in $NODES; do
    answer=$(ask "$node" 2>/dev/null) || continue
    told=$(printf '%s\n' "$answer" | sed -n 2p)
    case $told in
        "" | *[!0-9]*) continue ;;
    esac
    host=$(printf '%s\n' "$answer" | sed -n 1p)
    port=$told
    break
done
echo "the master is $host:$port"

umask 077
{
    echo "include ${BASE:-/etc/redis/redis.conf}"
    echo "port $REDIS_PORT"
    echo "replica-announce-ip $HOST"
    echo "replica-announce-port $REDIS_PORT"
    echo "masteruser replica"
    echo "masterauth $(cat "$SERVER/replica")"
    [ "$host:$port" = "$HOST:$REDIS_PORT" ] || echo "replicaof $host $port"
} > "$CONF/redis.conf"
{
    echo "port $SENTINEL_PORT"
    echo "dir $CONF"
    echo "requirepass $(cat "$SERVER/sentinels")"
    echo "sentinel sentinel-pass $(cat "$SERVER/sentinels")"
    # Addresses of pods change, names do not.
    echo "sentinel resolve-hostnames yes"
    echo "sentinel announce-hostnames yes"
    echo "sentinel announce-ip $HOST"
    echo "sentinel announce-port $SENTINEL_PORT"
    echo "sentinel monitor mymaster $host $port 2"
    echo "sentinel auth-user mymaster sentinel"
    echo "sentinel auth-pass mymaster $(cat "$SERVER/sentinel")"
    echo "sentinel down-after-milliseconds mymaster ${DOWN_AFTER:-5000}"
    echo "sentinel failover-timeout mymaster 30000"
    echo "sentinel parallel-syncs mymaster 1"
} > "$CONF/sentinel.conf"
