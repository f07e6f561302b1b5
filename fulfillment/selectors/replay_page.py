"""The result of a replay as plain data: both sides, the difference, and the orders that change."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import QuerySet
from django.http import QueryDict
from django.utils.formats import date_format, number_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from fulfillment.models import ReplayRun
from oms.core import listing
from oms.core.listing import Listing, ListPage, Sort, View
from oms.core.templatetags.oms import MINUS, format_money
from orders.models import Order
from orders.selectors.scope import orders_for

KINDS = {
    "warehouse": gettext_lazy("Other warehouse"),
    "shipments": gettext_lazy("More or fewer shipments"),
    "backorder": gettext_lazy("Backorder"),
    "late": gettext_lazy("On time or late"),
    "cost": gettext_lazy("Cost"),
    "lines": gettext_lazy("Other lines together"),
}
"""In what the outcomes of an order differ."""


def differing(column: str, kind: str) -> Callable[[Any], Any]:
    """Narrow rows to those that differ in this."""
    return lambda rows: rows.filter(**{f"{column}__differs__contains": [kind]})


CHANGES = Listing(
    name="replay_orders",
    views=(
        View("all", gettext_lazy("All changes"), lambda rows: rows),
        *(View(kind, label, differing("tried", kind)) for kind, label in KINDS.items()),
    ),
    sorts=(Sort("order", gettext_lazy("Order"), "id", descending=False),),
)
HEADS = (
    (gettext_lazy("Order"), "", ""),
    (gettext_lazy("Now"), "", ""),
    (gettext_lazy("With the tried set"), "", ""),
)


@dataclass(frozen=True, slots=True)
class FigureRow:
    """One figure of both sides. ``tone`` says whether the difference is good."""

    label: str
    active: str
    tried: str
    difference: str
    tone: str


@dataclass(frozen=True, slots=True)
class Change:
    """An order with what became of it on either side, in sentences."""

    order: Order
    active: str
    tried: str
    kinds: list[Any]


def replay_changes(run: ReplayRun, user: Any, params: QueryDict) -> tuple[ListPage, list[Change]]:
    """The orders of a run that change, those of them that this person may see."""
    rows = visible(run.changes.select_related("order"), user)
    page = listing.load(CHANGES, params, rows, heads=HEADS)
    pairs = [(each.order, each.active, each.tried) for each in page.page.rows]
    return page, changes_of(pairs, run.figures.get("currency", ""))


def changes_of(
    found: Iterable[tuple[Order, Mapping[str, Any], Mapping[str, Any]]], currency: str
) -> list[Change]:
    """Orders with both outcomes, the active one first; the other one says in what they differ."""
    return [
        Change(
            order,
            sentence(active, currency),
            sentence(tried, currency),
            [KINDS[kind] for kind in tried.get("differs", []) if kind in KINDS],
        )
        for order, active, tried in found
    ]


def visible(rows: QuerySet[Any, Any], user: Any) -> QuerySet[Any, Any]:
    """The rows whose orders this person may see."""
    if user.has_perm("orders.view_all_orders"):
        return rows
    return rows.filter(order__in=orders_for(user).values("pk"))


def sentence(outcome: Mapping[str, Any], currency: str) -> str:
    """What a rule set made of an order: “HAM 3 units, BER 2 units; €9.40; there on 2026-03-05”."""
    sent = outcome.get("sent", [])
    parts = [", ".join(f"{each['site']} {_units(each['units'])}" for each in sent)]
    if not sent:
        parts = [_("nothing ships")]
    elif (cost := _total(sent)) is not None:
        parts.append(format_money(cost, currency))
    if arrives := max((each["arrives"] for each in sent if each["arrives"]), default=None):
        parts.append(_("there on %s") % date_format(date.fromisoformat(arrives), "Y-m-d"))
    for name, words in (
        ("owed", _("%s backordered at first")),
        ("missing", _("%s still missing")),
        ("canceled", _("%s canceled")),
    ):
        if outcome.get(name):
            parts.append(words % _units(outcome[name]))
    if outcome.get("held"):
        parts.append(_("held for a person"))
    if outcome.get("late"):
        parts.append(_("late"))
    return "; ".join(parts)


def _units(count: int) -> str:
    return ngettext("%s unit", "%s units", count) % number_format(count, force_grouping=True)


def _total(sent: list[Mapping[str, Any]]) -> Decimal | None:
    costs = [each["cost"] for each in sent]
    return None if None in costs else sum((Decimal(x) for x in costs), Decimal(0))


def figure_rows(figures: Mapping[str, Any]) -> list[FigureRow]:
    """Both sides of a comparison with the difference; less is better in all of them."""
    active, tried = figures.get("active"), figures.get("tried")
    if not active or not tried:
        return []
    currency = figures.get("currency", "EUR")
    rows = [
        _row(_("Shipments"), active, tried, "shipments"),
        _row(_("Orders that are split"), active, tried, "splits"),
        _row(_("Way (km)"), active, tried, "km"),
    ]
    priced = active["shipments"] > active["unpriced"]
    if priced:
        rows.append(_row(_("Freight and handling"), active, tried, "cost", currency))
    if active["dated"]:
        rows.append(_late(active, tried))
    rows.append(_row(_("Units backordered at first"), active, tried, "owed"))
    if (active["missing"], tried["missing"]) != (active["owed"], tried["owed"]):
        rows.append(_row(_("Units missing in the end"), active, tried, "missing"))
    for name, label in (
        ("held", _("Orders held for a person")),
        ("canceled", _("Units canceled")),
        ("unpriced", _("Shipments without a known price")),
    ):
        if active.get(name) or tried.get(name):
            rows.append(_row(label, active, tried, name))
    return rows


def _row(
    label: str,
    active: Mapping[str, Any],
    tried: Mapping[str, Any],
    name: str,
    currency: str = "",
) -> FigureRow:
    a, b = (Decimal(str(side.get(name, 0))) for side in (active, tried))

    if not currency:
        a, b = round(a, 0), round(b, 0)  # so that the difference is that of the figures shown

    def said(value: Decimal) -> str:
        if currency:
            return format_money(value, currency)
        return number_format(value, 0, force_grouping=True)

    return FigureRow(label, said(a), said(b), _difference(b - a, said), _tone(b - a))


def _late(active: Mapping[str, Any], tried: Mapping[str, Any]) -> FigureRow:
    a, b = (round(Decimal(side["late"]) * 100 / side["dated"], 1) for side in (active, tried))

    def share(value: Decimal) -> str:
        return f"{number_format(value, 1)} %"

    def points(value: Decimal) -> str:
        return _("%s points") % number_format(value, 1)

    return FigureRow(_("Late"), share(a), share(b), _difference(b - a, points), _tone(b - a))


def _difference(value: Decimal, said: Callable[[Decimal], str]) -> str:
    if not value:
        return "±0"
    return f"{MINUS if value < 0 else '+'}{said(abs(value))}"


def _tone(difference: Decimal) -> str:
    return "up" if difference < 0 else "bad" if difference > 0 else ""
