"""The two embedded servers, for a demo, a test session or a single command."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from oms.paths import BASE_DIR, socket_dir, var_dir
from oms.supervisor.folders import check_space, prepare_var
from oms.supervisor.lock import FileLock, servers_lock, users_lock
from oms.supervisor.postgres import choose_place, embedded_postgres
from oms.supervisor.problems import SetupProblem, phrase_log
from oms.supervisor.processes import MARK, end, marked_with, wait_until
from oms.supervisor.program import Program
from oms.supervisor.redis import embedded_redis
from oms.supervisor.supervisor import Supervisor


def is_durable() -> bool:
    """Tell whether commits wait for the disk; only throwaway test data does without."""
    return os.environ.get("OMS_DURABLE", "1") != "0"


def needed_servers(say: Callable[[str], None]) -> list[Program]:
    """Return the embedded servers that no variable of the environment replaces."""
    needed: list[Program] = []
    if not _is_set("DATABASE_URL"):
        place = choose_place()
        if place.remark:
            say(place.remark)
        needed.append(embedded_postgres(place, durable=is_durable()))
    if not _is_set("REDIS_URL"):
        needed.append(embedded_redis())
    return needed


@contextmanager
def supervised(say: Callable[[str], None]) -> Iterator[tuple[Supervisor, FileLock]]:
    """Hold the data folder, clear away orphans of a killed predecessor, and stop all in the end."""
    var = prepare_var()
    lock = servers_lock(var)
    if not wait_until(lock.take, 1.0):
        raise SetupProblem(_already_running(lock))
    supervisor = Supervisor(say)
    try:
        check_space(var)
        lock.note(pid=os.getpid())
        end(_orphans(), signal.SIGTERM, patience=3.0)
        yield supervisor, lock
    finally:
        for sig in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(sig, signal.SIG_IGN)
        supervisor.stop()
        _remove_socket_dirs()
        lock.release()


def _orphans() -> list[int]:
    return marked_with(str(var_dir()))


def _remove_socket_dirs() -> None:
    for folder in (socket_dir("pg"), socket_dir("redis")):
        if folder.is_dir():
            for leftover in folder.iterdir():
                leftover.unlink(missing_ok=True)
            folder.rmdir()


def _already_running(lock: FileLock) -> str:
    note = lock.read_note()
    where = f" at {note['url']}" if "url" in note else ""
    return (
        f"This data folder is in use by process {note.get('pid', 'unknown')}{where}:"
        f" stop that one first, or set OMS_VAR to another folder than {var_dir()}."
    )


def run_servers_until_unused() -> None:
    """Run the servers as long as at least one command holds the users' lock."""
    with supervised(lambda sentence: print(sentence, flush=True)) as (supervisor, _):
        supervisor.start(*needed_servers(lambda sentence: print(sentence, file=sys.stderr)))
        alone = users_lock(var_dir())
        while not alone.take():
            supervisor.check()
            time.sleep(0.2)


@contextmanager
def embedded_servers(*, redis_alone: bool = False) -> Iterator[None]:
    """Have the embedded servers answer inside the block, whoever runs them.

    Where ``DATABASE_URL`` names an outside server nothing is started, save for Redis if `redis_alone`.
    """
    needed = not _is_set("DATABASE_URL") or (redis_alone and not _is_set("REDIS_URL"))
    if not needed or os.environ.get(MARK) == str(var_dir()):
        yield
        return
    var = prepare_var()
    users = users_lock(var)
    users.take(shared=True, wait=True)
    try:
        ensure_running(var)
        yield
    finally:
        users.release()


def ensure_running(var: Path) -> None:
    """Start the servers in the background unless a supervisor of this folder runs already."""
    log = var / "log" / "servers.log"
    offset = log.stat().st_size if log.exists() else 0
    lock = servers_lock(var)
    child: subprocess.Popen[bytes] | None = None
    deadline = time.monotonic() + 90.0
    while not _answer():
        if not lock.is_taken():
            if child is None:
                child = _start_in_background(log)
            elif child.poll() is not None:
                raise SetupProblem(phrase_log(log, offset).partition(" (more in")[0])
        if time.monotonic() > deadline:
            raise SetupProblem(f"The embedded servers do not answer: {phrase_log(log, offset)}.")
        time.sleep(0.05)


def _start_in_background(log: Path) -> subprocess.Popen[bytes]:
    environment = {name: value for name, value in os.environ.items() if name != MARK}
    with log.open("ab") as output:
        return subprocess.Popen(
            [sys.executable, "-m", "oms.supervisor", "servers"],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=environment | {"PYTHONPATH": str(BASE_DIR)},
            cwd="/",
            start_new_session=True,
        )


def _answer() -> bool:
    return (_is_set("DATABASE_URL") or _accepts_connections()) and (
        _is_set("REDIS_URL") or embedded_redis().is_ready()
    )


def _accepts_connections() -> bool:
    if not (socket_dir("pg") / ".s.PGSQL.5432").exists():
        return False
    import psycopg2  # noqa: PLC0415 - not needed where an outside server is used

    try:
        host = str(socket_dir("pg"))
        psycopg2.connect(host=host, user="oms", dbname="oms", connect_timeout=2).close()
    except psycopg2.OperationalError:
        return False
    return True


def _is_set(name: str) -> bool:
    return bool(os.environ.get(name) or os.environ.get(f"{name}_FILE"))
