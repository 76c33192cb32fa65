"""Settings in files: `REDIS_PASSWORD_FILE` and its like, and directories that a platform mounts.

| directory, best first | who makes it | how `REDIS_PASSWORD` is called in it |
|---|---|---|
| `REDIS_SECRETS_DIR` | a Kubernetes Secret as a volume, an agent | as below, or `password` |
| `/run/secrets` | Docker, Compose, Podman | `REDIS_PASSWORD`, `redis_password`, `redis-password`, `redis.password` |
| `CREDENTIALS_DIRECTORY` | systemd (`LoadCredential=`) | the same |

`REDIS_SECRETS_DIR` (or `NAME_REDIS_SECRETS_DIR`) is for Redis alone, so `ca.crt`, `tls.crt` and `tls.key` in it are
the TLS files.

Newlines at the end of a file are not part of its value. A file that is there but empty, unreadable or no text is an
error, for a password that silently is none would be worse.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from mooring.config.value import Text
from mooring.config.variables import COMMON, FILES, SUFFIXES
from mooring.errors import ConfigError

__all__ = ["SYSTEMD_DIRECTORY", "SecretDirectory", "directory_texts", "file_texts", "read_secret", "secret_directories"]

SYSTEMD_DIRECTORY = "CREDENTIALS_DIRECTORY"

_RUN_SECRETS = "run/secrets"
_LIMIT = 256 * 1024
# As cert-manager and `kubectl create secret tls` call them.
_SHORT_NAMES = {"TLS_CA_FILE": "ca.crt", "TLS_CERT_FILE": "tls.crt", "TLS_KEY_FILE": "tls.key"}


@dataclass(frozen=True, slots=True)
class SecretDirectory:
    """A directory to look in. `variable` is what names it, `own` whether it holds nothing but this Redis's secrets."""

    path: Path
    variable: str | None
    own: bool

    def origin(self, path: Path) -> str:
        """Tell where a file in it comes from."""
        return str(path) if self.variable is None else f"{self.variable} ({path})"


def file_texts(prefix: str, environ: Mapping[str, str]) -> dict[str, Text]:
    """Read the files that `..._FILE` variables name. Raises `ConfigError`, naming variable and file."""
    found = {}
    for suffix in SUFFIXES:
        variable = f"{prefix}{suffix}_FILE"
        path = environ.get(variable, "").strip()
        if path and suffix not in FILES:
            origin = f"{variable} ({path})"
            found[f"{prefix}{suffix}"] = Text(read_secret(Path(path), origin), origin, Path(path))
    return found


def secret_directories(prefix: str, environ: Mapping[str, str], root: Path) -> Iterator[SecretDirectory]:
    """Tell the directories to look in for variables that begin with `prefix`, best first."""
    for owner in dict.fromkeys((prefix, COMMON)):
        variable = f"{owner}SECRETS_DIR"
        path = environ.get(variable, "").strip()
        if path:
            yield SecretDirectory(Path(path), variable, own=owner == prefix)
    yield SecretDirectory(root / _RUN_SECRETS, None, own=False)
    path = environ.get(SYSTEMD_DIRECTORY, "").strip()
    if path:
        yield SecretDirectory(Path(path), SYSTEMD_DIRECTORY, own=False)


def directory_texts(prefix: str, environ: Mapping[str, str], root: Path) -> dict[str, Text]:
    """Read the settings in the directories of secrets. Raises `ConfigError`, naming directory or file."""
    found: dict[str, Text] = {}
    for directory in secret_directories(prefix, environ, root):
        present = _listed(directory)
        for suffix in SUFFIXES:
            variable = f"{prefix}{suffix}"
            name = next((name for name in _file_names(prefix, suffix, directory.own) if name in present), None)
            if name is not None and variable not in found:
                found[variable] = _entry(directory, name, suffix)
    return found


def read_secret(path: Path, origin: str) -> str:
    """Read a small text file without the newlines at its end. Raises `ConfigError`, naming `origin`."""
    try:
        with path.open("rb") as file:
            content = file.read(_LIMIT + 1)
        text = content.decode().rstrip("\r\n")
    except (OSError, ValueError) as error:
        # A decoding error keeps what it could not decode.
        reason = error.strerror if isinstance(error, OSError) else "it is no text in UTF-8"
        raise ConfigError(f"{origin} cannot be read: {reason}; it must be a file that holds the bare value.") from None
    if len(content) > _LIMIT:
        raise ConfigError(f"{origin} holds more than {_LIMIT // 1024} KiB; it must hold one value and nothing else.")
    if not text.strip():
        raise ConfigError(f"{origin} is empty; write the value into it, or take it away.")
    return text


def _entry(directory: SecretDirectory, name: str, suffix: str) -> Text:
    path = directory.path / name
    origin = directory.origin(path)
    return Text(str(path) if suffix in FILES else read_secret(path, origin), origin, path)


def _listed(directory: SecretDirectory) -> frozenset[str]:
    try:
        return frozenset(path.name for path in directory.path.iterdir())
    except OSError as error:
        # What a platform mounts for others need not be open to this process; what was named for Redis must be.
        if not directory.own:
            return frozenset()
        told = directory.origin(directory.path)
        raise ConfigError(f"{told} cannot be read: {error.strerror}; it must be a directory of secrets.") from None


def _file_names(prefix: str, suffix: str, own: bool) -> Iterator[str]:
    name = f"{prefix}{suffix}"
    yield name
    for spelling in (name, suffix) if own else (name,):
        lower = spelling.lower()
        yield from (lower, lower.replace("_", "-"), lower.replace("_", "."))
    if own and suffix in _SHORT_NAMES:
        yield _SHORT_NAMES[suffix]
