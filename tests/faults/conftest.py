"""Real Celery workers on the test database, started and killed as child processes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import redis
from django.conf import settings
from django.db import connection
from django.db.models.functions import Now

from oms.core.models import Delivery
from oms.core.tasks import sweep_outbox

ROOT = Path(__file__).resolve().parents[2]


class Floor:
    """The worker side of the installation: start it, kill it, flush its broker."""

    def __init__(self) -> None:
        self.workers: list[subprocess.Popen[bytes]] = []

    def start_worker(self, *, failpoint: str = "") -> subprocess.Popen[bytes]:
        """Start a worker; with ``failpoint`` it dies there as by kill -9."""
        command = [sys.executable, "-m", "celery", "-A", "oms", "worker", "--pool=solo"]
        command += ["--loglevel=warning", "--without-gossip", "--without-mingle"]
        command += ["--queues=orders,celery", f"--hostname=w{len(self.workers)}@%h"]
        environment = {
            **os.environ,
            "OMS_PROCESS": "worker",
            "OMS_FAILPOINT": failpoint,
            "DATABASE_NAME": str(connection.settings_dict["NAME"]),
        }
        worker = subprocess.Popen(command, cwd=ROOT, env=environment)
        self.workers.append(worker)
        return worker

    def flush_broker(self) -> None:
        with redis.Redis.from_url(settings.REDIS_URL) as client:
            client.flushdb()

    def end_leases(self) -> None:
        """What time would do: the leases of workers that are gone run out."""
        Delivery.objects.filter(lease_until__isnull=False).update(lease_until=Now())
        Delivery.objects.filter(state="pending").update(due_at=Now())

    def sweep(self) -> None:
        """Do what the scheduler does every few seconds."""
        sweep_outbox()

    def wait_until(self, holds: Callable[[], bool], *, seconds: float = 60) -> None:
        deadline = time.monotonic() + seconds
        while not holds():
            assert time.monotonic() < deadline, "It did not happen in time."
            time.sleep(0.1)

    def stop(self) -> None:
        for worker in self.workers:
            if worker.poll() is None:
                worker.send_signal(signal.SIGKILL)
            worker.wait()


@contextmanager
def _floor() -> Iterator[Floor]:
    floor = Floor()
    floor.flush_broker()
    try:
        yield floor
    finally:
        floor.stop()
        floor.flush_broker()


@pytest.fixture
def floor(transactional_db: None, servers: None) -> Iterator[Floor]:
    with _floor() as floor:
        yield floor
