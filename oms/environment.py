"""Reads the settings from the environment and names every missing or bad one at once.

Each variable may instead be given as a file: ``SECRET_KEY_FILE=/run/secrets/key``.
"""

import os
import re
import secrets
import sys
from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any, Literal, TypeVar

import environ

T = TypeVar("T")
ProcessKind = Literal["web", "worker", "command"]
REQUIRED: Any = object()


class Environment:
    """Collects what is wrong with the environment, so that an operator repairs it in one go."""

    def __init__(self) -> None:
        self.problems: list[str] = []
        self._env = environ.FileAwareEnv()

    def has(self, name: str) -> bool:
        return bool(os.environ.get(name) or os.environ.get(f"{name}_FILE"))

    def text(self, name: str, default: str = REQUIRED) -> str:
        return self._read(name, lambda: str(self._env.str(name)).strip(), default, "")

    def boolean(self, name: str, default: bool = REQUIRED) -> bool:
        return self._read(name, lambda: _as_bool(self._env.str(name)), default, False)

    def integer(self, name: str, default: int = REQUIRED, *, at_least: int = 0) -> int:
        def read() -> int:
            number = int(self._env.str(name))
            if number < at_least:
                raise ValueError(f"{number} is less than {at_least}")
            return number

        return self._read(name, read, default, 0)

    def names(self, name: str, default: list[str] = REQUIRED) -> list[str]:
        def read() -> list[str]:
            return [part.strip() for part in self._env.str(name).split(",") if part.strip()]

        return self._read(name, read, default, [])

    def exchange_rates(self, name: str) -> dict[str, Decimal]:
        """``USD=0.92,GBP=1.17``: what one unit of a currency is worth in the company's."""

        def read() -> dict[str, Decimal]:
            pairs = [part.partition("=") for part in self._env.str(name).split(",") if part.strip()]
            return {code.strip(): _as_rate(code, value) for code, _, value in pairs}

        return self._read(name, read, {}, {})

    def choice(self, name: str, allowed: list[str], default: str) -> str:
        def read() -> str:
            value = str(self._env.str(name))
            if value not in allowed:
                raise ValueError(f"{value!r} is none of {', '.join(allowed)}")
            return value

        return self._read(name, read, default, default)

    def database(self, name: str, default: dict[str, Any]) -> dict[str, Any]:
        def read() -> dict[str, Any]:
            parsed = dict(self._env.db_url(name))
            if "postgres" not in str(parsed.get("ENGINE")):
                raise ValueError(
                    "only PostgreSQL is supported, as in postgres://user:secret@host/name"
                )
            return parsed

        return self._read(name, read, default, {})

    def mail(self, name: str, default: dict[str, Any] = REQUIRED) -> dict[str, Any]:
        return self._read(name, lambda: dict(self._env.email_url(name)), default, {})

    def url(self, name: str, schemes: tuple[str, ...], default: str = REQUIRED) -> str:
        def read() -> str:
            value = str(self._env.str(name)).strip()
            if value.partition("://")[0] not in schemes:
                raise ValueError(f"it has to start with {' or '.join(s + '://' for s in schemes)}")
            return value

        return self._read(name, read, default, "")

    def refuse(self, sentence: str) -> None:
        self.problems.append(sentence)

    def stop_if_bad(self) -> None:
        """End the program with one line for every problem found so far."""
        if not self.problems:
            return
        lines = "".join(f"\n  - {problem}" for problem in self.problems)
        sys.exit(f"The settings in the environment need attention (see .env.example):{lines}")

    def _read(self, name: str, read: Callable[[], T], default: T, empty: T) -> T:
        if not self.has(name):
            if default is REQUIRED:
                self.problems.append(f"{name} is missing.")
                return empty
            return default
        try:
            return read()
        except OSError as error:
            self.problems.append(
                f"{name}_FILE cannot be read: {error.strerror} ({error.filename})."
            )
        except (ValueError, environ.ImproperlyConfigured) as error:
            self.problems.append(f"{name} cannot be used: {error}.")
        return empty


def _as_bool(value: str) -> bool:
    word = value.strip().lower()
    if word in {"1", "true", "yes", "on"}:
        return True
    if word in {"0", "false", "no", "off", ""}:
        return False
    raise ValueError(f"{value!r} is neither 1 nor 0")


def _as_rate(code: str, value: str) -> Decimal:
    try:
        rate = Decimal(value.strip())
    except InvalidOperation:
        rate = Decimal(0)
    if not (re.fullmatch(r"[A-Z]{3}", code.strip()) and rate.is_finite() and rate > 0):
        raise ValueError(f"{code}={value} is no rate such as USD=0.92")
    return rate


def process_kind() -> ProcessKind:
    """Tell what this process is for: ``OMS_PROCESS`` if it is set, else by the program's name."""
    told = os.environ.get("OMS_PROCESS", "")
    program = Path(sys.argv[0]).name
    if told == "web" or (not told and (program.startswith("gunicorn") or "runserver" in sys.argv)):
        return "web"
    if told == "worker" or (not told and program == "celery"):
        return "worker"
    return "command"


def local_secret_key(path: Path) -> str:
    """Return the secret key of a local installation; the first call writes it, for this user alone."""
    try:
        return path.read_text()
    except FileNotFoundError:
        pass
    path.parent.mkdir(parents=True, exist_ok=True)
    key = secrets.token_urlsafe(50)
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(key)
    try:
        os.link(draft, path)
    except FileExistsError:
        return path.read_text()
    finally:
        draft.unlink()
    return key
