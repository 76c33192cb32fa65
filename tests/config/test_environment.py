"""Where a process runs is told with evidence, and can be overridden."""

from __future__ import annotations

from pathlib import Path

import pytest

from mooring.config.environment import Environment, EnvironmentKind, detect
from mooring.errors import ConfigError


def with_file(root: Path, name: str) -> Path:
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()
    return root


def test_a_bare_machine_is_local(tmp_path: Path) -> None:
    assert detect({}, tmp_path).kind is EnvironmentKind.LOCAL


def test_the_service_variable_tells_of_kubernetes(tmp_path: Path) -> None:
    assert detect({"KUBERNETES_SERVICE_HOST": "10.0.0.1"}, tmp_path) == Environment(
        EnvironmentKind.KUBERNETES, ("KUBERNETES_SERVICE_HOST is set",)
    )


def test_the_service_account_tells_of_kubernetes(tmp_path: Path) -> None:
    found = detect({}, with_file(tmp_path, "var/run/secrets/kubernetes.io/serviceaccount/token"))
    assert found.kind is EnvironmentKind.KUBERNETES
    assert found.evidence == ("/var/run/secrets/kubernetes.io/serviceaccount/token exists",)


def test_a_container_on_a_network_of_its_own_tells_of_compose(tmp_path: Path) -> None:
    root = with_file(with_file(tmp_path, ".dockerenv"), "etc/resolv.conf")
    (root / "etc/resolv.conf").write_text("search example\nnameserver 127.0.0.11\noptions ndots:0\n")
    assert detect({}, root) == Environment(
        EnvironmentKind.COMPOSE, ("/.dockerenv exists and /etc/resolv.conf has nameserver 127.0.0.11",)
    )


def test_a_container_that_docker_runs_alone_is_local(tmp_path: Path) -> None:
    root = with_file(with_file(tmp_path, ".dockerenv"), "etc/resolv.conf")
    (root / "etc/resolv.conf").write_text("nameserver 10.0.0.2\n")
    assert detect({}, root) == Environment(EnvironmentKind.LOCAL, ("/.dockerenv exists, but nothing tells of Compose",))


def test_a_project_name_tells_of_compose_in_a_container_only(tmp_path: Path) -> None:
    environ = {"COMPOSE_PROJECT_NAME": "shop"}
    assert detect(environ, tmp_path).kind is EnvironmentKind.LOCAL
    found = detect(environ, with_file(tmp_path, ".dockerenv"))
    assert found == Environment(EnvironmentKind.COMPOSE, ("COMPOSE_PROJECT_NAME is set",))


def test_kubernetes_beats_the_container_mark(tmp_path: Path) -> None:
    found = detect({"KUBERNETES_SERVICE_HOST": "10.0.0.1"}, with_file(tmp_path, ".dockerenv"))
    assert found.kind is EnvironmentKind.KUBERNETES


@pytest.mark.parametrize("value", ["true", "1", "yes"])
def test_the_ci_variable_tells_of_ci(tmp_path: Path, value: str) -> None:
    assert detect({"CI": value}, tmp_path) == Environment(EnvironmentKind.CI, ("CI is set",))


@pytest.mark.parametrize("value", ["", "false", "0"])
def test_a_denied_ci_is_none(tmp_path: Path, value: str) -> None:
    assert detect({"CI": value}, tmp_path).kind is EnvironmentKind.LOCAL


def test_the_override_beats_every_sign(tmp_path: Path) -> None:
    found = detect({"MOORING_ENVIRONMENT": "Local", "KUBERNETES_SERVICE_HOST": "10.0.0.1"}, tmp_path)
    assert found == Environment(EnvironmentKind.LOCAL, ("MOORING_ENVIRONMENT is set",))


def test_a_wrong_override_names_the_variable_and_the_choices(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"MOORING_ENVIRONMENT is 'cloud'.*kubernetes, compose, ci, local"):
        detect({"MOORING_ENVIRONMENT": "cloud"}, tmp_path)
