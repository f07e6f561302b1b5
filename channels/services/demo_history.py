"""Ninety days of sales before today, with the rhythm of a week, for the demo."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from channels.services.demo_company import Company, SoldProduct
from channels.services.demo_stock import Sale
from oms.core.actors import SYSTEM
from oms.core.money import line_amount
from orders.models import Customer, SalesChannel
from orders.services.history import PastCharge, PastLine, PastOrder, keep_orders
from returns.services.history import PastReturn, PastReturnLine, keep_returns

DAYS = 90
BY_WEEKDAY = (30, 26, 24, 25, 21, 7, 5)
CARRIAGE = Decimal("5.90")
RETURN_RATES = {"GLV-": 0.03, "HLM-": 0.05, "LMP-": 0.09, "DRL-": 0.06, "SCN-": 0.12}
RETURN_RATE = 0.012
ZONE = ZoneInfo("Europe/Berlin")
CHUNK = 500


def add_history(company: Company, *, today: date, factor: int = 1) -> tuple[int, list[Sale]]:
    """Enter completed orders and settled returns; give back how many orders, and what they took."""
    batch: list[tuple[SalesChannel, PastOrder]] = []
    sales: list[Sale] = []
    count = 0
    for each in _orders(company, today, factor):
        batch.append(each)
        sales += _sales(each[1])
        count += 1
        if len(batch) >= CHUNK:
            _keep(company, batch, today)
            batch = []
    _keep(company, batch, today)
    return count, sales


def _sales(order: PastOrder) -> list[Sale]:
    return [
        Sale(line.product_id, line.quantity, order.placed_at, order.external_id)
        for line in order.lines
    ]


def _keep(company: Company, batch: Sequence[tuple[SalesChannel, PastOrder]], today: date) -> None:
    for channel in company.channels.values():
        orders = [order for owner, order in batch if owner == channel]
        keep_orders(orders, channel=channel, actor=SYSTEM)
        returns = [back for order in orders if (back := _return(company, order, today))]
        keep_returns(returns, channel=channel, actor=SYSTEM)


def _orders(company: Company, today: date, factor: int) -> Iterator[tuple[SalesChannel, PastOrder]]:
    number = 20_000
    for back in range(DAYS, 0, -1):
        day = today - timedelta(days=back)
        growth = 1 + (DAYS - back) / DAYS * 0.15
        orders = round(
            BY_WEEKDAY[day.weekday()] * factor * growth * company.random.uniform(0.85, 1.15)
        )
        for at in sorted(_moment(company.random, day) for _ in range(orders)):
            number += 1
            yield _order(company, number, at)


def _moment(rng: random.Random, day: date) -> datetime:
    minute = int(rng.triangular(7 * 60, 21 * 60, 11 * 60))
    return datetime.combine(day, time(minute // 60, minute % 60, rng.randrange(60)), ZONE)


def _order(company: Company, number: int, at: datetime) -> tuple[SalesChannel, PastOrder]:
    rng = company.random
    customer = rng.choice(company.customers)
    is_business = customer.kind == Customer.Kind.BUSINESS
    code = "web-shop" if not is_business else rng.choices(["desk", "edi"], [3, 2])[0]
    plain = company.plain_products()
    count = min(len(plain), 1 + int(rng.expovariate(1 / (4 if is_business else 1.2))))
    chosen = rng.sample(plain, k=count, counts=[each.popularity for each in plain])
    chosen = list({each.product.pk: each for each in chosen}.values())
    lines = [
        _line(company, position, sold, is_business=is_business)
        for position, sold in enumerate(chosen, start=1)
    ]
    charges = [] if is_business else [PastCharge("carriage", "Carriage", CARRIAGE)]
    past = PastOrder(
        external_id=f"{code.upper()[0]}-{number}",
        customer_id=customer.pk,
        ship_to=company.addresses[customer.pk],
        placed_at=at,
        lines=lines,
        charges=charges,
        requested_date=_requested(number, at) if is_business else None,
    )
    return company.channels[code], past


def _requested(number: int, at: datetime) -> date | None:
    """Two of five businesses name a day, some of them a short one."""
    return at.date() + timedelta(days=2 + number % 7) if number % 5 < 2 else None


def _line(company: Company, position: int, sold: SoldProduct, *, is_business: bool) -> PastLine:
    rng = company.random
    packs = 1 + int(rng.expovariate(1 / 2))
    quantity = packs * sold.product.pack_size if is_business else min(packs, 4)
    price = (sold.price * (Decimal("0.92") if is_business else 1)).quantize(Decimal("0.01"))
    amount = line_amount(price, quantity, company.currency)
    return PastLine(position, sold.product.pk, sold.product.name, quantity, price, amount)


def _return(company: Company, order: PastOrder, today: date) -> PastReturn | None:
    rng = company.random
    at = order.placed_at + timedelta(days=rng.randint(4, 20))
    if at.date() >= today:
        return None
    by_key = {each.product.pk: each.product.sku for each in company.products.values()}
    lines = []
    for line in order.lines:
        if rng.random() < RETURN_RATES.get(by_key[line.product_id][:4], RETURN_RATE):
            units = rng.randint(1, line.quantity)
            amount = line_amount(line.unit_price, units, company.currency)
            sale = (order.external_id, line.position)
            lines.append(PastReturnLine(line.position, line.product_id, units, amount, sale))
    return PastReturn(f"R-{order.external_id}", order.customer_id, at, lines) if lines else None
