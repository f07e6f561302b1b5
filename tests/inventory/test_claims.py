from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from django.db import transaction
from django.test.utils import CaptureQueriesContext

from inventory import tasks
from inventory.exceptions import AlreadyReserved, InsufficientStock, NotAllocated, NotReserved
from inventory.models import Reservation, StockMovement
from inventory.services.claims import (
    Claim,
    ClaimChange,
    allocate,
    change_reservations,
    deallocate,
    expire_reservations,
    reserve_all,
)
from tests.inventory.books import assert_consistent, books, level
from tests.inventory.world import Site

Check = Callable[[], None]
Count = Callable[[int], CaptureQueriesContext]
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


def claim(site: Site, quantity: int, demand_id: int = 1, **facts: object) -> Claim:
    return Claim(
        product_id=site.lamp.pk,
        quantity=quantity,
        demand_kind="order_line",
        demand_id=demand_id,
        **facts,  # type: ignore[arg-type]
    )


def less(demand_id: int, delta: int, **facts: object) -> ClaimChange:
    return ClaimChange(demand_kind="order_line", demand_id=demand_id, delta=delta, **facts)  # type: ignore[arg-type]


def test_allocating_three_lines_is_one_statement(
    site: Site, django_assert_num_queries: Count
) -> None:
    with django_assert_num_queries(1):
        allocate([site.request(n, demand_id=n) for n in (1, 2, 3)], actor=site.actor)

    assert level(site.north.pk, site.lamp.pk) == (20, 6, 0)
    assert books()["allocations"] == [(n, "NORTH", "LAMP", n) for n in (1, 2, 3)]
    assert_consistent()


def test_allocating_again_for_a_line_adds_to_its_allocation(site: Site) -> None:
    site.allocate(2)
    site.allocate(3)

    assert books()["allocations"] == [(1, "NORTH", "LAMP", 5)]


def test_the_last_unit_can_be_allocated_and_not_one_more(site: Site, unchanged: Check) -> None:
    site.allocate(20)
    unchanged()

    with pytest.raises(InsufficientStock, match="NORTH has 0 of LAMP available, 1 were asked for"):
        site.allocate(1, demand_id=2)

    unchanged()


def test_a_warehouse_without_a_level_has_nothing(site: Site, unchanged: Check) -> None:
    unchanged()

    with pytest.raises(InsufficientStock, match="SOUTH has 0 of LAMP available, 1 were"):
        allocate([site.request(1, warehouse_id=site.south.pk)], actor=site.actor)

    unchanged()


def test_deallocating_gives_units_back_and_ends_the_allocation_at_none(site: Site) -> None:
    site.allocate(5)

    deallocate([site.request(2)], actor=site.actor, reason="shortage")
    assert books()["allocations"] == [(1, "NORTH", "LAMP", 3)]
    deallocate([site.request(3)], actor=site.actor)

    assert books()["allocations"] == []
    assert level(site.north.pk, site.lamp.pk) == (20, 0, 0)
    assert StockMovement.objects.get(reason="shortage").allocated_after == 3
    assert_consistent()


def test_deallocating_what_a_demand_does_not_hold_is_refused(site: Site, unchanged: Check) -> None:
    site.allocate(5, demand_id=1)
    unchanged()

    with pytest.raises(NotAllocated, match="order line 2 has 0 of LAMP allocated"):
        deallocate([site.request(1, demand_id=2)], actor=site.actor)

    unchanged()


def test_reserving_is_one_statement_and_never_fails_for_lack_of_stock(
    site: Site, django_assert_num_queries: Count
) -> None:
    with django_assert_num_queries(1):
        reserve_all([claim(site, 500, n, rank_at=NOON) for n in (1, 2, 3)], actor=site.actor)

    assert books()["reservations"] == [(n, "order", "LAMP", 500) for n in (1, 2, 3)]


def test_reserving_twice_for_a_demand_is_refused(site: Site, unchanged: Check) -> None:
    reserve_all([claim(site, 5)], actor=site.actor)
    unchanged()

    with pytest.raises(AlreadyReserved), transaction.atomic():
        reserve_all([claim(site, 6, 2), claim(site, 6)], actor=site.actor)

    unchanged()


def test_reservations_grow_shrink_end_and_begin_in_one_statement(
    site: Site, django_assert_num_queries: Count
) -> None:
    reserve_all([claim(site, 5, n) for n in (1, 2, 3)], actor=site.actor)

    with django_assert_num_queries(1):
        change_reservations(
            [
                less(1, -2),
                less(2, -5),
                less(3, 4),
                less(4, 1, product_id=site.lamp.pk),
                less(2, 5, kind="backorder", product_id=site.lamp.pk),
            ],
            actor=site.actor,
        )

    assert books()["reservations"] == [
        (1, "order", "LAMP", 3),
        (2, "backorder", "LAMP", 5),
        (3, "order", "LAMP", 9),
        (4, "order", "LAMP", 1),
    ]


def test_a_reservation_does_not_fall_below_nothing(site: Site, unchanged: Check) -> None:
    reserve_all([claim(site, 5, 1), claim(site, 5, 2)], actor=site.actor)
    unchanged()

    with pytest.raises(NotReserved, match="order line 2 has 5 reserved, 6 were to be released"):
        change_reservations([less(1, -5), less(2, -6)], actor=site.actor)
    with pytest.raises(NotReserved, match="does not name a product"):
        change_reservations([less(9, 1)], actor=site.actor)

    unchanged()


def test_expired_carts_give_their_claim_back(site: Site) -> None:
    carts = [
        claim(site, 1, n, kind="cart", expires_at=NOON + timedelta(minutes=n)) for n in (0, 1, 2)
    ]
    reserve_all([*carts, claim(site, 1, 9)], actor=site.actor)

    assert expire_reservations(now=NOON + timedelta(minutes=1)) == 2

    assert books()["reservations"] == [(2, "cart", "LAMP", 1), (9, "order", "LAMP", 1)]
    assert tasks.expire_reservations() == 1
    assert Reservation.objects.get().demand_id == 9
