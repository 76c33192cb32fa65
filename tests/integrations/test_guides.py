"""What the guides tell works: their programs run as they stand there, with the frameworks themselves."""

from __future__ import annotations

import importlib.util
import json
import os
import re
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path
from typing import Any

import httpx
import pytest

from mooring.embedded import EmbeddedRedis
from mooring.embedded.port import free_port

GUIDES = Path(__file__).parents[2] / "docs" / "guides"
# The first line of a program is the name of its file.
BLOCK = re.compile(r"```python\n# (?P<name>\w+\.py)\n(?P<code>.*?)```", re.DOTALL)


def unpack(guide: str, folder: Path) -> None:
    """Write a guide's programs into a folder."""
    blocks = list(BLOCK.finditer((GUIDES / guide).read_text()))
    assert blocks
    for block in blocks:
        (folder / block["name"]).write_text(block["code"])


def load(file: Path) -> Any:
    """Import a program by its file."""
    spec = importlib.util.spec_from_file_location(f"guide_{file.stem}", file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def run(folder: Path, *command: str, **environ: str) -> subprocess.CompletedProcess[str]:
    """Run a program in its folder, where it finds its neighbours."""
    return subprocess.run(
        [sys.executable, *command],
        cwd=folder,
        env={**os.environ, **environ},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


WITH_PROGRAMS = sorted(path.name for path in GUIDES.glob("*.md") if BLOCK.search(path.read_text()))


@pytest.mark.parametrize("guide", WITH_PROGRAMS)
def test_every_program_of_a_guide_is_python(guide: str, tmp_path: Path) -> None:
    unpack(guide, tmp_path)
    for file in tmp_path.iterdir():
        compile(file.read_text(), file.name, "exec")


def test_celery_runs_tasks_in_forked_workers(tmp_path: Path) -> None:
    unpack("celery.md", tmp_path)
    port = free_port()
    worker = subprocess.Popen(
        [sys.executable, "-m", "celery", "-A", "tasks", "worker", "--concurrency", "2", "-l", "error"],
        cwd=tmp_path,
        env={**os.environ, "HEALTH_PORT": str(port)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    with worker:
        try:
            asking = "from tasks import visit; print([visit.delay('home').get(timeout=30) for _ in range(4)])"
            done = run(tmp_path, "-c", asking)
            assert done.stdout == "[1, 2, 3, 4]\n", done.stderr
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=10) as answer:
                assert json.load(answer)["ready"] is True
        finally:
            worker.send_signal(signal.SIGTERM)
            told, _ = worker.communicate(timeout=30)
    assert "Traceback" not in told, told


def test_rq_runs_jobs_in_forked_children(tmp_path: Path, redis_server: EmbeddedRedis) -> None:
    unpack("rq.md", tmp_path)
    for _ in range(2):
        assert run(tmp_path, "enqueue.py").returncode == 0
    done = run(tmp_path, "worker.py", BURST="1", HEALTH_PORT=str(free_port()))
    assert done.returncode == 0, done.stderr
    with redis_server.client() as client:
        assert client.get("visits:home") in {b"2", "2"}


def test_rq_schedules_with_a_plain_client(tmp_path: Path, redis_server: EmbeddedRedis) -> None:
    unpack("rq.md", tmp_path)
    later = "queue.enqueue_in(timedelta(seconds=0), visit, 'later')"
    asking = f"from datetime import timedelta; from enqueue import queue, visit; {later}"
    assert run(tmp_path, "-c", asking).returncode == 0
    done = run(tmp_path, "scheduling_worker.py", BURST="1")
    assert done.returncode == 0, done.stderr
    with redis_server.client() as client:
        assert client.get("visits:later") in {b"1", "1"}


def test_an_rq_worker_pool_does_the_jobs_with_a_plain_client(tmp_path: Path, redis_server: EmbeddedRedis) -> None:
    unpack("rq.md", tmp_path)
    for _ in range(3):
        assert run(tmp_path, "enqueue.py").returncode == 0
    done = run(tmp_path, "worker_pool.py", BURST="1")
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    with redis_server.client() as client:
        assert client.get("visits:home") in {b"3", "3"}


def test_fastapi_serves_with_a_client_in_its_state(tmp_path: Path) -> None:
    unpack("fastapi.md", tmp_path)
    port = free_port()
    server = subprocess.Popen(
        [sys.executable, "-m", "uvicorn", "service:app", "--port", str(port), "--log-level", "warning"],
        cwd=tmp_path,
        env=os.environ.copy(),
        stderr=subprocess.PIPE,
        text=True,
    )
    with server:
        try:
            transport = httpx.HTTPTransport(retries=8)
            with httpx.Client(base_url=f"http://127.0.0.1:{port}", transport=transport, timeout=30) as client:
                assert [client.get("/visits/home").json() for _ in range(2)] == [1, 2]
                assert client.get("/readyz").status_code == 200
                assert 'command="INCRBY"' in client.get("/metrics").text
        finally:
            server.send_signal(signal.SIGTERM)
            _, errors = server.communicate(timeout=30)
    assert errors == ""


def test_djangos_settings_are_those_of_its_back_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from django.core.cache import CacheHandler

    unpack("django.md", tmp_path)
    settings = load(tmp_path / "settings.py")
    caches = CacheHandler(settings.CACHES)
    caches[settings.SESSION_CACHE_ALIAS].set("key", "value")
    assert caches["default"].get("key") == "value"


def test_observing_is_turned_on_by_its_program(tmp_path: Path) -> None:
    unpack("observing.md", tmp_path)
    code = "import observing; from mooring.runtime import hooks; print(hooks.active is not None)"
    assert run(tmp_path, "-c", code).stdout == "True\n"
