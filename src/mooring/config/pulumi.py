"""Pulumi ESC: the `environmentVariables` of one environment, read through Pulumi's own SDK.

| variable | what it tells |
|---|---|
| `PULUMI_ESC_ENVIRONMENT` | the environment: `organization/project/environment`, and `@version` if not the latest |
| `PULUMI_ACCESS_TOKEN` | how to get in |
| `PULUMI_BACKEND_URL` | where Pulumi is, if not at `https://api.pulumi.com` |

Nothing is asked before the first variable is set. An answer is kept for five minutes; after that it goes on serving
while a thread asks again. The first answer is waited for: five seconds at most, and a quarter of one in a running event
loop, which has other work; `await RedisSettings.aload()` at start-up waits without holding it up.
"""

from __future__ import annotations

import asyncio
import logging
import os
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any

from mooring.config.value import Text
from mooring.config.variables import environment_texts
from mooring.errors import ConfigError, MissingExtra, MooringError

__all__ = ["ENVIRONMENT_VARIABLE", "VARIABLES", "Address", "EscReader", "esc_texts", "fetch", "revision"]

ENVIRONMENT_VARIABLE = "PULUMI_ESC_ENVIRONMENT"

_TOKEN_VARIABLE = "PULUMI_ACCESS_TOKEN"  # noqa: S105  # the name of a variable
_BACKEND_VARIABLE = "PULUMI_BACKEND_URL"
VARIABLES = (ENVIRONMENT_VARIABLE, _TOKEN_VARIABLE, _BACKEND_VARIABLE)

_SECTION = "environmentVariables"
_PATIENCE = 5.0
_PATIENCE_IN_LOOP = 0.25
_LIFETIME = 300.0
# How long a failure is believed, so that a Pulumi that is down is not asked at each call.
_PAUSE = 5.0
_REFUSALS = {
    401: f"Pulumi does not accept {_TOKEN_VARIABLE}",
    403: f"{_TOKEN_VARIABLE} may not open it",
    404: "there is no such environment",
}

_logger = logging.getLogger("mooring.config")


@dataclass(frozen=True, slots=True)
class Address:
    """One environment, and how to get at it."""

    organization: str
    project: str
    environment: str
    version: str | None = None
    backend: str | None = None
    token: str = field(default="", repr=False)

    def __str__(self) -> str:
        version = "" if self.version is None else f"@{self.version}"
        return f"{self.organization}/{self.project}/{self.environment}{version}"


@dataclass(slots=True)
class _Entry:
    """What is known of one environment."""

    variables: dict[str, str] | None = None
    failure: MooringError | None = None
    due: float = 0.0
    asking: Future[None] | None = None


class EscReader:
    """Keeps what environments hold, and asks again in a thread of its own. Safe for threads, and after a fork."""

    def __init__(
        self,
        fetch: Callable[[Address, float], dict[str, str]],
        patience: float = _PATIENCE,
        lifetime: float = _LIFETIME,
    ) -> None:
        self._fetch = fetch
        self._patience = patience
        self._lifetime = lifetime
        self.revision = 0
        """Grows whenever an environment is found to hold something else."""
        self._entries: dict[Address, _Entry] = {}
        self._lock = threading.Lock()

    def variables(self, address: Address) -> Mapping[str, str]:
        """Return what an environment holds, or held a moment ago. Raises `MooringError` when nothing is known of it."""
        asking = self.refresh(address)
        entry = self._entries[address]
        if entry.variables is None and asking is not None:
            patience = min(self._patience, _PATIENCE_IN_LOOP) if _in_event_loop() else self._patience
            try:
                asking.result(patience)
            except TimeoutError:
                raise ConfigError(
                    f"{ENVIRONMENT_VARIABLE} ({address}) did not answer within {patience:g} s;"
                    " look whether Pulumi can be reached from here, and in an event loop, await RedisSettings.aload()"
                    " at start-up."
                ) from None
        if entry.variables is not None:
            return entry.variables
        if entry.failure is not None:
            raise entry.failure.with_traceback(None)
        return {}

    def knows(self, address: Address) -> bool:
        """Tell whether an environment was ever asked for."""
        return address in self._entries

    def refresh(self, address: Address) -> Future[None] | None:
        """Begin to ask again if what is known is too old; returns what is under way."""
        with self._lock:
            entry = self._entries.setdefault(address, _Entry())
            if entry.asking is None and time.monotonic() >= entry.due:
                entry.asking = Future()
                # A daemon, so that a Pulumi that hangs does not keep the process from ending.
                threading.Thread(
                    target=self._ask, args=(address, entry, entry.asking), name="mooring-esc", daemon=True
                ).start()
            return entry.asking

    def after_fork(self) -> None:
        """Forget what threads of the parent were about to do, for a child has none of them."""
        self._lock = threading.Lock()
        for entry in self._entries.values():
            entry.asking = None

    def _ask(self, address: Address, entry: _Entry, asking: Future[None]) -> None:
        variables, failure = None, None
        try:
            variables = self._fetch(address, self._patience)
        except MooringError as error:
            failure = error
            _logger.warning("%s", error)
        with self._lock:
            if variables is not None and variables != entry.variables:
                entry.variables = variables
                self.revision += 1
            entry.failure = failure
            entry.due = time.monotonic() + (self._lifetime if failure is None else _PAUSE)
            entry.asking = None
        asking.set_result(None)


def fetch(address: Address, seconds: float) -> dict[str, str]:
    """Ask Pulumi what an environment holds; each of the two requests may take `seconds`.

    Raises `ConfigError` when it does not answer or refuses, and `MissingExtra` without the SDK.
    """
    try:
        sdk: Any = import_module("pulumi_esc_sdk")
    except ImportError as error:
        raise MissingExtra(f"pulumi-esc-sdk, which reads {ENVIRONMENT_VARIABLE},", "esc") from error
    configuration = sdk.Configuration(host=address.backend, access_token=address.token)
    # The time is bounded as a whole, and whoever waits asks again.
    configuration.retries = False
    try:
        return _read(sdk.EscClient(configuration).esc_api, address, float(seconds))
    except sdk.ApiException as error:
        reason = _REFUSALS.get(error.status, f"Pulumi answers with status {error.status}")
    except Exception as error:  # noqa: BLE001  # whatever the SDK and its HTTP library raise, which may hold the answer
        reason = f"Pulumi cannot be asked ({type(error).__name__})"
    raise ConfigError(f"{ENVIRONMENT_VARIABLE} ({address}) cannot be read: {reason}.")


def esc_texts(prefix: str, environ: Mapping[str, str]) -> dict[str, Text]:
    """Find the variables in the environment that `environ` names; none where it names none.

    Raises `ConfigError` for an environment that is misnamed or cannot be read, and `MissingExtra` without the SDK.
    """
    address = _address(environ)
    if address is None:
        return {}
    return environment_texts(prefix, _reader.variables(address), f" in Pulumi ESC {address}")


def revision(environ: Mapping[str, str]) -> int:
    """Tell by equality whether what is known of Pulumi is the same; asks again, in a thread, for what is too old."""
    address = _address(environ)
    if address is not None and _reader.knows(address):
        _reader.refresh(address)
    return _reader.revision


def _read(api: Any, address: Address, seconds: float) -> dict[str, str]:
    path = (address.organization, address.project, address.environment)
    if address.version is None:
        session = api.open_environment(*path, _request_timeout=seconds)
    else:
        session = api.open_environment_at_version(*path, address.version, _request_timeout=seconds)
    properties = api.read_open_environment(*path, session.id, _request_timeout=seconds).properties or {}
    section = properties[_SECTION].value if _SECTION in properties else {}
    values = {name: held["value"] for name, held in section.items()}
    # What ESC does not know yet, as in a preview, it tells without a value.
    return {name: str(value) for name, value in values.items() if value is not None}


def _address(environ: Mapping[str, str]) -> Address | None:
    named = environ.get(ENVIRONMENT_VARIABLE, "").strip()
    if not named:
        return None
    path, _, version = named.partition("@")
    parts = path.split("/")
    if len(parts) != 3 or not all(parts):
        raise ConfigError(f"{ENVIRONMENT_VARIABLE} is {named!r}; it must be organization/project/environment.")
    token = environ.get(_TOKEN_VARIABLE, "").strip()
    if not token:
        raise ConfigError(f"{ENVIRONMENT_VARIABLE} is set, but {_TOKEN_VARIABLE} is not; give it a token of Pulumi's.")
    backend = environ.get(_BACKEND_VARIABLE, "").strip() or None
    return Address(parts[0], parts[1], parts[2], version or None, backend, token)


def _in_event_loop() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


_reader = EscReader(fetch)
os.register_at_fork(after_in_child=_reader.after_fork)
