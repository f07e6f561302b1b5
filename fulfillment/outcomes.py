"""What a rule set made of an order, how two of them differ, and the sums over many."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal

from fulfillment.plans import Demand, Plan, PlannedShipment, Site


@dataclass(frozen=True, slots=True)
class Sent:
    """A shipment of the replay. ``cost``: freight and handling; None: no service is known."""

    warehouse_id: int
    km: float | None
    units: int
    cost: Decimal | None
    arrives_on: date | None
    lines: tuple[tuple[int, int], ...]


@dataclass(slots=True)
class Outcome:
    """What a rule set made of an order in the end, in units.

    ``owed`` is what its first decision did not ship, ``missing`` what nobody had shipped as the window
    ended, ``canceled`` what a rule gave up; ``is_held``: the rest waits for a person.
    """

    order_id: int
    addresses: int
    needed_by: date | None
    rule: str = ""
    sent: list[Sent] = field(default_factory=list)
    owed: int = 0
    missing: int = 0
    canceled: int = 0
    is_held: bool = False

    @property
    def is_split(self) -> bool:
        """It left in more shipments than it has addresses."""
        return len(self.sent) > max(1, self.addresses)

    @property
    def cost(self) -> Decimal | None:
        costs = [each.cost for each in self.sent]
        return None if None in costs else sum((x for x in costs if x is not None), Decimal(0))

    @property
    def km(self) -> float:
        return sum(each.km or 0 for each in self.sent)

    @property
    def arrives_on(self) -> date | None:
        """When all that was sent is there; None: nothing was, or nobody knows."""
        days = [each.arrives_on for each in self.sent]
        return None if None in days else max((day for day in days if day), default=None)

    def is_late(self, today: date) -> bool:
        """Not all of it is there by the day it was needed."""
        if self.needed_by is None:
            return False
        arrives = self.arrives_on
        never = (self.missing or self.canceled) and self.needed_by < today
        return bool(never or (arrives and arrives > self.needed_by))

    def then(self, later: Outcome) -> Outcome:
        """This one with what a later decision over the rest added."""
        return replace(
            self,
            sent=self.sent + later.sent,
            missing=later.missing,
            is_held=later.is_held,
        )

    def differences(self, other: Outcome, today: date) -> list[str]:
        """In what the two differ: warehouse, shipments, backorder, late, cost."""
        mine, theirs = self._plan(), other._plan()
        found = {
            "warehouse": {site for site, _ in mine} != {site for site, _ in theirs},
            "shipments": len(mine) != len(theirs),
            "backorder": (self.owed, self.missing) != (other.owed, other.missing),
            "late": self.is_late(today) != other.is_late(today),
            "cost": self.cost != other.cost,
        }
        names = [name for name, differs in found.items() if differs]
        return names or (["lines"] if mine != theirs else [])

    def _plan(self) -> list[tuple[int, tuple[tuple[int, int], ...]]]:
        return sorted((each.warehouse_id, each.lines) for each in self.sent)


@dataclass(slots=True)
class Sums:
    """The figures of one side. ``dated``: orders that were needed by a day; ``unpriced``: shipments."""

    orders: int = 0
    shipments: int = 0
    splits: int = 0
    km: float = 0.0
    cost: Decimal = Decimal(0)
    unpriced: int = 0
    dated: int = 0
    late: int = 0
    owed: int = 0
    missing: int = 0
    canceled: int = 0
    held: int = 0

    def add(self, outcome: Outcome, today: date) -> None:
        self.orders += 1
        self.shipments += len(outcome.sent)
        self.splits += outcome.is_split
        self.km += outcome.km
        self.cost += sum((each.cost for each in outcome.sent if each.cost is not None), Decimal(0))
        self.unpriced += sum(each.cost is None for each in outcome.sent)
        self.dated += outcome.needed_by is not None
        self.late += outcome.is_late(today)
        self.owed += outcome.owed
        self.missing += outcome.missing
        self.canceled += outcome.canceled
        self.held += outcome.is_held


def outcome_of(demand: Demand, plan: Plan, sites: Mapping[int, Site]) -> Outcome:
    """What one decision makes of an order."""
    promised = [line.promised_date for line in demand.lines if line.promised_date]
    missing = sum(left_by(demand, plan).values())
    sent = [
        Sent(
            shipment.warehouse_id,
            shipment.distance_km,
            sum(line.quantity for line in shipment.lines),
            _cost(shipment, sites[shipment.warehouse_id]),
            shipment.offer.arrives_on if shipment.offer else None,
            tuple(sorted((line.line_id, line.quantity) for line in shipment.lines)),
        )
        for shipment in plan.shipments
    ]
    return Outcome(
        order_id=demand.order_id,
        addresses=len(demand.destinations),
        needed_by=min(promised) if promised else demand.requested_date,
        rule=plan.rule_name,
        sent=sent,
        owed=missing,
        missing=missing,
        is_held=plan.is_held,
    )


def left_by(demand: Demand, plan: Plan) -> dict[int, int]:
    """The units by line that a plan does not ship."""
    left = {line.line_id: line.quantity for line in demand.lines}
    for shipment in plan.shipments:
        for line in shipment.lines:
            left[line.line_id] -= line.quantity
    return {line: n for line, n in left.items() if n}


def _cost(shipment: PlannedShipment, site: Site) -> Decimal | None:
    if shipment.offer is None:
        return None
    return shipment.offer.cost + site.carton_cost + site.pick_cost * len(shipment.lines)
