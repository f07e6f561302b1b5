"""Every routing decision of an order, as tables: warehouses by the criteria that chose among them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from fulfillment.models import RoutingDecision, RoutingRule
from fulfillment.selectors.reasons import (
    candidate_of,
    claimed_words,
    out_words,
    tried_words,
)
from fulfillment.selectors.rule_sets import with_related
from fulfillment.selectors.rule_words import words_of

UNITS = "units"


@dataclass(frozen=True, slots=True)
class Cell:
    """A figure of a warehouse. ``mark``: "wins", "loses", or empty where it decided nothing."""

    label: str
    text: str
    mark: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    warehouse: str
    is_chosen: bool
    cells: list[Cell]
    text: str


@dataclass(frozen=True, slots=True)
class Leg:
    """The candidates for one address; ``out``: those that were none, with the reason."""

    columns: list[str]
    rows: list[Row]
    out: list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class DecisionView:
    """A decision as people read it. ``rule`` is empty for the house's own; ``sentence`` is what it says,
    where that is still kept.
    """

    decision: RoutingDecision
    rule: str
    sentence: str
    tried: list[str]
    claimed: str
    legs: list[Leg]
    verdict: str

    @property
    def is_by_hand(self) -> bool:
        return bool(self.decision.override_reason)


def decisions_of(order_id: int) -> list[DecisionView]:
    """The decisions of an order, the newest first: five statements."""
    found = list(
        RoutingDecision.objects.filter(order=order_id).select_related("rule_set").order_by("-id")
    )
    sentences = _sentences(found)
    return [_view(each, sentences) for each in found]


def _sentences(decisions: Iterable[RoutingDecision]) -> dict[tuple[int, str], str]:
    sets = {each.rule_set_id for each in decisions if each.rule_set_id}
    if not sets:
        return {}
    rules = with_related(RoutingRule.objects.filter(rule_set__in=sets))
    return {(rule.rule_set_id, rule.name): str(words_of(rule)) for rule in rules}


def _view(decision: RoutingDecision, sentences: Mapping[tuple[int, str], str]) -> DecisionView:
    trace = decision.trace
    rule = decision.rule_name or trace.get("rule", "")
    return DecisionView(
        decision=decision,
        rule=rule,
        sentence=sentences.get((decision.rule_set_id or 0, rule), ""),
        tried=[tried_words(*each) for each in trace.get("tried", [])],
        claimed=claimed_words(trace),
        legs=[
            _leg(leg, trace.get("by", []), trace.get("units", 0)) for leg in trace.get("legs", [])
        ],
        verdict=trace.get("verdict", ""),
    )


def _leg(leg: Mapping[str, Any], criteria: Sequence[str], asked: int) -> Leg:
    raws = leg.get("candidates", [])
    names = [UNITS, *(name for name in criteria if name in _FIGURES)]
    names = [name for name in names if any(_figure(raw, name, asked) for raw in raws)]
    losing = {column for raw in raws if (column := _lost_by(raw))}
    rows = [_row(raw, names, losing, asked) for raw in raws]
    rows.sort(key=lambda row: not row.is_chosen)
    out = [(site, out_words(*why)) for site, *why in leg.get("out", [])]
    return Leg([str(_LABELS[name]) for name in names], rows, out)


def _row(raw: Mapping[str, Any], names: Sequence[str], losing: set[str], asked: int) -> Row:
    candidate = candidate_of(raw, asked)
    lost_by = _lost_by(raw)
    cells = []
    for name in names:
        mark = "loses" if name == lost_by else ""
        if candidate.is_chosen and name in losing:
            mark = "wins"
        cells.append(Cell(str(_LABELS[name]), _figure(raw, name, asked) or "–", mark))
    return Row(candidate.warehouse, candidate.is_chosen, cells, candidate.text)


def _lost_by(raw: Mapping[str, Any]) -> str:
    """The column in which the reader sees why a candidate lost."""
    why = (raw.get("lost") or [""])[0]
    return UNITS if why in {"part", "fewest_splits"} else why


def _figure(raw: Mapping[str, Any], name: str, asked: int) -> str:
    if name == UNITS:
        return (
            _("%(n)d of %(all)d") % {"n": raw["units"], "all": asked or raw["units"]}
            if raw.get("units") is not None
            else ""
        )
    return _FIGURES[name](raw)


def _distance(raw: Mapping[str, Any]) -> str:
    km = raw.get("km")
    return "" if km is None else _("%s km") % number_format(round(km), force_grouping=True)


def _cost(raw: Mapping[str, Any]) -> str:
    return f"{raw['cost']} {raw.get('currency', '')}".strip() if raw.get("cost") else ""


def _arrival(raw: Mapping[str, Any]) -> str:
    return date.fromisoformat(raw["arrives"]).isoformat() if raw.get("arrives") else ""


def _plain(name: str, unit: str = "") -> Callable[[Mapping[str, Any]], str]:
    def said(raw: Mapping[str, Any]) -> str:
        value = raw.get(name)
        return "" if value is None else f"{number_format(value, force_grouping=True)}{unit}"

    return said


_FIGURES: dict[str, Callable[[Mapping[str, Any]], str]] = {
    "distance": _distance,
    "landed_cost": _cost,
    "promise_met": _arrival,
    "warehouse_priority": _plain("priority"),
    "stock_depth": _plain("depth"),
    "reliability": _plain("reliability", " %"),
}
_LABELS = {
    UNITS: gettext_lazy("Has"),
    "distance": gettext_lazy("Way"),
    "landed_cost": gettext_lazy("Cost"),
    "promise_met": gettext_lazy("Arrives"),
    "warehouse_priority": gettext_lazy("Priority"),
    "stock_depth": gettext_lazy("Stock"),
    "reliability": gettext_lazy("Reliability"),
}
