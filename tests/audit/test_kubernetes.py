"""Kubernetes manifests: which containers run, and what each variable is set to or drawn from."""

from __future__ import annotations

from textwrap import dedent

import pytest

from mooring.audit.facts import Service, Span, Workload
from mooring.audit.manifests import link, read, workload_of

DEPLOYMENT = dedent("""\
    apiVersion: apps/v1
    kind: Deployment
    metadata:
      name: orders
    spec:
      template:
        spec:
          initContainers:
            - name: migrate
              image: tools:1
          containers:
            - name: server
              image: orders:1
              command: [python, server.py]
              args: ["--port", "8000"]
              env:
                - name: REDIS_URL
                  valueFrom:
                    secretKeyRef:
                      name: redis-credentials
                      key: url
                - {name: LOG_LEVEL, value: info}
                - name: MODE
                  valueFrom: {configMapKeyRef: {name: settings, key: mode}}
                - name: NODE
                  valueFrom: {fieldRef: {fieldPath: spec.nodeName}}
                - name: EMPTY
            - name: proxy
              image: proxy:1
    """)


def workloads(*texts: str) -> dict[str, Workload]:
    manifests = [read(f"k8s/{number}.yaml", text) for number, text in enumerate(texts)]
    assert [manifest.unreadable for manifest in manifests] == [None] * len(texts)
    return {workload.name: workload for workload in link(manifests)}


def test_the_first_container_has_the_name_of_its_workload_and_the_others_both() -> None:
    found = workloads(DEPLOYMENT)
    assert list(found) == ["orders", "orders/proxy", "orders/migrate"]
    assert found["orders"].image == "orders:1"
    assert found["orders"].command == ("python", "server.py", "--port", "8000")


def test_a_variable_has_a_value_or_a_source() -> None:
    variables = {v.name: (v.value, v.source) for v in workloads(DEPLOYMENT)["orders"].environment}
    assert variables == {
        "REDIS_URL": (None, "Secret/redis-credentials/url"),
        "LOG_LEVEL": ("info", None),
        "MODE": (None, "ConfigMap/settings/mode"),
        "NODE": (None, "Pod//spec.nodeName"),
        "EMPTY": (None, None),
    }


def test_a_variable_knows_where_it_stands() -> None:
    level = workloads(DEPLOYMENT)["orders"].environment[1]
    assert (level.path, level.span) == ("k8s/0.yaml", Span(22, 15, 22, 45))
    assert DEPLOYMENT.splitlines()[21][14:44] == "{name: LOG_LEVEL, value: info}"


def test_a_config_map_of_another_file_gives_its_value() -> None:
    settings = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: settings}\ndata: {mode: fast}\n"
    mode = workloads(DEPLOYMENT, settings)["orders"].environment[2]
    assert (mode.value, mode.source) == ("fast", "ConfigMap/settings/mode")


def test_env_from_brings_every_key_that_is_not_set_beside_it() -> None:
    text = dedent("""\
        apiVersion: v1
        kind: Pod
        metadata: {name: worker}
        spec:
          containers:
            - name: worker
              env: [{name: MODE, value: slow}]
              envFrom:
                - configMapRef: {name: settings}
                - prefix: CACHE_
                  secretRef: {name: cache}
        ---
        apiVersion: v1
        kind: ConfigMap
        metadata: {name: settings}
        data: {MODE: fast, PORT: "6379"}
        ---
        apiVersion: v1
        kind: Secret
        metadata: {name: cache}
        stringData: {URL: "redis://:sesame@cache:6379"}
        """)
    variables = {v.name: (v.value, v.source) for v in workloads(text)["worker"].environment}
    assert variables == {
        "MODE": ("slow", None),
        "PORT": ("6379", "ConfigMap/settings/PORT"),
        "CACHE_URL": (None, "Secret/cache/URL"),
    }


def test_the_value_of_a_secret_is_never_kept() -> None:
    text = "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\nstringData: {a: sesame}\ndata: {b: c2VzYW1l}\n"
    shown = repr(read("secret.yaml", text))
    assert "sesame" not in shown
    assert "c2VzYW1l" not in shown


@pytest.mark.parametrize("kind", ["StatefulSet", "DaemonSet", "ReplicaSet", "Job"])
def test_every_kind_with_a_pod_template_is_a_workload(kind: str) -> None:
    text = DEPLOYMENT.replace("kind: Deployment", f"kind: {kind}")
    assert "orders" in workloads(text)


def test_a_cron_job_keeps_its_template_one_level_deeper() -> None:
    text = dedent("""\
        apiVersion: batch/v1
        kind: CronJob
        metadata: {name: nightly}
        spec:
          jobTemplate:
            spec:
              template:
                spec:
                  containers: [{name: job, image: "job:1", command: [python, -m, nightly]}]
        """)
    assert workloads(text)["nightly"].command == ("python", "-m", "nightly")


def test_a_list_holds_objects() -> None:
    item = "  " + DEPLOYMENT.replace("\n", "\n  ").strip()
    text = f"apiVersion: v1\nkind: List\nitems:\n- {item.strip()}\n"
    assert "orders" in workloads(text)


def test_an_anchor_means_the_same_as_its_copy() -> None:
    text = dedent("""\
        apiVersion: v1
        kind: Pod
        metadata: {name: twin}
        spec:
          containers:
            - &one {name: one, image: "a:1", env: [{name: A, value: "1"}]}
            - {<<: *one, name: two}
        """)
    found = workloads(text)
    assert found["twin/two"].image == "a:1"
    assert [v.value for v in found["twin/two"].environment] == ["1"]


def test_an_anchor_that_merges_itself_ends() -> None:
    assert workloads("apiVersion: v1\nkind: Pod\nmetadata: {name: x}\nspec: &a {<<: *a}\n") == {}


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("kind: Pod\nspec: [1, 2\n", 3),
        ("a: b: c\n", 1),
        ("a: {{ .Values.x }} b\n", 1),
        ("x: *nowhere\n", 1),
        ("\x00", None),
        ("[" * 200_000 + "]" * 200_000, 1),
        ("- " * 200_000, 1),
    ],
    ids=["unclosed", "nested", "template", "alias", "binary", "deep flow", "deep block"],
)
def test_what_is_not_yaml_is_unreadable_at_its_line(text: str, line: int | None) -> None:
    unreadable = read("x.yaml", text).unreadable
    assert unreadable is not None
    assert (unreadable.path, unreadable.line) == ("x.yaml", line)
    assert "YAML" in unreadable.reason or "levels" in unreadable.reason


@pytest.mark.parametrize("text", ["", "---\n---\n", "just: data\n", "- a\n- b\n", "42\n"])
def test_yaml_that_deploys_nothing_says_nothing(text: str) -> None:
    assert read("x.yaml", text) == read("x.yaml", "")


def test_a_service_finds_its_workload_by_name_or_by_its_command() -> None:
    found = list(workloads(DEPLOYMENT).values())
    by_name = Service("orders", "servers/orders", "mcp", "servers/orders/server.py")
    by_command = Service("checkout", "servers/checkout", "mcp", "servers/checkout/server.py")
    runs = Workload("shop", "k", Span(1, 1, 1, 1), None, ("python", "/app/checkout/server.py"), ())
    module = Workload("shop", "k", Span(1, 1, 1, 1), None, ("python", "-m", "checkout.server"), ())
    assert workload_of(by_name, found) is found[0]
    assert workload_of(by_command, found) is None
    assert workload_of(by_command, [*found, runs]) is runs
    assert workload_of(by_command, [*found, module]) is module


def test_a_config_map_of_the_same_namespace_is_meant() -> None:
    settings = "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: settings, namespace: {0}}}\ndata: {{mode: {0}}}\n"
    placed = DEPLOYMENT.replace("  name: orders\n", "  name: orders\n  namespace: shop\n", 1)
    found = workloads(placed, settings.format("bank"), settings.format("shop"), settings.format("mint"))
    mode = found["orders"].environment[2]
    assert (mode.value, mode.at and mode.at.path) == ("shop", "k8s/2.yaml")


def test_a_command_that_holds_a_password_is_not_shown() -> None:
    text = "apiVersion: v1\nkind: Pod\nmetadata: {name: r}\nspec: {containers: [{args: [--requirepass, sesame]}]}\n"
    assert "sesame" not in repr(workloads(text))
