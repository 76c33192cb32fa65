"""The methods of a client that send a command: redis-py 8.1's, and those of aioredis 1.x that have other names.

`close`, `pubsub`, `pipeline`, `lock`, `register_script` and their like send nothing by themselves and are not here.
"""

from __future__ import annotations

__all__ = ["COMMANDS"]

COMMANDS = frozenset(
    """
    acl_cat acl_deluser acl_dryrun acl_genpass acl_getuser acl_help acl_list acl_load acl_log acl_log_reset acl_save
    acl_setuser acl_users acl_whoami append arcount ardel ardelrange arget argetrange argrep arinfo arinsert
    arlastitems arlen armget armset arnext arop arring arscan arseek arset auth bgrewriteaof bgsave bitcount
    bitfield bitfield_ro bitop bitpos blmove blmovem blmpop blpop brpop brpoplpush bzmpop bzpopmax bzpopmin
    client_getname client_getredir client_id client_info client_kill client_kill_filter client_list client_no_evict
    client_no_touch client_pause client_reply client_setinfo client_setname client_tracking client_tracking_off
    client_tracking_on client_trackinginfo client_unblock client_unpause command command_count command_docs
    command_getkeys command_getkeysandflags command_info command_list config_get config_resetstat config_rewrite
    config_set copy dbsize debug_object debug_segfault decr decrby delete delex digest dump echo eval eval_ro
    evalsha evalsha_ro execute_command exists expire expireat expiretime failover fcall fcall_ro flushall flushdb
    function_delete function_dump function_flush function_kill function_list function_load function_restore
    function_stats geoadd geodist geohash geopos georadius georadiusbymember geosearch geosearchstore get getbit
    getdel getex getrange getset hdel hello hexists hexpire hexpireat hexpiretime hget hgetall hgetdel hgetex
    himport_set hincrby hincrbyfloat hkeys hlen hmget hmset hmset_dict hotkeys_get hotkeys_reset hotkeys_start
    hotkeys_stop hpersist hpexpire hpexpireat hpexpiretime hpttl hrandfield hscan hscan_iter hset hsetex hsetnx
    hstrlen httl hvals ihscan incr incrby incrbyfloat increx info iscan isscan izscan keys lastsave latency_doctor
    latency_graph latency_histogram latency_history latency_latest latency_reset lcs lindex linsert llen lmove
    lmovem lmpop lolwut lpop lpos lpush lpushx lrange lrem lset ltrim memory_doctor memory_help memory_malloc_stats
    memory_purge memory_stats memory_usage mget migrate module_list module_load module_loadex module_unload move
    mset msetex msetnx object persist pexpire pexpireat pexpiretime pfadd pfcount pfmerge ping psetex pttl publish
    pubsub_channels pubsub_numpat pubsub_numsub pubsub_shardchannels pubsub_shardnumsub quit randomkey readonly
    readwrite rename renamenx replicaof restore role rpop rpoplpush rpush rpushx sadd save scan scan_iter scard
    script_debug script_exists script_flush script_kill script_load sdiff sdiffcard sdiffstore select set setbit
    setex setnx setrange shutdown sinter sintercard sinterstore sismember slaveof slowlog_get slowlog_len
    slowlog_reset smembers smismember smove sort sort_ro spop spublish srandmember srem sscan sscan_iter stralgo
    strlen substr sunion sunioncard sunionstore swapdb time touch transaction ttl type unlink unwatch wait waitaof
    watch xack xackdel xadd xautoclaim xcfgset xclaim xdel xdelex xgroup_create xgroup_createconsumer
    xgroup_delconsumer xgroup_destroy xgroup_setid xinfo_consumers xinfo_groups xinfo_stream xlen xnack xpending
    xpending_range xrange xread xreadgroup xrevrange xtrim zadd zcard zcount zdiff zdiffstore zincrby zinter
    zintercard zinterstore zlexcount zmpop zmscore zpopmax zpopmin zrandmember zrange zrangebylex zrangebyscore
    zrangestore zrank zrem zremrangebylex zremrangebyrank zremrangebyscore zrevrange zrevrangebylex zrevrangebyscore
    zrevrank zscan zscan_iter zscore zunion zunionstore
    """.split()
)
