"""What the supervisor has to know about one of its children."""

import os
import signal
import sys
from dataclasses import dataclass, field
from pathlib import Path

from oms.paths import BASE_DIR, var_dir
from oms.supervisor.processes import MARK, Account


@dataclass(frozen=True)
class Program:
    """A child; servers override `prepare` and `is_ready`."""

    name: str
    command: list[str]
    environment: dict[str, str] = field(default_factory=dict)
    account: Account | None = None
    folder: Path = Path("/")
    stop_signals: tuple[signal.Signals, ...] = (signal.SIGTERM,)
    death_signal: signal.Signals = signal.SIGTERM
    patience: float = 10.0
    is_server: bool = False

    @property
    def log(self) -> Path:
        return var_dir() / "log" / f"{self.name}.log"

    def prepare(self) -> None:
        """Clear away what a killed predecessor left behind."""

    def is_ready(self) -> bool:
        return True


def child_environment(**extra: str) -> dict[str, str]:
    """Return the environment of every child: ours, the mark of this data folder, and `extra`."""
    own = {MARK: str(var_dir()), "OMS_VAR": str(var_dir()), "PYTHONUNBUFFERED": "1"}
    return {**os.environ, "PYTHONPATH": str(BASE_DIR), **own, **extra}


def python(*arguments: str) -> list[str]:
    return [sys.executable, *arguments]
