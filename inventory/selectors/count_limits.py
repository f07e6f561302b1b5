"""Which differences of a count want a second look."""

from __future__ import annotations

from inventory.counting import NO_TOLERANCE, Limits
from inventory.models import AdjustmentReason

REASON = "count"


def count_limits() -> Limits:
    """The limits of the reason "count"; without that reason every difference is looked at again."""
    reason = AdjustmentReason.objects.filter(code__iexact=REASON, is_active=True).first()
    return Limits(reason.limit_units, reason.limit_amount) if reason else NO_TOLERANCE
