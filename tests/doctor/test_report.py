"""A diagnosis says the same as text and as JSON, and the JSON is what its schema says."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from tests.certificates import Authority

from mooring.config.explanation import Explained, Explanation
from mooring.doctor import Diagnosis, Look, Outcome, Step
from mooring.doctor.diagnosis import failed, note, warning
from mooring.embedded import ClusterTrio, EmbeddedRedis, SentinelTrio
from mooring.report.diagnosis import CLASSES, headline, render_json, render_text

from . import fronts
from .examining import examined

SCHEMA = json.loads((Path(__file__).parents[2] / "docs/schema/doctor-1.json").read_text())
SETTINGS = Explanation("cache", "standalone", "redis:6379/0", None, (Explained("host", "redis", "REDIS_HOST"),))
ERROR = failed(Outcome.TLS, "tls-expired", "It has \x1b[31mexpired.", "Renew it.")
LATER = failed(Outcome.STATE, "server-loading", "It loads.", "Wait.")
WARNING = warning("open-redis", "It is open.", "Close it.")
NOTE = note("persistence-off", "Nothing is saved.", "Nothing.")


def diagnosis(*findings: Any) -> Diagnosis:
    return Diagnosis(SETTINGS, tuple(Step("tls", "redis:6379", 0.0015, Look("seen", {}, (one,))) for one in findings))


def document(seen: Diagnosis) -> dict[str, Any]:
    """The JSON, once it is known to be what the schema says."""
    parsed: dict[str, Any] = json.loads(render_json(seen))
    jsonschema.Draft202012Validator(SCHEMA).validate(parsed)
    return parsed


def test_the_schema_is_one() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize(
    ("findings", "outcome"),
    [
        ((), Outcome.WELL),
        ((NOTE,), Outcome.WELL),
        ((NOTE, WARNING), Outcome.FINDINGS),
        ((WARNING, LATER, ERROR), Outcome.STATE),
        ((ERROR, LATER), Outcome.TLS),
    ],
)
def test_the_first_error_decides_the_class(findings: tuple[Any, ...], outcome: Outcome) -> None:
    seen = diagnosis(*findings)
    assert seen.outcome is outcome
    assert document(seen)["outcome"]["code"] == outcome


def test_the_text_tells_settings_steps_findings_and_the_answer() -> None:
    assert render_text(diagnosis(ERROR)) == (
        "settings\n  host = redis  (REDIS_HOST)\n\nredis:6379\n  tls     1.5 ms  seen\n"
        "    error tls-expired: It has �[31mexpired.\n      Renew it.\n\n"
        "cache (redis:6379/0): no TLS. It has �[31mexpired.\n"
    )


def test_colour_is_on_request_alone() -> None:
    assert "\x1b" not in render_text(diagnosis(ERROR))
    assert "\x1b[31m" in render_text(diagnosis(ERROR), color=True)


def test_every_class_has_words() -> None:
    assert set(CLASSES) == set(Outcome)
    assert headline(diagnosis()) == "cache (redis:6379/0): all is well."


def test_the_keys_stand_in_the_order_of_the_schema() -> None:
    told = document(diagnosis(ERROR))
    assert list(told) == SCHEMA["required"]
    step = SCHEMA["properties"]["steps"]["items"]
    assert list(told["steps"][0]) == step["required"]
    assert list(told["steps"][0]["findings"][0]) == step["properties"]["findings"]["items"]["required"]
    assert told["settings"] == [{"key": "host", "value": "redis", "origin": "REDIS_HOST"}]


def test_a_standalone_server_and_its_troubles_fit_the_schema(
    redis_server: EmbeddedRedis, acl_redis: EmbeddedRedis, tmp_path: Path
) -> None:
    authority = Authority(tmp_path)
    with fronts.tls(redis_server, authority.issue("127.0.0.1", until=-1)) as port:
        urls: list[Callable[[], Diagnosis]] = [
            lambda: examined(redis_server.url),
            lambda: examined(f"redis://small:hunter2@127.0.0.1:{acl_redis.port}"),
            lambda: examined(f"rediss://127.0.0.1:{port}", ssl_ca_certs=str(authority.file)),
            lambda: examined(f"rediss://127.0.0.1:{port}", ssl_cert_reqs="none"),
            lambda: examined(f"unix://{tmp_path}/none"),
            lambda: examined("redis://nosuch.invalid"),
        ]
        for look in urls:
            document(look())


def test_sentinels_and_clusters_fit_the_schema() -> None:
    with SentinelTrio() as trio:
        document(examined(sentinels=tuple(trio.sentinels), sentinel_master="mymaster"))
        document(examined(sentinels=tuple(trio.sentinels), sentinel_master="other"))
        host, port = trio.sentinels[0]
        document(examined(f"redis://{host}:{port}"))
        document(examined(trio.replicas[0].url))
    with ClusterTrio() as cluster:
        document(examined(cluster_nodes=tuple(cluster.startup_nodes)))
