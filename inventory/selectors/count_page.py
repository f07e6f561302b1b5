"""The page of a count: what is to be counted, and what the differences are worth."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from inventory.counting import Limits, value_of
from inventory.models import BinContent, CountLine, StockCount
from inventory.selectors.count_limits import count_limits
from inventory.selectors.count_list import counts_for
from inventory.selectors.history import Entry, history_of
from oms.core.models import Paper


@dataclass(frozen=True, slots=True)
class CountRow:
    """A line as this person may see it. ``expected`` is empty while a blind place is not counted."""

    line: CountLine
    expected: int | None
    delta: int | None
    value: Decimal | None
    is_above_limit: bool
    is_own_first: bool

    @property
    def goods(self) -> str:
        return " ".join(part for part in (self.lot, self.line.serial or "") if part)

    @property
    def lot(self) -> str:
        return self.line.lot.code if self.line.lot else ""


@dataclass(frozen=True, slots=True)
class CountPage:
    count: StockCount
    rows: list[CountRow]
    timeline: list[Entry]
    papers: list[Paper]

    @property
    def to_count(self) -> list[CountRow]:
        return [row for row in self.rows if row.line.counted is None]

    @property
    def done(self) -> list[CountRow]:
        return [row for row in self.rows if row.line.counted is not None]

    @property
    def units(self) -> int:
        return sum(row.delta or 0 for row in self.rows)

    @property
    def value(self) -> Decimal:
        return sum((row.value or Decimal(0) for row in self.rows), Decimal(0))

    @property
    def sentence(self) -> str:
        count = self.count
        if count.status == StockCount.Status.OPEN:
            left, places = len(self.to_count), len(self.rows)
            done = ngettext("%(n)d of %(all)d place is to be counted.", "%(n)d of %(all)d places are to be counted.", places)  # fmt: skip
            return done % {"n": left, "all": places}
        if count.status == StockCount.Status.REVIEW:
            above = sum(row.is_above_limit for row in self.rows)
            told = ngettext("%d difference is above the limit.", "%d differences are above the limit.", above)  # fmt: skip
            return told % above
        return _("Closed.")


def count_page(user: Any, number: str) -> CountPage:
    """What the page of a count shows, with a constant number of statements.

    :raises StockCount.DoesNotExist: there is none, or it is not this person's to see.
    """
    count = counts_for(user).select_related("warehouse").get(number=number)
    lines = count.lines.select_related("bin", "product", "lot").order_by(
        "bin__walk_order", "bin__code", "product__sku", "pk"
    )
    limits = count_limits()
    books = {} if count.is_blind else _books(count)
    return CountPage(
        count=count,
        rows=[_row(line, books, limits, user) for line in lines],
        timeline=history_of([("stockcount", count.pk)]),
        papers=list(
            Paper.objects.filter(document_kind="stockcount", document_id=count.pk).order_by("-pk")
        ),
    )


def _books(count: StockCount) -> dict[tuple[int, int, int | None, str | None], int]:
    """What lies by the books, now, in the bins of a count that is not blind."""
    contents = BinContent.objects.filter(bin__in=count.lines.values("bin_id"))
    rows = contents.values_list("bin_id", "product_id", "lot_id", "serial", "quantity")
    return {(bin_id, p, lot, serial): units for bin_id, p, lot, serial, units in rows}


def _row(
    line: CountLine,
    books: dict[tuple[int, int, int | None, str | None], int],
    limits: Limits,
    user: Any,
) -> CountRow:
    is_counted = line.counted is not None
    delta = (line.counted or 0) - (line.expected or 0) if is_counted else None
    key = (line.bin_id, line.product_id, line.lot_id, line.serial)
    return CountRow(
        line=line,
        expected=line.expected if is_counted else books.get(key),
        delta=delta,
        value=None if delta is None else value_of(delta, line.product.cost),
        is_above_limit=delta is not None and limits.is_exceeded(delta, line.product.cost),
        is_own_first=line.first_user_id is not None and line.first_user_id == user.pk,
    )
