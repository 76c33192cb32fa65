"""The wheel and the sdist: built once, installed in a clean environment of each Python that is present, used there."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

from mooring import __version__
from mooring.embedded import EmbeddedRedis

PROJECT = Path(__file__).parents[2]
MINORS = (11, 12, 13)
FAULTY = "import redis\nclient = redis.Redis(host='localhost')\n"
PROGRAM = "from mooring import create_redis_from_config as create; print(create(decode_responses=True).set('a', '1'))"


def interpreters() -> dict[str, str]:
    """The supported Pythons of this machine: this one, those on PATH, and those installed beside this one."""
    found = {}
    for minor in MINORS:
        name = f"python3.{minor}"
        beside = sorted(Path(sys.base_prefix).parent.glob(f"*3.{minor}*/bin/{name}"))
        own = [sys.executable] if sys.version_info[1] == minor else []
        for candidate in [*own, shutil.which(name), *beside]:
            if candidate and runs(str(candidate), minor):
                found[name] = str(candidate)
                break
    return found


def runs(python: str, minor: int) -> bool:
    """Whether it is there for real: a version manager leaves names that start nothing."""
    asked = [python, "-c", "import sys; print(sys.version_info[1])"]
    done = subprocess.run(asked, capture_output=True, text=True, check=False)
    return done.returncode == 0 and done.stdout.strip() == str(minor)


def installing(wheel: Path, python: Path) -> list[str]:
    """The command that installs into another environment, by what made this one: pip, or uv, which brings none."""
    if importlib.util.find_spec("pip") is None:
        return ["uv", "pip", "install", "--python", str(python), str(wheel)]
    return [sys.executable, "-m", "pip", "--python", str(python), "install", "--no-compile", str(wheel)]


INTERPRETERS = interpreters()


def build(source: Path, into: Path) -> None:
    """Make the wheel and the sdist."""
    command = [sys.executable, "-m", "hatchling", "build", "--directory", str(into)]
    subprocess.run(command, cwd=source, check=True, capture_output=True)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with both."""
    folder = tmp_path_factory.mktemp("dist")
    build(PROJECT, folder)
    return folder


def test_the_files_bear_the_version(built: Path) -> None:
    assert sorted(file.name for file in built.iterdir()) == [
        f"mooring-{__version__}-py3-none-any.whl",
        f"mooring-{__version__}.tar.gz",
    ]


def test_the_sdist_makes_the_same_wheel(built: Path, tmp_path: Path) -> None:
    (sdist,) = built.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        archive.extractall(tmp_path, filter="data")
    (unpacked,) = tmp_path.iterdir()
    build(unpacked, tmp_path / "dist")
    assert contents(tmp_path / "dist") == contents(built)


def contents(folder: Path) -> dict[str, int]:
    """What a folder's wheel holds, and what it sums to."""
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        return {entry.filename: entry.CRC for entry in archive.infolist() if not entry.filename.endswith("RECORD")}


def test_the_wheel_holds_the_package_and_nothing_else(built: Path) -> None:
    names = set(contents(built))
    source = PROJECT / "src"
    kept = {
        file.relative_to(source).as_posix()
        for file in (source / "mooring").rglob("*")
        if file.is_file() and "__pycache__" not in file.parts
    }
    told = f"mooring-{__version__}.dist-info/"
    assert {name for name in names if not name.startswith(told)} == kept
    assert {f"{told}licenses/LICENSE", f"{told}entry_points.txt"} <= names


@pytest.mark.parametrize("python", INTERPRETERS.values(), ids=INTERPRETERS)
def test_a_clean_environment_runs_the_command_and_the_runtime(
    python: str, built: Path, tmp_path: Path, redis_server: EmbeddedRedis
) -> None:
    clean = tmp_path / "clean"
    subprocess.run([python, "-m", "venv", "--without-pip", str(clean)], check=True)
    (wheel,) = built.glob("*.whl")
    subprocess.run(installing(wheel, clean / "bin" / "python"), check=True, capture_output=True)
    (tmp_path / "server.py").write_text(FAULTY)

    def ask(*command: str) -> subprocess.CompletedProcess[str]:
        environ = {"PATH": os.defpath, "HOME": str(tmp_path), "REDIS_URL": redis_server.url}
        program = [str(clean / "bin" / command[0]), *command[1:]]
        return subprocess.run(program, cwd=tmp_path, env=environ, capture_output=True, text=True, check=False)

    assert ask("mooring", "--version").stdout == f"mooring, version {__version__}\n"
    audited = ask("mooring", "audit", "server.py")
    assert (audited.returncode, "MR101" in audited.stdout, audited.stderr) == (1, True, "")
    assert ask("mooring", "fix", "server.py", "--code-only").returncode in {0, 1}
    assert "create_redis_from_config" in (tmp_path / "server.py").read_text()
    used = ask("python", "-W", "error", "-c", PROGRAM)
    assert (used.stdout, used.stderr) == ("True\n", "")
