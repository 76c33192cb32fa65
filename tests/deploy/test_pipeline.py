"""The workflows: valid, and each shell step run with stand-ins for the commands that reach out."""

from __future__ import annotations

import base64
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from .places import NEW, OLD, SERVERS, document, secrets
from .stage import Stage
from .workflows import CANARIES, DEPLOYMENTS, DIGEST, FILES, WORKFLOWS, ran, steps

_OWN = {"calls.jsonl", "rules.json"}


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_workflows_are_valid(file: Path) -> None:
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.github-workflows", str(file)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("workflow", WORKFLOWS)
def test_workflows_may_do_nothing_but_what_they_need(workflow: str) -> None:
    told = WORKFLOWS[workflow]
    assert told["permissions"] == {}
    assert told["concurrency"] == {"group": "deploy", "cancel-in-progress": False}
    for job in told["jobs"].values():
        assert job["timeout-minutes"]
        assert job["permissions"]["contents"] == "read"
        for step in job["steps"]:
            if "uses" in step:
                assert re.fullmatch(r"[\w./-]+@[0-9a-f]{40}", step["uses"]), step["uses"]
            # What a step is given reaches the shell as a variable, never as text of the script.
            assert "${{" not in step.get("run", "")


@pytest.mark.parametrize("workflow", WORKFLOWS)
def test_no_step_shows_a_secret(workflow: str, stage: Stage) -> None:
    """Not in its output, not under `set -x`, and not on a command line, where `ps` would show it."""
    derived = _derived()
    stage.answer("exec redis-master-0 .* cat ", "users\n")
    stage.answer("get secret redis-users ", base64.b64encode(b"users\n").decode())
    for step, variables in steps(workflow):
        ended = stage.run(step["run"], **variables)
        for secret in [NEW, OLD, "canary-of-the-cluster", *derived]:
            assert secret not in ended.told, step["name"]
            assert not [name for name, words, _ in stage.calls if secret in " ".join(words)], step["name"]
        left = [path for path in stage.folder.rglob("*") if path.is_file() and path.name not in _OWN]
        assert not [path for path in left if set(derived) & set(path.read_text(errors="ignore").split())]
    # Every way on which one could get out was walked.
    assert any('"kind": "Secret"' in stdin for _, _, stdin in stage.calls)
    assert not (stage.folder / "kubeconfig").exists()


def test_the_gate_fails_on_findings_after_their_report(stage: Stage) -> None:
    stage.answer("^mooring audit", code=1)
    assert ran(stage, "deploy", "Audit").code == 0
    assert ran(stage, "deploy", "Gate").code == 1
    assert stage.called("^mooring audit --format sarif --output mooring.sarif deploy src$")
    stage.answer("^mooring audit", code=2)
    assert ran(stage, "deploy", "Audit").code == 2


def test_the_image_is_named_in_lower_case(stage: Stage) -> None:
    assert ran(stage, "deploy", "Name").code == 0
    assert (stage.folder / "output").read_text() == "image=ghcr.io/acme/tools/mooring-servers\n"


def test_what_is_signed_is_verified_by_its_digest(stage: Stage) -> None:
    assert ran(stage, "deploy", "Sign", IMAGE=f"image@{DIGEST}").code == 0
    assert ran(stage, "deploy", "Verify the signature").code == 0
    assert stage.called(f"^cosign sign --yes image@{DIGEST}$")
    assert stage.called(f"^cosign verify .*ghcr.io/acme/tools/mooring-servers@{DIGEST}$")
    stage.answer("^cosign verify", code=1)
    assert ran(stage, "deploy", "Verify the signature").code == 1


def test_the_cluster_is_reached_by_a_file_for_its_owner_alone(stage: Stage) -> None:
    assert ran(stage, "deploy", "Reach the cluster").code == 0
    file = stage.folder / "kubeconfig"
    assert file.read_text() == CANARIES["secrets.KUBECONFIG"] + "\n"
    assert file.stat().st_mode & 0o077 == 0


def test_the_release_is_the_overlay_with_the_image_by_its_digest(stage: Stage) -> None:
    assert ran(stage, "deploy", "Render").code == 0
    told = document(stage.tree / "deploy" / "kubernetes" / "release" / "kustomization.yaml")
    assert told["resources"] == ["../overlays/production"]
    assert told["images"] == [
        {"name": "mooring-servers", "newName": "ghcr.io/acme/tools/mooring-servers", "digest": DIGEST}
    ]


def test_secrets_reach_the_cluster_by_a_pipe(stage: Stage) -> None:
    assert ran(stage, "deploy", "Secrets").code == 0
    ((words, stdin),) = [(words, stdin) for _, words, stdin in stage.calls if "-" in words]
    assert words == ["apply", "--server-side", "--force-conflicts", "-f", "-"]
    assert len(json.loads(stdin)["items"]) == 2 + 2 * len(SERVERS)


def test_a_missing_secret_ends_the_deployment(stage: Stage) -> None:
    ended = ran(stage, "deploy", "Secrets", REDIS_PASSWORD="")
    assert ended.code == 2
    assert "REDIS_PASSWORD is not set" in ended.told


def test_a_roll_out_waits_for_redis_and_all_servers(stage: Stage) -> None:
    stage.answer("get statefulsets -l app.kubernetes.io/name=redis", "statefulset.apps/redis-master\n")
    assert ran(stage, "deploy", "Roll out").code == 0
    waited = stage.called("rollout status")
    assert len(waited) == 1 + len(SERVERS)
    stage.answer("rollout status deployment.apps/mcp-gong", code=1)
    assert ran(stage, "deploy", "Roll out").code == 1


@pytest.mark.parametrize(("code", "expected"), [(0, 0), (1, 0), (4, 1), (6, 1)])
def test_the_doctor_decides_whether_it_works(stage: Stage, code: int, expected: int) -> None:
    stage.answer("exec deployment.apps/mcp-slack .* mooring doctor", code=code)
    ended = ran(stage, "deploy", "Examine")
    assert ended.code == expected
    assert len(stage.called("mooring doctor --wait 60$")) == len(SERVERS)
    assert ("::warning::" in ended.told) is (code == 1)


def test_only_what_was_changed_is_taken_back(stage: Stage) -> None:
    stage.answer("get deployments,statefulsets", f"{DEPLOYMENTS}statefulset.apps/redis-master\n")
    stage.answer("-o jsonpath={.spec.template}$", "as it was")
    assert ran(stage, "deploy", "Roll out").code == 0
    stage.answer("get deployment.apps/mcp-slack -o jsonpath={.spec.template}$", "changed")
    stage.answer("get deployments,statefulsets", f"{DEPLOYMENTS}deployment.apps/new\nstatefulset.apps/redis-master\n")
    ended = ran(stage, "deploy", "Roll back")
    assert ended.code == 0
    assert stage.called("rollout undo") == ["kubectl -n mooring rollout undo deployment.apps/mcp-slack"]
    assert "::warning::deployment.apps/new is new" in ended.told


def test_a_failed_deployment_is_taken_back_and_leaves_nothing() -> None:
    told = {step["name"]: step for step, _ in steps("deploy")}
    assert told["Roll back"]["if"] == "failure() && steps.rollout.outcome != 'skipped'"
    assert told["Leave nothing"]["if"] == "always()"


def _derived() -> list[str]:
    """Passwords that are derived from both roots, as those are given that were used before and after."""
    found = []
    for root in (OLD, NEW):
        made = json.loads(secrets("kubernetes", "--sentinel", REDIS_PASSWORD=root).stdout)["items"]
        keys = ("operator", "replica", "REDIS_PASSWORD", "MOORING_REQUEST_STATE_KEYS")
        values = [one["data"][key] for one in made for key in keys if key in one["data"]]
        # Neither as they are, nor as Kubernetes writes them.
        found += [*values, *(base64.b64decode(value).decode() for value in values)]
    assert len(found) == len(set(found))
    return found
