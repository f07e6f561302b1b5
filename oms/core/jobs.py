"""Work for later: Celery tasks by name, sent when the transaction commits.

A message is only a doorbell. When the broker is down the message is dropped with a log line and the
sweeper finds the rows, so nothing may exist only as a message.
"""

from __future__ import annotations

import logging
from functools import cache, partial
from typing import Any

import redis
from celery import current_app
from django.conf import settings
from django.db import transaction

logger = logging.getLogger(__name__)

RING_TTL_MS = 1_000


def enqueue(task: str, *, queue: str, **kwargs: Any) -> None:
    """Run a task with these ids and small values after the transaction commits."""
    transaction.on_commit(partial(send, task, queue=queue, **kwargs))


def ring(task: str, *, queue: str) -> None:
    """Wake a task that takes no arguments after the commit; rings in the same second are one."""
    transaction.on_commit(partial(_ring_once, task, queue))


def stop_ringing(task: str, queue: str) -> None:
    """The task is awake: rows committed from now on need a new ring."""
    try:
        _bell().delete(_bell_key(task, queue))
    except redis.RedisError:
        logger.warning("The bell of %s could not be reset; it expires by itself.", task)


def send(task: str, *, queue: str, **kwargs: Any) -> bool:
    """Send a task now. False when the broker did not take it."""
    try:
        current_app.send_task(task, kwargs=kwargs, queue=queue, retry=False, ignore_result=True)
    except _broker_errors():
        logger.warning("The broker did not take %s; the sweeper will.", task)
        return False
    return True


def _broker_errors() -> tuple[type[BaseException], ...]:
    return (redis.RedisError, OSError, *current_app.connection().recoverable_connection_errors)


def _ring_once(task: str, queue: str) -> None:
    try:
        first = _bell().set(_bell_key(task, queue), 1, nx=True, px=RING_TTL_MS)
    except redis.RedisError:
        logger.warning("The broker is not reachable; the sweeper will wake %s.", task)
        return
    if first and not send(task, queue=queue):
        stop_ringing(task, queue)


def _bell_key(task: str, queue: str) -> str:
    return f"oms:bell:{queue}:{task}"


@cache
def _bell() -> redis.Redis[bytes]:
    return redis.Redis.from_url(
        settings.CELERY_BROKER_URL.replace("redis+socket://", "unix://"),
        socket_connect_timeout=1,
        socket_timeout=1,
    )
