"""Two locks that vanish with their holders: who runs the servers, and who uses them."""

import fcntl
import json
import os
from pathlib import Path
from typing import IO


class FileLock:
    """A lock on a file, given back by the kernel even after kill -9."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file: IO[str] | None = None

    def take(self, *, shared: bool = False, wait: bool = False) -> bool:
        kind = fcntl.LOCK_SH if shared else fcntl.LOCK_EX
        self.path.parent.mkdir(parents=True, exist_ok=True)
        file = os.fdopen(os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600), "r+")
        try:
            fcntl.flock(file, kind if wait else kind | fcntl.LOCK_NB)
        except BlockingIOError:
            file.close()
            return False
        self._file = file
        return True

    def note(self, **facts: object) -> None:
        """Leave facts about the holder in the file, for whoever finds it locked."""
        assert self._file is not None, "only the holder may write"  # noqa: S101
        self._file.seek(0)
        self._file.truncate()
        json.dump(facts, self._file)
        self._file.flush()

    def read_note(self) -> dict[str, object]:
        try:
            return dict(json.loads(self.path.read_text()))
        except (OSError, ValueError):
            return {}

    def release(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None

    def is_taken(self) -> bool:
        if not self.path.exists():
            return False
        probe = FileLock(self.path)
        if not probe.take(shared=True):
            return True
        probe.release()
        return False


def servers_lock(var: Path) -> FileLock:
    """Held by the one supervisor of a data folder."""
    return FileLock(var / "supervisor.lock")


def users_lock(var: Path) -> FileLock:
    """Shared by every command that uses servers which were started for the occasion."""
    return FileLock(var / "users.lock")
