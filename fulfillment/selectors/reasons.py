"""The trace of a routing decision in sentences: which rule decided, who lost by what, who was out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from django.utils import formats, timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from fulfillment.models import RoutingDecision


@dataclass(frozen=True, slots=True)
class Candidate:
    """A warehouse that was looked at. ``text`` says what became of it, ``facts`` what it offered."""

    warehouse: str
    is_chosen: bool
    text: str
    facts: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Reasons:
    """Why a decision fell as it did. ``legs`` holds the candidates for each address, chosen first."""

    rule: str
    tried: list[str]
    legs: list[list[Candidate]]
    claimed: str
    verdict: str


def reasons_of(decision: RoutingDecision) -> Reasons:
    """Read a stored trace; no statements."""
    trace = decision.trace
    return Reasons(
        rule=trace.get("rule") or _("Rule of the house"),
        tried=[tried_words(*each) for each in trace.get("tried", [])],
        legs=[_leg(leg, trace.get("units", 0)) for leg in trace.get("legs", [])],
        claimed=claimed_words(trace),
        verdict=trace.get("verdict", ""),
    )


def claimed_words(trace: Mapping[str, Any]) -> str:
    """How much of the stock was for others; empty: nothing."""
    claimed = sum(trace.get("claimed_earlier", {}).values())
    if not claimed:
        return ""
    said = ngettext(
        "%(n)d unit is claimed by earlier orders.",
        "%(n)d units are claimed by earlier orders.",
        claimed,
    )
    return said % {"n": claimed}


def _leg(leg: Mapping[str, Any], asked: int) -> list[Candidate]:
    found = [candidate_of(each, asked) for each in leg.get("candidates", [])]
    found.sort(key=lambda each: not each.is_chosen)
    return found + [Candidate(site, False, out_words(*why)) for site, *why in leg.get("out", [])]


def candidate_of(raw: Mapping[str, Any], asked: int) -> Candidate:
    """One candidate of a leg; ``asked`` is how many units the order wanted."""
    if "site" not in raw:
        return _of_old(raw)
    if ships := raw.get("ships"):
        said = _("ships %(n)d of %(all)d units") % {"n": ships, "all": asked}
    elif not raw["units"]:
        said = _("has nothing of this")
    else:
        said = _lost(raw["units"], asked, *raw.get("lost", ["equal"]))
    return Candidate(raw["site"], bool(raw.get("ships")), said, _facts(raw))


def _of_old(raw: Mapping[str, Any]) -> Candidate:
    """A candidate as the first traces told of it: the code, the way, a finished sentence."""
    said = str(raw.get("verdict", "")).rstrip(".")
    facts = [_km(raw["km"])] if raw.get("km") is not None else []
    return Candidate(raw.get("warehouse", ""), said.startswith("Chosen"), said, facts)


def _facts(raw: Mapping[str, Any]) -> list[str]:
    facts = [_("%s km") % f"{raw['km']:,}" if raw["km"] is not None else _("distance unknown")]
    if "cost" in raw:
        facts.append(f"{raw['cost']} {raw['currency']}")
        facts.append(_("arrives %s") % _day(raw["arrives"]))
    if "depth" in raw:
        facts.append(_("%s in stock") % f"{raw['depth']:,}")
    if "reliability" in raw:
        facts.append(_("%s %% reliable") % f"{raw['reliability']:g}")
    return facts


def _day(iso: str) -> str:
    return formats.date_format(date.fromisoformat(iso), "SHORT_DATE_FORMAT")


def _lost(units: int, asked: int, why: str, mine: Any = None, chosen: Any = None) -> str:
    if why == "claimed":
        said = _("has %(n)d of %(all)d units, but they are claimed by earlier orders")
        return said % {"n": units, "all": asked}
    if why == "equal":
        return _("as good as the chosen one, but behind it in the list")
    if why == "part" or (why == "fewest_splits" and units < asked):
        return _("has only %(n)d of %(all)d units") % {"n": units, "all": asked}
    unit, loses = _LOSES[why]
    mine, chosen = (_("unknown") if x is None else unit(x) for x in (mine, chosen))
    return str(loses) % {"mine": mine, "chosen": chosen}


def _km(n: float) -> str:
    return _("%s km") % f"{n:,.0f}"


# By criterion: how its figures are said, and what to say of who loses by it.
_LOSES: dict[str, tuple[Callable[[Any], str], Any]] = {
    "distance": (_km, gettext_lazy("loses on distance: %(mine)s against %(chosen)s")),
    "landed_cost": (str, gettext_lazy("loses on cost: %(mine)s against %(chosen)s")),
    "fewest_splits": (
        str,
        gettext_lazy("would need %(mine)s shipments instead of %(chosen)s"),
    ),
    "promise_met": (
        str,
        gettext_lazy("loses on the promise: %(mine)s units late against %(chosen)s"),
    ),
    "warehouse_priority": (
        "{:g}".format,
        gettext_lazy("loses on priority: %(mine)s against %(chosen)s"),
    ),
    "stock_depth": (
        "{:,}".format,
        gettext_lazy("loses on depth of stock: %(mine)s units against %(chosen)s"),
    ),
    "reliability": (
        "{:g} %".format,
        gettext_lazy("loses on reliability: %(mine)s against %(chosen)s"),
    ),
}

_OUT = {
    "inactive": gettext_lazy("not active"),
    "not_allowed": gettext_lazy("not among the rule's warehouses"),
    "ruled_out": gettext_lazy("excluded by the rule"),
    "capacity": gettext_lazy("capacity reached"),
    "cut_off": gettext_lazy("past cut-off"),
}

_MISMATCHES = {
    "channel": gettext_lazy("other channels"),
    "profile": gettext_lazy("other customers"),
    "country": gettext_lazy("other countries"),
    "value_from": gettext_lazy("orders of more value"),
    "value_to": gettext_lazy("orders of less value"),
    "priority": gettext_lazy("orders of higher priority"),
    "tags": gettext_lazy("orders with other tags"),
}


def out_words(why: str, detail: Any = None) -> str:
    """Why a warehouse was no candidate at all."""
    if why == "excluded":
        until = timezone.localtime(datetime.fromisoformat(detail))
        return _("excluded until %s") % formats.date_format(until, "SHORT_DATETIME_FORMAT")
    if why == "reliability":
        return _("not reliable enough: %s %%") % f"{detail:g}"
    if why == "too_far":
        return _("too far: %s") % _km(detail) if detail is not None else _("distance unknown")
    return str(_OUT[why])


def tried_words(rule: str, why: str, missing: int = 0) -> str:
    """Why an earlier rule did not decide."""
    if why == "fit":
        said = ngettext(
            "“%(rule)s” could not ship %(n)d unit.",
            "“%(rule)s” could not ship %(n)d units.",
            missing,
        )
        return said % {"rule": rule, "n": missing}
    return _("“%(rule)s” is for %(whom)s.") % {"rule": rule, "whom": _MISMATCHES[why]}
