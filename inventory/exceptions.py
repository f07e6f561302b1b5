"""What stock services refuse. ``str(error)`` is the sentence for the person at the screen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from oms.core.exceptions import Refusal


class StockRefusal(Refusal):
    """The ledger said no; nothing was changed."""


@dataclass(frozen=True, slots=True)
class Shortfall:
    """What one level cannot give."""

    warehouse_id: int
    product_id: int
    wanted: int
    available: int


class InsufficientStock(StockRefusal):
    """A level has fewer units available than were asked for."""

    def __init__(self, sentence: str, shortfalls: Sequence[Shortfall]) -> None:
        super().__init__(sentence)
        self.shortfalls = list(shortfalls)


@dataclass(frozen=True, slots=True)
class AllocatedTo:
    """A demand that holds units of a level."""

    warehouse_id: int
    product_id: int
    demand_kind: str
    demand_id: int
    quantity: int
    label: str


class StillAllocated(InsufficientStock):
    """Fewer units would remain than are allocated; ``demands`` says to whom."""

    def __init__(
        self, sentence: str, shortfalls: Sequence[Shortfall], demands: Sequence[AllocatedTo]
    ) -> None:
        super().__init__(sentence, shortfalls)
        self.demands = list(demands)


class NotInBin(StockRefusal):
    """A bin does not hold the units that should leave it."""


class NotAllocated(StockRefusal):
    """A demand does not hold the allocation that should be used up or given back."""


class NotReserved(StockRefusal):
    """A demand does not hold the reservation that should become smaller."""


class AlreadyReserved(StockRefusal):
    """A demand has a reservation of this kind already."""


class StockBusy(StockRefusal):
    """Somebody else held the same goods for too long; the caller's transaction is to be rolled back."""


class AlreadyBooked(StockRefusal):
    """A movement with this idempotency key is in the ledger already."""


class WrongPlace(StockRefusal):
    """A bin is not of this warehouse, not of the right kind, or closed."""


class WrongGoods(StockRefusal):
    """A lot or a serial number is missing, or is not of this product; or the product is a kit."""


class ReasonMissing(StockRefusal):
    """Corrections of stock say why."""


class CountRefused(StockRefusal):
    """A count cannot be recorded, finished or approved that way."""


class NothingToCount(CountRefused):
    """No place was named, or nothing lies in the places that were named."""


class PurchaseRefused(Refusal):
    """A purchase order cannot be made, sent or changed that way."""


class ReceiptRefused(StockRefusal):
    """A delivery cannot be booked that way, or a receipt cannot be undone any more."""


class AdjustmentRefused(StockRefusal):
    """A correction by hand cannot be asked for, approved or undone that way."""


class TransferRefused(StockRefusal):
    """A transfer cannot be changed, sent or received that way."""


@dataclass(frozen=True, slots=True)
class Unavailable:
    """What of a product cannot be promised."""

    product_id: int
    sku: str
    wanted: int
    available: int


class NotPromisable(StockRefusal):
    """Fewer units can be promised than a cart asks for; ``missing`` says of which products."""

    def __init__(self, sentence: str, missing: Sequence[Unavailable]) -> None:
        super().__init__(sentence)
        self.missing = list(missing)


class PromiseExpired(StockRefusal):
    """Goods cannot be kept until a moment that has passed."""


class Unknown(StockRefusal):
    """What was typed or scanned names nothing."""
