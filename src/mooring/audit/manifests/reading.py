"""Files → what each says by itself, whichever kind of manifest it is."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping
from dataclasses import dataclass

from mooring.audit.facts import EnvVar, HostName, Text, Unreadable, Workload
from mooring.audit.manifests import compose, dotenv, helm, kubernetes, kustomize, procfile, render, tree
from mooring.audit.manifests.rendering import Render, joined

__all__ = ["Manifest", "concerns", "is_manifest", "read", "read_all"]

YAML = (".yaml", ".yml")
# Bytes that a YAML file has which can matter: it speaks of Redis, or defines what others speak of.
WORDS = (b"redis", b"valkey", b"requirepass")
OTHERS = (b"kind: Service", b"kind: 'Service", b'kind: "Service', b"services:", b"envFrom", b"configMapKeyRef")
TEMPLATES = "/templates/"
NAMED = (*kustomize.NAMES, "Chart.yaml", "values.yaml", "values.yml")


@dataclass(frozen=True, slots=True)
class Manifest:
    """What one file says, or why it is unreadable."""

    path: str
    objects: tuple[kubernetes.Object, ...] = ()
    projects: tuple[compose.Project, ...] = ()
    blueprints: tuple[render.Blueprint, ...] = ()
    kustomizations: tuple[kustomize.Kustomization, ...] = ()
    processes: tuple[Workload, ...] = ()
    variables: tuple[EnvVar, ...] = ()
    values: tuple[helm.Values, ...] = ()
    chart: str | None = None
    dependencies: tuple[HostName, ...] = ()
    unreadable: Unreadable | None = None
    templated: bool = False


def is_manifest(path: str) -> bool:
    """Whether a file may be a manifest by its name."""
    name = posixpath.basename(path)
    return name.endswith(YAML) or name == "Kustomization" or procfile.is_procfile(path) or dotenv.is_dotenv(path)


def concerns(path: str, data: bytes) -> bool:
    """Whether a file can have anything to do with Redis, by its bytes."""
    if not path.endswith(YAML):
        return is_manifest(path)
    name = posixpath.basename(path)
    lowered = data.lower()
    return name in NAMED or any(word in lowered for word in WORDS) or any(word in data for word in OTHERS)


def read_all(texts: Mapping[str, str], render: Render = lambda _: None) -> list[Manifest]:
    """Read files by path; the templates of a chart are read with its values, and as `render` gives them if it can."""
    templates = {path: text for path, text in texts.items() if TEMPLATES in f"/{path}" and "{{" in text}
    found = [read(path, text) for path, text in texts.items() if path not in templates]
    given: dict[str, dict[str, Text]] = {}
    # Of several files beside each other, `values.yaml` holds the defaults.
    for values in sorted((v for one in found for v in one.values), key=lambda v: _is_default(v.path)):
        given.setdefault(posixpath.dirname(values.path), {}).update(values.scalars)
    charts = {posixpath.dirname(one.path) for one in found if one.chart is not None}
    for chart in sorted({_chart(path) for path in templates}):
        rendered = render(chart) if chart in charts else None
        own = {path: text for path, text in templates.items() if _chart(path) == chart}
        found += [_template(p, text, given.get(chart, {}), (rendered or {}).get(p)) for p, text in own.items()]
    return found


def _is_default(path: str) -> bool:
    return posixpath.basename(path) in NAMED


def _chart(path: str) -> str:
    """The folder of the chart that a template belongs to."""
    return f"/{path}".rpartition(TEMPLATES)[0].strip("/")


def _template(path: str, text: str, given: Mapping[str, Text], rendered: str | None) -> Manifest:
    try:
        documents = helm.template(text, given)
    except tree.Broken as error:
        return Manifest(path, unreadable=Unreadable(path, error.line, f"its template is {error.reason}"))
    objects = [
        one for document in documents if kubernetes.is_object(document) for one in kubernetes.objects(path, document)
    ]
    told = objects if rendered is None else joined(objects, rendered, path)
    return Manifest(path, tuple(told), templated=True)


def read(path: str, text: str) -> Manifest:
    """Read one file; what is no manifest says nothing."""
    if dotenv.is_dotenv(path):
        return Manifest(path, variables=tuple(dotenv.variables(path, text)))
    if procfile.is_procfile(path):
        return Manifest(path, processes=tuple(procfile.workloads(path, text)))
    try:
        documents = tree.documents(text)
    except tree.Broken as error:
        return Manifest(path, unreadable=Unreadable(path, error.line, error.reason))
    if posixpath.basename(path) in kustomize.NAMES:
        return Manifest(path, kustomizations=tuple(kustomize.kustomization(path, one) for one in documents[:1]))
    if posixpath.basename(path) == "Chart.yaml":
        names = [tree.scalar(tree.get(document, "name")) or "" for document in documents[:1]]
        held = [name for document in documents for name in helm.dependencies(path, document)]
        return Manifest(path, chart=names[0] if names else None, dependencies=tuple(held))
    objects: list[kubernetes.Object] = []
    projects: list[compose.Project] = []
    blueprints: list[render.Blueprint] = []
    values: list[helm.Values] = []
    for document in documents:
        if kubernetes.is_object(document):
            objects.extend(kubernetes.objects(path, document))
        elif compose.is_project(path, document):
            projects.append(compose.project(path, document))
        elif render.is_blueprint(path, document):
            blueprints.append(render.blueprint(path, document))
        elif helm.is_values(path, document):
            values.append(helm.values(path, document))
    return Manifest(path, tuple(objects), tuple(projects), tuple(blueprints), values=tuple(values))
