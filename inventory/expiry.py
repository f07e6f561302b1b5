"""Until when a lot may be sold: the one rule behind picking, transfers and the nightly clearing.

A lot carries the last day on which it may be sold. A product may ask for more: with 30 days left at
least, a lot that expires on January 31 is sold until January 1.
"""

from __future__ import annotations

from datetime import date, timedelta


def last_day_to_sell(expiry_date: date | None, days_left: int = 0) -> date | None:
    """The last day on which units of the lot may leave; None: it never expires."""
    return None if expiry_date is None else expiry_date - timedelta(days=days_left)


def is_sellable(expiry_date: date | None, on: date, days_left: int = 0) -> bool:
    """Whether units of the lot may leave on that day with at least ``days_left`` days to go."""
    last = last_day_to_sell(expiry_date, days_left)
    return last is None or on <= last


SELLABLE = "(lot.expiry_date IS NULL OR lot.expiry_date - product.expiry_days_left >= %(today)s)"
"""`is_sellable` as SQL over a ``lot`` (joined left) and its ``product``, with the parameter ``today``."""
