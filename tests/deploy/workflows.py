"""The workflows, step by step, with values for what the runner fills in."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from .places import DEPLOY, NEW, OLD, SERVERS, document
from .stage import Ended, Stage

FILES = sorted((DEPLOY / "github").glob("*.yml"))
WORKFLOWS = {file.stem: document(file) for file in FILES}
CANARIES = {
    "secrets.REDIS_PASSWORD": NEW,
    "secrets.REDIS_PASSWORD_PREVIOUS": OLD,
    "secrets.KUBECONFIG": "users: [{name: deployer, user: {token: canary-of-the-cluster}}]",
    "secrets.REDIS_HOST": "",
    "secrets.REDIS_PORT": "",
    "secrets.REDIS_URL": "",
}
DIGEST = f"sha256:{'0' * 64}"
PLAIN = {
    "needs.image.outputs.image": "ghcr.io/acme/tools/mooring-servers",
    "needs.image.outputs.digest": DIGEST,
    "github.repository": "Acme/Tools",
    "vars.MOORING_AUDITED || 'deploy'": "deploy src",
    "vars.MOORING_OVERLAY || 'production'": "production",
}
DEPLOYMENTS = "".join(f"deployment.apps/mcp-{server}\n" for server in SERVERS)
LISTED = "get deployments -l"


def steps(workflow: str) -> Iterator[tuple[dict[str, Any], dict[str, str]]]:
    """Each shell step, with the variables that it sees."""
    told = WORKFLOWS[workflow]
    for job in told["jobs"].values():
        for step in job["steps"]:
            if "run" in step:
                given = {**told["env"], **job.get("env", {}), **step.get("env", {})}
                yield step, {name: _expanded(value) for name, value in given.items()}


def ran(stage: Stage, workflow: str, name: str, **other: str) -> Ended:
    ((step, variables),) = (one for one in steps(workflow) if one[0]["name"] == name)
    return stage.run(step["run"], **{**variables, **other})


def _expanded(text: str) -> str:
    return re.sub(r"\$\{\{ (.*?) \}\}", lambda match: {**CANARIES, **PLAIN}.get(match[1], "sample"), text)
