"""Celery entry points of stock."""

from celery import shared_task
from django.utils import timezone

from inventory.services import alerts, bins, claims, cycle_counts, expired, reordering
from inventory.services.abc import refresh_classes as write_classes
from oms.core.actors import SYSTEM


@shared_task
def expire_reservations() -> int:
    """Give back what carts and quotes reserved and did not use in time."""
    return claims.expire_reservations(now=timezone.now())


@shared_task
def clear_empty_bins() -> int:
    """Remove the rows of bins that nothing lies in any more."""
    return bins.clear_empty_bins()


@shared_task
def refresh_abc_classes() -> int:
    """Give every product the class of what it shipped."""
    return write_classes(today=timezone.localdate(), actor=SYSTEM)


@shared_task
def open_cycle_counts() -> int:
    """Ask for the counts that are due today."""
    return cycle_counts.open_cycle_counts(today=timezone.localdate(), actor=SYSTEM)


@shared_task
def clear_expired() -> int:
    """Take lots out of sale that may not be sold any more."""
    return expired.clear_expired(today=timezone.localdate(), actor=SYSTEM)


@shared_task
def watch_stock() -> None:
    """Tell of what fell to its reorder point or ran out since the last look."""
    alerts.watch_stock(actor=SYSTEM)


@shared_task
def compute_reorder_rules() -> int:
    """Compute the reorder points from the demand, and look at the stock with the new ones."""
    count = reordering.compute_rules(today=timezone.localdate(), actor=SYSTEM)
    alerts.watch_stock(actor=SYSTEM)
    return count
