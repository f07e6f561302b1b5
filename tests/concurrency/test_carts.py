"""Sixteen carts and the last units of a product: hard promises are never made twice."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import transaction
from django.db.models import Sum
from django.utils import timezone

from inventory.exceptions import NotPromisable
from inventory.models import Product, Reservation
from inventory.selectors.supply import available_to_promise
from inventory.services.carts import CartLine, reserve_cart
from inventory.services.claims import Claim, reserve_all
from tests.concurrency.crowd import crowd
from tests.factories import DESK, add_stock, make_product, make_warehouse

pytestmark = pytest.mark.django_db(transaction=True)

CARTS = 16
UNITS = 40


def stocked() -> list[Product]:
    setup = make_warehouse()
    products = [make_product() for _ in range(3)]
    for product in products:
        add_stock(setup, product, UNITS)
    return products


def reserved(product: Product) -> int:
    found = Reservation.objects.filter(product=product).aggregate(units=Sum("quantity", default=0))
    return int(found["units"])


def test_carts_are_promised_exactly_what_there_is_and_never_wait_in_a_circle() -> None:
    products = stocked()
    until = timezone.now() + timedelta(hours=1)

    def fill(client: int) -> None:
        for turn in range(10):
            ordered = products if (client + turn) % 2 else products[::-1]
            lines = [
                CartLine(line_id=client * 100 + turn * 10 + n, product_id=each.pk, quantity=1)
                for n, each in enumerate(ordered)
            ]
            try:
                reserve_cart(lines, expires_at=until, actor=DESK)
            except NotPromisable:
                return

    crowd(CARTS, fill)

    assert [reserved(each) for each in products] == [UNITS] * 3
    assert available_to_promise([each.pk for each in products]) == {each.pk: 0 for each in products}


def test_the_same_crowd_promises_too_much_when_the_guard_is_off() -> None:
    """The control: the check and the reservation alone, as they are inside the guard."""
    lamp = stocked()[0]
    until = timezone.now() + timedelta(hours=1)

    def fill(client: int) -> None:
        for turn in range(100):
            claim = Claim(
                product_id=lamp.pk, quantity=1, demand_kind="cart_line", kind="cart",
                demand_id=client * 100 + turn, expires_at=until,
            )  # fmt: skip
            with transaction.atomic():
                if available_to_promise([lamp.pk])[lamp.pk] < 1:
                    return
                reserve_all([claim], actor=DESK)

    crowd(CARTS, fill)

    assert reserved(lamp) > UNITS
