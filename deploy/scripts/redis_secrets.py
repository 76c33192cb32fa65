#!/usr/bin/env python3
"""Makes the secrets of a deployment from one password, for Kubernetes on standard output or for Compose in a folder.

    python3 deploy/scripts/redis_secrets.py kubernetes | kubectl apply --server-side --force-conflicts -f -
    python3 deploy/scripts/redis_secrets.py compose deploy/compose/secrets

Everything secret comes from the environment and leaves by a pipe or by files of which others see nothing: it is on no
command line, in no log and in no error.

| variable | meaning |
|---|---|
| `REDIS_PASSWORD` | what all passwords are derived from, 16 characters at least; for a Redis elsewhere its own |
| `REDIS_PASSWORD_PREVIOUS` | during a rotation, what it was before |
| `REDIS_HOST`, `REDIS_PORT` | where Redis is, unless at `redis-master:6379` |
| `REDIS_URL` | the same in one, with user and password, for a Redis elsewhere |

Each user of Redis has a password of its own, HMAC-SHA256 (RFC 2104) of its name with `REDIS_PASSWORD` for a key: who
knows one knows no other. Redis is given SHA-256 sums of them only.

A rotation has three phases, each rolled out before the next (docs/guides/rotation.md): `announce` lets new passwords in
beside the old ones, `switch` gives clients the new ones, `settle`, the default, lets only these in.

Exits with 0, or with 2 where a variable is missing or wrong.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import hmac
import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

__all__ = ["PHASES", "SERVERS", "Passwords", "acl", "clients", "main", "redis_files"]

SERVERS = ("github", "slack", "hubspot", "gong")
PHASES = ("announce", "switch", "settle")
HERE = "redis-master"
"""The Service of the Redis that is deployed along; any other host is a Redis elsewhere."""
SENTINELS = ",".join(f"redis-{index}.redis-nodes:26379" for index in range(3))
_SHORTEST = 16
_TEMPLATES = Path(__file__).resolve().parent.parent / "redis"

Files = dict[str, dict[str, str]]
"""Secrets by name, each with its keys and values."""


class Fault(Exception):
    """A variable is missing or wrong. The text names it and never its value."""


class Passwords:
    """What was derived from one password, or from two during a rotation. Its repr shows neither."""

    def __init__(self, environ: Mapping[str, str], phase: str) -> None:
        new, old = _root(environ, "REDIS_PASSWORD"), environ.get("REDIS_PASSWORD_PREVIOUS", "")
        if phase == "settle":
            old = ""
        elif not old:
            raise Fault(f"REDIS_PASSWORD_PREVIOUS is not set, and the phase {phase} needs it")
        elif old == new:
            raise Fault("REDIS_PASSWORD_PREVIOUS is the same as REDIS_PASSWORD, which is to be a new one")
        # Whom clients follow, first.
        self._roots = [new] if not old else [old, new] if phase == "announce" else [new, old]

    def given(self, user: str) -> str:
        """Return the password that a client gives now."""
        return self.accepted(user)[0]

    def accepted(self, user: str) -> list[str]:
        """Return the passwords that are let in now."""
        return [hmac.new(root.encode(), f"mooring {user}".encode(), hashlib.sha256).hexdigest() for root in self._roots]


def acl(passwords: Passwords, *, sentinel: bool) -> str:
    """Return users.acl: the templates with the sums of the passwords."""
    names = ("users", "sentinel") if sentinel else ("users",)
    text = "".join((_TEMPLATES / f"{name}.acl.template").read_text(encoding="utf-8") for name in names)
    lines: list[str] = []
    for line in text.splitlines():
        if line.startswith(" ") and lines:
            lines[-1] += f" {line.strip()}"
        elif line.strip() and not line.startswith("#"):
            lines.append(line)
    each = [line.replace("{server}", name) for line in lines for name in (SERVERS if "{server}" in line else ("",))]
    return "".join(f"{_summed(line, passwords)}\n" for line in each)


def redis_files(passwords: Passwords, *, sentinel: bool) -> Files:
    """Return what Redis itself is given: its users, and the passwords of who works beside it."""
    exporter = passwords.given("exporter")
    addresses = (
        "redis://exporter@localhost:6379",
        "rediss://exporter@localhost:6379",
        "redis://exporter@redis-master:6379",
    )
    server = {"operator": passwords.given("operator"), "exporter.json": json.dumps(dict.fromkeys(addresses, exporter))}
    if sentinel:
        server |= {user: passwords.given(user) for user in ("replica", "sentinel", "sentinels")}
    return {"redis-users": {"users.acl": acl(passwords, sentinel=sentinel)}, "redis-server": server}


def clients(passwords: Passwords, environ: Mapping[str, str], *, sentinel: bool) -> Files:
    """Return what each server is given: the way to Redis, and the keys of its replicas."""
    made: Files = {}
    for server in SERVERS:
        user = f"mcp-{server}"
        made[f"{user}-redis"] = _way(passwords, environ, user, sentinel=sentinel)
        made[f"{user}-state"] = {"MOORING_REQUEST_STATE_KEYS": ",".join(passwords.accepted(f"state of {user}"))}
    return made


def main(arguments: list[str], environ: Mapping[str, str]) -> int:
    """Run the command line. Returns its exit code."""
    parser = argparse.ArgumentParser(description="Make the secrets of a deployment; the head of this file tells all.")
    parser.add_argument("form", choices=("kubernetes", "compose"))
    parser.add_argument("folder", nargs="?", type=Path, help="where Compose's files go")
    parser.add_argument("--phase", choices=PHASES, default="settle")
    parser.add_argument("--sentinel", action="store_true", help="for three Redis with Sentinels")
    parser.add_argument("--namespace", default="mooring")
    given = parser.parse_args(arguments)
    if (given.form == "compose") != (given.folder is not None):
        parser.error("compose needs a folder, kubernetes takes none")
    try:
        passwords = Passwords(environ, given.phase)
        files = {} if _elsewhere(environ) else redis_files(passwords, sentinel=given.sentinel)
        files |= clients(passwords, environ, sentinel=given.sentinel)
    except Fault as fault:
        sys.stderr.write(f"redis_secrets: {fault}\n")
        return 2
    if given.form == "kubernetes":
        sys.stdout.write(_manifest(files, given.namespace))
    else:
        _write(files, given.folder)
    return 0


def _root(environ: Mapping[str, str], name: str) -> str:
    text = environ.get(name, "")
    if not text and name == "REDIS_PASSWORD":
        raise Fault("REDIS_PASSWORD is not set: set it to a long random text, such as of `openssl rand -hex 32`")
    if len(text) < _SHORTEST:
        raise Fault(f"{name} has fewer than {_SHORTEST} characters: whoever has one derived password could guess it")
    return text


def _elsewhere(environ: Mapping[str, str]) -> bool:
    """Whether Redis is not the one that is deployed along."""
    host = _host(environ)
    return host != "" and host.split(".")[0] != HERE


def _host(environ: Mapping[str, str]) -> str:
    if url := environ.get("REDIS_URL", ""):
        try:
            return urlsplit(url).hostname or ""
        except ValueError:
            raise Fault("REDIS_URL is no URL") from None
    return environ.get("REDIS_HOST", "")


def _way(passwords: Passwords, environ: Mapping[str, str], user: str, *, sentinel: bool) -> dict[str, str]:
    if _elsewhere(environ):
        if url := environ.get("REDIS_URL", ""):
            return {"REDIS_URL": url}
        own = {"REDIS_PASSWORD": _root(environ, "REDIS_PASSWORD")}
        return {"REDIS_HOST": environ["REDIS_HOST"], "REDIS_PORT": environ.get("REDIS_PORT") or "6379", **own}
    way = {"REDIS_USERNAME": user, "REDIS_PASSWORD": passwords.given(user)}
    if sentinel:
        asked = {"REDIS_SENTINELS": SENTINELS, "REDIS_SENTINEL_MASTER": "mymaster"}
        return {**asked, "REDIS_SENTINEL_PASSWORD": passwords.given("sentinels"), **way}
    return {"REDIS_HOST": _host(environ) or HERE, "REDIS_PORT": environ.get("REDIS_PORT") or "6379", **way}


def _summed(line: str, passwords: Passwords) -> str:
    user = line.split()[1]
    sums = (f"#{hashlib.sha256(password.encode()).hexdigest()}" for password in passwords.accepted(user))
    return line.replace("{passwords}", " ".join(sums))


def _manifest(files: Files, namespace: str) -> str:
    items = [
        {
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": {"name": name, "namespace": namespace, "labels": {"app.kubernetes.io/part-of": "mooring"}},
            "type": "Opaque",
            "data": {key: base64.b64encode(value.encode()).decode() for key, value in values.items()},
        }
        for name, values in files.items()
    ]
    return json.dumps({"apiVersion": "v1", "kind": "List", "items": items}) + "\n"


def _write(files: Files, folder: Path) -> None:
    """Write a file for each value. Containers read them under users of their own: only the folder keeps others out."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder.chmod(0o700)
    for name, values in files.items():
        (folder / name).mkdir(exist_ok=True)
        for key, value in values.items():
            # Containers have the folder mounted, and never see half a file.
            new = folder / name / f".{key}.new"
            new.write_text(value, encoding="utf-8")
            new.chmod(0o444)
            new.replace(folder / name / key)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:], os.environ))
