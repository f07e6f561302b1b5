"""The demo's stock: what lies in the warehouses today, and how it came to be there.

What was sold in the last ninety days left the shelves on its day. The books are made backward from
today's stock: going back, sales add up until a delivery explains them.
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.utils import timezone

from channels.services.demo_company import Company, SoldProduct
from inventory.models import Bin, Lot, MovementKind, Product, StockLevel, Warehouse
from inventory.services.goods import BinMove, GoodsReceipt, block, receive
from inventory.services.past_movements import PastMovement, keep_movements
from oms.core.actors import SYSTEM

DELIVERY = time(6, 30)
WORK = timedelta(hours=2)


@dataclass(frozen=True, slots=True)
class Sale:
    """Units of a product that an order of the past took."""

    product_id: int
    quantity: int
    at: datetime
    document: str


def add_stock(company: Company, sales: Iterable[Sale], *, today: date, days: int) -> None:
    """Fill the shelves: tracked goods by receipts of today, all others with their past."""
    rng = random.Random(today.toordinal())  # noqa: S311 - demo data, not secrets
    receipts = [
        receipt
        for warehouse, data in zip(company.warehouses, company.config["warehouses"], strict=True)
        for receipt in _todays_stock(company, warehouse, data["share"])
    ]
    plain = [each for each in receipts if each.lot_id is None and each.serial is None]
    keep_movements(_past(company, plain, sales, rng, today - timedelta(days=days)), actor=SYSTEM)
    receive([each for each in receipts if each.lot_id or each.serial], actor=SYSTEM)
    StockLevel.objects.filter(warehouse=company.warehouses[0]).update(safety_stock=10)
    there = [each for each in receipts if each.quantity]
    block(_damaged(there[:: len(there) // 5][:5]), actor=SYSTEM)


def _past(
    company: Company,
    stock: Sequence[GoodsReceipt],
    sales: Iterable[Sale],
    rng: random.Random,
    first: date,
) -> list[PastMovement]:
    """The movements that end with today's stock, the oldest first."""
    places: dict[int, list[GoodsReceipt]] = defaultdict(list)
    for each in stock:
        places[each.product_id].append(each)
    sold: dict[tuple[int, int], list[Sale]] = defaultdict(list)
    for sale in sales:
        if where := places.get(sale.product_id):
            place = rng.choices(where, [max(each.quantity, 1) for each in where])[0]
            sold[place.warehouse_id, place.product_id].append(sale)
    zone = ZoneInfo(company.warehouses[0].time_zone)
    movements = [
        movement
        for each in stock
        for movement in _back_from(
            each,
            sold[each.warehouse_id, each.product_id],
            rng,
            datetime.combine(first, DELIVERY, zone),
        )
    ]
    return sorted(movements, key=lambda each: each.at)


def _back_from(
    stock: GoodsReceipt, sales: Sequence[Sale], rng: random.Random, opening: datetime
) -> list[PastMovement]:
    """Go back day by day; where the shelf would have held too much, a delivery came that morning."""
    full = round(stock.quantity * rng.uniform(1.3, 1.9)) + 1
    low = round(stock.quantity * rng.uniform(0.2, 0.5))
    by_day: dict[date, list[Sale]] = defaultdict(list)
    for sale in sales:
        by_day[sale.at.date()].append(sale)
    movements, on_hand = [], stock.quantity
    for day in sorted(by_day, reverse=True):
        for sale in by_day[day]:
            movements.append(
                _movement(stock, MovementKind.SHIP, -sale.quantity, sale.at + WORK, sale.document)
            )
            on_hand += sale.quantity
        if on_hand > full:
            at = datetime.combine(day, DELIVERY, opening.tzinfo)
            document = f"Delivery {day:%m%d}-{stock.product_id}"
            movements.append(_movement(stock, MovementKind.RECEIVE, on_hand - low, at, document))
            on_hand = low
    if on_hand:
        movements.append(
            _movement(stock, MovementKind.RECEIVE, on_hand, opening - WORK, "Opening stock")
        )
    return movements


def _movement(
    stock: GoodsReceipt, kind: MovementKind, quantity: int, at: datetime, document: str
) -> PastMovement:
    return PastMovement(
        kind=kind,
        warehouse_id=stock.warehouse_id,
        product_id=stock.product_id,
        bin_id=stock.bin_id,
        quantity=quantity,
        at=at,
        document=document,
    )


def _todays_stock(company: Company, warehouse: Warehouse, share: float) -> list[GoodsReceipt]:
    """The goods of one product lie on one shelf per warehouse."""
    shelves = list(
        Bin.objects.filter(warehouse=warehouse, kind=Bin.Kind.SHELF).order_by("walk_order")
    )
    return [
        receipt
        for place, sold in enumerate(company.plain_products())
        for receipt in _receipts(
            company, warehouse, shelves[place * len(shelves) // len(company.products)], sold, share
        )
    ]


def _receipts(
    company: Company, warehouse: Warehouse, shelf: Bin, sold: SoldProduct, share: float
) -> list[GoodsReceipt]:
    product = sold.product
    quantity = _opening_quantity(company, sold, share)
    pieces: list[tuple[int, int | None, str | None]] = [(quantity, None, None)]
    if product.tracking == Product.Tracking.LOT:
        pieces = [
            (quantity // 2 + 1, _lot(product, 1).pk, None),
            (quantity // 2 + 1, _lot(product, 2).pk, None),
        ]
    elif product.tracking == Product.Tracking.SERIAL:
        pieces = [(1, None, f"HS{warehouse.code}{n:05}") for n in range(1, quantity + 1)]
    return [
        GoodsReceipt(
            warehouse_id=warehouse.pk,
            product_id=product.pk,
            bin_id=shelf.pk,
            quantity=count,
            lot_id=lot,
            serial=serial,
            document="Opening stock",
            idem_key=f"opening:{warehouse.code}:{product.sku}:{place}",
        )
        for place, (count, lot, serial) in enumerate(pieces)
    ]


def _opening_quantity(company: Company, sold: SoldProduct, share: float) -> int:
    if sold.product.sku in company.config["out_of_stock"]:
        return 0
    if sold.product.sku in company.config["scarce"]:
        return 3
    if sold.product.tracking == Product.Tracking.SERIAL:
        return 8
    spread = company.random.uniform(0.8, 1.4)
    return max(4, int(sold.popularity * 60 * share * spread))


def _lot(product: Product, number: int) -> Lot:
    lot, _ = Lot.objects.get_or_create(
        product=product,
        code=f"L{product.pk:04}-{number}",
        defaults={"expiry_date": timezone.localdate() + timedelta(days=150 * number)},
    )
    return lot


def _damaged(receipts: Sequence[GoodsReceipt]) -> list[BinMove]:
    quarantine = dict(
        Bin.objects.filter(kind=Bin.Kind.QUARANTINE).values_list("warehouse_id", "pk")
    )
    return [
        BinMove(
            warehouse_id=each.warehouse_id,
            product_id=each.product_id,
            bin_from_id=each.bin_id,
            bin_to_id=quarantine[each.warehouse_id],
            quantity=1,
            lot_id=each.lot_id,
            serial=each.serial,
            reason="damaged",
            note="Wet carton",
            idem_key=f"damaged:{each.idem_key}",
        )
        for each in receipts
    ]
