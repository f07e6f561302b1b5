"""Carts and quotes hold what they reserve until they expire, and are refused what is not there."""

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from inventory.exceptions import NotPromisable, PromiseExpired
from inventory.models import Reservation
from inventory.selectors.supply import available_to_promise
from inventory.services.carts import QUOTE_LINE, CartLine, release_cart, reserve_cart
from inventory.services.claims import Claim, expire_reservations, reserve_all
from tests.factories import DESK, add_stock, make_product, make_warehouse

pytestmark = pytest.mark.django_db


def in_an_hour() -> datetime:
    return timezone.now() + timedelta(hours=1)


def line(line_id: int, product_id: int, quantity: int) -> CartLine:
    return CartLine(line_id=line_id, product_id=product_id, quantity=quantity)


def reserved() -> list[tuple[str, int, int]]:
    rows = Reservation.objects.order_by("demand_id", "kind")
    return list(rows.values_list("kind", "demand_id", "quantity"))


def test_what_a_cart_holds_nobody_else_is_promised() -> None:
    lamp = make_product()
    add_stock(make_warehouse(), lamp, 10)

    reserve_cart([line(1, lamp.pk, 7)], expires_at=in_an_hour(), actor=DESK)

    assert reserved() == [("cart", 1, 7)]
    assert available_to_promise([lamp.pk]) == {lamp.pk: 3}


def test_a_cart_is_refused_what_is_not_there_and_keeps_what_it_had() -> None:
    lamp, bulb = make_product("LAMP"), make_product("BULB")
    setup = make_warehouse()
    add_stock(setup, lamp, 10)
    add_stock(setup, bulb, 10)
    reserve_cart([line(1, lamp.pk, 7)], expires_at=in_an_hour(), actor=DESK)

    with pytest.raises(NotPromisable) as refused:
        reserve_cart(
            [line(1, lamp.pk, 11), line(2, bulb.pk, 2)], expires_at=in_an_hour(), actor=DESK
        )

    assert str(refused.value) == "LAMP: 11 are wanted, 10 can be promised."
    assert [(each.sku, each.available) for each in refused.value.missing] == [("LAMP", 10)]
    assert reserved() == [("cart", 1, 7)]


def test_a_changed_cart_reserves_in_place_of_what_it_had() -> None:
    lamp = make_product()
    add_stock(make_warehouse(), lamp, 10)
    reserve_cart([line(1, lamp.pk, 7)], expires_at=in_an_hour(), actor=DESK)

    reserve_cart([line(1, lamp.pk, 4), line(2, lamp.pk, 6)], expires_at=in_an_hour(), actor=DESK)

    assert reserved() == [("cart", 1, 4), ("cart", 2, 6)]


def test_two_lines_of_one_product_count_together() -> None:
    lamp = make_product("LAMP")
    add_stock(make_warehouse(), lamp, 10)

    with pytest.raises(NotPromisable, match="LAMP: 11 are wanted, 10 can be promised"):
        reserve_cart(
            [line(1, lamp.pk, 5), line(2, lamp.pk, 6)], expires_at=in_an_hour(), actor=DESK
        )
    assert reserved() == []


def test_orders_that_were_accepted_come_first() -> None:
    lamp = make_product("LAMP")
    add_stock(make_warehouse(), lamp, 10)
    order = Claim(product_id=lamp.pk, quantity=12, demand_kind="order_line", demand_id=1)
    reserve_all([order], actor=DESK)

    with pytest.raises(NotPromisable, match="LAMP: 1 are wanted, 0 can be promised"):
        reserve_cart([line(1, lamp.pk, 1)], expires_at=in_an_hour(), actor=DESK)


def test_a_quote_holds_goods_as_a_cart_does() -> None:
    lamp = make_product()
    add_stock(make_warehouse(), lamp, 10)

    reserve_cart([line(1, lamp.pk, 3)], expires_at=in_an_hour(), demand_kind=QUOTE_LINE, actor=DESK)
    reserve_cart([line(1, lamp.pk, 4)], expires_at=in_an_hour(), actor=DESK)

    assert reserved() == [("cart", 1, 4), ("quote", 1, 3)]


def test_what_expired_is_free_again() -> None:
    lamp = make_product()
    add_stock(make_warehouse(), lamp, 10)
    until = in_an_hour()
    reserve_cart([line(1, lamp.pk, 7)], expires_at=until, actor=DESK)

    assert expire_reservations(now=until - timedelta(minutes=1)) == 0
    assert expire_reservations(now=until) == 1
    assert available_to_promise([lamp.pk]) == {lamp.pk: 10}


def test_a_released_cart_holds_nothing() -> None:
    lamp = make_product()
    add_stock(make_warehouse(), lamp, 10)
    reserve_cart([line(1, lamp.pk, 7)], expires_at=in_an_hour(), actor=DESK)

    assert release_cart([1], actor=DESK) == 1
    assert reserved() == []


def test_goods_are_not_kept_until_a_moment_that_has_passed() -> None:
    lamp = make_product()
    add_stock(make_warehouse(), lamp, 10)

    with pytest.raises(PromiseExpired, match="has passed"):
        reserve_cart([line(1, lamp.pk, 1)], expires_at=datetime(2026, 1, 1, tzinfo=UTC), actor=DESK)
    assert reserved() == []
