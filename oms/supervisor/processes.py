"""Starting, finding and ending processes of this installation, and no others."""

import contextlib
import ctypes
import os
import pwd
import signal
import subprocess
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

MARK = "OMS_SUPERVISED"
_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None, use_errno=True)


@dataclass(frozen=True)
class Account:
    """The system user under which a server runs when we are root."""

    name: str
    uid: int
    gid: int

    @classmethod
    def named(cls, name: str) -> "Account":
        entry = pwd.getpwnam(name)
        return cls(name=name, uid=entry.pw_uid, gid=entry.pw_gid)


def die_with_parent(sig: signal.Signals) -> None:
    """Ask the kernel to signal this process when its parent ends, however it ends."""
    _libc.prctl(_PR_SET_PDEATHSIG, int(sig), 0, 0, 0)


def _before_exec(parent: int, sig: signal.Signals) -> Callable[[], None]:
    def run() -> None:
        die_with_parent(sig)
        if os.getppid() != parent:
            os._exit(1)

    return run


def spawn(
    command: list[str],
    *,
    log: Path,
    environment: dict[str, str],
    death_signal: signal.Signals = signal.SIGTERM,
    account: Account | None = None,
    folder: Path = Path("/"),
) -> subprocess.Popen[bytes]:
    """Start a child in its own session that writes to `log` and does not outlive this process.

    The death signal belongs to the thread that spawns: call this from the main thread.
    """
    identity: dict[str, object] = {}
    if account is not None:
        identity = {"user": account.uid, "group": account.gid, "extra_groups": []}
    with log.open("ab") as output:
        return subprocess.Popen(  # type: ignore[call-overload, no-any-return]
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=environment,
            cwd=folder,
            start_new_session=True,
            preexec_fn=_before_exec(os.getpid(), death_signal),  # noqa: PLW1509 - one thread only
            **identity,
        )


def run_as(account: Account, command: list[str]) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        command,
        user=account.uid,
        group=account.gid,
        extra_groups=[],
        cwd="/",
        capture_output=True,
        check=False,
    )


def is_alive(pid: int) -> bool:
    """Tell whether a process runs; a zombie, which merely waits to be collected, does not."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (OSError, IndexError):
        return False
    return state not in {"Z", "X"}


def _all_pids() -> Iterable[int]:
    own = os.getpid()
    return (pid for name in os.listdir("/proc") if name.isdigit() and (pid := int(name)) != own)


def living_in(folder: Path, program: str) -> list[int]:
    """Return processes of that program whose working folder is `folder`.

    PostgreSQL and Redis step into their data folder, so this cannot meet a stranger.
    """
    return [pid for pid in _all_pids() if is_alive(pid) and _lives_in(pid, folder, program)]


def _lives_in(pid: int, folder: Path, program: str) -> bool:
    try:
        name = Path(f"/proc/{pid}/comm").read_text().strip()
        return name == program and os.readlink(f"/proc/{pid}/cwd") == str(folder.resolve())
    except OSError:
        return False


def marked_with(mark: str) -> list[int]:
    """Return processes whose environment says that the supervisor of this data folder began them."""
    wanted = f"{MARK}={mark}".encode()
    found = []
    for pid in _all_pids():
        try:
            variables = Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
        except OSError:
            continue
        if wanted in variables and is_alive(pid):
            found.append(pid)
    return found


def end(pids: list[int], *signals: signal.Signals, patience: float = 5.0) -> None:
    """Send the signals one after the other until all are gone, and SIGKILL at last."""

    def all_gone() -> bool:
        return not any(is_alive(pid) for pid in pids)

    for sig in (*signals, signal.SIGKILL):
        for pid in filter(is_alive, pids):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, sig)
        if wait_until(all_gone, patience):
            return


def wait_until(condition: Callable[[], bool], seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def memory_in_use(mark: str, servers: list[Path]) -> int:
    """Return the bytes that the marked processes and the servers really occupy (shared pages once)."""
    pids = {os.getpid(), *marked_with(mark)}
    for folder in servers:
        pids |= {*living_in(folder, "postgres"), *living_in(folder, "redis-server")}
    return sum(_proportional_bytes(pid) for pid in pids)


def _proportional_bytes(pid: int) -> int:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return sum(int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:"))
