"""Taking units off shipments again: allocation back, claim back, line back to open."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from inventory.services.claims import (
    AllocationRequest,
    ClaimChange,
    change_reservations,
    deallocate,
)
from inventory.services.ledger import lock_levels
from oms.core.actors import Actor
from orders.models import Order
from orders.services.counters import UnitMove, move_units, refresh_orders


@dataclass(frozen=True, slots=True, kw_only=True)
class FreedUnits:
    """Units of an order line that a warehouse no longer ships."""

    warehouse_id: int
    product_id: int
    order_id: int
    order_line_id: int
    quantity: int


def reopen_units(
    units: Sequence[FreedUnits],
    *,
    orders: Mapping[int, Order],
    actor: Actor,
    reason: str,
    booked_next: Collection[int] = (),
) -> None:
    """Put allocated units of locked orders back to open; they keep the order's rank.

    The ledger comes last, so call it behind all other writes. Where the caller books more products at
    the same warehouses next, their levels are held with these, in one order.
    """
    move_units(
        [UnitMove(x.order_line_id, "allocated", "open", x.quantity) for x in units], actor=actor
    )
    refresh_orders(sorted({x.order_id for x in units}), actor=actor)
    change_reservations(
        [
            ClaimChange(
                demand_kind="order_line",
                demand_id=x.order_line_id,
                delta=x.quantity,
                product_id=x.product_id,
                rank_at=orders[x.order_id].placed_at,
            )
            for x in units
        ],
        actor=actor,
    )
    if booked_next:
        products = {x.product_id for x in units}.union(booked_next)
        lock_levels({x.warehouse_id for x in units}, products)
    deallocate(
        [
            AllocationRequest(
                warehouse_id=x.warehouse_id,
                product_id=x.product_id,
                quantity=x.quantity,
                demand_kind="order_line",
                demand_id=x.order_line_id,
            )
            for x in units
        ],
        actor=actor,
        reason=reason[:64],
    )
