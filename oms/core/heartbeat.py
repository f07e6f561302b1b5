"""Whether the workers are alive: the scheduler rings, a worker answers, the answer is kept in Redis."""

from datetime import timedelta

import redis
from django.conf import settings

_KEY = "oms:heartbeat"


def beat() -> None:
    """Record that a worker has just worked, by the clock of Redis."""
    with _client() as client:
        client.set(_KEY, client.time()[0])


def age() -> timedelta | None:
    """Return how long ago a worker has worked, or None when none ever has."""
    with _client() as client:
        beaten = client.get(_KEY)
        return None if beaten is None else timedelta(seconds=client.time()[0] - int(beaten))


def _client() -> "redis.Redis[bytes]":
    return redis.Redis.from_url(settings.REDIS_URL, socket_timeout=2, socket_connect_timeout=2)
