"""Broken books: seen by the checker, shown as a case, brought together by new movements alone."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.db import connection
from django.test import Client

from inventory.exceptions import StockRefusal
from inventory.models import StockMovement
from inventory.selectors.differences import differences
from inventory.services.compensation import compensate
from inventory.services.ledger import rebuild_levels
from oms.core import invariants
from oms.core.models import Case, OutboxEvent
from oms.core.tasks import check_invariants
from tests.inventory.books import assert_consistent, books, level
from tests.inventory.world import PICKER, Site
from tests.people import browser_of, key_on, make_person


def run(sql: str, *values: object) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)


def level_says_47(site: Site) -> None:
    run("UPDATE inventory_stocklevel SET on_hand = 47 WHERE product_id = %s", site.lamp.pk)


def level_is_gone(site: Site) -> None:
    run("DELETE FROM inventory_stocklevel WHERE product_id = %s", site.lamp.pk)


def three_left_the_bin(site: Site) -> None:
    run("UPDATE inventory_bincontent SET quantity = 17 WHERE product_id = %s", site.lamp.pk)


def four_lie_in_a_warehouse_that_knows_none(site: Site) -> None:
    run(
        "INSERT INTO inventory_bincontent (bin_id, product_id, quantity) VALUES (%s, %s, 4)",
        site.south_shelf.pk,
        site.lamp.pk,
    )


def shelf_became_quarantine(site: Site) -> None:
    run("UPDATE inventory_bin SET kind = 'quarantine' WHERE id = %s", site.shelf.pk)


def an_allocation_came_from_nowhere(site: Site) -> None:
    run(
        "INSERT INTO inventory_allocation (warehouse_id, product_id, quantity, demand_kind,"
        " demand_id) VALUES (%s, %s, 2, 'order_line', 9)",
        site.north.pk,
        site.lamp.pk,
    )


def an_allocation_was_lost(site: Site) -> None:
    site.allocate(5)
    run("DELETE FROM inventory_allocation WHERE product_id = %s", site.lamp.pk)


def everything_at_once(site: Site) -> None:
    three_left_the_bin(site)
    an_allocation_came_from_nowhere(site)
    level_says_47(site)


Spoil = Callable[[Site], None]


@pytest.mark.parametrize(
    ("spoil", "broken", "after", "booked"),
    [
        (level_says_47, "stock.level_is_ledger", (20, 0, 0), []),
        (level_is_gone, "stock.level_is_ledger", (20, 0, 0), []),
        (three_left_the_bin, "stock.bins_are_on_hand", (17, 0, 0), [(3, -3, 0, 0)]),
        (shelf_became_quarantine, "stock.bins_are_on_hand", (20, 0, 20), [(20, 0, 0, 20)]),
        (
            four_lie_in_a_warehouse_that_knows_none,
            "stock.bins_are_on_hand",
            (20, 0, 0),
            [(4, 4, 0, 0)],
        ),
        (an_allocation_came_from_nowhere, "stock.allocations_add_up", (20, 2, 0), [(2, 0, 2, 0)]),
        (an_allocation_was_lost, "stock.allocations_add_up", (20, 0, 0), [(5, 0, -5, 0)]),
        (everything_at_once, "stock.level_is_ledger", (17, 2, 0), [(3, -3, 2, 0)]),
    ],
)
def test_each_finding_is_compensated_by_movements_and_found_no_more(
    site: Site,
    spoil: Spoil,
    broken: str,
    after: tuple[int, int, int],
    booked: list[tuple[int, int, int, int]],
) -> None:
    spoil(site)
    assert broken in {each.invariant for each in invariants.violations()}
    before = list(StockMovement.objects.order_by("id").values())

    compensate(product_id=site.lamp.pk, actor=PICKER)

    assert_consistent()
    assert level(site.north.pk, site.lamp.pk) == after
    movements = StockMovement.objects.order_by("id")
    assert list(movements.values())[: len(before)] == before
    new = movements.filter(reason="compensation").values_list(
        "quantity", "on_hand_delta", "allocated_delta", "blocked_delta"
    )
    assert list(new) == booked
    assert differences(site.lamp.pk) == []


def test_the_levels_rebuilt_from_the_ledger_equal_the_stored_ones(site: Site) -> None:
    three_left_the_bin(site)
    compensate(product_id=site.lamp.pk, actor=PICKER)
    stored = books()["levels"]

    assert rebuild_levels() == 0
    assert books()["levels"] == stored


def test_units_that_turn_up_are_announced_and_units_that_go_are_not(site: Site) -> None:
    four_lie_in_a_warehouse_that_knows_none(site)
    OutboxEvent.objects.all().delete()
    compensate(product_id=site.lamp.pk, actor=PICKER)
    assert list(OutboxEvent.objects.values_list("topic", flat=True)) == ["inventory.stock_arrived"]

    OutboxEvent.objects.all().delete()
    three_left_the_bin(site)
    run("UPDATE inventory_bincontent SET quantity = 4 WHERE bin_id = %s", site.south_shelf.pk)
    compensate(product_id=site.lamp.pk, actor=PICKER)

    assert not OutboxEvent.objects.exists()


def test_allocated_units_that_lie_nowhere_are_to_be_taken_back_first(site: Site) -> None:
    site.allocate(5)
    run("UPDATE inventory_bincontent SET quantity = 2 WHERE product_id = %s", site.lamp.pk)
    before = books()

    with pytest.raises(StockRefusal, match="take 3 allocated units back first"):
        compensate(product_id=site.lamp.pk, actor=PICKER)

    assert books() == before


def test_sound_books_are_not_compensated(site: Site) -> None:
    with pytest.raises(StockRefusal, match="nothing to compensate"):
        compensate(product_id=site.lamp.pk, actor=PICKER)


# --- Cases and pages --------------------------------------------------------------------------


def test_the_nightly_check_opens_one_case_per_product_and_closes_it_again(site: Site) -> None:
    everything_at_once(site)

    check_invariants()
    check_invariants()

    cases = Case.objects.filter(closed_at=None, document_kind="product")
    assert {each.document_id for each in cases} == {site.lamp.pk}
    assert {each.proposed_fix for each in cases} == {"compensate_stock"}
    assert {each.times for each in cases} == {2}
    compensate(product_id=site.lamp.pk, actor=PICKER)
    assert not cases.all().exists()
    closed = Case.objects.filter(document_kind="product")
    assert set(closed.values_list("closed_by", flat=True)) == {"Picker 1"}


def test_a_finding_that_is_gone_the_next_night_is_no_case_any_more(site: Site) -> None:
    level_says_47(site)
    check_invariants()
    assert Case.objects.filter(closed_at=None).count() == 2
    rebuild_levels()

    check_invariants()

    assert not Case.objects.filter(closed_at=None).exists()


def test_a_case_about_something_else_stays_open(site: Site) -> None:
    Case.objects.create(kind="no_stock", dedupe_key="x", sentence="Something else.")

    check_invariants()

    assert Case.objects.get().closed_at is None


@pytest.fixture
def manager(site: Site) -> Client:
    return browser_of(make_person("manager"))


def test_one_click_on_the_exceptions_page_compensates(site: Site, manager: Client) -> None:
    three_left_the_bin(site)
    check_invariants()
    case = Case.objects.get(closed_at=None)

    key = key_on(manager, "/admin/exceptions/")
    answer = manager.post(f"/admin/exceptions/{case.pk}/fix/", {"form_key": key}, follow=True)

    assert "The books of 1 warehouse agree again." in answer.content.decode()
    assert_consistent()


def test_the_page_shows_what_will_be_booked_before_it_is(site: Site, manager: Client) -> None:
    page = "/admin/inventory/product/LAMP/compensation/"
    assert "The books agree" in manager.get(page).content.decode()
    three_left_the_bin(site)
    product_page = manager.get("/admin/inventory/product/LAMP/").content.decode()
    assert f'href="{page}"' in product_page

    shown = manager.get(page).content.decode()
    booked = manager.post(page, {"form_key": key_on(manager, page)})
    again = manager.post(page, {"form_key": "another-key"})

    assert "17 / 0 / 0" in shown
    assert "-3" in shown or "−3" in shown
    assert (booked.status_code, again.status_code) == (302, 409)
    assert_consistent()


def test_compensation_asks_for_the_right_to_approve(site: Site) -> None:
    picker = browser_of(make_person("warehouse"))

    assert picker.get("/admin/inventory/product/LAMP/compensation/").status_code == 403
