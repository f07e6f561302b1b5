"""The Celery application. Its messages are doorbells: the truth is always a row in the database."""

import contextlib
import os
from pathlib import Path
from typing import Any

import redis
from celery import Celery
from celery.schedules import crontab
from celery.signals import worker_ready

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "oms.settings")

app = Celery("oms")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()

# `expires` keeps a stopped worker from finding a heap of stale doorbells when it comes back.
app.conf.beat_schedule = {
    "sweep-outbox": {
        "task": "oms.core.tasks.sweep_outbox",
        "schedule": 5.0,
        "options": {"expires": 30},
    },
    "sweep-papers-and-messages": {
        "task": "oms.core.tasks.sweep_papers_and_messages",
        "schedule": 10.0,
        "options": {"expires": 30},
    },
    "sweep-jobs": {
        "task": "oms.core.tasks.sweep_jobs",
        "schedule": 15.0,
        "options": {"expires": 30},
    },
    "beat-heartbeat": {
        "task": "oms.core.tasks.beat_heartbeat",
        "schedule": 10.0,
        "options": {"expires": 30},
    },
    "expire-reservations": {
        "task": "inventory.tasks.expire_reservations",
        "schedule": 60.0,
        "options": {"expires": 120},
    },
    "route-open-units": {
        "task": "fulfillment.tasks.route_open_units",
        "schedule": crontab(minute="*/15"),
        "options": {"expires": 600},
    },
    "rest-held-claims": {
        "task": "fulfillment.tasks.rest_held_claims",
        "schedule": crontab(minute=35),
        "options": {"expires": 600},
    },
    "cancel-overdue-rests": {
        "task": "fulfillment.tasks.cancel_overdue_rests",
        "schedule": crontab(hour=0, minute=40),
    },
    "score-warehouses": {
        "task": "fulfillment.tasks.score_warehouses",
        "schedule": crontab(hour=1, minute=40),
    },
    "keep-stale-promises": {
        "task": "fulfillment.tasks.keep_stale_promises",
        "schedule": crontab(minute="7,22,37,52"),
        "options": {"expires": 600},
    },
    "keep-all-promises": {
        "task": "fulfillment.tasks.keep_all_promises",
        "schedule": crontab(hour=1, minute=10),
    },
    "prune-outbox": {
        "task": "oms.core.tasks.prune_outbox",
        "schedule": crontab(hour=3, minute=10),
    },
    "clear-empty-bins": {
        "task": "inventory.tasks.clear_empty_bins",
        "schedule": crontab(minute=20),
    },
    "clear-expired": {
        "task": "inventory.tasks.clear_expired",
        "schedule": crontab(hour=0, minute=20),
    },
    "refresh-abc-classes": {
        "task": "inventory.tasks.refresh_abc_classes",
        "schedule": crontab(hour=3, minute=30),
    },
    "open-cycle-counts": {
        "task": "inventory.tasks.open_cycle_counts",
        "schedule": crontab(hour=4, minute=0),
    },
    "watch-stock": {
        "task": "inventory.tasks.watch_stock",
        "schedule": crontab(minute="5-59/15"),
        "options": {"expires": 600},
    },
    "compute-reorder-rules": {
        "task": "inventory.tasks.compute_reorder_rules",
        "schedule": crontab(hour=3, minute=50),
    },
    "forget-old-trials": {
        "task": "fulfillment.tasks.forget_old_trials",
        "schedule": crontab(hour=3, minute=20),
    },
    "check-invariants": {
        "task": "oms.core.tasks.check_invariants",
        "schedule": crontab(hour=2, minute=30),
    },
}


@worker_ready.connect
def announce(**_facts: Any) -> None:
    """Tell /readyz and the supervisor that this worker takes tasks."""
    from oms.core import heartbeat  # noqa: PLC0415 - this module is loaded before Django's apps

    with contextlib.suppress(redis.RedisError):
        heartbeat.beat()
    if ready_file := os.environ.get("OMS_READY_FILE"):
        Path(ready_file).touch()
