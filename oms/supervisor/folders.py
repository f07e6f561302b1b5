"""Folders of the installation: who owns them, and whether the right users reach them."""

import os
import shutil
import stat
from pathlib import Path

from oms.paths import BASE_DIR, fingerprint, var_dir
from oms.supervisor.problems import SetupProblem
from oms.supervisor.processes import Account, run_as

NEEDED_MEGABYTES = 300


def prepare_var() -> Path:
    """Make the data folder; others may pass through it to their own part, but not look around."""
    var = var_dir()
    for folder in (BASE_DIR / "var", var) if var.is_relative_to(BASE_DIR / "var") else (var,):
        folder.mkdir(parents=True, exist_ok=True)
        mode = stat.S_IMODE(folder.stat().st_mode)
        if os.geteuid() == folder.stat().st_uid and os.geteuid() == 0 and not mode & stat.S_IXOTH:
            folder.chmod(mode | 0o011)
    if not os.access(var, os.W_OK):
        raise SetupProblem(
            f"{var} cannot be written by this user: run as its owner, or set OMS_VAR."
        )
    (var / "log").mkdir(mode=0o750, exist_ok=True)
    return var


def check_space(folder: Path) -> None:
    free = shutil.disk_usage(folder).free // 2**20
    if free < NEEDED_MEGABYTES:
        raise SetupProblem(
            f"The disk is full: {folder} has {free} MB left and {NEEDED_MEGABYTES} MB are needed;"
            " free some space and start again."
        )


def prepare_socket_dir(folder: Path, account: Account | None) -> None:
    """Make the private folder of a socket, or refuse one that somebody else has put there."""
    uid = account.uid if account else os.geteuid()
    try:
        folder.mkdir(mode=0o700)
        if account:
            os.chown(folder, account.uid, account.gid)
    except FileExistsError:
        pass
    status = folder.lstat()
    if not stat.S_ISDIR(status.st_mode) or status.st_uid != uid:
        raise SetupProblem(
            f"{folder} exists and belongs to somebody else: remove it and start again."
        )
    folder.chmod(0o700)


def is_reachable(account: Account, folder: Path) -> bool:
    return run_as(account, ["/usr/bin/test", "-x", str(folder)]).returncode == 0


def fallback_dir() -> Path:
    """Return where a part lives that its own user could not reach inside the checkout."""
    return Path("/var/lib/oms") / fingerprint(var_dir())


def rotate(log: Path, *, keep_bytes: int = 5_000_000) -> None:
    if log.exists() and log.stat().st_size > keep_bytes:
        log.replace(log.with_suffix(".log.1"))
