"""How a server is run, from the environment.

| variable | meaning | default |
|---|---|---|
| `MOORING_TRANSPORT` | `stdio`, or `http` at `/mcp` | `stdio` |
| `MOORING_HOST`, `MOORING_PORT` | where HTTP listens; port 0 takes a free one | `127.0.0.1`, `8000` |
| `MOORING_READ_ONLY` | leave out the tools that write | `false` |
| `MOORING_TOOLSETS` | offer only these groups of tools, by commas | all |
| `MOORING_SHARED_TOKEN` | beyond this host, lend the server's own token to requests that bring none | `false` |
| `MOORING_ALLOWED_HOSTS` | Host headers to let in, by commas (`mcp.example.com:*`) | on loopback its own, else any |
| `MOORING_RESPONSE_BUDGET` | bytes of a result, from 2,000 up | `24000` |
| `MOORING_REPLAY_WINDOW` | seconds in which the same write is made once | `120` |
| `MOORING_DEADLINE` | seconds that a tool call may take | `30` |
| `MOORING_DRAIN` | over HTTP, seconds after SIGTERM in which calls are still taken | `5` |
| `MOORING_REQUEST_STATE_KEYS` | keys of all replicas to seal request state with, newest first, by commas | its own |
| `MOORING_REDIS` | the name of the Redis connection | `default` |
| `MOORING_LOG_LEVEL` | from which level to log | `info` |

The vendor's own are `GITHUB_TOKEN`, `GITHUB_API_URL` and their like; `GITHUB_TOKEN_FILE` names a file that holds the
token. Where Redis is, `mooring.config.variables` tells.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from mooring.errors import UsageError

__all__ = ["LOOPBACK", "Settings", "address", "one_word", "secret"]

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
_SHORTEST_KEY = 32
"""Bytes of a key that seals request state: what the SDK (mcp 2.3) takes."""


def _split(value: Any) -> Any:
    return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value


def _hosts(hosts: tuple[str, ...]) -> tuple[str, ...]:
    if any("/" in host or not one_word(host) for host in hosts):
        raise ValueError("give what stands in the Host header, such as mcp.example.com:*, without scheme or path")
    return hosts


def _keys(keys: tuple[SecretStr, ...]) -> tuple[SecretStr, ...]:
    texts = [key.get_secret_value() for key in keys]
    if any(len(text.encode()) < _SHORTEST_KEY for text in texts) or len(set(texts)) < len(texts):
        raise ValueError(f"each key is {_SHORTEST_KEY} bytes or longer, and no two are alike: openssl rand -hex 32")
    return keys


_Texts = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_split)]
_Hosts = Annotated[_Texts, AfterValidator(_hosts)]
_Secrets = Annotated[tuple[SecretStr, ...], NoDecode, BeforeValidator(_split), AfterValidator(_keys)]


class Settings(BaseSettings):
    """How a server is run. The module tells each variable."""

    model_config = SettingsConfigDict(
        env_prefix="MOORING_", frozen=True, extra="ignore", env_ignore_empty=True, hide_input_in_errors=True
    )

    transport: Literal["stdio", "http"] = "stdio"
    host: str = Field(default="127.0.0.1", min_length=1)
    port: int = Field(default=8000, ge=0, le=65535)
    read_only: bool = False
    toolsets: _Texts = ()
    shared_token: bool = False
    allowed_hosts: _Hosts = ()
    response_budget: int = Field(default=24_000, ge=2_000)
    replay_window: float = Field(default=120.0, gt=0, le=86_400)
    deadline: float = Field(default=30.0, gt=0, le=600)
    drain: float = Field(default=5.0, ge=0, le=300)
    request_state_keys: _Secrets = ()
    redis: str = "default"
    log_level: Literal["debug", "info", "warning", "error"] = "info"

    @classmethod
    def load(cls, **given: Any) -> Settings:
        """Read the environment; what is given and not None decides. Raises `UsageError`, naming a bad variable."""
        try:
            return cls(**{key: value for key, value in given.items() if value is not None})
        except ValidationError as error:
            # Not chained: the original keeps the offending values, and one may be a key.
            raise UsageError("; ".join(_told(fault) for fault in error.errors(include_input=False))) from None

    @property
    def lends_token(self) -> bool:
        """Whether a request without a token is served with the server's own."""
        return self.shared_token or self.transport == "stdio" or self.host in LOOPBACK


def secret(variable: str, environ: Mapping[str, str]) -> SecretStr | None:
    """Return a secret from a variable, or from the file that `VARIABLE_FILE` names; None without either.

    Raises `UsageError` for a file that cannot be read, and for a secret that no header can carry.
    """
    text, origin = environ.get(variable), variable
    if not text and (file := environ.get(f"{variable}_FILE")):
        origin = f"{variable}_FILE={file}"
        try:
            text = Path(file).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise UsageError(f"{origin} cannot be read: {type(error).__name__}") from None
    if not (text := (text or "").strip()):
        return None
    if not one_word(text):
        raise UsageError(f"{origin}: a token is one word of printable ASCII; this one is not")
    return SecretStr(text)


def one_word(text: str) -> bool:
    """Tell whether a header can carry a text as one word: printable ASCII without blanks."""
    return text.isascii() and text.isprintable() and " " not in text


def address(variable: str, environ: Mapping[str, str]) -> str | None:
    """Return the URL of a vendor from a variable; None without it.

    Raises `UsageError` for what is no such URL. It does not tell it, for a password may stand in it.
    """
    text = environ.get(variable, "").strip()
    if not text:
        return None
    try:
        parts = urlsplit(text)
        usable = parts.scheme in {"http", "https"} and bool(parts.hostname) and one_word(text) and parts.port != 0
    except ValueError:  # a port that is none, half of an IPv6 address
        usable = False
    if not usable:
        raise UsageError(f"{variable} is no address of an API: give a URL such as https://api.example.com")
    if "@" in parts.netloc or parts.query or parts.fragment:
        raise UsageError(f"{variable} holds more than an address: tokens have variables of their own")
    return text


def _told(fault: Any) -> str:
    name = ".".join(str(part) for part in fault["loc"][:1])
    return f"MOORING_{name.upper()}: {fault['msg']}"
