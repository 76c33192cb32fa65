"""Credentials that follow what they come from while the process runs: files, or a provider of redis-py's.

A pool shows the server whatever its `Credentials` hold. When they change, `generation` grows, and each open connection
shows the new login with AUTH before it is used again; none is cut for it. Changes are noticed

- within about a second where they come from files (`watching`),
- at once where a provider pushes them (redis-py's `StreamingCredentialProvider`), and at the next connection otherwise,
- and when the server refuses: then whoever was refused calls `refresh` with the generation that it had seen:

    try:
        ...  # send the command
    except AuthenticationError:
        if not pool.credentials.refresh(connection.life.generation):  # for asyncio, await arefresh(...)
            raise
        ...  # once more, on a connection that is taken anew

Connections do so themselves when they are refused at their opening. A refused command has not run, so it may be sent
again whatever it is. While the server does not accept the new login yet, open connections keep the old one, and new
ones fall back on it.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import threading
import time
import weakref
from collections.abc import Awaitable, Callable, Generator
from typing import Any

from redis.credentials import CredentialProvider

from mooring.errors import MooringError
from mooring.runtime import hooks
from mooring.runtime.credentials.login import Login, Succession
from mooring.runtime.credentials.login_source import LoginSource
from mooring.runtime.credentials.watching import look_after

__all__ = ["Credentials", "credentials_of"]

_log = logging.getLogger("mooring")

# A refusal has the settings read again, but a wrong password not for every command.
_PAUSE = 1.0


class Credentials(CredentialProvider):
    """What the connections of a pool show the server. Safe for threads and event loops, and after a fork."""

    def __init__(self, source: LoginSource, endpoint: str) -> None:
        self._source = source
        self.endpoint = endpoint
        self._succession = Succession(source.login)
        self._state = source.state
        self._not_before = 0.0
        self.generation = 0
        self._pid = 0
        self.attend()
        if source.provider is not None and hasattr(source.provider, "on_next"):
            _follow(source.provider, self)

    def attend(self) -> None:
        """Begin in this process: each pool calls this as it begins in it, for a forked child has no watching thread."""
        if self._pid != os.getpid():
            # Whoever held them in the parent is not here to let them go.
            self._lock, self._reading = threading.RLock(), threading.Lock()
            self._pid = os.getpid()
            if self._source.look is not None:
                look_after(self)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} for {self.endpoint}>"

    def get_credentials(self) -> Any:
        """Return what AUTH is to be given now, as redis-py asks for it; nothing where there is nothing to show."""
        provider = self._source.provider
        if provider is not None:
            self._note(provider.get_credentials())
        return self._succession.current.arguments()

    async def get_credentials_async(self) -> Any:
        """Do the same for asyncio; a provider that can only be asked by waiting is asked in a thread."""
        provider = self._source.provider
        if provider is not None:
            self._note(await _asked(provider))
        return self._succession.current.arguments()

    def refresh(self, seen: int) -> bool:
        """Tell whether there is a login newer than generation `seen`, which the server refused; reads it if need be.

        Blocks for as long as its source takes to be read. Callers who are refused together share one reading, and
        without success it is not read again within a second.
        """
        if self.generation != seen:
            return True
        with self._reading:
            if self.generation != seen:
                return True
            now = time.monotonic()
            state = None if self._source.look is None else self._source.look()
            # What has changed since is worth reading at once: the server may have been ahead of the file.
            if now >= self._not_before or state != self._state:
                self._not_before, self._state = now + _PAUSE, state
                if self._read():
                    return True
            return self._source.provider is None and self._change(lambda: self._succession.refused(now))

    async def arefresh(self, seen: int) -> bool:
        """Do the same without holding up the event loop."""
        return self.generation != seen or await asyncio.to_thread(self.refresh, seen)

    def accepted(self, generation: int) -> None:
        """Note that the server accepted the login of a generation."""
        if self._succession.unproven:
            with self._lock:
                self._succession.accepted(generation)

    def tend(self) -> None:
        """Look whether what the login comes from has changed, and read it again if so."""
        state = None if self._source.look is None else self._source.look()
        if state != self._state:
            with self._reading:
                self._state = state
                self._read()
        self._change(lambda: self._succession.due(time.monotonic()))

    def pushed(self, token: Any) -> None:
        """Take the token that a streaming provider hands on, from whatever thread or loop."""
        self._offer(Login(token.try_get("oid"), token.get_value()))

    def _read(self) -> bool:
        source = self._source
        if source.provider is not None:
            return self._note(source.provider.get_credentials())
        if source.read is None:
            return False
        try:
            login = source.read()
        except (MooringError, OSError) as error:
            # Half of an exchange, as a file that is empty while it is written: the next look sees the rest.
            _log.warning("The settings of %s cannot be read again yet: %s", self.endpoint, error)
            self._state = None
            return False
        return login is not None and self._offer(login)

    def _note(self, arguments: Any) -> bool:
        username, password = (None, *arguments)[-2:] if arguments else (None, None)
        return self._offer(Login(username, password))

    def _offer(self, login: Login) -> bool:
        return self._change(lambda: self._succession.offer(login))

    def _change(self, step: Callable[[], bool]) -> bool:
        with self._lock:
            first = self.generation == 0 and self._source.provider is not None
            changed = step()
            self.generation = self._succession.generation
        # What a provider says first is no change.
        if changed and not first:
            _log.info("Credentials of %s have changed", self.endpoint, extra={"endpoint": self.endpoint})
            if hooks.active is not None:
                hooks.active.rotated(self.endpoint, "credentials")
        return changed


def credentials_of(login: LoginSource | Credentials | None, endpoint: str, arguments: dict[str, Any]) -> Credentials:
    """Make a pool's credentials, and hand them to its connections in place of what says so among `arguments`.

    Pools that are given the same credentials, as those of a Cluster's nodes, follow a change together.
    """
    username, password = arguments.pop("username", None), arguments.pop("password", None)
    provider = arguments.pop("credential_provider", None)
    if login is None:
        login = LoginSource.fixed(username, password) if provider is None else LoginSource.provided(provider)
    credentials = login if isinstance(login, Credentials) else Credentials(login, endpoint)
    arguments["credential_provider"] = credentials
    return credentials


class _Done(Awaitable[None]):
    """Already done: what a callback returns that some providers await, and others do not."""

    def __await__(self) -> Generator[Any, Any, None]:
        return
        yield


class _Stream:
    """Hands a provider's pushes to every pool that uses it; a provider keeps but one callback."""

    def __init__(self) -> None:
        self.followers: weakref.WeakSet[Credentials] = weakref.WeakSet()

    def push(self, token: Any) -> _Done:
        for credentials in list(self.followers):
            credentials.pushed(token)
        return _Done()

    def fail(self, error: Exception) -> _Done:
        # The text of a stranger's error could repeat a token.
        _log.warning("A credential provider failed to renew its token: %s", type(error).__name__)
        return _Done()


_streams: weakref.WeakKeyDictionary[Any, _Stream] = weakref.WeakKeyDictionary()
_streams_guard = threading.Lock()


def _follow(provider: Any, credentials: Credentials) -> None:
    with _streams_guard:
        stream = _streams.get(provider)
        begins = stream is None
        if stream is None:
            stream = _streams[provider] = _Stream()
        stream.followers.add(credentials)
    if begins:
        provider.on_next(stream.push)
        with contextlib.suppress(NotImplementedError):
            provider.on_error(stream.fail)


async def _asked(provider: CredentialProvider) -> Any:
    ask = getattr(type(provider), "get_credentials_async", None)
    # redis-py's own, which is inherited where there is no better one, asks on the loop and warns of it.
    if ask is None or ask is getattr(CredentialProvider, "get_credentials_async", None):
        return await asyncio.to_thread(provider.get_credentials)
    return await ask(provider)
