"""Public holidays of countries and their regions (the package ``holidays``, offline)."""

from __future__ import annotations

from datetime import date
from functools import lru_cache

import holidays

YEARS_AHEAD = 2


def public_holidays(country: str, region: str = "", *, since: date) -> frozenset[date]:
    """The holidays from that day's year to two years later; none where nobody knows them."""
    years = range(since.year, since.year + YEARS_AHEAD + 1)
    return frozenset().union(*(_of_year(country, region, year) for year in years))


@lru_cache(maxsize=1024)
def has_holidays(country: str, region: str = "") -> bool:
    """Whether the holidays of the country (and of that region of it) are known."""
    try:
        holidays.country_holidays(country, subdiv=region or None)
    except NotImplementedError:
        return False
    return True


@lru_cache(maxsize=4096)
def _of_year(country: str, region: str, year: int) -> frozenset[date]:
    if not country or not has_holidays(country, region):
        return frozenset()
    return frozenset(holidays.country_holidays(country, subdiv=region or None, years=year))
