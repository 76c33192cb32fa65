"""Which workloads are Redis servers, and what closes them to those without a password."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterator

from mooring.audit.facts import Server, Text, Workload
from mooring.audit.manifests.addresses import OPEN, expanded, is_password_name, tokens

__all__ = ["Configured", "is_redis_image", "server"]

# The last part of an image's name: the official ones, Bitnami's, Redis Stack, and those of the software collections
# (`redis-7`); not exporters, consoles or operators.
IMAGE = re.compile(
    r"(?:redis|valkey)(?:-stack(?:-server)?|-cluster|-server|-alpine|-ha|-bundle|-extensions|-\d[\w.-]*)?|redismod|rejson"
)
# What starts a server; anything else in its place (redis-cli, a probe, a copy) starts none.
STARTS = re.compile(r"\b(?:redis|valkey)(?:-stack)?-server\b|\bdocker-entrypoint\.sh\b|/bitnami/scripts/\S+/run\.sh")
SENTINEL = re.compile(r"--sentinel\b|\b(?:redis|valkey)-sentinel\b")
CLOSES = re.compile(r"(?:^|[\s\"'=])(?:--?)?(?:requirepass|aclfile|user)(?:=|\s+)(?!--)[\"']?(?P<given>[^\s\"']+|\Z)")
# The same in a redis.conf, not as a comment.
CONFIGURED = re.compile(r"^[ \t]*(?:requirepass|aclfile|user)[ \t]+(?![ \t]*[\"']{2})\S", re.MULTILINE)
FILE = re.compile(r"\S+\.conf\b")
ARGUMENTS = frozenset({"REDIS_ARGS", "REDIS_EXTRA_FLAGS", "VALKEY_EXTRA_FLAGS", "REDIS_AOF_ARGS"})

# What a configuration that is mounted holds, by `kind/name` and namespace; None where that is not in the tree.
Configured = Callable[[str, str | None], str | None]


def is_redis_image(image: str) -> bool:
    """Whether an image holds a Redis or Valkey server, by the last part of its name."""
    name = expanded(image).strip().partition("@")[0]
    last = posixpath.basename(name)
    return IMAGE.fullmatch(last.partition(":")[0].lower()) is not None


def server(workload: Workload, configured: Configured) -> Server | None:
    """The Redis server that a workload is, if it is one."""
    if workload.image is None or workload.image_at is None or not is_redis_image(workload.image):
        return None
    if not _starts(workload):
        return None
    return Server(
        workload.name,
        Text(workload.image, workload.image_at),
        _closed(workload, configured),
        workload.namespace,
    )


def _starts(workload: Workload) -> bool:
    told = " ".join(workload.command)
    if SENTINEL.search(told):
        return False
    if not workload.command or STARTS.search(told):
        return True
    # The image's own entry point takes options and files of configuration, and runs anything else.
    first = workload.command[0]
    return not workload.replaces and (first.startswith("-") or first.endswith(".conf") or OPEN in expanded(first))


def _closed(workload: Workload, configured: Configured) -> bool | None:
    """Whether a password or an ACL file closes a server; None where that stands in what is not in the tree."""
    told = [" ".join(workload.command)]
    told += [v.value for v in workload.environment if v.name in ARGUMENTS and v.value is not None]
    if any(_given(text) for text in told) or any(map(_keeps, _passwords(workload))):
        return True
    unknown = workload.partial
    if any(FILE.search(text) for text in told):
        files = [configured(name, workload.namespace) for name in workload.configurations]
        if any(text is not None and CONFIGURED.search(text) for text in files):
            return True
        unknown = unknown or not any(text is not None for text in files)
    return None if unknown else False


def _given(text: str) -> bool:
    """Whether arguments give a password; an empty one is none."""
    return any(match["given"] for match in CLOSES.finditer(text))


def _passwords(workload: Workload) -> Iterator[tuple[str | None, str | None]]:
    for variable in workload.environment:
        words = tokens(variable.name)
        allows = "EMPTY" in words or words[-1:] in (["ENABLED"], ["REQUIRED"])
        named = is_password_name(variable.name.removesuffix("_FILE"), about=True) or "ACLFILE" in words
        if named and not allows:
            yield variable.value, variable.source


def _keeps(given: tuple[str | None, str | None]) -> bool:
    value, source = given
    # Neither value nor source: handed on from whoever calls Compose.
    return source is not None or value is None or value != ""
