"""The supervisor's servers survive kill -9 of any part, and nobody else's process is touched."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings

from oms.supervisor.lock import servers_lock, users_lock
from oms.supervisor.processes import living_in, wait_until

VAR = Path(settings.BASE_DIR) / "var" / "test-supervisor"
READ_DATABASE = (
    "from oms.supervisor.servers import embedded_servers\n"
    "import psycopg2\n"
    "from oms.paths import embedded_database as d\n"
    "with embedded_servers():\n"
    "    c = psycopg2.connect(host=d()['HOST'], user='oms', dbname='oms').cursor()\n"
    "    c.execute('SELECT 40 + 2'); print(c.fetchone()[0])\n"
)


@pytest.fixture
def own_servers(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A data folder of its own, away from the servers of the session."""
    for name in ("DATABASE_URL", "REDIS_URL", "OMS_SUPERVISED"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("OMS_VAR", str(VAR))
    monkeypatch.setenv("OMS_DURABLE", "0")
    yield VAR
    assert wait_until(lambda: not servers_lock(VAR).is_taken(), 20)
    reset = [sys.executable, str(settings.BASE_DIR / "oms" / "bootstrap.py"), "reset"]
    subprocess.run(reset, check=True, capture_output=True)
    shutil.rmtree(VAR, ignore_errors=True)


def start(*arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, *arguments],
        cwd=settings.BASE_DIR,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": str(settings.BASE_DIR)},
    )


def data_folder() -> Path:
    from oms.supervisor.postgres import choose_place

    return choose_place().data


def answer() -> str:
    out, err = start("-c", READ_DATABASE).communicate(timeout=90)
    return out.strip() or err


def the_postmaster() -> int:
    return min(living_in(data_folder(), "postgres"))


def test_servers_live_as_long_as_a_command_uses_them(own_servers: Path) -> None:
    assert answer() == "42"

    assert wait_until(lambda: not servers_lock(own_servers).is_taken(), 20)
    assert living_in(data_folder(), "postgres") == []
    assert living_in(own_servers / "redis", "redis-server") == []


def test_a_killed_server_is_started_again(own_servers: Path) -> None:
    user = users_lock(own_servers)
    user.take(shared=True)
    try:
        assert answer() == "42"
        killed = [the_postmaster(), *living_in(own_servers / "redis", "redis-server")]
        for pid in killed:
            os.kill(pid, signal.SIGKILL)

        def all_are_back() -> bool:
            alive = {*living_in(data_folder(), "postgres")}
            redis = {*living_in(own_servers / "redis", "redis-server")}
            return bool(alive and redis) and not (alive | redis) & set(killed)

        assert wait_until(all_are_back, 30)
        assert answer() == "42"
    finally:
        user.release()


def test_a_killed_supervisor_takes_its_servers_along_and_the_next_start_recovers(
    own_servers: Path,
) -> None:
    user = users_lock(own_servers)
    user.take(shared=True)
    try:
        assert answer() == "42"
        os.kill(int(str(servers_lock(own_servers).read_note()["pid"])), signal.SIGKILL)

        assert wait_until(lambda: not living_in(data_folder(), "postgres"), 20)
        assert wait_until(lambda: not living_in(own_servers / "redis", "redis-server"), 20)
        assert answer() == "42"
    finally:
        user.release()


def test_a_stranger_behind_a_stale_pid_file_lives_on(own_servers: Path) -> None:
    assert answer() == "42"
    assert wait_until(lambda: not servers_lock(own_servers).is_taken(), 20)
    stranger = subprocess.Popen(["sleep", "600"])
    try:
        data = data_folder()
        (data / "postmaster.pid").write_text(f"{stranger.pid}\n{data}\n{int(time.time())}\n5432\n")

        assert answer() == "42"

        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


def test_a_second_supervisor_refuses_and_names_the_first(own_servers: Path) -> None:
    user = users_lock(own_servers)
    user.take(shared=True)
    try:
        assert answer() == "42"
        first = servers_lock(own_servers).read_note()["pid"]

        second = start("-m", "oms.supervisor", "demo", "--port", "1")
        _, err = second.communicate(timeout=60)

        assert second.returncode == 1
        assert f"in use by process {first}" in err
        assert "Traceback" not in err
    finally:
        user.release()


def test_a_socket_folder_of_somebody_else_is_refused(own_servers: Path, tmp_path: Path) -> None:
    from oms.supervisor.folders import prepare_socket_dir
    from oms.supervisor.problems import SetupProblem

    trap = tmp_path / "trap"
    trap.symlink_to(tmp_path)

    with pytest.raises(SetupProblem, match="belongs to somebody else"):
        prepare_socket_dir(trap, None)

    assert trap.is_symlink()
