"""Kustomizations: the objects as they are applied, and what that means for names, passwords and servers."""

from __future__ import annotations

from textwrap import dedent, indent

import pytest

from mooring.audit.facts import Deployment
from mooring.audit.manifests import deployed, read_all

from .tree import Tree

REDIS = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: redis}
spec:
  template:
    spec:
      containers:
        - name: redis
          image: redis:7
          env: [{name: MODE, value: base}]
---
apiVersion: v1
kind: Service
metadata: {name: redis}
"""


def put_together(files: dict[str, str]) -> Deployment:
    return deployed(read_all({path: dedent(text) for path, text in files.items()}))


def test_an_overlay_names_and_places_what_its_base_defines() -> None:
    found = put_together(
        {
            "base/kustomization.yaml": "resources: [redis.yaml]\n",
            "base/redis.yaml": REDIS,
            "overlays/dev/kustomization.yaml": "namespace: dev\nnamePrefix: dev-\nresources: [../../base]\n",
        }
    )
    assert [(name.pattern, name.namespace) for name in found.names] == [("dev-redis", "dev")]
    assert [(workload.name, workload.namespace) for workload in found.workloads] == [("dev-redis", "dev")]


def test_a_base_may_be_the_folder_of_the_whole_tree() -> None:
    found = put_together(
        {
            "kustomization.yaml": "resources: [redis.yaml]\n",
            "redis.yaml": REDIS,
            "overlays/dev/kustomization.yaml": "nameSuffix: -dev\nresources: [../..]\n",
        }
    )
    assert [name.pattern for name in found.names] == ["redis-dev"]


def test_a_patch_sets_variables_arguments_and_images() -> None:
    found = put_together(
        {
            "redis.yaml": REDIS,
            "patch.yaml": """\
                apiVersion: apps/v1
                kind: Deployment
                metadata: {name: redis}
                spec:
                  template:
                    spec:
                      containers:
                        - name: redis
                          args: ["--requirepass", "$(REDIS_PASSWORD)"]
                          env: [{name: MODE, value: patched}]
                """,
            "kustomization.yaml": """\
                resources: [redis.yaml]
                images: [{name: redis, newName: registry.example.com/redis}]
                patches: [{path: patch.yaml}]
                """,
        }
    )
    (redis,) = found.workloads
    assert redis.image == "registry.example.com/redis:7"
    assert {v.name: v.value for v in redis.environment} == {"MODE": "patched"}
    assert [server.closed for server in found.servers] == [True]


def test_a_patch_by_path_adds_arguments() -> None:
    found = put_together(
        {
            "redis.yaml": REDIS,
            "kustomization.yaml": """\
                resources: [redis.yaml]
                patches:
                  - target: {kind: Deployment, name: redis}
                    patch: |-
                      - op: add
                        path: /spec/template/spec/containers/0/args
                        value: ["--requirepass", "$(REDIS_PASSWORD)"]
                      - op: add
                        path: /spec/template/spec/containers/0/env/-
                        value: {name: LEVEL, value: info}
                """,
        }
    )
    (redis,) = found.workloads
    assert redis.command == ("--requirepass", "$(REDIS_PASSWORD)")
    assert [v.name for v in redis.environment] == ["MODE", "LEVEL"]


WEB = """\
apiVersion: v1
kind: Pod
metadata: {name: web}
spec:
  containers:
    - name: web
      image: web:1
      env:
        - name: REDIS_URL
          value: redis://old:6379
"""


@pytest.mark.parametrize(
    "patch",
    [
        "- op: replace\n  path: /spec/containers/0/env/0\n  value: {name: REDIS_URL, value: redis://new:6379}\n",
        "apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec:\n  containers:\n    - name: web\n      env:\n"
        "        - {name: REDIS_URL, value: redis://new:6379}\n",
    ],
    ids=["operation", "merge"],
)
def test_an_address_that_a_patch_gives_takes_the_place_of_the_one_before(patch: str) -> None:
    kustomization = "resources: [web.yaml]\npatches:\n  - target: {kind: Pod, name: web}\n    patch: |-\n"
    text = kustomization + indent(patch, "      ")
    found = deployed(read_all({"web.yaml": WEB, "kustomization.yaml": text}))
    assert [(a.host, a.place.path, a.place.span.line) for a in found.addresses] == [("new", "kustomization.yaml", 4)]


def test_a_patch_changes_what_a_config_map_holds() -> None:
    settings = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: settings}\ndata: {REDIS_HOST: old, MODE: fast}\n"
    pod = WEB.replace(
        "env:\n        - name: REDIS_URL\n          value: redis://old:6379",
        "envFrom: [{configMapRef: {name: settings}}]",
    )
    files = {
        "base.yaml": f"{settings}---\n{pod}",
        "patch.yaml": settings.replace("old, MODE: fast", "new"),
        "kustomization.yaml": "resources: [base.yaml]\npatchesStrategicMerge: [patch.yaml]\n",
    }
    found = put_together(files)
    assert {v.name: v.value for v in found.workloads[0].environment} == {"REDIS_HOST": "new", "MODE": "fast"}
    assert [address.host for address in found.addresses] == ["new"]


def test_a_generated_config_map_gives_its_variables() -> None:
    found = put_together(
        {
            "kustomization.yaml": """\
                namePrefix: x-
                resources: [pod.yaml]
                configMapGenerator:
                  - name: settings
                    literals: [REDIS_URL=redis://cache:6379]
                    envs: [more.env]
                """,
            "more.env": "REDIS_DB=3\n",
            "pod.yaml": """\
                apiVersion: v1
                kind: Pod
                metadata: {name: web}
                spec:
                  containers: [{name: web, envFrom: [{configMapRef: {name: settings}}]}]
                """,
        }
    )
    (web,) = found.workloads
    assert {v.name: (v.value, v.at and v.at.path) for v in web.environment} == {
        "REDIS_URL": ("redis://cache:6379", "kustomization.yaml"),
        "REDIS_DB": ("3", "more.env"),
    }
    assert [address.host for address in found.addresses] == ["cache"]


def test_a_kustomization_that_is_its_own_base_ends() -> None:
    files = {"a/kustomization.yaml": "resources: [../b]\n", "b/kustomization.yaml": "resources: [../a]\n"}
    assert put_together(files).workloads == ()


def test_a_prefix_takes_the_name_away_that_an_address_uses(tree: Tree) -> None:
    files = {
        "k8s/redis.yaml": REDIS,
        "k8s/web.yaml": """\
            apiVersion: v1
            kind: Pod
            metadata: {name: web}
            spec:
              containers:
                - name: web
                  env:
                    - name: REDIS_URL
                      value: redis://redis:6379  # -> MR602
            """,
        "k8s/kustomization.yaml": "namePrefix: blue-\nresources: [redis.yaml, web.yaml]\n",
    }
    tree.shows(files, "MR602")
    tree.shows(
        {
            **files,
            "k8s/web.yaml": files["k8s/web.yaml"].replace("  # -> MR602", ""),
            "k8s/kustomization.yaml": "resources: [redis.yaml, web.yaml]\n",
        },
        "MR602",
    )


def test_a_password_in_a_generated_secret_is_a_warning(tree: Tree) -> None:
    audit = tree.audit(
        {
            "kustomization.yaml": """\
                configMapGenerator: [{name: a, literals: [REDIS_PASSWORD=sesame]}]
                secretGenerator: [{name: b, literals: [REDIS_PASSWORD=sesame2]}]
                """
        }
    )
    assert [(f.rule, str(f.severity), f.problem.span.line) for f in audit.findings] == [
        ("MR604", "error", 1),
        ("MR604", "warning", 2),
    ]


CONFIGURED = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: redis}
spec:
  template:
    spec:
      containers:
        - name: redis
          image: redis:7MARK
          args: [/conf/redis.conf]
      volumes: [{name: conf, configMap: {name: conf}}]
"""


@pytest.mark.parametrize("entry", ["redis.conf", "redis.conf=prod.conf"])
@pytest.mark.parametrize(("directive", "is_open"), [("requirepass ${PASSWORD}", False), ("appendonly yes", True)])
def test_a_generated_file_tells_whether_a_server_is_open(tree: Tree, entry: str, directive: str, is_open: bool) -> None:
    tree.shows(
        {
            "k8s/kustomization.yaml": f"""\
                resources: [redis.yaml]
                configMapGenerator:
                  - {{name: conf, files: ["{entry}"]}}
                """,
            f"k8s/{entry.rpartition('=')[2]}": f"port 6379\n{directive}\n",
            "k8s/redis.yaml": CONFIGURED.replace("MARK", "  # -> MR603" if is_open else ""),
        },
        "MR603",
    )


def test_a_generated_file_that_is_not_there_tells_nothing(tree: Tree) -> None:
    kustomization = "resources: [redis.yaml]\nconfigMapGenerator: [{name: conf, files: [fetched.conf]}]\n"
    tree.shows({"kustomization.yaml": kustomization, "redis.yaml": CONFIGURED.replace("MARK", "")}, "MR603")


def test_a_server_is_configured_by_the_config_map_of_its_own_namespace(tree: Tree) -> None:
    def placed(namespace: str, directive: str, mark: str) -> str:
        config = (
            f"kind: ConfigMap\nmetadata: {{name: conf, namespace: {namespace}}}\ndata: {{redis.conf: {directive}}}\n"
        )
        server = CONFIGURED.replace("{name: redis}", f"{{name: redis, namespace: {namespace}}}").replace("MARK", mark)
        return f"apiVersion: v1\n{config}---\n{server}"

    tree.shows(
        {
            "dev.yaml": placed("dev", "appendonly yes", "  # -> MR603"),
            "prod.yaml": placed("prod", "requirepass $(P)", ""),
        },
        "MR603",
    )


@pytest.mark.parametrize(
    ("behavior", "environment"),
    [
        ("merge", {"REDIS_HOST": "new", "REDIS_DB": "3", "LOG": "debug"}),
        ("replace", {"REDIS_HOST": "new", "LOG": "debug"}),
    ],
)
def test_an_overlay_changes_what_its_base_generates(behavior: str, environment: dict[str, str]) -> None:
    found = put_together(
        {
            "base/kustomization.yaml": """\
                resources: [pod.yaml]
                configMapGenerator:
                  - {name: settings, literals: [REDIS_HOST=old, REDIS_DB=3]}
                """,
            "base/pod.yaml": """\
                apiVersion: v1
                kind: Pod
                metadata: {name: web}
                spec:
                  containers: [{name: web, envFrom: [{configMapRef: {name: settings}}]}]
                """,
            "prod/kustomization.yaml": f"""\
                namePrefix: prod-
                namespace: prod
                resources: [../base]
                configMapGenerator:
                  - {{name: settings, behavior: {behavior}, literals: [REDIS_HOST=new, LOG=debug]}}
                """,
        }
    )
    assert {v.name: v.value for v in found.workloads[0].environment} == environment
    assert [(address.host, address.namespace) for address in found.addresses] == [("new", "prod")]


def test_a_patch_may_mount_the_configuration_of_a_server(tree: Tree) -> None:
    base, _, volumes = CONFIGURED.replace("MARK", "").partition("      volumes")
    tree.shows(
        {
            "redis.yaml": base.replace("redis:7", "redis:7  # -> MR603"),
            "patch.yaml": f"{base.replace('          image: redis:7', '          tty: true')}      volumes{volumes}",
            "conf.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: conf}\ndata: {redis.conf: save 60 1}\n",
            "kustomization.yaml": "resources: [redis.yaml, conf.yaml]\npatches: [{path: patch.yaml}]\n",
        },
        "MR603",
    )
