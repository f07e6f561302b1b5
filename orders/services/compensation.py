"""Claims on stock that do not fit their order line are brought back to what the line counts."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.db import transaction
from django.db.models import Sum

from inventory.models import Allocation, Reservation
from inventory.services.claims import (
    AllocationRequest,
    ClaimChange,
    change_reservations,
    deallocate,
)
from oms.core.actors import Actor
from oms.core.exceptions import Refusal
from oms.core.findings import close_findings
from orders.models import Order, OrderLine
from orders.services.order_rows import DEMAND_KIND

COMPENSATED = ("orders.reservations", "orders.allocations")


@dataclass(frozen=True, slots=True)
class ClaimDifference:
    """What a line (or a line that is none) holds, and what it should.

    The reservations are by kind, ``allocated`` and ``allocations`` count units.
    """

    line: OrderLine | None
    wanted: dict[str, int]
    reserved: dict[str, int]
    allocated: int
    allocations: int


@transaction.atomic
def compensate_claims(*, line_id: int, actor: Actor) -> ClaimDifference:
    """Make reservations what is open and backordered; give allocations back that no line counts.

    :raises Refusal: allocations were lost, so that a shipment rests on nothing; or nothing is wrong.
    """
    found = claim_difference(line_id, lock=True)
    label = f"Line {found.line.position} of {found.line.order}" if found.line else "The claim"
    if found.allocations < found.allocated:
        raise Refusal(
            f"{label} counts {found.allocated} allocated units, but only {found.allocations} are"
            " held for it: cancel its shipment and route the order again."
        )
    surplus = found.allocations - found.allocated
    if found.wanted == found.reserved and not surplus:
        raise Refusal(f"{label} holds what it should: there is nothing to compensate.")
    change_reservations(list(_changes(line_id, found)), actor=actor)
    deallocate(list(_surplus(line_id, surplus)), actor=actor, reason="compensation")
    close_findings(COMPENSATED, DEMAND_KIND, line_id, actor=actor)
    return found


def claim_difference(line_id: int, *, lock: bool = False) -> ClaimDifference:
    """What an order line holds and what it should; with ``lock`` its order is held."""
    line = OrderLine.objects.select_related("order").filter(pk=line_id).first()
    if line and lock:
        order = Order.objects.lock(line.order_id)
        line = OrderLine.objects.select_related("order").get(pk=line_id)
        line.order = order
    reserved = Reservation.objects.filter(
        demand_kind=DEMAND_KIND, demand_id=line_id, kind__in=["order", "backorder"]
    )
    held = Allocation.objects.filter(demand_kind=DEMAND_KIND, demand_id=line_id)
    return ClaimDifference(
        line=line,
        wanted=_wanted(line),
        reserved={"order": 0, "backorder": 0} | dict(reserved.values_list("kind", "quantity")),
        allocated=line.allocated if line else 0,
        allocations=held.aggregate(units=Sum("quantity", default=0))["units"],
    )


def _wanted(line: OrderLine | None) -> dict[str, int]:
    live = line is not None and line.order.status in {"placed", "in_fulfillment"}
    if line is None or not live:
        return {"order": 0, "backorder": 0}
    return {"order": line.open, "backorder": line.backordered}


def _changes(line_id: int, found: ClaimDifference) -> Iterable[ClaimChange]:
    for kind, wanted in found.wanted.items():
        if delta := wanted - found.reserved[kind]:
            yield ClaimChange(
                demand_kind=DEMAND_KIND,
                demand_id=line_id,
                kind=kind,
                delta=delta,
                product_id=found.line.product_id if found.line else None,
                rank_at=found.line.order.placed_at if found.line else None,
            )


def _surplus(line_id: int, surplus: int) -> Iterable[AllocationRequest]:
    """The allocations to give back, the newest first."""
    rows = Allocation.objects.filter(demand_kind=DEMAND_KIND, demand_id=line_id).order_by("-pk")
    for row in rows:
        units = min(surplus, row.quantity)
        if units <= 0:
            return
        surplus -= units
        yield AllocationRequest(
            warehouse_id=row.warehouse_id,
            product_id=row.product_id,
            quantity=units,
            demand_kind=DEMAND_KIND,
            demand_id=line_id,
        )
