"""Answers for load balancers and people on call: alive, ready, which version."""

import os
import tomllib
from collections.abc import Callable
from datetime import timedelta
from functools import cache

import redis
from django.conf import settings
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.db.models import Min
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from oms.core import heartbeat
from oms.core.access import public
from oms.core.models import Delivery, OutboxEvent

HEARTBEAT_LIMIT = timedelta(seconds=60)
QUEUE_AGE_LIMIT = timedelta(seconds=120)


@public
@require_safe
@never_cache
def healthz(_request: HttpRequest) -> HttpResponse:
    """Say that this process answers, whatever the state of the servers behind it."""
    return JsonResponse({"status": "ok"})


@public
@require_safe
@never_cache
def readyz(_request: HttpRequest) -> HttpResponse:
    """Say whether orders can be taken and worked on; 503 with the reasons where not."""
    failed = {name: reason for name, check in CHECKS.items() if (reason := _reason(check))}
    body = {"status": "not ready" if failed else "ready", "reasons": failed}
    response = JsonResponse(body, status=503 if failed else 200)
    if failed:
        response["Retry-After"] = "5"
    return response


@public
@require_safe
def version(_request: HttpRequest) -> HttpResponse:
    return JsonResponse({"version": _version(), "commit": os.environ.get("OMS_COMMIT", "")})


@cache
def _version() -> str:
    return str(
        tomllib.loads((settings.BASE_DIR / "pyproject.toml").read_text())["project"]["version"]
    )


def _reason(check: Callable[[], str]) -> str:
    try:
        return check()
    except DatabaseError as error:
        return f"The database does not answer: {type(error).__name__}."
    except redis.RedisError as error:
        return f"The broker does not answer: {type(error).__name__}."


def _database() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return ""


def _migrations() -> str:
    executor = MigrationExecutor(connection)
    waiting = executor.migration_plan(executor.loader.graph.leaf_nodes())
    return f"{len(waiting)} migrations are not applied; run manage.py migrate." if waiting else ""


def _worker() -> str:
    silence = heartbeat.age()
    if silence is None:
        return "No worker has answered yet; start a Celery worker and beat."
    if silence > HEARTBEAT_LIMIT:
        return f"No worker has answered for {silence.total_seconds():.0f} s."
    return ""


def _queue() -> str:
    """Look at the rows, which are the truth, and not at the length of a list in the broker."""
    now = timezone.now()
    waiting = OutboxEvent.objects.filter(fanned_out_at=None).aggregate(since=Min("created_at"))
    due = Delivery.objects.filter(state=Delivery.State.PENDING, due_at__lt=now)
    moments = [waiting["since"], due.aggregate(since=Min("due_at"))["since"]]
    age = max((now - moment for moment in moments if moment), default=timedelta())
    if age > QUEUE_AGE_LIMIT:
        return f"The oldest waiting event is {age.total_seconds():.0f} s old."
    return ""


CHECKS: dict[str, Callable[[], str]] = {
    "database": _database,
    "migrations": _migrations,
    "worker": _worker,
    "queue": _queue,
}
