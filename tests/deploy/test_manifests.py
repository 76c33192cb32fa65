"""The Kubernetes manifests: valid, closed, and agreed with what servers and secrets are."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import kubernetes_validate  # type: ignore[import-untyped]
import pytest
import yaml

from mooring.servers.app import NAMES

from .places import DEPLOY, KUBERNETES, NEW, ROOT, SERVERS, document, documents, secrets

OVERLAYS = ("local", "production", "sentinel", "external")
KUSTOMIZATIONS = sorted(KUBERNETES.rglob("kustomization.yaml"))
PATCHES = {
    file.parent / one["path"] for file in KUSTOMIZATIONS for one in document(file).get("patches", ()) if "path" in one
}
FILES = sorted(set(KUBERNETES.rglob("*.yaml")) - set(KUSTOMIZATIONS) - PATCHES)
WORKLOADS = [one for file in FILES for one in documents(file) if one["kind"] in {"Deployment", "StatefulSet"}]
KUBECTL = shutil.which("kubectl")


def pods(objects: list[dict[str, Any]]) -> Iterator[tuple[str, dict[str, Any]]]:
    for one in objects:
        if one["kind"] in {"Deployment", "StatefulSet"}:
            yield one["metadata"]["name"], one["spec"]["template"]["spec"]


def containers(pod: dict[str, Any]) -> list[dict[str, Any]]:
    return [*pod.get("initContainers", ()), *pod["containers"]]


def validated(one: dict[str, Any]) -> None:
    kubernetes_validate.validate(one, kubernetes_validate.latest_version(), strict=True)


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(KUBERNETES)))
def test_every_manifest_is_valid(file: Path) -> None:
    assert documents(file)
    for one in documents(file):
        validated(one)


@pytest.mark.parametrize("file", KUSTOMIZATIONS, ids=lambda file: str(file.relative_to(KUBERNETES)))
def test_every_kustomization_names_what_there_is(file: Path) -> None:
    told = document(file)
    named = [*told.get("resources", ()), *told.get("components", ())]
    named += [one["path"] for one in told.get("patches", ()) if "path" in one]
    named += [name for one in told.get("configMapGenerator", ()) for name in one["files"]]
    assert named
    for name in named:
        path = file.parent / name
        assert path.is_file() or (path / "kustomization.yaml").is_file(), path


def test_a_patch_meets_what_it_changes() -> None:
    """A name that is not there would make a second container, or nothing at all."""
    known = {one["kind"]: one for one in WORKLOADS if one["metadata"]["name"] in {"mcp", "redis-master"}}
    assert PATCHES
    for file in PATCHES:
        patch = document(file)
        target = known[patch["kind"]]
        assert patch["metadata"]["name"] == target["metadata"]["name"]
        there = {one["name"] for one in target["spec"]["template"]["spec"]["containers"]}
        assert {one["name"] for one in patch["spec"]["template"]["spec"]["containers"]} <= there


def test_the_audit_finds_nothing() -> None:
    command = [sys.executable, "-m", "mooring", "audit", "--no-cache", str(DEPLOY)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("workload", WORKLOADS, ids=lambda one: one["metadata"]["name"])
def test_no_container_has_more_rights_than_it_needs(workload: dict[str, Any]) -> None:
    pod = workload["spec"]["template"]["spec"]
    assert pod["automountServiceAccountToken"] is False
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["securityContext"]["runAsUser"] > 0
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    for container in containers(pod):
        told = container["securityContext"]
        assert told["readOnlyRootFilesystem"] is True, container["name"]
        assert told["allowPrivilegeEscalation"] is False
        assert told["capabilities"] == {"drop": ["ALL"]}
        assert container["resources"]["limits"]["memory"]
        assert container["resources"]["requests"]["cpu"]


@pytest.mark.parametrize("workload", WORKLOADS, ids=lambda one: one["metadata"]["name"])
def test_every_container_that_stays_is_probed(workload: dict[str, Any]) -> None:
    for container in workload["spec"]["template"]["spec"]["containers"]:
        assert {"livenessProbe", "readinessProbe"} <= set(container), container["name"]


def test_the_servers_are_probed_where_they_answer() -> None:
    (server,) = (pod["containers"][0] for name, pod in pods(WORKLOADS) if name == "mcp")
    assert server["livenessProbe"]["httpGet"] == {"path": "/livez", "port": "http"}
    assert server["readinessProbe"]["httpGet"] == {"path": "/readyz", "port": "http"}
    assert server["ports"] == [{"name": "http", "containerPort": 8000}]


def test_a_server_has_time_to_end() -> None:
    ((_, pod),) = (one for one in pods(WORKLOADS) if one[0] == "mcp")
    told = {one["name"]: one["value"] for one in pod["containers"][0]["env"]}
    needed = float(told["MOORING_DRAIN"]) + float(told["MOORING_DEADLINE"]) + 5
    assert pod["terminationGracePeriodSeconds"] >= needed
    probe = pod["containers"][0]["readinessProbe"]
    assert 2 * probe["periodSeconds"] * probe["failureThreshold"] <= float(told["MOORING_DRAIN"])


def test_every_server_that_there_is_is_deployed() -> None:
    deployed = set(document(KUBERNETES / "base" / "servers" / "kustomization.yaml")["resources"])
    assert set(NAMES) <= set(SERVERS) <= deployed
    for server in SERVERS:
        told = document(KUBERNETES / "base" / "servers" / server / "kustomization.yaml")
        (patch,) = (yaml.safe_load(one["patch"]) for one in told["patches"])
        (container,) = patch["spec"]["template"]["spec"]["containers"]
        assert container["args"] == ["serve", server]


def test_redis_answers_to_the_name_that_servers_look_for() -> None:
    service = document(KUBERNETES / "base" / "redis" / "service.yaml")
    assert service["metadata"]["name"] == "redis-master"
    assert service["spec"]["ports"][0]["port"] == 6379


def test_both_variants_of_redis_differ_in_nothing_else() -> None:
    """The Sentinel variant repeats the StatefulSet: its Redis and its exporter must stay what they are in the base."""
    (one,) = (pod for name, pod in pods(WORKLOADS) if name == "redis-master")
    (three,) = (pod for name, pod in pods(WORKLOADS) if name == "redis")
    for name in ("redis", "exporter"):
        base, node = (next(c for c in pod["containers"] if c["name"] == name) for pod in (one, three))
        for key in (
            "image",
            "command",
            "ports",
            "resources",
            "securityContext",
            "startupProbe",
            "livenessProbe",
            "env",
        ):
            assert base.get(key) == node.get(key), (name, key)


@pytest.mark.skipif(KUBECTL is None, reason="kubectl is not installed")
@pytest.mark.parametrize("overlay", OVERLAYS)
def test_kubectl_builds_what_is_valid(overlay: str) -> None:
    objects = built(overlay)
    for one in objects:
        validated(one)
    names = {(one["kind"], one["metadata"]["name"]) for one in objects}
    for server in SERVERS:
        for kind in ("Deployment", "Service", "HorizontalPodAutoscaler", "PodDisruptionBudget"):
            assert (kind, f"mcp-{server}") in names
    assert (("Service", "redis-master") in names) is (overlay in {"local", "production"})
    assert (("StatefulSet", "redis") in names) is (overlay == "sentinel")
    for one in objects:
        if one["kind"] == "HorizontalPodAutoscaler":
            assert one["spec"]["scaleTargetRef"]["name"] == one["metadata"]["name"]
        if one["kind"] == "Service" and one["metadata"]["name"].startswith("mcp-"):
            assert one["spec"]["selector"]["app.kubernetes.io/name"] == one["metadata"]["name"]


@pytest.mark.skipif(KUBECTL is None, reason="kubectl is not installed")
@pytest.mark.parametrize("overlay", OVERLAYS)
def test_every_secret_is_one_that_is_made(overlay: str) -> None:
    options = ["--sentinel"] if overlay == "sentinel" else []
    elsewhere = {"REDIS_HOST": "cache.example.com"} if overlay == "external" else {}
    made = secrets("kubernetes", *options, REDIS_PASSWORD=NEW, **elsewhere)
    keys = {one["metadata"]["name"]: set(one["data"]) for one in yaml.safe_load(made.stdout)["items"]}
    asked = {name for _, pod in pods(built(overlay)) for name in _secrets(pod)}
    # What cert-manager makes.
    assert asked - {"redis-tls"} == set(keys)


@cache
def built(overlay: str) -> list[dict[str, Any]]:
    assert KUBECTL is not None
    command = [KUBECTL, "kustomize", str(KUBERNETES / "overlays" / overlay)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return list(yaml.safe_load_all(done.stdout))


def _secrets(pod: dict[str, Any]) -> Iterator[str]:
    for volume in pod.get("volumes", ()):
        if "secret" in volume:
            yield volume["secret"]["secretName"]
    for container in containers(pod):
        assert not [one for one in container.get("env", ()) if "PASSWORD" in one["name"] and not _names_a_file(one)]
        for source in container.get("envFrom", ()):
            if not source["secretRef"].get("optional"):
                yield source["secretRef"]["name"]


def _names_a_file(variable: dict[str, str]) -> bool:
    return variable["name"].endswith("_FILE") and variable["value"].startswith("/")
