"""Where a login comes from, and how to read it again.

What came from a file, or from Pulumi ESC, is told by where it came from: a client that is made after the password in
it was exchanged shares the pool of those made before. What an argument or a variable says is told by what it is.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field
from typing import Any

from redis.credentials import CredentialProvider

from mooring.config.settings import RedisSettings
from mooring.config.surroundings import Surroundings
from mooring.runtime.credentials.fingerprint import fingerprint
from mooring.runtime.credentials.login import Login

__all__ = ["LoginSource"]

# As `mooring.config.pulumi` names what it found.
_ESC = " in Pulumi ESC "


@dataclass(frozen=True)
class LoginSource:
    """Where a login comes from. Two are equal when clients made with them can share a pool, though the login changed.

    `identity` is what that is told by. `read` reads the login again, and gives none where the settings now speak of
    another server; `look` tells by equality whether reading is worth the while, and `state` what it told at first. All
    three are None for a login that cannot change. `provider` is redis-py's, if a client was made with one.
    """

    identity: Hashable = field(repr=False)
    login: Login = field(default_factory=Login, compare=False)
    read: Callable[[], Login | None] | None = field(default=None, compare=False, repr=False)
    look: Callable[[], Hashable] | None = field(default=None, compare=False, repr=False)
    state: Hashable = field(default=None, compare=False, repr=False)
    provider: CredentialProvider | None = field(default=None, compare=False, repr=False)

    @classmethod
    def fixed(cls, username: str | None = None, password: str | None = None) -> LoginSource:
        """Make the source of a login that does not change."""
        return cls((username, password), Login(username, password))

    @classmethod
    def provided(cls, provider: CredentialProvider) -> LoginSource:
        """Make the source of what a provider gives."""
        return cls(("provider", fingerprint(provider)), provider=provider)

    @classmethod
    def of(cls, settings: RedisSettings, overrides: Mapping[str, Any]) -> LoginSource:
        """Tell where the login of settings came from that were loaded with `overrides`."""
        provider = settings.options.get("credential_provider")
        if provider is not None:
            return cls.provided(provider)
        login = _login(settings)
        if not any(_changes(settings, key) for key in ("username", "password")):
            return cls.fixed(login.username, login.password)
        here = Surroundings.here()
        look = functools.partial(here.fingerprint, settings.name)
        read = functools.partial(_read_again, settings, dict(overrides), here)
        identity = tuple(_told(settings, key, getattr(login, key)) for key in ("username", "password"))
        return cls(identity, login, read, look, look())


def _login(settings: RedisSettings) -> Login:
    password = None if settings.password is None else settings.password.get_secret_value()
    return Login(settings.username, password)


def _changes(settings: RedisSettings, key: str) -> bool:
    origin = settings.origins.get(key, "")
    return _ESC in origin or any(str(path) in origin for path in settings.files)


def _told(settings: RedisSettings, key: str, value: str | None) -> Hashable:
    return ("from", settings.origins[key]) if _changes(settings, key) else value


def _read_again(settings: RedisSettings, overrides: Mapping[str, Any], here: Surroundings) -> Login | None:
    found = RedisSettings.load(settings.name, here.environ, overrides, here.root, here.directory)
    # A password is for the server that it was given for.
    return _login(found) if _server(found) == _server(settings) else None


def _server(settings: RedisSettings) -> Hashable:
    return (
        settings.host,
        settings.port,
        settings.unix_socket_path,
        settings.sentinels,
        settings.sentinel_master,
        settings.cluster_nodes,
        settings.ssl,
    )
