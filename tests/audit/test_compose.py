"""Compose files: which services run, with which variables."""

from __future__ import annotations

from textwrap import dedent

import pytest

from mooring.audit.facts import Span, Workload
from mooring.audit.manifests import link, read

COMPOSE = dedent("""\
    x-common: &common
      image: fleet:1
      environment: &variables
        LOG_LEVEL: info
        WORKERS: 4

    services:
      orders:
        <<: *common
        command: python server.py --name "two words"
        environment:
          <<: *variables
          REDIS_URL: redis://:${REDIS_PASSWORD:?set it}@redis:6379/0
          FROM_SHELL:
      billing:
        build: .
        entrypoint: [python]
        command: [server.py, --port, "8000"]
        environment:
          - REDIS_HOST=redis
          - EQUALS=a=b
          - FROM_SHELL
    """)


def services(text: str) -> dict[str, Workload]:
    return {workload.name: workload for workload in link([read("compose.yaml", text)])}


def test_each_service_is_a_workload_with_its_command() -> None:
    found = services(COMPOSE)
    assert found["orders"].command == ("python", "server.py", "--name", "two words")
    assert found["billing"].command == ("python", "server.py", "--port", "8000")
    assert (found["orders"].image, found["billing"].image) == ("fleet:1", None)


def test_an_environment_is_a_mapping_with_what_it_merges_in() -> None:
    variables = {v.name: v.value for v in services(COMPOSE)["orders"].environment}
    assert variables == {
        "REDIS_URL": "redis://:${REDIS_PASSWORD:?set it}@redis:6379/0",
        "FROM_SHELL": None,
        "LOG_LEVEL": "info",
        "WORKERS": "4",
    }


def test_an_environment_is_a_list_of_assignments() -> None:
    variables = {v.name: v.value for v in services(COMPOSE)["billing"].environment}
    assert variables == {"REDIS_HOST": "redis", "EQUALS": "a=b", "FROM_SHELL": None}


def test_a_variable_spans_its_key_and_value() -> None:
    variables = {v.name: v.span for v in services(COMPOSE)["orders"].environment}
    assert variables["REDIS_URL"] == Span(13, 7, 13, 65)


def test_columns_count_characters_and_not_bytes() -> None:
    found = services('services: {ä: {image: "ö", environment: {É: "1"}}}\n')
    assert found["ä"].environment[0].span == Span(1, 42, 1, 48)


def test_a_quoted_null_is_text() -> None:
    found = services('services: {a: {image: b, environment: {X: null, Y: "null", Z: ""}}}\n')
    assert {v.name: v.value for v in found["a"].environment} == {"X": None, "Y": "null", "Z": ""}


def test_a_command_with_an_open_quote_is_kept_as_it_is() -> None:
    assert services("services: {a: {image: b, command: python 'x}}\n")["a"].command == ("python 'x",)


@pytest.mark.parametrize(
    "text",
    [
        "services: {}\n",
        "services: [a, b]\n",
        "services:\n  api: {port: 80}\n  web: {port: 81}\n",
        "name: x\n",
    ],
)
def test_other_files_with_services_are_no_compose_files(text: str) -> None:
    assert services(text) == {}


def test_an_entry_point_and_a_command_are_inherited_one_by_one() -> None:
    found = services("""\
        services:
          base:
            image: redis:7
            entrypoint: [redis-server, --requirepass, "${P}"]
            command: [--save, ""]
            volumes: [./redis.conf:/redis.conf]
          cache:
            extends: base
            command: [--appendonly, "yes"]
            volumes: [./data:/data]
        """)
    assert found["cache"].command == ("redis-server", "--requirepass", "${P}", "--appendonly", "yes")
    assert found["cache"].replaces
    assert found["cache"].configurations == ("file/data", "file/redis.conf")
