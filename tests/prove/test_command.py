"""`mooring prove` from end to end: a fleet with a faulty server, fixed in a copy, measured and reported."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from mooring.cli import main
from mooring.cli.prove import command
from mooring.embedded.port import free_port

from . import servers

PASSWORD = "Sesame-of-this-test"
DEPLOYMENT = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: NAME}
spec:
  template:
    spec:
      containers:
        - name: server
          env:
            - {name: REDIS_URL, valueFrom: {secretKeyRef: {name: redis, key: url}}}
            - {name: API_KEY, valueFrom: {secretKeyRef: {name: vendor, key: key}}}
            - {name: LOG_LEVEL, value: info}
"""


@pytest.fixture(scope="module")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("company") / "shop"
    servers.write_server(folder, "right", servers.GOOD)
    servers.write_server(folder, "faulty", servers.FAULTY.replace("PORT", str(free_port())))
    servers.write_server(folder, "mute", servers.MUTE)
    (folder / "jobs").mkdir()
    (folder / "jobs" / "main.py").write_text("print('no server')\n")
    (folder / "k8s").mkdir()
    (folder / "k8s" / "faulty.yaml").write_text(DEPLOYMENT.replace("NAME", "faulty"))
    return folder


@pytest.fixture(scope="module")
def original(fleet: Path) -> dict[Path, bytes]:
    return contents(fleet)


@pytest.fixture(scope="module")
def result(fleet: Path, original: dict[Path, bytes]) -> Iterator[Result]:
    assert original
    options = ["--calls", "3", "--rounds", "2", "--concurrency", "1", "--concurrency", "4"]
    files = ["--json", str(fleet.parent / "samples.json"), "-o", str(fleet.parent / "report.html")]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("secrets.token_urlsafe", lambda _: PASSWORD)
        yield CliRunner().invoke(command, [str(fleet), *options, *files, "--keep", str(fleet.parent / "kept")])


@pytest.fixture(scope="module")
def samples(fleet: Path, result: Result) -> dict[str, Any]:
    assert result.exit_code == 0, result.output
    read: dict[str, Any] = json.loads((fleet.parent / "samples.json").read_text())
    return read


def contents(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_fleet_that_works_after_the_fix_exits_with_0(result: Result) -> None:
    assert result.exit_code == 0, result.output
    assert "1 of 2 servers could not use their Redis before the fix; 2 of 2 can after it." in result.stdout


def test_progress_and_reasons_go_to_standard_error(result: Result) -> None:
    assert "faulty, before: does not connect: ConnectionError: Error 111 connecting to localhost" in result.stderr
    assert "faulty, after: connects" in result.stderr
    assert "right: measuring" in result.stderr


def test_the_users_tree_is_untouched(fleet: Path, original: dict[Path, bytes], result: Result) -> None:
    assert result.exit_code == 0
    assert contents(fleet) == original


def test_both_copies_are_kept_where_asked(fleet: Path, result: Result) -> None:
    assert result.exit_code == 0
    kept = fleet.parent / "kept"
    before, after = ((kept / side / "servers/faulty/server.py").read_text() for side in ("before", "after"))
    assert "redis.Redis(host='localhost'" in before
    assert "create_async_redis_from_config(" in after


def test_every_call_is_in_the_samples(samples: dict[str, Any]) -> None:
    assert samples["schema"] == 1
    assert set(samples["samples"][0]) == {
        "service", "side", "scenario", "concurrency", "round", "start", "seconds", "outcome", "reason",
    }  # fmt: skip
    loaded = [s for s in samples["samples"] if s["round"] and s["service"] == "right"]
    assert len(loaded) == 2 * 2 * (3 + 4 + 1 + 4)
    assert {s["outcome"] for s in loaded} == {"ok"}
    made = [block["made"] for block in samples["blocks"] if block["round"] and block["service"] == "right"]
    assert sum(made) == len(loaded)


def test_each_service_says_what_environment_it_had(samples: dict[str, Any]) -> None:
    services = {str(service["name"]): service for service in samples["services"]}
    assert services["faulty"]["manifest"] == "k8s/faulty.yaml"
    assert services["faulty"]["repointed"] == ["REDIS_URL"]
    assert services["faulty"]["omitted"] == ["API_KEY"]
    assert services["right"]["manifest"] is None
    assert services["faulty"]["fixes"]
    assert services["right"]["fixes"] == []


def test_what_a_reader_must_know_is_told(samples: dict[str, Any]) -> None:
    caveats = " ".join(map(str, samples["caveats"]))
    assert "Not MCP servers, so not driven: jobs." in caveats
    assert "No manifest runs mute, right: given REDIS_URL and nothing else" in caveats
    assert "faulty ran without API_KEY" in caveats
    assert "ships no upstream/fake.py" in caveats


def test_no_output_holds_the_password(fleet: Path, result: Result) -> None:
    written = [(fleet.parent / name).read_text() for name in ("samples.json", "report.html")]
    assert PASSWORD not in result.stdout + result.stderr + "".join(written)


def test_the_report_names_the_samples_beside_it(fleet: Path, result: Result) -> None:
    assert result.exit_code == 0
    assert '<a href="samples.json">samples.json</a>' in (fleet.parent / "report.html").read_text()


def test_a_server_that_fails_after_the_fix_exits_with_1(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    servers.write_server(tmp_path, "dead", servers.DEAD + "import mcp\n")
    assert main(["prove", str(tmp_path)]) == 1
    shown = capsys.readouterr()
    assert "1 of 1 server could not use its Redis before the fix; 0 of 1 can after it." in shown.out
    assert "dead, after: does not start: RuntimeError: no such luck" in shown.out


def test_a_tree_without_a_server_exits_with_2(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "main.py").write_text("print('no server')\n")
    assert main(["prove", str(tmp_path)]) == 2
    assert capsys.readouterr().err.startswith("mooring: error: no MCP server found")


def test_servers_that_cannot_be_driven_exit_with_2(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    servers.write_server(tmp_path, "mute", servers.MUTE)
    assert main(["prove", str(tmp_path)]) == 2
    assert "mooring: error: none of 1 servers offers the tool lookup(key)" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--service", "nobody"], "--service nobody: no MCP server is called so; there are dead"),
        (["--calls", "0"], "--calls must be at least 1, not 0"),
        (["-o", "no/such/folder/report.html"], "no/such/folder/report.html: its folder does not exist"),
        (["--keep", "."], "the folder is not empty"),
    ],
)
def test_wrong_options_exit_with_2_before_anything_runs(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    options: list[str],
    message: str,
) -> None:
    servers.write_server(tmp_path, "dead", servers.DEAD + "import mcp\n")
    monkeypatch.chdir(tmp_path)
    assert main(["prove", str(tmp_path), *options]) == 2
    shown = capsys.readouterr()
    assert message in shown.err
    assert "does not start" not in shown.err
