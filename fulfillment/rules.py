"""Routing rules as plain data: for which orders, from which warehouses, in which preference, what else.

The first rule of a set whose order filter matches decides. Where not everything fits under it, its
``otherwise`` says what becomes of the rest; ``NEXT_RULE`` hands the whole order on. Every set ends
with the house's own rule (``LAST_RULE``), which takes what no other rule took.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from fulfillment.plans import Demand, Site


class Criterion(StrEnum):
    """By what warehouses are preferred; the first that does not tie decides."""

    FEWEST_SPLITS = "fewest_splits"
    DISTANCE = "distance"
    LANDED_COST = "landed_cost"
    PROMISE_MET = "promise_met"
    WAREHOUSE_PRIORITY = "warehouse_priority"
    STOCK_DEPTH = "stock_depth"
    RELIABILITY = "reliability"


class SplitPolicy(StrEnum):
    """Whether the goods for one address may leave from several warehouses.

    ``GROUPS_TOGETHER``: they may, but all sets of one kit, and all lines of products of one group
    (of the kit's group, for its components), leave from one.
    """

    NEVER = "never"
    ABOVE_VALUE = "above_value"
    ALLOWED = "allowed"
    GROUPS_TOGETHER = "groups_together"


class Otherwise(StrEnum):
    """What becomes of what no warehouse can ship under a rule.

    ``HOLD`` leaves it open for a person; ``CANCEL_DATE`` backorders it until a day.
    """

    NEXT_RULE = "next_rule"
    BACKORDER = "backorder"
    HOLD = "hold"
    CANCEL_DATE = "cancel_date"


TIE_BREAKERS = (Criterion.FEWEST_SPLITS, Criterion.DISTANCE, Criterion.WAREHOUSE_PRIORITY)
"""They follow any preference that does not name them, so that equal plans are never left to chance."""


@dataclass(frozen=True, slots=True)
class OrderFilter:
    """Which orders; what is empty matches all. ``value_to`` is the first value that is too high.

    An order to several countries matches when all of them are named.
    """

    channels: frozenset[int] = frozenset()
    profile: str = ""
    countries: frozenset[str] = frozenset()
    value_from: Decimal | None = None
    value_to: Decimal | None = None
    priority_from: int | None = None
    tags: frozenset[str] = frozenset()

    def mismatch(self, order: Demand) -> str:
        """The first condition that the order does not meet; empty: it meets all."""
        for name, is_met in (
            ("channel", not self.channels or order.channel_id in self.channels),
            ("profile", not self.profile or order.profile == self.profile),
            ("country", not self.countries or order.countries <= self.countries),
            ("value_from", self.value_from is None or order.value >= self.value_from),
            ("value_to", self.value_to is None or order.value < self.value_to),
            ("priority", self.priority_from is None or order.priority >= self.priority_from),
            ("tags", not self.tags or not self.tags.isdisjoint(order.tags)),
        ):
            if not is_met:
                return name
        return ""


@dataclass(frozen=True, slots=True)
class SiteFilter:
    """Which warehouses (empty ``allowed``: all), and how much of their stock.

    ``min_reliability`` is a share of 1.
    """

    allowed: frozenset[int] = frozenset()
    excluded: frozenset[int] = frozenset()
    needs_capacity: bool = False
    needs_cut_off: bool = False
    keeps_safety_stock: bool = True
    keeps_share: bool = False
    min_reliability: float | None = None
    max_distance_km: float | None = None

    def refusal(self, site: Site, km: float) -> str:
        """Why a warehouse is no candidate; empty: it is one, as far as its capacity goes.

        Unknown distances are infinite: beyond every maximum.
        """
        for name, is_met in (
            ("inactive", site.is_active),
            ("excluded", site.excluded_until is None),
            ("not_allowed", not self.allowed or site.id in self.allowed),
            ("ruled_out", site.id not in self.excluded),
            ("cut_off", not self.needs_cut_off or not site.is_past_cut_off),
            (
                "reliability",
                self.min_reliability is None or site.reliability >= self.min_reliability,
            ),
            ("too_far", self.max_distance_km is None or km <= self.max_distance_km),
        ):
            if not is_met:
                return name
        return ""


@dataclass(frozen=True, slots=True)
class Rule:
    """``split_above``: the order's value above which ``ABOVE_VALUE`` splits. ``id`` 0 is the house's."""

    id: int
    name: str
    orders: OrderFilter = OrderFilter()
    sites: SiteFilter = SiteFilter()
    preference: tuple[Criterion, ...] = TIE_BREAKERS
    split: SplitPolicy = SplitPolicy.ALLOWED
    split_above: Decimal | None = None
    otherwise: Otherwise = Otherwise.BACKORDER
    cancel_after_days: int | None = None

    @property
    def criteria(self) -> tuple[Criterion, ...]:
        """The preference with what breaks its last ties."""
        return self.preference + tuple(x for x in TIE_BREAKERS if x not in self.preference)

    def may_split(self, value: Decimal) -> bool:
        """Whether an order of this value may leave from several warehouses."""
        if self.split is SplitPolicy.ABOVE_VALUE:
            return self.split_above is None or value > self.split_above
        return self.split is not SplitPolicy.NEVER


LAST_RULE = Rule(0, "")
"""Few shipments, then the shorter way, then the warehouses' priority; the rest is backordered."""


@dataclass(frozen=True, slots=True)
class RuleSet:
    """Rules in their order; without any, the house's own decides everything."""

    id: int | None = None
    name: str = ""
    rules: tuple[Rule, ...] = ()


NO_RULES = RuleSet()
