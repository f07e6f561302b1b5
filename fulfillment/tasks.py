"""Celery entry points: safe to run twice."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from fulfillment.services import cancel_dates, held_claims, promises, scores
from fulfillment.services.fill import fill_waiting_orders
from fulfillment.services.shadow import prune_trials
from fulfillment.services.sweep import route_open_orders
from oms.core.actors import SYSTEM


@shared_task
def route_open_units() -> None:
    """Route what no event tells of: claims that expired, races that were lost three times."""
    route_open_orders(actor=SYSTEM)
    fill_waiting_orders(actor=SYSTEM)


@shared_task
def score_warehouses() -> None:
    """Reliability as of today: rejections grow old."""
    scores.score_sites(actor=SYSTEM)


@shared_task
def cancel_overdue_rests() -> int:
    """What was not to wait any longer."""
    return cancel_dates.cancel_overdue(today=timezone.localdate(), actor=SYSTEM)


@shared_task
def rest_held_claims() -> int:
    """Claims of orders that are held for long."""
    return held_claims.rest_held_claims(now=timezone.now(), actor=SYSTEM)


@shared_task
def keep_stale_promises() -> int:
    """Promises that time alone has changed."""
    return promises.keep_stale_promises(actor=SYSTEM)


@shared_task
def keep_all_promises() -> int:
    """Every open promise, whatever no event has told of."""
    return promises.keep_all_promises(actor=SYSTEM)


@shared_task
def forget_old_trials() -> None:
    """Results of the shadow and of replays that nobody reads any more."""
    prune_trials(actor=SYSTEM)
