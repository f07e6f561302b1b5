"""What the rule set in the shadow would have done, beside what was done."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db import connection
from django.http import QueryDict
from django.utils.translation import gettext_lazy

from fulfillment.models import RuleSet
from fulfillment.outcomes import Sums
from fulfillment.selectors.replay_page import (
    KINDS,
    Change,
    FigureRow,
    changes_of,
    differing,
    figure_rows,
    visible,
)
from oms.core import listing
from oms.core.listing import Listing, ListPage, Sort, View

RESULTS = Listing(
    name="shadow_results",
    views=(
        View("all", gettext_lazy("All differences"), lambda rows: rows),
        *(View(kind, label, differing("shadow", kind)) for kind, label in KINDS.items()),
    ),
    sorts=(Sort("newest", gettext_lazy("Newest"), "id"),),
)
HEADS = (
    (gettext_lazy("Order"), "", ""),
    (gettext_lazy("Now"), "", ""),
    (gettext_lazy("In the shadow"), "", ""),
)


@dataclass(frozen=True, slots=True)
class ShadowPage:
    """``count`` decisions were seen since ``since``, ``different`` of them fell otherwise."""

    count: int
    different: int
    since: datetime | None
    figures: list[FigureRow]
    changes: list[Change]
    page: ListPage


def shadow_page(rule_set: RuleSet, user: Any, params: QueryDict) -> ShadowPage:
    """The results of a set: share, sums and the orders, with a constant number of statements."""
    count, different, since, figures = _sums(rule_set)
    rows = visible(rule_set.shadow_results.filter(is_different=True), user)
    page = listing.load(RESULTS, params, rows.select_related("order"), heads=HEADS)
    pairs = [(each.order, each.active, each.shadow) for each in page.page.rows]
    changes = changes_of(pairs, settings.COMPANY_CURRENCY)
    return ShadowPage(count, different, since, figure_rows(figures), changes, page)


def _sums(rule_set: RuleSet) -> tuple[int, int, datetime | None, dict[str, Any]]:
    with connection.cursor() as cursor:
        cursor.execute(_SUMS, [rule_set.pk])
        count, different, since, *sums = cursor.fetchone()
    names = [field.name for field in fields(Sums)]
    figures: dict[str, Any] = {"currency": settings.COMPANY_CURRENCY}
    for side, values in (("active", sums[: len(names)]), ("tried", sums[len(names) :])):
        figures[side] = dict(zip(names, [x or Decimal(0) for x in values], strict=True))
    return count, different, since, figures


_SUMS = f"""
SELECT count(*), count(*) FILTER (WHERE is_different), min(at), {
    ", ".join(
        f"sum(({column}->'figures'->>'{field.name}')::numeric)"
        for column in ("active", "shadow")
        for field in fields(Sums)
    )
}
FROM fulfillment_shadowresult WHERE rule_set_id = %s"""  # noqa: S608 - our own field names
