"""Celery entry points: safe to run twice."""

from __future__ import annotations

from celery import shared_task

from fulfillment.services.sweep import route_open_orders
from oms.core.actors import SYSTEM


@shared_task
def route_open_units() -> None:
    """Route what lost its doorbell or could not be routed before."""
    route_open_orders(actor=SYSTEM)
