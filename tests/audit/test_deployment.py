"""Family 6 on small trees: manifests by themselves, and beside the code that they run."""

from __future__ import annotations

from textwrap import dedent, indent

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mooring.audit.facts import Confidence
from mooring.audit.manifests import deployed, read_all
from mooring.audit.manifests.pods import POD_SPECS

from .mending import mend
from .tree import Tree

LITERAL = "import redis\nclient = redis.Redis(host='localhost')\n"
READING = "import os\nimport redis\nclient = redis.Redis(host='localhost')\nother = os.getenv('REDIS_URL')\n"


def pod(name: str, *lines: str, image: str = "web:1") -> str:
    """A pod with one container, to whose fields `lines` are added."""
    head = f"""\
        apiVersion: v1
        kind: Pod
        metadata: {{name: {name}}}
        spec:
          containers:
            - name: {name}
              image: {image}
        """
    return dedent(head) + indent("\n".join(lines) + "\n", " " * 6)


def variable(name: str, value: str, mark: str = "") -> tuple[str, ...]:
    return ("env:", f"  - name: {name}", f"    value: {value}{f'  # -> {mark}' if mark else ''}")


# --- MR601 ---


def test_a_variable_that_the_code_never_reads_is_ignored(tree: Tree) -> None:
    tree.shows({"k.yaml": pod("web", *variable("REDIS_URL", "redis://c", "MR601")), "web/main.py": LITERAL}, "MR601")


@pytest.mark.parametrize(
    "code",
    [
        READING,
        "import redis\nfrom mooring import create_redis_from_config\na = redis.Redis()\n"
        "b = create_redis_from_config()\n",
        "import redis\nfrom pydantic_settings import BaseSettings\na = redis.Redis()\n"
        "class S(BaseSettings):\n    redis_url: str = ''\n",
        "import redis\nfrom settings import URL\na = redis.Redis()\n",
        "import os\nimport redis\nclient = redis.Redis.from_url(os.environ['REDIS_URL'])\n",
    ],
    ids=["getenv", "factory", "pydantic", "another module", "no literal"],
)
def test_a_variable_that_is_read_is_not(tree: Tree, code: str) -> None:
    files = {
        "k.yaml": pod("web", *variable("REDIS_URL", "redis://c")),
        "web/main.py": code,
        "web/settings.py": "import os\nURL = os.environ['REDIS_URL']\n",
    }
    if "settings import" not in code:
        del files["web/settings.py"]
    tree.shows(files, "MR601")


@pytest.mark.parametrize(
    "code",
    [
        '"""REDIS_URL is not read here."""\nimport redis\na = redis.Redis()\n',
        "import redis\na = redis.Redis()  # not REDIS_URL\n",
        "import redis\na = redis.Redis()\nb = get_config_value('redis_url')\n",
        "import os\nimport redis\na = redis.Redis()\nb = os.getenv('REDIS_URL_2')\n",
    ],
    ids=["docstring", "comment", "lower case", "longer name"],
)
def test_a_name_that_only_looks_like_it_reads_nothing(tree: Tree, code: str) -> None:
    files = {"k.yaml": pod("web", *variable("REDIS_URL", "redis://c", "MR601")), "web/main.py": code}
    tree.shows(files, "MR601")


def test_the_finding_leads_to_the_site_and_says_what_links_the_two(tree: Tree) -> None:
    audit = tree.audit({"k.yaml": pod("web", *variable("REDIS_URL", "redis://c")), "web/main.py": LITERAL})
    (problem,) = (found.problem for found in audit.findings if found.rule == "MR601")
    assert [(related.path, related.span.line) for related in problem.related] == [("web/main.py", 2)]
    assert "its name or image is the name of web" in problem.message


def test_a_variable_from_a_config_map_is_told_where_its_value_stands(tree: Tree) -> None:
    tree.shows(
        {
            "pod.yaml": pod("web", "envFrom:", "  - configMapRef: {name: settings}"),
            "settings.yaml": """\
                apiVersion: v1
                kind: ConfigMap
                metadata: {name: settings}
                data:
                  REDIS_HOST: cache.example.com  # -> MR601
                """,
            "web/main.py": LITERAL,
        },
        "MR601",
    )


def test_a_variable_from_a_secret_is_set_too(tree: Tree) -> None:
    lines = ("env:", "  - name: REDIS_URL", "    valueFrom:  # -> MR601", "      secretKeyRef: {name: s, key: url}")
    tree.shows({"k.yaml": pod("web", *lines), "web/main.py": LITERAL}, "MR601")


# --- what a workload runs ---

ANY = """\
FROM python:3 AS base
CMD ["python", \\
     "main.py"]
FROM base AS one
COPY apps/one/ /app/
FROM base
ARG APP=two
COPY --chown=app apps/${APP}/ /app/
"""


@pytest.mark.parametrize(
    ("fields", "evidence"),
    [
        ("command: [python, apps/one/main.py]", "its command names apps/one/main.py"),
        ("command: python -m apps.one.main", "its command names apps/one/main.py"),
        ("command: sh -c 'exec python apps/one/main.py'", "its command names apps/one/main.py"),
        ("command: uvicorn apps.one.main:app --port 80", "its command names apps/one/main.py"),
        ("build: apps/one", "the command of its Dockerfile names apps/one/main.py"),
        ("build: {context: ., dockerfile: apps/Any.Dockerfile, args: {APP: one}}", "names apps/one/main.py"),
        ("build: {context: ., dockerfile: apps/Any.Dockerfile, target: one}", "names apps/one/main.py"),
        ("build: {context: apps, dockerfile: Bare.Dockerfile}", "it is built from apps/one"),
        ("image: registry.example.com/team/one:2", "its name or image is the name of apps/one"),
    ],
)
def test_a_workload_is_linked_with_its_code(tree: Tree, fields: str, evidence: str) -> None:
    audit = tree.audit(
        {
            "compose.yaml": f"services:\n  job:\n    environment: [A=b]\n    {fields}\n",
            "apps/one/main.py": LITERAL,
            "apps/two/main.py": LITERAL,
            "apps/one/Dockerfile": 'FROM python:3\nCOPY . .\nCMD ["python", "main.py"]\n',
            "apps/Bare.Dockerfile": "FROM python:3\nCOPY one/ /app\n",
            "apps/Any.Dockerfile": ANY,
        }
    )
    (link,) = audit.project.deployed.links
    assert link.roots == ("apps/one/main.py",)
    assert evidence in link.evidence
    assert link.confidence is Confidence.HIGH


def test_a_name_that_is_only_part_of_another_is_a_guess(tree: Tree) -> None:
    files = {"k.yaml": pod("billing-mcp", *variable("REDIS_URL", "redis://c")), "billing_unified/server.py": LITERAL}
    (link,) = tree.audit(files).project.deployed.links
    assert link.confidence is Confidence.LOW


def test_a_bare_name_of_a_file_is_a_guess_where_nothing_else_tells(tree: Tree) -> None:
    files = {
        "k.yaml": pod("job", "command: [python, run.py]", *variable("REDIS_URL", "redis://c")),
        "x/run.py": LITERAL,
    }
    (problem,) = (found.problem for found in tree.audit(files).findings if found.rule == "MR601")
    assert problem.confidence is Confidence.LOW


def test_a_word_that_many_services_have_links_nothing(tree: Tree) -> None:
    files = {"k.yaml": pod("agent", *variable("REDIS_URL", "redis://c")), "sales_agent/server.py": LITERAL}
    assert tree.audit(files).project.deployed.links == ()


def test_a_procfile_runs_code_with_the_variables_beside_it(tree: Tree) -> None:
    tree.shows(
        {
            "Procfile": "web: gunicorn -c gunicorn_conf.py shop.wsgi:app\n",
            ".env": "export REDIS_URL='redis://c:6379'  # -> MR601\n",
            "gunicorn_conf.py": "",
            "shop/wsgi.py": LITERAL,
        },
        "MR601",
    )


def test_a_blueprint_of_render_runs_code(tree: Tree) -> None:
    tree.shows(
        {
            "render.yaml": """\
                services:
                  - type: web
                    name: shop
                    startCommand: cd shop && python main.py
                    envVars:
                      - key: REDIS_URL
                        value: redis://nowhere:6379  # -> MR601, MR602
                  - {type: redis, name: shop-redis}
                """,
            "shop/main.py": LITERAL,
        },
        "MR601",
        "MR602",
    )


# --- MR602 ---


def service(name: str, namespace: str = "") -> str:
    space = f", namespace: {namespace}" if namespace else ""
    return f"---\napiVersion: v1\nkind: Service\nmetadata: {{name: {name}{space}}}\n"


@pytest.mark.parametrize(
    ("host", "known"),
    [
        ("redis", True),
        ("redis.data.svc", True),
        ("redis.data.svc.cluster.local", True),
        ("redis-0.redis.data.svc.cluster.local", True),
        ("redis.other.svc", False),
        ("redis-master", False),
        ("localhost", True),
        ("127.0.0.1", True),
        ("cache.example.com", True),
    ],
)
def test_a_host_must_be_a_service_that_the_tree_defines(tree: Tree, host: str, known: bool) -> None:
    mark = "" if known else "MR602"
    tree.shows({"k.yaml": pod("web", *variable("REDIS_HOST", host, mark)) + service("redis", "data")}, "MR602")


def test_a_tree_without_any_service_says_nothing_of_hosts(tree: Tree) -> None:
    tree.shows({"k.yaml": pod("web", *variable("REDIS_HOST", "redis"))}, "MR602")


def test_a_service_of_another_namespace_is_another(tree: Tree) -> None:
    text = pod("web", *variable("REDIS_HOST", "redis", "MR602")).replace("{name: web}", "{name: web, namespace: shop}")
    tree.shows({"k.yaml": text + service("redis", "data")}, "MR602")


def test_a_host_in_the_code_must_be_known_as_well(tree: Tree) -> None:
    code = """\
        import os
        import redis
        a = redis.Redis(host="cache")  # -> MR602
        b = redis.from_url(os.getenv("REDIS_URL", "redis://elsewhere:6379"))  # -> MR602
        c = redis.from_url(os.getenv("REDIS_URL", "redis://redis:6379"))
        d = redis.Redis()
        """
    tree.shows({"k.yaml": service("redis"), "a.py": code}, "MR602")


@pytest.mark.parametrize("kind", ["RedisFailover", "HelmRelease"])
def test_what_makes_services_answers_to_its_name(tree: Tree, kind: str) -> None:
    made = f"---\napiVersion: x/v1\nkind: {kind}\nmetadata: {{name: cache}}\n"
    known = pod("web", *variable("REDIS_HOST", "cache-master"))
    tree.shows({"k.yaml": known + service("web") + made}, "MR602")
    tree.shows({"k.yaml": pod("web", *variable("REDIS_HOST", "store", "MR602")) + service("web") + made}, "MR602")


def test_services_of_compose_answer_to_their_names_and_aliases(tree: Tree) -> None:
    tree.shows(
        {
            "compose.yaml": """\
                services:
                  redis:
                    image: cache:1
                    container_name: shop-redis
                    networks: {back: {aliases: [store]}}
                  web:
                    image: web:1
                    environment:
                      A_REDIS_URL: redis://redis
                      B_REDIS_URL: redis://shop-redis
                      C_REDIS_URL: redis://store
                      D_REDIS_URL: redis://nothing  # -> MR602
                """
        },
        "MR602",
    )


# --- MR603 ---


@pytest.mark.parametrize(
    ("image", "lines", "is_open"),
    [
        ("redis:7", (), True),
        ("valkey/valkey:8", (), True),
        ("registry.example.com/oss/bitnami/redis:6", ("env: [{name: ALLOW_EMPTY_PASSWORD, value: 'yes'}]",), True),
        ("redis:7", ('command: ["redis-server", "--appendonly", "yes"]',), True),
        ("redis:7", ('args: ["--save", ""]',), True),
        ("redis:7", ('args: ["--requirepass", ""]',), True),
        ("redis:7", ('args: ["--requirepass", "", "--appendonly", "yes"]',), True),
        ("redis:7", ("env: [{name: REDIS_PASSWORD, value: ''}]",), True),
        ("redis/redis-stack-server", ("env: [{name: REDIS_ARGS, value: --appendonly yes}]",), True),
        ("redis/redis-stack-server", ("env: [{name: REDIS_ARGS, value: --requirepass $(P)}]",), False),
        ("redis:7", ('args: ["--requirepass", "$(REDIS_PASSWORD)"]',), False),
        ("redis:7", ("command: [sh, -c, 'exec redis-server --requirepass \"$P\"']",), False),
        ("redis:7", ('args: ["--aclfile", "/etc/users.acl"]',), False),
        ("redis:7", ("env: [{name: REDIS_PASSWORD, valueFrom: {secretKeyRef: {name: s, key: k}}}]",), False),
        ("redis:7", ('command: ["redis-cli", "-h", "redis", "ping"]',), False),
        ("redis:7", ('args: ["redis-cli", "ping"]',), False),
        ("redis:7", ('command: ["redis-sentinel", "/etc/sentinel.conf"]',), False),
        ("redis:7", ('command: ["redis-server", "/etc/redis.conf"]',), False),
        ("oliver006/redis_exporter", (), False),
        ("redis/redisinsight", (), False),
        ("redislabs/agent-memory-server", (), False),
    ],
)
def test_a_server_without_a_password_is_open(tree: Tree, image: str, lines: tuple[str, ...], is_open: bool) -> None:
    marked = f"{image}  # -> MR603" if is_open else image
    tree.shows({"k.yaml": pod("redis", *lines, image=marked)}, "MR603")


@pytest.mark.parametrize(("directive", "is_open"), [("requirepass sesame", False), ("# requirepass x", True)])
def test_a_configuration_in_the_tree_tells_whether_a_server_is_open(tree: Tree, directive: str, is_open: bool) -> None:
    image = "redis:7  # -> MR603" if is_open else "redis:7"
    lines = ('command: ["redis-server", "/etc/redis/redis.conf"]',)
    volumes = "  volumes: [{name: c, configMap: {name: conf}}]\n"
    config = (
        f"---\napiVersion: v1\nkind: ConfigMap\nmetadata: {{name: conf}}\ndata:\n  redis.conf: |\n    {directive}\n"
    )
    compose = (
        f"services:\n  redis:\n    image: {image}\n    command: redis-server /r.conf\n    volumes: [./r.conf:/r.conf]\n"
    )
    tree.shows(
        {"k.yaml": pod("redis", *lines, image=image) + volumes + config, "compose.yaml": compose, "r.conf": directive},
        "MR603",
    )


def test_a_service_that_extends_another_has_its_image_and_its_arguments(tree: Tree) -> None:
    files = {
        "base.yaml": "services:\n  redis:\n    image: redis:7\n    command: [--requirepass, '${REDIS_PASSWORD}']\n",
        "compose.yaml": "services:\n  cache:\n    extends: {file: base.yaml, service: redis}\n",
    }
    deployment = tree.audit(files).project.deployed.deployment
    assert {(server.name, server.closed) for server in deployment.servers} == {("redis", True), ("cache", True)}


def test_a_file_of_variables_closes_a_server(tree: Tree) -> None:
    compose = "services:\n  redis:\n    image: bitnami/redis\n    env_file: redis.env\n"
    assert tree.audit({"compose.yaml": compose, "redis.env": "REDIS_PASSWORD=\n"}).findings
    assert [f.rule for f in tree.audit({"compose.yaml": compose, "redis.env": "REDIS_PASSWORD=${P}\n"}).findings] == []


# --- MR604 ---


def test_passwords_are_found_wherever_they_stand_and_only_those_of_redis(tree: Tree) -> None:
    tree.shows(
        {
            "secret.yaml": """\
                apiVersion: v1
                kind: Secret
                metadata: {name: redis}
                data: {password: c2VzYW1l}
                stringData:
                  password: sesame  # -> MR604
                  url: redis://:sesame@redis  # -> MR604
                """,
            "compose.yaml": """\
                services:
                  redis:
                    image: redis:7
                    command: redis-server --requirepass sesame  # -> MR604
                    healthcheck: {test: ["CMD", "redis-cli", "-a", "sesame", "ping"]}  # -> MR604
                  db:
                    image: postgres:16
                    environment:
                      - POSTGRES_PASSWORD=sesame
                      - REDIS_PASSWORD=${REDIS_PASSWORD}
                      - REDIS_URL=redis://:${REDIS_PASSWORD:-sesame}@redis  # -> MR604
                """,
            ".env": "REDIS_PASSWORD=sesame  # -> MR604\n",
            ".env.example": "REDIS_PASSWORD=sesame\n",
            "tests/compose.yaml": "services: {redis: {image: redis, command: redis-server --requirepass sesame}}\n",
        },
        "MR604",
    )


def test_a_variable_that_the_shell_of_the_container_puts_in_is_no_password(tree: Tree) -> None:
    tree.shows(
        {
            "compose.yaml": """\
                services:
                  quoted:
                    image: redis:7
                    command: sh -c "redis-server --requirepass \\"$$REDIS_PASSWORD\\""
                  braces:
                    image: redis:7
                    command: redis-server --requirepass $${REDIS_PASSWORD}
                    healthcheck: {test: redis-cli -a $$REDIS_PASSWORD ping}
                  listed:
                    image: redis:7
                    command: [sh, -c, "exec redis-server --requirepass '$$REDIS_PASSWORD'"]
                    healthcheck: {test: [CMD, redis-cli, -a, $$REDIS_PASSWORD, ping]}
                  plain:
                    image: redis:7
                    command: sh -c "redis-server --requirepass \\"sesame\\""  # -> MR604
                  dollar:
                    image: bitnami/redis
                    environment: {REDIS_PASSWORD: $$esame}  # -> MR604
                """
        },
        "MR604",
    )


FIX = pod("web", "env:", "  - name: REDIS_PASSWORD", "    value: 'sesame' # kept", "  - {name: A, value: b}")


def test_the_value_of_a_variable_becomes_a_reference_and_nothing_else_changes(tree: Tree) -> None:
    (change,) = mend(tree.folder, {"k.yaml": FIX}, unsafe=True).changes
    assert change.text == FIX.replace(
        "          value: 'sesame' # kept\n",
        "          valueFrom:\n            secretKeyRef:\n              name: redis-credentials\n"
        "              key: password # kept\n",
    )
    assert mend(tree.folder, {"k.yaml": FIX}).changes == ()


def test_a_file_with_crlf_keeps_its_newlines(tree: Tree) -> None:
    (change,) = mend(tree.folder, {"k.yaml": FIX.replace("\n", "\r\n")}, unsafe=True).changes
    assert change.text.count("\n") == change.text.count("\r\n") == FIX.count("\n") + 3


def test_a_secret_of_the_tree_is_what_a_reference_names(tree: Tree) -> None:
    secret = "apiVersion: v1\nkind: Secret\nmetadata: {name: cache}\ndata: {redis-password: c2VzYW1l}\n"
    (change,) = mend(tree.folder, {"k.yaml": FIX, "s.yaml": secret}, unsafe=True).changes
    assert "name: cache\n              key: redis-password" in change.text


def test_compose_takes_the_password_from_the_shell(tree: Tree) -> None:
    text = "services:\n  web:\n    image: web\n    environment:\n      REDIS_URL: redis://:sesame@redis:6379/0 # kept\n"
    (change,) = mend(tree.folder, {"compose.yaml": text}, unsafe=True).changes
    assert change.text == text.replace("sesame", "${REDIS_PASSWORD:?set REDIS_PASSWORD}")


# --- MR605 ---


def test_two_variables_for_one_purpose_must_name_one_host(tree: Tree) -> None:
    tree.shows(
        {
            "compose.yaml": """\
                services:
                  web:
                    image: web:1
                    environment:
                      REDIS_URL: redis://one:6379
                      REDIS_HOST: two  # -> MR605
                      CELERY_REDIS_URL: redis://three
                  job:
                    image: job:1
                    environment: {REDIS_URL: redis://one, REDIS_HOST: one.data.svc}
                """
        },
        "MR605",
    )


def test_a_fallback_to_another_host_is_a_conflict_unless_it_is_this_machine(tree: Tree) -> None:
    code = "import os\nimport redis\na = redis.from_url(os.getenv('REDIS_URL', 'redis://{}:6379'))\n"
    marked = pod("web", *variable("REDIS_URL", "redis://cache:6379", "MR605"))
    tree.shows({"k.yaml": marked, "web/main.py": code.format("old-cache")}, "MR605")
    tree.shows({"k.yaml": marked.replace("  # -> MR605", ""), "web/main.py": code.format("localhost")}, "MR605")


# --- files ---


def test_invalid_yaml_that_speaks_of_redis_is_one_line(tree: Tree) -> None:
    audit = tree.audit({"k.yaml": "redis:\n  - a\n b: c\n", "other.yaml": "a: b: c\n", "a.py": "x = 1\n"})
    assert [(one.path, one.line) for one in audit.unreadable] == [("k.yaml", 3)]


def test_a_comment_suppresses_a_finding_in_a_manifest(tree: Tree) -> None:
    tree.shows({"k.yaml": pod("redis", image="redis:7  # mooring: ignore[MR603]")}, "MR603")


LEAVES = st.sampled_from(
    ["redis", "redis:7", "redis://:a@redis:6379", "List", "v1", "${X:-y}", "{{ x }}", "", "true", "a=b"]
)
KEYS = st.sampled_from(
    "apiVersion kind items metadata name namespace spec template containers initContainers env envFrom value valueFrom "
    "secretKeyRef configMapRef command args image repository volumes configMap services build context extends env_file "
    "environment networks aliases dependencies resources patches patch target path op literals configMapGenerator "
    "secretGenerator data stringData envVars key startCommand auth password << redis".split()
)
TREES = st.recursive(
    LEAVES | st.none() | st.integers() | st.booleans(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=5),
    max_leaves=25,
)
PATHS = ("kustomization.yaml", "Chart.yaml", "values.yaml", "render.yaml", "compose.yaml", "k.yaml", "templates/t.yaml")


@given(st.dictionaries(st.sampled_from(PATHS), TREES, max_size=4), st.sampled_from(sorted(POD_SPECS)))
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_whatever_a_manifest_holds_is_read(documents: dict[str, object], kind: str) -> None:
    texts = {path: yaml.safe_dump(document) for path, document in documents.items()}
    wrapped = {
        "apiVersion": "v1",
        "kind": kind,
        "metadata": {"name": "x"},
        "spec": next(iter(documents.values()), None),
    }
    manifests = read_all({**texts, "w.yaml": yaml.safe_dump(wrapped)})
    assert [one.unreadable for one in manifests if one.unreadable and one.path != "templates/t.yaml"] == []
    deployed(manifests)


@pytest.mark.parametrize(
    "text",
    [
        "redis: &a {b: *a, image: redis}\n",
        "redis: &a [*a]\n",
        "apiVersion: v1\nkind: List\nitems: &i [{apiVersion: v1, kind: List, items: *i}]\n",
        "services: &s {redis: {image: redis, environment: *s}}\n",
        "\n".join(["a0: &a0 {redis: x}", *(f"a{n}: &a{n} {{l: *a{n - 1}, r: *a{n - 1}}}" for n in range(1, 60))]),
        "\n".join(["a0: &a0 {redis: x}", *(f"a{n}: &a{n} {{<<: [*a{n - 1}, *a{n - 1}]}}" for n in range(1, 60))]),
    ],
    ids=["mapping", "list", "objects", "compose", "doubled", "merged twice"],
)
@pytest.mark.parametrize("path", ["values.yaml", "compose.yaml", "k.yaml", "kustomization.yaml", "templates/x.yaml"])
def test_aliases_that_lead_back_or_double_end_at_once(text: str, path: str) -> None:
    deployed(read_all({path: f"{text}\nx: '{{{{ y }}}}'\n"}))
