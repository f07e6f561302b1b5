"""The two derived statuses of an order. Pure: one function each, its conditions in its docstring."""

from __future__ import annotations

from decimal import Decimal
from typing import NamedTuple


class Units(NamedTuple):
    """The counters of an order's lines, added up."""

    open: int = 0
    allocated: int = 0
    backordered: int = 0
    shipped: int = 0
    canceled: int = 0

    @property
    def owed(self) -> int:
        """Units that the customer still waits for."""
        return self.open + self.allocated + self.backordered


class Money(NamedTuple):
    """What an order costs and what came in. ``due`` is the total without what was canceled."""

    total: Decimal = Decimal(0)
    due: Decimal = Decimal(0)
    authorized: Decimal = Decimal(0)
    captured: Decimal = Decimal(0)
    refunded: Decimal = Decimal(0)


def fulfillment_status(units: Units) -> str:
    """How far the goods are; the first condition that holds.

    =================  ====================================================
    ``canceled``       every unit is canceled
    ``shipped``        something is shipped and nothing is owed any more
    ``partly_shipped`` something is shipped and something is owed
    ``unrouted``       nothing is shipped, something is open
    ``backordered``    nothing is shipped or open, something is backordered
    ``allocated``      all that is owed is allocated
    =================  ====================================================
    """
    if units.canceled and not (units.owed or units.shipped):
        return "canceled"
    if units.shipped:
        return "partly_shipped" if units.owed else "shipped"
    if units.open or not units.owed:
        return "unrouted"
    return "backordered" if units.backordered else "allocated"


def payment_status(money: Money) -> str:
    """How far the money is; the first condition that holds.

    ===================  ================================================================
    ``refunded``         all that was captured went back
    ``partly_refunded``  some of what was captured went back
    ``paid``             what was captured covers what is due; or nothing was ever to pay
    ``partly_paid``      something was captured
    ``authorized``       something is authorized
    ``unpaid``           none of these
    ===================  ================================================================
    """
    if money.refunded > 0:
        return "refunded" if money.refunded >= money.captured else "partly_refunded"
    if money.captured > 0:
        return "paid" if money.captured >= money.due else "partly_paid"
    if money.total <= 0:
        return "paid"
    return "authorized" if money.authorized > 0 else "unpaid"


def next_status(status: str, units: Units) -> str | None:
    """The transition that a placed order owes to its counters, or None.

    ============  ====================================================================
    ``cancel``    placed or in fulfillment, and every unit is canceled
    ``complete``  in fulfillment, nothing owed and something shipped
    ``reopen``    completed, and something is owed again (a shipment was undone)
    ============  ====================================================================
    """
    if status == "completed":
        return "reopen" if units.owed else None
    if status not in {"placed", "in_fulfillment"} or units.owed:
        return None
    if not units.shipped:
        return "cancel" if units.canceled else None
    return "complete" if status == "in_fulfillment" else None
