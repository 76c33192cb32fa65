"""Helm charts, read without Helm: values, templates with what they leave open, dependencies."""

from __future__ import annotations

import os
from pathlib import Path
from textwrap import dedent

import pytest

from mooring.audit.manifests import deployed, read_all
from mooring.audit.manifests.helm import masked

from .tree import Tree

CHART = "apiVersion: v2\nname: shop\n"
TEMPLATE = """\
{{- if .Values.redis.enabled }}
apiVersion: apps/v1
kind: StatefulSet
metadata:
  name: {{ include "shop.fullname" . }}-redis
  labels: {{- include "shop.labels" . | nindent 4 }}
spec:
  template:
    spec:
      containers:
        - name: redis
          image: "{{ .Values.redis.image.repository }}:{{ .Values.redis.image.tag | default "7" }}"
          {{- with .Values.redis.args }}
          args: {{ toYaml . | nindent 12 }}
          {{- end }}
---
apiVersion: v1
kind: Service
metadata:
  name: {{ .Release.Name }}-redis
  namespace: {{ .Release.Namespace }}
{{- end }}
"""


def test_masking_keeps_every_character_where_it_is() -> None:
    plain, actions = masked(TEMPLATE)
    assert len(plain) == len(TEMPLATE)
    assert [len(line) for line in plain.splitlines()] == [len(line) for line in TEMPLATE.splitlines()]
    assert "{{" not in plain
    assert '{{ include "shop.fullname" . }}' in actions


def test_the_open_server_of_a_template_stands_where_the_values_name_its_image(tree: Tree) -> None:
    tree.shows(
        {
            "chart/Chart.yaml": CHART,
            "chart/templates/redis.yaml": TEMPLATE,
            "chart/values.yaml": """\
                redis:
                  enabled: true
                  image:
                    repository: redis  # -> MR603
                """,
        },
        "MR603",
    )


def test_a_template_that_asks_for_a_password_closes_the_server_of_the_values(tree: Tree) -> None:
    closed = TEMPLATE.replace("args: {{ toYaml . | nindent 12 }}", 'args: ["--requirepass", "$(REDIS_PASSWORD)"]')
    files = {
        "chart/Chart.yaml": CHART,
        "chart/templates/redis.yaml": closed,
        "chart/values.yaml": "redis: {image: {repository: redis}}\n",
    }
    assert not tree.audit(files).findings


def test_values_alone_tell_of_a_server_and_of_what_closes_it(tree: Tree) -> None:
    tree.shows(
        {
            "open-values.yaml": "cache:\n  image:\n    repository: redis/redis-stack  # -> MR603\n",
            "shut-values.yaml": "cache:\n  image: {repository: valkey/valkey}\n  auth: {existingSecret: cache}\n",
            "plain-values.yaml": "redis:\n  auth:\n    password: sesame  # -> MR604\n",
        },
        "MR603",
        "MR604",
    )


def test_a_name_that_a_template_begins_answers_to_what_ends_alike() -> None:
    files = {"chart/Chart.yaml": CHART, "chart/templates/redis.yaml": TEMPLATE, "chart/values.yaml": "a: b\n"}
    found = deployed(read_all(files))
    assert [(name.pattern, name.namespace) for name in found.names] == [("*-redis", None)]


def test_a_chart_that_it_depends_on_answers_under_the_release(tree: Tree) -> None:
    tree.shows(
        {
            "chart/Chart.yaml": f"{CHART}dependencies:\n  - name: redis\n    version: 1.0.0\n",
            "chart/values.yaml": dedent("""\
                env:
                  REDIS_URL: redis://shop-redis-master:6379
                  OTHER_REDIS_URL: redis://cache-master:6379  # -> MR602
                """),
        },
        "MR602",
    )


def test_a_template_that_is_no_yaml_is_one_line(tree: Tree) -> None:
    found = tree.audit({"chart/Chart.yaml": CHART, "chart/templates/redis.yaml": "a: [{{ .Values.x }}\nredis: b: c\n"})
    assert [(one.path, "YAML" in one.reason) for one in found.unreadable] == [("chart/templates/redis.yaml", True)]


HELM = """\
#!/bin/sh
test "$1" = template || exit 64
cat <<EOF
---
# Source: shop/templates/redis.yaml
apiVersion: apps/v1
kind: StatefulSet
metadata:
  name: $2-shop-redis
spec:
  template:
    spec:
      containers:
        - name: redis
          image: redis:7
          args: ["--requirepass", "\\$(REDIS_PASSWORD)"]
          env: [{name: OTHER_REDIS_HOST, value: nowhere}]
---
# Source: shop/templates/redis.yaml
apiVersion: v1
kind: Service
metadata: {name: $2-shop-redis}
EOF
"""


@pytest.fixture
def stand_in(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A program called `helm` that is first on the PATH."""
    program = tmp_path_factory.mktemp("bin") / "helm"
    program.write_text(HELM)
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:{os.environ['PATH']}")
    return program


def chart() -> dict[str, str]:
    env = '          env: [{name: OTHER_REDIS_HOST, value: {{ tpl "x" . }}}]\n---\n'
    return {
        "chart/Chart.yaml": CHART,
        "chart/templates/redis.yaml": TEMPLATE.replace("---\n", env, 1),
        "chart/values.yaml": "redis: {image: {repository: redis}}\n",
        "a.yaml": "kind: ConfigMap\napiVersion: v1\nmetadata: {name: a}\ndata: {REDIS_HOST: live-shop-redis}\n",
    }


def test_where_helm_is_there_what_it_renders_counts_at_the_places_of_the_template(tree: Tree, stand_in: Path) -> None:
    audit = tree.audit(chart())
    line = chart()["chart/templates/redis.yaml"].splitlines().index("---")
    assert [(f.rule, f.problem.path, f.problem.span.line) for f in audit.findings] == [
        ("MR602", "chart/templates/redis.yaml", line)
    ]


def test_a_chart_that_helm_refuses_is_read_as_it_is(tree: Tree, stand_in: Path) -> None:
    stand_in.write_text("#!/bin/sh\necho no chart for you >&2\nexit 1\n")
    assert {f.rule for f in tree.audit(chart()).findings} == {"MR603"}
