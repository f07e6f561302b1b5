"""Many clients at once, each with its own connection."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import TypeVar

from django.db import connection

R = TypeVar("R")


def crowd(size: int, work: Callable[[int], R]) -> list[R]:
    """Run ``work(number)`` in ``size`` threads that start together; an error in one is raised here."""
    start = Barrier(size)

    def one(number: int) -> R:
        try:
            connection.ensure_connection()
            start.wait(timeout=30)
            return work(number)
        finally:
            connection.close()

    with ThreadPoolExecutor(size) as pool:
        return list(pool.map(one, range(size)))
