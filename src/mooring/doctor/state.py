"""Judges what a server tells about itself. Pure."""

from __future__ import annotations

from mooring.doctor.diagnosis import Fact, Finding, Look, Outcome, failed, note, warning
from mooring.doctor.knowledge import Knowledge

__all__ = ["clients", "exposure", "identity", "memory", "persistence", "replication"]

_NEARLY = 0.9
"""The share of its memory that a server may use before writes are in danger."""
_UNTOLD = "not told"


def identity(known: Knowledge) -> Look:
    """Which server it is, of which version, in which mode."""
    server = _server(known)
    version = known.info.get(f"{server.lower()}_version") or known.info.get("redis_version", "")
    mode = "cluster" if known.is_cluster else known.info.get("redis_mode") or _UNTOLD
    facts: dict[str, Fact] = {"server": server, "version": version, "mode": mode}
    findings = []
    if known.partial:
        message = "The server does not let this user run INFO, so what follows is told in part."
        findings.append(note("info-unavailable", message, "Allow +info (and undo a rename-command INFO)."))
    return Look(f"{server} {version or 'of unknown version'}, {mode}", facts, tuple(findings))


def replication(known: Knowledge) -> Look:
    """Whether it is a master or a replica, and whether the two are in step."""
    role = known.info.get("role")
    if role == "master":
        replicas = list(known.replicas())
        late = [f"{one.get('ip')}:{one.get('port')}" for one in replicas if one.get("state") != "online"]
        facts: dict[str, Fact] = {"role": "master", "replicas": len(replicas), "replicas_not_online": late}
        findings = [_late_replica(where) for where in late]
        return Look(f"master, replicas: {len(replicas)}", facts, tuple(findings))
    if role != "slave":
        return Look(role or _UNTOLD)
    if known.partial:
        return Look("replica", {"role": "replica"}, (_is_replica("its master"),))
    master = f"{known.info.get('master_host')}:{known.info.get('master_port')}"
    link = known.info.get("master_link_status", "unknown")
    facts = {"role": "replica", "master": master, "link": link}
    faults = [] if link == "up" else [_link_down(master)]
    return Look(f"replica of {master}, link {link}", facts, (*faults, _is_replica(master)))


def clients(known: Knowledge, pool: int, replicas: int) -> Look:
    """Whether all connections that the service may open find room."""
    limit, connected, wanted = known.number("maxclients"), known.number("connected_clients"), pool * replicas
    facts: dict[str, Fact] = {"pool": pool, "service_replicas": replicas, "wanted": wanted}
    facts |= {name: value for name, value in (("maxclients", limit), ("connected", connected)) if value is not None}
    asked = f"this service opens up to {wanted:,} ({pool:,} x {replicas:,})"
    if limit is None:
        return Look(f"{asked}; maxclients {_UNTOLD}", facts)
    summary = f"{connected if connected is not None else '?'} of {limit:,} connected; {asked}"
    if wanted > limit:
        message = f"The service may open {wanted:,} connections, and the server takes {limit:,} in all."
        code = "clients-over-limit"
    elif wanted > limit - (connected or 0):
        message = f"The service may open {wanted:,} connections; {connected:,} of the server's {limit:,} are in use."
        code = "clients-near-limit"
    else:
        return Look(summary, facts)
    remedy = "Lower max_connections or the number of replicas, or raise the server's `maxclients` (and its ulimit -n)."
    return Look(summary, facts, (warning(code, message, remedy),))


def memory(known: Knowledge) -> Look:
    """How much is used, and what happens when it is full."""
    used, limit, policy = known.number("used_memory"), known.number("maxmemory"), known.info.get("maxmemory_policy")
    if used is None or limit is None or policy is None:
        return Look(_UNTOLD)
    evicted = known.number("evicted_keys") or 0
    facts: dict[str, Fact] = {"used_bytes": used, "limit_bytes": limit, "policy": policy, "evicted_keys": evicted}
    summary = f"{_mebibytes(used)} of {_mebibytes(limit) if limit else 'no limit'}, {policy}, evicted keys: {evicted:,}"
    if not limit:
        message = "The server has no memory limit: it grows until the machine or its container ends it."
        remedy = "Set `maxmemory` below the container's limit, and `maxmemory-policy` allkeys-lru where it is a cache."
        return Look(summary, facts, (note("memory-unlimited", message, remedy),))
    if policy == "noeviction":
        return Look(summary, facts, (_never_evicts(used / limit),))
    return Look(summary, facts)


def persistence(known: Knowledge) -> Look:
    """What outlives a restart."""
    if "rdb_last_bgsave_status" not in known.info:
        return Look(_UNTOLD)
    log = known.info.get("aof_enabled") == "1"
    points = known.config.get("save")
    facts: dict[str, Fact] = {"aof": log} if points is None else {"aof": log, "snapshots": bool(points)}
    findings = []
    if known.info["rdb_last_bgsave_status"] != "ok":
        message = "The last save to disk failed."
        remedy = "Make room on its disk or mend the rights on its `dir`; its log says which."
        findings.append(warning("save-failed", message, remedy))
    if log and known.info.get("aof_last_write_status", "ok") != "ok":
        message = "The last write to the append-only file failed."
        findings.append(warning("aof-failed", message, "Make room on its disk; its log says what is wrong."))
    if not log and points == "":
        message = "Nothing is saved: a restart empties the server."
        remedy = "Nothing for a cache; else set `appendonly yes` on a volume that stays."
        findings.append(note("persistence-off", message, remedy))
    snapshots = _UNTOLD if points is None else "on" if points else "off"
    return Look(f"append-only file {'on' if log else 'off'}, snapshots {snapshots}", facts, tuple(findings))


def exposure(known: Knowledge, *, is_open: bool, shielded: bool) -> Look:
    """Whether strangers get in; `shielded` where a Unix socket or a client's certificate keeps them out."""
    protected = known.config.get("protected-mode")
    facts: dict[str, Fact] = {"open": is_open} if protected is None else {"open": is_open, "protected_mode": protected}
    if not is_open:
        return Look("asks for a password", facts)
    if shielded:
        return Look("asks for no password, but for access to the socket or a certificate", facts)
    message = "The server asks for no password: whoever reaches it can read, change and delete everything."
    if protected == "yes":
        message += " Its protected mode may keep other machines out, but nobody on this one."
    remedy = "Set `requirepass` or ACL users on the server, from a Secret, and REDIS_PASSWORD for its clients."
    return Look("asks for no password", facts, (warning("open-redis", message, remedy),))


def _server(known: Knowledge) -> str:
    name = known.info.get("server_name") or ("valkey" if "valkey_version" in known.info else "redis")
    return name.capitalize()


def _late_replica(where: str) -> Finding:
    message = f"The replica {where} is not in step with its master."
    return warning("replica-late", message, "See its log; a replica that syncs again and again needs a longer backlog.")


def _is_replica(master: str) -> Finding:
    message = "This server is a replica: clients that write to it are refused (READONLY)."
    remedy = f"Connect to {master}, better through Sentinel or the Service that follows the master."
    return failed(Outcome.STATE, "server-readonly", message, remedy)


def _link_down(master: str) -> Finding:
    message = f"The replica has no link to its master {master}, so what it holds is old."
    remedy = "Check that the master runs and is reachable from it, and `masterauth` and `masteruser`."
    return failed(Outcome.STATE, "replica-link-down", message, remedy)


def _never_evicts(share: float) -> Finding:
    remedy = "Raise `maxmemory`, or set `maxmemory-policy` to allkeys-lru where it is a cache."
    message = f"At {share:.0%} of its memory; when it is full, the server refuses writes, since it may not evict."
    if share >= _NEARLY:
        return warning("memory-nearly-full", message, remedy)
    return note("memory-noeviction", message, remedy)


def _mebibytes(size: int) -> str:
    return f"{size / 2**20:,.1f} MiB"
