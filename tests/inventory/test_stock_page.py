from __future__ import annotations

from datetime import date

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from inventory.models import Product, StockLevel
from inventory.selectors.stock_page import ledger_page, stock_page
from inventory.services.claims import Claim, reserve_all
from inventory.services.goods import BinMove, GoodsIssue, GoodsReceipt, block, receive, ship
from inventory.services.transfers import approve_transfer, draft_transfer, send_transfer
from tests.inventory.world import Site


def stocked(site: Site) -> None:
    south = GoodsReceipt(
        warehouse_id=site.south.pk, product_id=site.lamp.pk, bin_id=site.south_shelf.pk,
        quantity=7, idem_key="south",
    )  # fmt: skip
    receive([south], actor=site.actor)
    site.allocate(4, demand_id=11)
    bad = BinMove(
        **site.ids(), bin_from_id=site.shelf.pk, bin_to_id=site.quarantine.pk, quantity=2,
        reason="wet", idem_key="bad",
    )  # fmt: skip
    block([bad], actor=site.actor)
    claim = Claim(product_id=site.lamp.pk, quantity=3, demand_kind="order_line", demand_id=12)
    reserve_all([claim], actor=site.actor)


def test_the_page_says_what_lies_where_and_for_whom(site: Site) -> None:
    stocked(site)

    page = stock_page("lamp")

    assert [(row.warehouse.code, row.totals.on_hand) for row in page.levels] == [
        ("NORTH", 20),
        ("SOUTH", 7),
    ]
    assert [(b.code, b.quantity, b.is_blocked) for b in page.levels[0].bins] == [
        ("QUAR", 2, True),
        ("A-1", 18, False),
    ]
    totals = page.totals
    assert (totals.on_hand, totals.allocated, totals.blocked, totals.available) == (27, 4, 2, 21)
    assert (page.reserved, page.to_promise) == (3, 18)
    assert [(c.demand.label, c.quantity, c.warehouse) for c in page.allocations] == [
        ("order line 11", 4, "NORTH")
    ]
    assert [(c.demand.label, c.kind) for c in page.reservations] == [("order line 12", "Order")]
    assert page.agrees


def test_the_ledger_runs_backward_page_by_page_with_its_balance(site: Site) -> None:
    stocked(site)

    first = ledger_page(site.lamp.pk, page_size=2)
    second = ledger_page(site.lamp.pk, page_size=2, before=first.next_before)

    assert [(r.movement.kind, r.available_after) for r in first.rows] == [
        ("block", 14),
        ("allocate", 16),
    ]
    assert [(r.movement.warehouse.code, r.available_after) for r in second.rows] == [
        ("SOUTH", 7),
        ("NORTH", 20),
    ]
    assert second.next_before is None
    north = ledger_page(site.lamp.pk, warehouse="north")
    assert [r.movement.kind for r in north.rows] == ["block", "allocate", "receive"]


def test_the_series_ends_with_what_is_on_hand(site: Site) -> None:
    stocked(site)

    series = stock_page("LAMP").series

    assert len(series) == 90
    assert [day.on_hand for day in series[-2:]] == [0, 27]


def test_a_level_that_left_the_ledger_is_shown_as_such(site: Site) -> None:
    StockLevel.objects.update(on_hand=21)

    assert not stock_page("LAMP").agrees


def test_a_product_that_was_never_stocked_says_so(site: Site) -> None:
    page = stock_page("PHONE")

    assert page.is_never_stocked
    assert page.agrees
    assert page.to_promise == 0


def test_an_unknown_sku_is_not_found(site: Site) -> None:
    with pytest.raises(Product.DoesNotExist):
        stock_page("NOPE")


def test_the_page_takes_the_same_statements_for_much_stock_and_for_little(site: Site) -> None:
    stocked(site)
    site.allocate(1, demand_id=100)
    little = statements_of_the_page()
    for n in range(10):
        site.allocate(1, demand_id=101 + n)

    assert statements_of_the_page() == little <= 17


def statements_of_the_page() -> int:
    with CaptureQueriesContext(connection) as queries:
        stock_page("LAMP")
    return len(queries)


def test_the_page_says_what_arrives_and_how_long_the_stock_lasts(site: Site) -> None:
    site.allocate(9)
    issue = GoodsIssue(
        **site.ids(), bin_id=site.shelf.pk, quantity=9, demand_kind="order_line", demand_id=1,
        document="PA-1", idem_key="sold",
    )  # fmt: skip
    ship([issue], actor=site.actor)
    draft = draft_transfer(
        warehouse_from_id=site.north.pk, warehouse_to_id=site.south.pk,
        quantities={site.lamp.pk: 4}, expected_date=date(2199, 1, 2), actor=site.actor,
    )  # fmt: skip
    approve_transfer(transfer_id=draft.pk, actor=site.actor)
    send_transfer(transfer_id=draft.pk, actor=site.actor)
    receipt = GoodsReceipt(
        warehouse_id=site.south.pk, product_id=site.lamp.pk, bin_id=site.south_shelf.pk,
        quantity=1, idem_key="south",
    )  # fmt: skip
    receive([receipt], actor=site.actor)

    page = stock_page("LAMP")

    north, south = page.levels
    assert (north.cover_days, south.cover_days, page.cover_days) == (70, None, 80)
    assert (south.outlook.in_transit, south.outlook.transit_on) == (4, date(2199, 1, 2))
    assert (south.outlook.incoming, north.outlook.in_transit) == (0, 0)
    assert page.outlook.in_transit == 4
