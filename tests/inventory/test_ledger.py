from __future__ import annotations

from collections.abc import Callable

import pytest
from django.db import DatabaseError, connection, transaction
from django.test.utils import CaptureQueriesContext

from inventory.exceptions import AlreadyBooked, InsufficientStock, NotAllocated, NotInBin, Shortfall
from inventory.models import Bin, MovementKind, StockLevel, StockMovement
from inventory.services import ledger_statement
from inventory.services.ledger import StockChange, post, rebuild_levels
from tests.inventory.books import assert_consistent, books, level
from tests.inventory.world import Site

Check = Callable[[], None]


def change(site: Site, kind: MovementKind, quantity: int, **facts: object) -> StockChange:
    return StockChange(kind=kind, quantity=quantity, **(site.ids() | facts))  # type: ignore[arg-type]


def test_several_changes_of_one_level_carry_running_balances(site: Site) -> None:
    post(
        [
            change(site, MovementKind.RECEIVE, 5, bin_to_id=site.shelf.pk, idem_key="a"),
            change(site, MovementKind.ALLOCATE, 7, allocated=7, demand_kind="order_line", demand_id=1),
            change(
                site, MovementKind.BLOCK, 3, bin_from_id=site.shelf.pk,
                bin_to_id=site.quarantine.pk, idem_key="b",
            ),
            change(
                site, MovementKind.SHIP, 7, allocated=-7, demand_kind="order_line", demand_id=1,
                bin_from_id=site.shelf.pk, idem_key="c",
            ),
        ],
        actor=site.actor,
    )  # fmt: skip

    rows = StockMovement.objects.order_by("id").values_list(
        "kind", "on_hand_delta", "on_hand_after", "allocated_after", "blocked_after"
    )
    assert list(rows) == [
        ("receive", 20, 20, 0, 0),
        ("receive", 5, 25, 0, 0),
        ("allocate", 0, 25, 7, 0),
        ("block", 0, 25, 7, 3),
        ("ship", -7, 18, 0, 3),
    ]
    assert level(site.north.pk, site.lamp.pk) == (18, 0, 3)
    assert_consistent()


def test_a_booking_is_one_statement_however_long_it_is(
    site: Site, django_assert_num_queries: Callable[[int], CaptureQueriesContext]
) -> None:
    with django_assert_num_queries(1):
        post([change(site, MovementKind.ALLOCATE, 1, allocated=1, demand_kind="x", demand_id=n)
              for n in range(20)], actor=site.actor)  # fmt: skip

    assert level(site.north.pk, site.lamp.pk) == (20, 20, 0)


def test_a_shortage_in_the_middle_of_a_booking_refuses_all_of_it(
    site: Site, unchanged: Check
) -> None:
    unchanged()

    with pytest.raises(InsufficientStock) as refusal:
        post(
            [
                change(site, MovementKind.ALLOCATE, 21, allocated=21, demand_kind="x", demand_id=1),
                change(site, MovementKind.RECEIVE, 5, bin_to_id=site.shelf.pk, idem_key="later"),
            ],
            actor=site.actor,
        )

    assert refusal.value.shortfalls == [Shortfall(site.north.pk, site.lamp.pk, 21, 20)]
    assert str(refusal.value) == "NORTH has 20 of LAMP available, 21 were asked for."
    unchanged()


def test_after_a_refusal_the_transaction_goes_on(site: Site) -> None:
    with transaction.atomic():
        with pytest.raises(InsufficientStock):
            site.allocate(21)
        site.allocate(20)

    assert level(site.north.pk, site.lamp.pk) == (20, 20, 0)


def test_a_key_books_once(site: Site, unchanged: Check) -> None:
    receipt = change(site, MovementKind.RECEIVE, 5, bin_to_id=site.shelf.pk, idem_key="once")
    post([receipt], actor=site.actor)
    unchanged()

    with pytest.raises(AlreadyBooked, match="LAMP: movement once was booked before"):
        post([receipt], actor=site.actor)
    with pytest.raises(AlreadyBooked, match="twice in one booking"):
        post(
            [change(site, MovementKind.FOUND, 1, bin_to_id=site.shelf.pk, idem_key="x")] * 2,
            actor=site.actor,
        )

    unchanged()


def test_what_a_bin_does_not_hold_cannot_leave_it(site: Site, unchanged: Check) -> None:
    unchanged()

    with pytest.raises(NotInBin, match=r"Bin A-1 in NORTH holds 20 of LAMP, 21 were asked for\."):
        post(
            [
                change(
                    site, MovementKind.MOVE, 21, bin_from_id=site.shelf.pk,
                    bin_to_id=site.shelf_2.pk, idem_key="m",
                )
            ],
            actor=site.actor,
        )  # fmt: skip

    unchanged()


def test_what_is_not_allocated_cannot_be_given_back(site: Site, unchanged: Check) -> None:
    site.allocate(2, demand_id=7)
    unchanged()

    with pytest.raises(NotAllocated, match="order line 7 has 2 of LAMP allocated at NORTH, 3 were"):
        post(
            [
                change(
                    site, MovementKind.DEALLOCATE, 3, allocated=-3,
                    demand_kind="order_line", demand_id=7,
                )
            ],
            actor=site.actor,
        )  # fmt: skip

    unchanged()


def test_a_movement_handles_at_least_one_unit(site: Site, unchanged: Check) -> None:
    unchanged()

    with pytest.raises(ValueError, match="at least one unit"):
        post([change(site, MovementKind.RECEIVE, 0, bin_to_id=site.shelf.pk)], actor=site.actor)

    unchanged()


def test_an_empty_booking_asks_nothing_of_the_database(
    site: Site, django_assert_num_queries: Callable[[int], CaptureQueriesContext]
) -> None:
    with django_assert_num_queries(0):
        post([], actor=site.actor)


def test_the_first_goods_of_a_product_make_its_level(site: Site) -> None:
    post(
        [
            StockChange(
                kind=MovementKind.RECEIVE, warehouse_id=site.south.pk, product_id=site.lamp.pk,
                quantity=4, bin_to_id=site.south_shelf.pk, idem_key="first",
            )
        ],
        actor=site.actor,
    )  # fmt: skip

    assert level(site.south.pk, site.lamp.pk) == (4, 0, 0)
    assert_consistent()


def test_the_ledger_cannot_be_rewritten(site: Site) -> None:
    with pytest.raises(DatabaseError), transaction.atomic():
        StockMovement.objects.update(quantity=1)
    with pytest.raises(DatabaseError), transaction.atomic():
        StockMovement.objects.all().delete()


def test_levels_can_be_rebuilt_from_the_ledger(site: Site) -> None:
    site.allocate(3)
    right = books()
    StockLevel.objects.update(on_hand=99, allocated=1, blocked=5)

    assert rebuild_levels() == 1

    assert books() == right
    assert rebuild_levels() == 0


@pytest.mark.django_db
@pytest.mark.parametrize("name", ledger_statement.FUNCTIONS)
def test_the_functions_in_the_database_are_those_of_the_source(name: str) -> None:
    _, sql = ledger_statement.FUNCTIONS[name]

    with connection.cursor() as cursor:
        cursor.execute("SELECT prosrc FROM pg_proc WHERE proname = %s", [name])
        assert cursor.fetchall() == [(ledger_statement.function_body(sql()),)]


def test_the_statement_knows_the_blocked_kinds_of_bins() -> None:
    kinds = ", ".join(f"'{kind}'" for kind in Bin.BLOCKED_KINDS)

    assert ledger_statement.goods_sql().count(f"({kinds})") == 2
