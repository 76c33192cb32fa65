"""Pulumi ESC is asked in its own words, only where something is still open, within bounds, and not twice."""

from __future__ import annotations

import asyncio
import pickle
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from mooring.config import pulumi
from mooring.config.pulumi import Address, EscReader, fetch
from mooring.config.settings import RedisSettings
from mooring.errors import ConfigError, MissingExtra, MooringError

from .pulumi_service import TOKEN, PulumiService

NOWHERE = Path("/nonexistent")
NAME = "acme/shop/production"
HERE = Address("acme", "shop", "production", token=TOKEN)


@pytest.fixture
def service() -> Iterator[PulumiService]:
    with PulumiService().running() as running:
        running.environments[NAME] = {
            "environmentVariables": {
                "REDIS_HOST": "cache",
                "REDIS_PASSWORD": "hunter2",
                "REDIS_PORT": 6380,
                "OTHER": None,
            },
            "app": {"REDIS_DB": "9"},
        }
        yield running


@pytest.fixture(autouse=True)
def reader(monkeypatch: pytest.MonkeyPatch) -> EscReader:
    fresh = EscReader(fetch)
    monkeypatch.setattr(pulumi, "_reader", fresh)
    return fresh


def load(service: PulumiService, **environ: str) -> RedisSettings:
    variables = {"PULUMI_ESC_ENVIRONMENT": NAME, "PULUMI_ACCESS_TOKEN": TOKEN, "PULUMI_BACKEND_URL": service.url}
    return RedisSettings.load(environ={**variables, **environ}, root=NOWHERE, directory=NOWHERE)


def eventually(condition: Callable[[], bool]) -> None:
    until = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.001)


def test_the_environment_variables_of_an_environment_are_read(service: PulumiService) -> None:
    settings = load(service)
    assert (settings.host, settings.port, settings.db) == ("cache", 6380, 0)
    assert settings.password is not None
    assert settings.password.get_secret_value() == "hunter2"
    assert settings.origins["host"] == f"REDIS_HOST in Pulumi ESC {NAME}"


def test_a_version_is_opened_as_such(service: PulumiService) -> None:
    service.environments[f"{NAME}@stable"] = {"environmentVariables": {"REDIS_HOST": "old"}}
    assert load(service, PULUMI_ESC_ENVIRONMENT=f"{NAME}@stable").host == "old"


def test_an_environment_without_variables_gives_nothing(service: PulumiService) -> None:
    service.environments[NAME] = {"app": {"REDIS_HOST": "cache"}}
    assert load(service).host == "localhost"


def test_it_is_asked_once_for_many_settings(service: PulumiService) -> None:
    for _ in range(3):
        load(service)
    assert service.opened == [NAME]


def test_it_is_not_asked_where_nothing_is_open(service: PulumiService) -> None:
    assert load(service, REDIS_URL="redis://:pw@here").host == "here"
    assert service.opened == []
    settings = load(service, REDIS_HOST="here")
    assert settings.password is not None
    assert settings.endpoint == "here:6380/0"


@pytest.mark.parametrize(
    ("environ", "words"),
    [
        (
            {"PULUMI_ACCESS_TOKEN": "pul-hunter3"},
            f"{NAME}\\) cannot be read: Pulumi does not accept PULUMI_ACCESS_TOKEN",
        ),
        (
            {"PULUMI_ESC_ENVIRONMENT": "acme/shop/none"},
            r"acme/shop/none\) cannot be read: there is no such environment",
        ),
        ({"PULUMI_ESC_ENVIRONMENT": "ac/shop/x"}, "cannot be read: Pulumi cannot be asked"),
        ({"PULUMI_ESC_ENVIRONMENT": "production"}, "is 'production'; it must be organization/project/environment"),
        ({"PULUMI_ACCESS_TOKEN": ""}, "PULUMI_ESC_ENVIRONMENT is set, but PULUMI_ACCESS_TOKEN is not"),
    ],
)
def test_a_refusal_names_the_variable_and_keeps_the_token(
    service: PulumiService, environ: dict[str, str], words: str
) -> None:
    with pytest.raises(ConfigError, match=words) as caught:
        load(service, **environ)
    assert "hunter" not in repr(pickle.loads(pickle.dumps(caught.value)))
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None


def test_a_pulumi_that_refuses_connections_is_told_at_once(service: PulumiService) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    with pytest.raises(ConfigError, match=rf"{NAME}\) cannot be read: Pulumi cannot be asked"):
        load(service, PULUMI_BACKEND_URL=f"http://127.0.0.1:{port}")


def test_an_address_hides_its_token() -> None:
    assert "hunter2" not in repr(HERE) + str(HERE)


def test_without_the_sdk_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> Any:
        raise ImportError(name)

    monkeypatch.setattr(pulumi, "import_module", missing)
    with pytest.raises(MissingExtra, match=r"pulumi-esc-sdk, which reads PULUMI_ESC_ENVIRONMENT.*mooring\[esc\]"):
        fetch(HERE, 1.0)


# How long it may take


def test_a_silent_pulumi_is_waited_for_no_longer_than_told() -> None:
    released = threading.Event()
    reader = EscReader(lambda _address, _seconds: {"late": str(released.wait(20))}, patience=0.05)
    begun = time.monotonic()
    with pytest.raises(ConfigError, match=rf"PULUMI_ESC_ENVIRONMENT \({NAME}\) did not answer within 0.05 s"):
        reader.variables(HERE)
    assert time.monotonic() - begun < 2
    released.set()
    eventually(lambda: reader.revision == 1)
    assert reader.variables(HERE) == {"late": "True"}


def test_an_event_loop_is_held_up_for_a_moment_only(service: PulumiService) -> None:
    service.answering.clear()

    async def in_loop() -> None:
        begun = time.monotonic()
        with pytest.raises(ConfigError, match=r"await RedisSettings.aload\(\) at start-up"):
            load(service)
        assert time.monotonic() - begun < 2

    asyncio.run(in_loop())


def test_aload_leaves_the_event_loop_free(service: PulumiService, monkeypatch: pytest.MonkeyPatch) -> None:
    service.answering.clear()
    monkeypatch.setenv("PULUMI_ESC_ENVIRONMENT", NAME)
    monkeypatch.setenv("PULUMI_ACCESS_TOKEN", TOKEN)
    monkeypatch.setenv("PULUMI_BACKEND_URL", service.url)

    async def in_loop() -> RedisSettings:
        loading = asyncio.create_task(RedisSettings.aload())
        await asyncio.sleep(0.4)
        assert not loading.done()
        service.answering.set()
        return await loading

    assert asyncio.run(in_loop()).host == "cache"


def test_an_old_answer_serves_while_a_thread_asks_again() -> None:
    held = {"REDIS_HOST": "one"}
    gate = threading.Event()
    gate.set()

    def ask(_address: Address, _seconds: float) -> dict[str, str]:
        gate.wait(20)
        return dict(held)

    reader = EscReader(ask, lifetime=0.0)
    assert reader.variables(HERE) == {"REDIS_HOST": "one"}
    gate.clear()
    held["REDIS_HOST"] = "two"
    assert reader.variables(HERE) == {"REDIS_HOST": "one"}
    assert reader.revision == 1
    gate.set()
    eventually(lambda: reader.revision == 2)
    assert reader.variables(HERE) == {"REDIS_HOST": "two"}


def test_a_failure_later_on_leaves_the_old_answer() -> None:
    answers: list[dict[str, str]] = [{"REDIS_HOST": "one"}]
    asked: list[Address] = []

    def ask(address: Address, _seconds: float) -> dict[str, str]:
        asked.append(address)
        if not answers:
            raise ConfigError("Pulumi is down.")
        return answers.pop()

    reader = EscReader(ask, lifetime=0.0)
    reader.variables(HERE)
    reader.variables(HERE)
    eventually(lambda: len(asked) == 2)
    assert reader.variables(HERE) == {"REDIS_HOST": "one"}


def test_a_failure_is_believed_for_a_while() -> None:
    asked: list[Address] = []

    def ask(address: Address, _seconds: float) -> dict[str, str]:
        asked.append(address)
        raise ConfigError("Pulumi is down.")

    reader = EscReader(ask)
    for _ in range(3):
        with pytest.raises(MooringError, match="Pulumi is down"):
            reader.variables(HERE)
    assert len(asked) == 1


def test_many_threads_ask_once() -> None:
    asked: list[Address] = []

    def ask(address: Address, _seconds: float) -> dict[str, str]:
        asked.append(address)
        time.sleep(0.05)
        return {}

    reader = EscReader(ask)
    threads = [threading.Thread(target=reader.variables, args=(HERE,)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(asked) == 1


def test_a_child_asks_for_itself() -> None:
    reader = EscReader(lambda _address, _seconds: {"REDIS_HOST": "one"})
    asking = reader.refresh(HERE)
    assert asking is not None
    reader.after_fork()
    assert reader.refresh(HERE) is not asking
    assert reader.variables(HERE) == {"REDIS_HOST": "one"}
