"""Compose for one machine, its Prometheus and the dashboard, and the image that all share."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.core import Metric
from prometheus_client.parser import text_string_to_metric_families

from mooring.runtime.numbers import PoolNumbers
from mooring.runtime.observing.metrics import COUNTED, MEASURED, Recorder
from mooring.runtime.observing.prometheus import PREFIX, RedisCollector
from mooring.servers.metrics import Metrics

from .places import DEPLOY, OLD, ROOT, SERVERS, document, secrets

COMPOSE = DEPLOY / "compose"
FILES = sorted(COMPOSE.glob("compose*.yaml"))
SERVICES: dict[str, dict[str, Any]] = document(COMPOSE / "compose.yaml")["services"]
DASHBOARD: dict[str, Any] = json.loads((DEPLOY / "grafana" / "mooring.json").read_text(encoding="utf-8"))
EXPORTER = {
    # https://github.com/oliver006/redis_exporter: INFO's fields under these names.
    "redis_memory_used_bytes",
    "redis_memory_max_bytes",
    "redis_evicted_keys_total",
    "redis_connected_clients",
    "redis_commands_processed_total",
}


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_compose_files_are_valid(file: Path) -> None:
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec", str(file)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_what_is_mounted_is_there_or_is_made(file: Path) -> None:
    made = json.loads(secrets("kubernetes", "--sentinel", REDIS_PASSWORD=OLD).stdout)
    names = {one["metadata"]["name"] for one in made["items"]}
    for service in document(file)["services"].values():
        for volume in service.get("volumes", ()):
            source = volume.split(":")[0]
            if source.startswith("./secrets/"):
                assert source.removeprefix("./secrets/") in names
            elif source.startswith("."):
                assert (COMPOSE / source).exists(), source


def test_only_this_machine_gets_in() -> None:
    ports = [port for service in SERVICES.values() for port in service.get("ports", ())]
    assert len(ports) == len(SERVERS) + 2
    assert all(port.startswith("127.0.0.1:") for port in ports)
    assert "ports" not in SERVICES["redis-master"]


def test_no_secret_is_in_the_environment() -> None:
    told = {name: value for service in SERVICES.values() for name, value in service.get("environment", {}).items()}
    assert told.pop("MOORING_SHARED_TOKEN") == "true"  # a switch
    assert not [name for name in told if re.search("PASSWORD$|TOKEN$|SECRET$", name)]


def test_each_server_is_run_and_scraped() -> None:
    told = document(COMPOSE / "prometheus.yml")["scrape_configs"]
    targets = [target for job in told for config in job["static_configs"] for target in config["targets"]]
    assert {target.split(":")[0] for target in targets} == {*SERVERS, "exporter"}
    fakes = document(COMPOSE / "compose.fake.yaml")["services"]
    for server in SERVERS:
        assert SERVICES[server]["command"] == ["serve", server]
        assert fakes[server]["command"] == ["serve", server, "--fake"]


def test_the_dashboard_asks_for_what_is_told() -> None:
    told = {*_told_by_servers(), *_told_by_the_runtime(), *EXPORTER}
    asked = {name for text in _expressions() for name in re.findall(r"\b(?:mooring|redis)_[a-z_]+", text)}
    assert len(asked) > 20
    assert asked <= told, asked - told


def test_the_dashboard_shows_all_that_the_runtime_tells() -> None:
    asked = " ".join(_expressions())
    assert not [measure.name for measure in (*MEASURED, *COUNTED) if f"{PREFIX}{measure.name}" not in asked]


def test_no_panel_lies_on_another() -> None:
    places: set[tuple[int, int]] = set()
    for panel in DASHBOARD["panels"]:
        at = panel["gridPos"]
        covered = {(x, y) for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])}
        assert places.isdisjoint(covered), panel["title"]
        places |= covered
    assert len({panel["id"] for panel in DASHBOARD["panels"]}) == len(DASHBOARD["panels"])


def test_the_image_runs_the_servers_as_nobody_in_particular() -> None:
    last = _instructions()[-1]
    assert last["USER"] == ["10001:10001"]
    assert last["ENTRYPOINT"] == ['["mooring"]']
    assert len(_instructions()) == 2


def test_the_image_is_made_of_what_reaches_the_builder() -> None:
    let_in = {line[1:] for line in (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines() if line[:1] == "!"}
    copied = {name for copy in _instructions()[0]["COPY"] for name in copy.split()[:-1]}
    assert copied == let_in
    assert all((ROOT / name).exists() for name in copied)
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    (extras,) = re.findall(r'"\.\[(.*?)\]"', (DEPLOY / "Dockerfile").read_text(encoding="utf-8"))
    assert set(extras.split(",")) <= set(project["optional-dependencies"])


def _expressions() -> Iterator[str]:
    for panel in DASHBOARD["panels"]:
        yield from (target["expr"] for target in panel.get("targets", ()))


def _names(families: list[Metric]) -> Iterator[str]:
    """All names of the families' samples, whether or not there are any."""
    for family in families:
        ends = {"histogram": ("_bucket", "_sum", "_count"), "counter": ("_total",)}.get(family.type, ("",))
        yield from (f"{family.name}{end}" for end in ends)


def _told_by_servers() -> Iterator[str]:
    yield from _names(list(text_string_to_metric_families(Metrics("github").text().decode())))


def _told_by_the_runtime() -> Iterator[str]:
    numbers: dict[str, PoolNumbers] = {}
    yield from _names(list(RedisCollector(Recorder(), lambda: numbers).collect()))


def _instructions() -> list[dict[str, list[str]]]:
    """The stages of the Dockerfile, each with its instructions by name."""
    stages: list[dict[str, list[str]]] = []
    for line in (DEPLOY / "Dockerfile").read_text(encoding="utf-8").splitlines():
        if line.strip() and not line.startswith("#"):
            name, _, rest = line.partition(" ")
            if name == "FROM":
                stages.append({})
            stages[-1].setdefault(name, []).append(rest)
    return stages
