"""The derived statuses, condition by condition."""

from decimal import Decimal

import pytest

from orders.statuses import Money, Units, fulfillment_status, next_status, payment_status


@pytest.mark.parametrize(
    ("units", "status"),
    [
        (Units(), "unrouted"),
        (Units(open=1), "unrouted"),
        (Units(open=1, allocated=4, backordered=2), "unrouted"),
        (Units(allocated=4, backordered=2), "backordered"),
        (Units(allocated=4, canceled=1), "allocated"),
        (Units(open=1, shipped=1), "partly_shipped"),
        (Units(backordered=1, shipped=1), "partly_shipped"),
        (Units(shipped=5, canceled=2), "shipped"),
        (Units(canceled=2), "canceled"),
    ],
)
def test_fulfillment_status_follows_from_the_counters(units: Units, status: str) -> None:
    assert fulfillment_status(units) == status


def money(total: int, due: int, captured: int = 0, refunded: int = 0, authorized: int = 0) -> Money:
    return Money(*map(Decimal, (total, due, authorized, captured, refunded)))


@pytest.mark.parametrize(
    ("facts", "status"),
    [
        (money(10, 10), "unpaid"),
        (money(10, 10, authorized=10), "authorized"),
        (money(10, 10, captured=4), "partly_paid"),
        (money(10, 10, captured=10), "paid"),
        (money(10, 10, captured=12), "paid"),
        (money(10, 4, captured=4), "paid"),
        (money(0, 0), "paid"),
        (money(10, 0), "unpaid"),
        (money(10, 10, captured=10, refunded=3), "partly_refunded"),
        (money(10, 10, captured=10, refunded=10), "refunded"),
    ],
)
def test_payment_status_follows_from_the_money(facts: Money, status: str) -> None:
    assert payment_status(facts) == status


@pytest.mark.parametrize(
    ("status", "units", "transition"),
    [
        ("placed", Units(open=1), None),
        ("placed", Units(canceled=1), "cancel"),
        ("placed", Units(), None),
        ("in_fulfillment", Units(allocated=1, shipped=1), None),
        ("in_fulfillment", Units(shipped=1, canceled=1), "complete"),
        ("in_fulfillment", Units(canceled=1), "cancel"),
        ("completed", Units(shipped=1), None),
        ("completed", Units(allocated=1, shipped=1), "reopen"),
        ("draft", Units(canceled=1), None),
        ("canceled", Units(canceled=1), None),
    ],
)
def test_an_order_moves_when_its_counters_say_so(
    status: str, units: Units, transition: str | None
) -> None:
    assert next_status(status, units) == transition
