"""The fleet's manifests deploy the servers that are there, and give each its Redis with credentials."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml


@pytest.fixture(scope="module")
def servers(fleet: Path) -> set[str]:
    return {directory.name for directory in (fleet / "servers").iterdir() if (directory / "server.py").is_file()}


@pytest.fixture(scope="module")
def objects(fleet: Path) -> list[dict[str, Any]]:
    """What `kubectl apply -k` would apply."""
    kustomization = yaml.safe_load((fleet / "k8s" / "kustomization.yaml").read_text())
    return [
        document
        for resource in kustomization["resources"]
        for document in yaml.safe_load_all((fleet / "k8s" / resource).read_text())
    ]


@pytest.fixture(scope="module")
def compose(fleet: Path) -> dict[str, Any]:
    services: dict[str, Any] = yaml.safe_load((fleet / "compose.yaml").read_text())["services"]
    return services


def containers(objects: list[dict[str, Any]], kind: str) -> dict[str, dict[str, Any]]:
    return {
        document["metadata"]["name"]: document["spec"]["template"]["spec"]["containers"][0]
        for document in objects
        if document["kind"] == kind
    }


def test_every_manifest_is_part_of_the_kustomization(fleet: Path) -> None:
    listed = yaml.safe_load((fleet / "k8s" / "kustomization.yaml").read_text())["resources"]
    files = {path.relative_to(fleet / "k8s").as_posix() for path in (fleet / "k8s").rglob("*.yaml")}

    assert files == {*listed, "kustomization.yaml"}


def test_twelve_servers_are_deployed_by_kubernetes_and_by_compose(
    servers: set[str], objects: list[dict[str, Any]], compose: dict[str, Any]
) -> None:
    assert len(servers) == 12
    assert set(containers(objects, "Deployment")) == servers | {"upstream"}
    assert set(compose) == servers | {"upstream", "redis-master"}


def test_every_deployed_server_has_its_url_from_the_secret(servers: set[str], objects: list[dict[str, Any]]) -> None:
    deployed = containers(objects, "Deployment")
    for name in servers:
        variables = {variable["name"]: variable for variable in deployed[name]["env"]}
        secret = variables["REDIS_URL"]["valueFrom"]["secretKeyRef"]

        assert secret == {"name": "redis-credentials", "key": "url"}
        assert deployed[name]["command"][:4] == ["python", "server.py", "--transport", "http"]


def test_every_composed_server_is_built_from_its_directory_and_told_the_password(
    servers: set[str], compose: dict[str, Any]
) -> None:
    for name in servers:
        assert compose[name]["build"]["args"] == {"SERVER": name}
        assert compose[name]["environment"]["REDIS_URL"] == (
            "redis://:${REDIS_PASSWORD:?set REDIS_PASSWORD}@redis-master:6379/0"
        )


def test_both_redis_servers_require_a_password(objects: list[dict[str, Any]], compose: dict[str, Any]) -> None:
    assert "--requirepass" in containers(objects, "StatefulSet")["redis-master"]["args"]
    assert "--requirepass" in compose["redis-master"]["command"]


def test_the_services_that_the_manifests_name_exist(objects: list[dict[str, Any]], servers: set[str]) -> None:
    services = {document["metadata"]["name"] for document in objects if document["kind"] == "Service"}

    assert services == servers | {"redis-master", "upstream"}
