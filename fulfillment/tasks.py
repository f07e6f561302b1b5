"""Celery entry points: safe to run twice."""

from __future__ import annotations

from celery import shared_task

from fulfillment.services import promises
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
def keep_stale_promises() -> int:
    """Promises that time alone has changed."""
    return promises.keep_stale_promises(actor=SYSTEM)


@shared_task
def forget_old_trials() -> None:
    """Results of the shadow and of replays that nobody reads any more."""
    prune_trials(actor=SYSTEM)


@shared_task
def keep_all_promises() -> int:
    """Every open promise, whatever no event has told of."""
    return promises.keep_all_promises(actor=SYSTEM)
