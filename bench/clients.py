"""Several processes that start at the same moment and do the same work."""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Callable
from typing import Any

from django.db import connections

Work = Callable[[int], Any]


def run_clients(count: int, work: Work) -> tuple[float, list[Any]]:
    """Run ``work(number)`` in ``count`` forked processes; wall-clock seconds and what they returned.

    :raises RuntimeError: a client failed.
    """
    connections.close_all()
    context = multiprocessing.get_context("fork")
    start, results = context.Barrier(count + 1), context.SimpleQueue()

    def client(number: int) -> None:
        start.wait()
        try:
            results.put((True, work(number)))
        except BaseException as error:
            results.put((False, repr(error)))
            raise
        connections.close_all()

    clients = [context.Process(target=client, args=(n,)) for n in range(count)]
    for each in clients:
        each.start()
    start.wait()
    began = time.perf_counter()
    answers = [results.get() for _ in clients]
    seconds = time.perf_counter() - began
    for each in clients:
        each.join()
    if failures := [answer for ok, answer in answers if not ok]:
        raise RuntimeError(failures[0])
    return seconds, [answer for _, answer in answers]
