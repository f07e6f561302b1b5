from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

from django.test.utils import CaptureQueriesContext

from inventory.models import Lot, StockLevel, Warehouse
from inventory.selectors.bins import bins_to_pick
from inventory.selectors.supply import OwnClaim, available_to_promise, supply_for
from inventory.services.claims import Claim, reserve_all
from inventory.services.goods import BinMove, GoodsReceipt, move, pick, receive
from tests.inventory.world import Site

Count = Callable[[int], CaptureQueriesContext]
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


def claim(site: Site, quantity: int, demand_id: int, hours: int, kind: str = "order") -> Claim:
    return Claim(
        product_id=site.lamp.pk, quantity=quantity, demand_kind="order_line", demand_id=demand_id,
        rank_at=NOON + timedelta(hours=hours), kind=kind,
        expires_at=NOON if kind == "cart" else None,
    )  # fmt: skip


def test_supply_takes_two_statements_for_any_number_of_products(
    site: Site, django_assert_num_queries: Count
) -> None:
    with django_assert_num_queries(2):
        supply = supply_for([site.lamp.pk, site.milk.pk, 999_999])

    assert supply.of(site.lamp.pk).levels[site.north.pk].available == 20
    assert supply.of(site.milk.pk).levels == {}
    assert supply.of(999_999).to_promise() == 0


def test_earlier_claims_of_others_bind_and_own_and_later_ones_do_not(site: Site) -> None:
    reserve_all(
        [claim(site, 5, 1, 0), claim(site, 7, 2, 1), claim(site, 9, 3, 2)], actor=site.actor
    )

    lamp = supply_for([site.lamp.pk], demand_ids=[2]).of(site.lamp.pk)

    assert [(c.quantity, c.rank_at.hour) for c in lamp.claims] == [(5, 12), (9, 14)]
    assert lamp.claimed_before(NOON + timedelta(hours=1)) == 5
    assert lamp.to_promise(NOON + timedelta(hours=1)) == 15
    assert lamp.to_promise() == 6


def test_a_safety_stock_is_left_alone(site: Site) -> None:
    StockLevel.objects.update(safety_stock=6)

    lamp = supply_for([site.lamp.pk]).of(site.lamp.pk)

    assert (lamp.levels[site.north.pk].available, lamp.levels[site.north.pk].free) == (20, 14)
    assert available_to_promise([site.lamp.pk]) == {site.lamp.pk: 14}


def test_a_closed_warehouse_supplies_nothing(site: Site) -> None:
    Warehouse.objects.filter(code="NORTH").update(is_active=False)

    assert supply_for([site.lamp.pk]).of(site.lamp.pk).levels == {}
    assert available_to_promise([site.lamp.pk]) == {site.lamp.pk: 0}


def test_the_backorder_room_counts_what_is_owed_already(site: Site) -> None:
    type(site.lamp).objects.filter(pk=site.lamp.pk).update(backorder_cap=10)
    reserve_all([claim(site, 7, 1, 0, kind="backorder")], actor=site.actor)

    assert supply_for([site.lamp.pk]).of(site.lamp.pk).backorder_room == 3
    assert supply_for([site.milk.pk]).of(site.milk.pk).backorder_room is None


def test_many_products_are_promised_in_one_statement(
    site: Site, django_assert_num_queries: Count
) -> None:
    reserve_all(
        [claim(site, 5, 1, 0), claim(site, 7, 2, 1), claim(site, 3, 3, 0, kind="cart")],
        actor=site.actor,
    )
    own = OwnClaim(demand_ids=[2], rank_at=NOON + timedelta(hours=1))

    with django_assert_num_queries(1):
        promised = available_to_promise([site.lamp.pk, site.milk.pk])

    assert promised == {site.lamp.pk: 8, site.milk.pk: 0}
    assert available_to_promise([site.lamp.pk], claim=own) == {site.lamp.pk: 15}


def test_picking_goes_along_the_open_shelves_in_walking_order(
    site: Site, django_assert_num_queries: Count
) -> None:
    places = {"bin_from_id": site.shelf.pk, "bin_to_id": site.shelf_2.pk}
    move([BinMove(**site.ids(), **places, quantity=5, idem_key="m")], actor=site.actor)
    places = {"bin_from_id": site.shelf.pk, "bin_to_id": site.staging.pk}
    pick([BinMove(**site.ids(), **places, quantity=3, idem_key="p")], actor=site.actor)

    with django_assert_num_queries(1):
        found = bins_to_pick([site.north.pk, site.south.pk], [site.lamp.pk])

    assert [(b.bin_code, b.quantity) for b in found[site.north.pk, site.lamp.pk]] == [
        ("A-1", 12),
        ("A-2", 5),
    ]


def test_the_lot_that_expires_first_is_picked_first_and_an_expired_one_never(site: Site) -> None:
    dates = {"OLD": date(2020, 1, 1), "SOON": date(2099, 1, 1), "LATE": date(2099, 6, 1)}
    lots = {
        code: Lot.objects.create(product=site.milk, code=code, expiry_date=day)
        for code, day in dates.items()
    }
    bins = {"OLD": site.shelf, "SOON": site.shelf_2, "LATE": site.shelf}
    receive(
        [
            GoodsReceipt(
                **site.ids(site.milk), bin_id=bins[code].pk, quantity=1, lot_id=lot.pk,
                idem_key=code,
            )
            for code, lot in lots.items()
        ],
        actor=site.actor,
    )  # fmt: skip

    found = bins_to_pick([site.north.pk], [site.milk.pk])

    assert [b.lot_id for b in found[site.north.pk, site.milk.pk]] == [
        lots["SOON"].pk,
        lots["LATE"].pk,
    ]
