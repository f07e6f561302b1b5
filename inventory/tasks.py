"""Celery entry points of stock."""

from celery import shared_task
from django.utils import timezone

from inventory.services import bins, claims


@shared_task
def expire_reservations() -> int:
    """Give back what carts and quotes reserved and did not use in time."""
    return claims.expire_reservations(now=timezone.now())


@shared_task
def clear_empty_bins() -> int:
    """Remove the rows of bins that nothing lies in any more."""
    return bins.clear_empty_bins()
