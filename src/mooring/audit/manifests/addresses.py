"""Texts of manifests → the hosts and passwords of Redis in them, whatever of them is left to a variable."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

__all__ = [
    "OPEN",
    "Found",
    "expanded",
    "hosts",
    "is_address",
    "is_address_name",
    "is_password_name",
    "is_redis_name",
    "passwords",
    "shown",
    "tokens",
    "urls",
]

# What stands for a part that a variable or a template gives.
OPEN = "\ue000"
# Kubernetes' $(NAME); the shell's and Compose's ${NAME}, ${NAME:-default}, $NAME (and ${NAME:default}, as Spring has
# it); a template's {{ … }}; a place to fill in: <password>.
REFERENCE = re.compile(
    r"\$\{\{.*?\}\}|\{\{.*?\}\}|\$\(\w+\)|\$\{(?P<name>\w+)(?:(?P<how>:?[-?+]|:)(?P<other>[^{}]*))?\}|\$\w+|<[\w .-]+>"
)
NESTED = 5
# The names that are remembered: a tree has few, and most of them again and again.
NAMES = 4096
# What a text has that gives a password away, whatever it is called; most have none of it.
TELLING = ("://", "requirepass", "masterauth", "--pass", "-cli")
URL = re.compile(
    r"(?P<scheme>(?:rediss?|valkeys?)(?:[+-][\w-]+)?)://(?:(?P<userinfo>[^\s'\"/?#]*)@)?"
    r"(?P<host>\[[^\]\s]*\]|[^:/?#\s'\",@;)}\]]*)(?P<rest>[^\s'\",;)}\]]*)"
)
HOST = re.compile(r"(?P<host>[A-Za-z0-9](?:[\w.-]*\w)?\.?)(?::\d+)?")
# A flag of redis-server or redis-cli, or a directive of redis.conf, and the password that it is given.
FLAG = re.compile(r"--(?:requirepass|masterauth|pass)(?:[=\s]+|\Z)(?:\\?[\"'])?(?P<secret>(?:(?!\\[\"'])[^\s\"'])*)")
CLI = re.compile(r"(?:redis|valkey)-cli\b[^|;&]*?\s-a\s+(?:\\?[\"'])?(?P<secret>(?:(?!\\[\"'])[^\s\"'])+)")
DIRECTIVE = re.compile(r"^[ \t]*(?:requirepass|masterauth)[ \t]+[\"']?(?P<secret>[^\s\"']+)", re.MULTILINE)
# What Compose leaves to the shell of the container: `$$NAME` and `$${NAME}`, once their dollars are one.
LATER = re.compile(r"\$(?:\w+|\{\w+[^{}]*\})")
USERINFO = re.compile(r"(://[^\s'\"/?#@:]*:)[^\s'\"]+(?=@)")

ABOUT = frozenset({"REDIS", "VALKEY"})
HOSTS = frozenset({"HOST", "HOSTNAME", "ADDR", "ADDRESS", "SERVER", "ENDPOINT", "HOSTPORT"})
URLS = frozenset({"URL", "URI", "DSN", "STRING"})
PASSWORDS = frozenset({"PASSWORD", "PASSWD", "PASS", "PWD", "AUTH", "PASSPHRASE", "REQUIREPASS"})
# Words that say of a password only whose it is in Redis itself.
GENERIC = PASSWORDS | {"TOKEN", "DEFAULT", "MASTER", "REPLICA", "SERVER", "CLUSTER", "CACHE", "ADMIN", "USER"}
TOKEN = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|\d+")
# What a switch is set to, and no host or password.
SWITCHES = frozenset({"true", "false", "yes", "no", "on", "off", "enabled", "disabled", "none", "null", "0", "1"})


class Found(NamedTuple):
    """A password in plain text; it is `mild` where it is only the default of a variable."""

    secret: str
    mild: bool


def expanded(text: str, *, defaults: bool = True) -> str:
    """`text` with `OPEN` for each reference, or with the default that the reference has, unless `defaults` is false."""

    def told(match: re.Match[str]) -> str:
        default = match["how"] and match["how"].endswith(("-", ":")) and match["other"]
        return default if default and defaults else OPEN

    text = text.replace("$$", "$\ue001")
    for _ in range(NESTED):
        text, count = REFERENCE.subn(told, text)
        if not count:
            break
    return text.replace("\ue001", "$").replace("$$", "$")


def tokens(name: str) -> list[str]:
    """The words of a name, in capitals: `redisHost`, `REDIS_HOST` and `redis-host` are the same."""
    return [token.upper() for token in TOKEN.findall(name)]


@lru_cache(maxsize=NAMES)
def is_redis_name(name: str) -> bool:
    """Whether a name speaks of Redis."""
    return any(token.startswith(("REDIS", "VALKEY")) for token in tokens(name))


@lru_cache(maxsize=NAMES)
def is_address_name(name: str, *, url: bool = True) -> bool:
    """Whether a variable holds the address of a Redis by its name; without `url`, a host and no URL."""
    words = tokens(name)
    if not words or not is_redis_name(name):
        return False
    # REDISHOST and REDISURL are written as one word too.
    last = words[-1].removeprefix("REDIS")
    return (len(words) == 1 and words[0] in ABOUT) or last in HOSTS or (url and last in URLS)


def is_address(name: str, text: str | None) -> bool:
    """Whether a variable holds the address of a Redis, by its name or by its value."""
    return is_address_name(name) or any(urls(text or ""))


@lru_cache(maxsize=NAMES)
def is_password_name(name: str, *, about: bool = False) -> bool:
    """Whether a variable holds a password of Redis by its name.

    Where its surroundings speak of Redis (`about`) a plain `password` does too.
    """
    words = tokens(name)
    if not words or not (is_redis_name(name) or words[0] == "REDISCLI" or (about and GENERIC.issuperset(words))):
        return False
    return words[-1].removeprefix("REDIS") in PASSWORDS or words[-2:] == ["AUTH", "TOKEN"]


def urls(text: str) -> Iterator[re.Match[str]]:
    """The addresses of Redis in `text`, as URLs, its references expanded."""
    if "://" in text:
        yield from URL.finditer(expanded(text))


def hosts(name: str, text: str) -> Iterator[str]:
    """The hosts of Redis that a text names: those of its URLs, or itself where `name` says that it is a host.

    A host that is left to a variable is none.
    """
    if "://" not in text and not is_address_name(name, url=False):
        return
    found = [match["host"] for match in urls(text)]
    if "://" not in text:
        plain = HOST.fullmatch(expanded(text).strip())
        found = [plain["host"]] if plain else []
    for host in found:
        if host and OPEN not in host and host.lower() not in SWITCHES and not host.isdigit():
            yield host


def passwords(name: str, text: str, *, about: bool = False) -> Found | None:
    """The password of Redis that a text gives away: its own, where `name` says so, or one in it."""
    if not is_password_name(name, about=about) and not any(word in text for word in TELLING):
        return None
    for defaults in (False, True):
        told = expanded(text, defaults=defaults)
        secret = _secret(name, told, about=about)
        if secret is not None:
            return Found(secret, defaults)
    return None


def shown(text: str) -> str:
    """`text` for people: what a variable gives as `…`, the password of a URL as `***`."""
    return USERINFO.sub(r"\1***", expanded(text)).replace(OPEN, "…")


def _secret(name: str, text: str, *, about: bool) -> str | None:
    own = is_password_name(name, about=about) and "://" not in text
    if own:
        candidates = [text.strip()]
    else:
        candidates = [match["userinfo"].partition(":")[2] for match in URL.finditer(text) if match["userinfo"]]
        candidates += [m["secret"] for pattern in (FLAG, CLI, DIRECTIVE) for m in pattern.finditer(text)]
    # No shell sees the value of a variable: that may begin with a dollar.
    shell = not own or name.startswith("--")
    for secret in candidates:
        plain = OPEN not in secret and not (shell and LATER.fullmatch(secret))
        if secret and plain and secret.lower() not in SWITCHES and not secret.startswith("/"):
            return secret
    return None
