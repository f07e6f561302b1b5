from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest
from django.test.utils import CaptureQueriesContext

from inventory import ports
from inventory.exceptions import (
    AlreadyBooked,
    InsufficientStock,
    NotAllocated,
    NotInBin,
    ReasonMissing,
    StillAllocated,
    WrongGoods,
    WrongPlace,
)
from inventory.models import BinContent, StockMovement
from inventory.services import bins, goods
from inventory.services.goods import Adjustment, BinCount, BinMove, GoodsIssue, GoodsReceipt
from tests.inventory.books import assert_consistent, books, level
from tests.inventory.world import Site

Check = Callable[[], None]
Count = Callable[[int], CaptureQueriesContext]


def receipt(site: Site, quantity: int, **facts: Any) -> GoodsReceipt:
    facts = site.ids() | {"bin_id": site.shelf.pk, "idem_key": "r1", "quantity": quantity} | facts
    return GoodsReceipt(**facts)


def moved(site: Site, quantity: int, **facts: Any) -> BinMove:
    places = {"bin_from_id": site.shelf.pk, "bin_to_id": site.shelf_2.pk}
    return BinMove(**(site.ids() | places | {"idem_key": "m1", "quantity": quantity} | facts))


def issue(site: Site, quantity: int, **facts: Any) -> GoodsIssue:
    base = {"bin_id": site.staging.pk, "demand_kind": "order_line", "demand_id": 1}
    base |= {"document": "PA-1", "idem_key": "ship:1:1", "quantity": quantity}
    return GoodsIssue(**(site.ids() | base | facts))


def correction(site: Site, delta: int, **facts: Any) -> Adjustment:
    base = {"bin_id": site.shelf.pk, "reason": "damaged", "idem_key": "a1", "delta": delta}
    return Adjustment(**(site.ids() | base | facts))


def count(site: Site, counted: int, **facts: Any) -> BinCount:
    base = {"bin_id": site.shelf.pk, "idem_key": "c1", "counted": counted}
    return BinCount(**(site.ids() | base | facts))


def lamps(site: Site) -> dict[str, int]:
    """What lies where, of lamps in the north."""
    rows = BinContent.objects.filter(product=site.lamp, bin__warehouse=site.north, quantity__gt=0)
    return dict(rows.values_list("bin__code", "quantity"))


def test_receiving_adds_to_on_hand_and_to_the_bin(site: Site) -> None:
    goods.receive([receipt(site, 5, document="PO-1")], actor=site.actor)

    assert level(site.north.pk, site.lamp.pk) == (25, 0, 0)
    assert lamps(site) == {"A-1": 25}
    movement = StockMovement.objects.get(document="PO-1")
    assert (movement.kind, movement.actor_label) == ("receive", "Picker 1")
    assert_consistent()


def test_receiving_twice_with_one_key_books_once(site: Site, unchanged: Check) -> None:
    goods.receive([receipt(site, 5)], actor=site.actor)
    unchanged()

    with pytest.raises(AlreadyBooked):
        goods.receive([receipt(site, 5)], actor=site.actor)

    unchanged()


def test_a_bin_of_another_warehouse_takes_nothing(site: Site, unchanged: Check) -> None:
    unchanged()

    with pytest.raises(WrongPlace, match="Bin A-1 is not in NORTH: choose a bin of that warehouse"):
        goods.receive([receipt(site, 5, bin_id=site.south_shelf.pk)], actor=site.actor)

    unchanged()


def test_a_closed_bin_takes_nothing(site: Site, unchanged: Check) -> None:
    type(site.shelf_2).objects.filter(pk=site.shelf_2.pk).update(is_active=False)
    unchanged()

    with pytest.raises(WrongPlace, match="Bin A-2 in NORTH is closed"):
        goods.receive([receipt(site, 5, bin_id=site.shelf_2.pk)], actor=site.actor)

    unchanged()


def test_a_kit_is_not_stocked(site: Site, unchanged: Check) -> None:
    unchanged()

    with pytest.raises(WrongGoods, match="SET is a kit: stock its components instead"):
        goods.receive([receipt(site, 1, product_id=site.kit.pk)], actor=site.actor)

    unchanged()


def test_found_goods_need_a_reason(site: Site, unchanged: Check) -> None:
    unchanged()
    with pytest.raises(ReasonMissing):
        goods.record_found([receipt(site, 2)], actor=site.actor)
    unchanged()

    goods.record_found([receipt(site, 2, reason="behind the rack")], actor=site.actor)

    assert level(site.north.pk, site.lamp.pk) == (22, 0, 0)


def test_returned_goods_are_on_hand_but_blocked_until_they_are_restocked(site: Site) -> None:
    goods.receive_returns([receipt(site, 3, bin_id=site.returns.pk)], actor=site.actor)
    assert level(site.north.pk, site.lamp.pk) == (23, 0, 3)

    goods.restock(
        [moved(site, 2, bin_from_id=site.returns.pk, bin_to_id=site.shelf.pk)], actor=site.actor
    )

    assert level(site.north.pk, site.lamp.pk) == (23, 0, 1)
    assert lamps(site) == {"A-1": 22, "RET": 1}
    assert_consistent()


def test_returned_goods_do_not_go_straight_to_a_shelf(site: Site, unchanged: Check) -> None:
    unchanged()

    with pytest.raises(WrongPlace, match="Bin A-1 is not a bin for returns"):
        goods.receive_returns([receipt(site, 3)], actor=site.actor)

    unchanged()


def test_goods_for_sale_are_not_restocked(site: Site, unchanged: Check) -> None:
    unchanged()

    with pytest.raises(WrongPlace, match="Bin A-1 holds goods for sale already"):
        goods.restock([moved(site, 1)], actor=site.actor)

    unchanged()


def test_goods_move_from_bin_to_bin_and_the_level_stays(site: Site) -> None:
    goods.move([moved(site, 8)], actor=site.actor)

    assert lamps(site) == {"A-1": 12, "A-2": 8}
    assert level(site.north.pk, site.lamp.pk) == (20, 0, 0)
    assert_consistent()


def test_moving_more_than_lies_there_is_refused(site: Site, unchanged: Check) -> None:
    unchanged()

    with pytest.raises(NotInBin, match="Bin A-2 in NORTH holds 0 of LAMP, 1 were asked for"):
        goods.move(
            [moved(site, 1, bin_from_id=site.shelf_2.pk, bin_to_id=site.shelf.pk)], actor=site.actor
        )
    with pytest.raises(WrongPlace, match="lie in that bin already"):
        goods.move([moved(site, 1, bin_to_id=site.shelf.pk)], actor=site.actor)
    with pytest.raises(WrongPlace, match="block or unblock the goods"):
        goods.move([moved(site, 1, bin_to_id=site.quarantine.pk)], actor=site.actor)

    unchanged()


def test_blocked_goods_are_not_available_and_come_back(site: Site) -> None:
    goods.block([moved(site, 6, bin_to_id=site.quarantine.pk, reason="wet")], actor=site.actor)
    assert level(site.north.pk, site.lamp.pk) == (20, 0, 6)
    with pytest.raises(InsufficientStock, match="NORTH has 14 of LAMP available, 15 were"):
        site.allocate(15)

    goods.unblock([moved(site, 4, bin_from_id=site.quarantine.pk, idem_key="m2")], actor=site.actor)

    assert level(site.north.pk, site.lamp.pk) == (20, 0, 2)
    assert lamps(site) == {"A-1": 14, "A-2": 4, "QUAR": 2}
    assert_consistent()


def test_allocated_goods_are_not_blocked(site: Site, unchanged: Check) -> None:
    site.allocate(15, demand_id=42)
    unchanged()

    with pytest.raises(StillAllocated, match="Allocated: 15 for order line 42") as refusal:
        goods.block([moved(site, 6, bin_to_id=site.quarantine.pk, reason="wet")], actor=site.actor)

    assert [(d.demand_id, d.quantity) for d in refusal.value.demands] == [(42, 15)]
    unchanged()


def test_block_and_unblock_know_their_bins(site: Site, unchanged: Check) -> None:
    unchanged()

    with pytest.raises(WrongPlace, match="Bin A-2 is not a blocked bin"):
        goods.block([moved(site, 1, reason="wet")], actor=site.actor)
    with pytest.raises(WrongPlace, match="Bin A-1 is not a blocked bin"):
        goods.unblock([moved(site, 1)], actor=site.actor)

    unchanged()


def test_picking_takes_units_to_staging_and_putting_back_returns_them(site: Site) -> None:
    site.allocate(5)

    goods.pick(
        [moved(site, 5, bin_to_id=site.staging.pk, demand_kind="order_line", demand_id=1)],
        actor=site.actor,
    )
    assert lamps(site) == {"A-1": 15, "STAGE": 5}
    goods.put_back([moved(site, 2, bin_from_id=site.staging.pk, idem_key="m2")], actor=site.actor)

    assert lamps(site) == {"A-1": 15, "A-2": 2, "STAGE": 3}
    assert level(site.north.pk, site.lamp.pk) == (20, 5, 0)
    assert_consistent()


def test_many_picks_are_one_statement(site: Site, django_assert_num_queries: Count) -> None:
    with django_assert_num_queries(1):
        goods.pick(
            [moved(site, 1, bin_to_id=site.staging.pk, idem_key=f"p{n}") for n in range(10)],
            actor=site.actor,
        )

    assert lamps(site) == {"A-1": 10, "STAGE": 10}


def test_shipping_ends_the_allocation_and_lowers_on_hand(
    site: Site, django_assert_num_queries: Count
) -> None:
    site.allocate(5)
    goods.pick([moved(site, 5, bin_to_id=site.staging.pk)], actor=site.actor)

    with django_assert_num_queries(1):
        goods.ship([issue(site, 5)], actor=site.actor)

    assert level(site.north.pk, site.lamp.pk) == (15, 0, 0)
    assert lamps(site) == {"A-1": 15}
    assert books()["allocations"] == []
    assert_consistent()


def test_unshipping_is_the_mirror_of_shipping(site: Site) -> None:
    site.allocate(5)
    goods.pick([moved(site, 5, bin_to_id=site.staging.pk)], actor=site.actor)
    before = books()
    goods.ship([issue(site, 5)], actor=site.actor)

    goods.unship([issue(site, 5, idem_key="unship:1:1")], actor=site.actor)

    after = books()
    assert {**after, "movements": None} == {**before, "movements": None}
    assert_consistent()


def test_shipping_the_same_parcel_line_twice_is_refused(site: Site, unchanged: Check) -> None:
    site.allocate(5)
    goods.pick([moved(site, 5, bin_to_id=site.staging.pk)], actor=site.actor)
    goods.ship([issue(site, 2)], actor=site.actor)
    unchanged()

    with pytest.raises(AlreadyBooked):
        goods.ship([issue(site, 2)], actor=site.actor)

    unchanged()


def test_shipping_more_than_was_picked_or_allocated_is_refused(
    site: Site, unchanged: Check
) -> None:
    site.allocate(5)
    goods.pick([moved(site, 4, bin_to_id=site.staging.pk)], actor=site.actor)
    unchanged()

    with pytest.raises(NotInBin, match="Bin STAGE in NORTH holds 4 of LAMP, 5 were asked for"):
        goods.ship([issue(site, 5)], actor=site.actor)
    with pytest.raises(NotAllocated, match="order line 2 has 0 of LAMP allocated"):
        goods.ship([issue(site, 4, demand_id=2)], actor=site.actor)

    unchanged()


def test_an_adjustment_corrects_the_bin_both_ways(site: Site) -> None:
    goods.adjust(
        [correction(site, -3), correction(site, 5, bin_id=site.shelf_2.pk, idem_key="a2")],
        actor=site.actor,
    )

    assert level(site.north.pk, site.lamp.pk) == (22, 0, 0)
    assert lamps(site) == {"A-1": 17, "A-2": 5}
    assert_consistent()


def test_a_correction_says_why(site: Site, unchanged: Check) -> None:
    unchanged()

    with pytest.raises(ReasonMissing, match="Say why"):
        goods.adjust([correction(site, -3, reason=" ")], actor=site.actor)

    unchanged()


def test_counting_below_what_is_allocated_names_the_demands(
    site: Site, unchanged: Check, monkeypatch: pytest.MonkeyPatch
) -> None:
    def orders(ids: Sequence[int], /) -> dict[int, ports.DemandLink]:
        return {pk: ports.DemandLink(f"SO-{pk}", f"/{pk}/") for pk in ids}

    monkeypatch.setitem(ports._resolvers, "order_line", orders)
    site.allocate(12, demand_id=7)
    site.allocate(6, demand_id=8)
    unchanged()

    with pytest.raises(StillAllocated) as refusal:
        goods.record_counts([count(site, 17)], actor=site.actor)

    assert str(refusal.value) == (
        "NORTH has 2 of LAMP available, 3 were asked for."
        " Allocated: 12 for SO-7, 6 for SO-8. Take the allocations back first."
    )
    unchanged()


def test_a_count_sets_the_bin_to_what_was_counted(site: Site) -> None:
    goods.move([moved(site, 5)], actor=site.actor)

    deltas = goods.record_counts(
        [
            count(site, 13),
            count(site, 9, bin_id=site.shelf_2.pk, idem_key="c2"),
            count(site, 0, bin_id=site.staging.pk, idem_key="c3"),
        ],
        actor=site.actor,
    )

    assert deltas == [-2, 4, 0]
    assert lamps(site) == {"A-1": 13, "A-2": 9}
    assert level(site.north.pk, site.lamp.pk) == (22, 0, 0)
    assert_consistent()


def test_writing_off_takes_goods_out_of_the_books(site: Site, unchanged: Check) -> None:
    goods.write_off([correction(site, -4, reason="broken")], actor=site.actor)

    assert level(site.north.pk, site.lamp.pk) == (16, 0, 0)
    assert StockMovement.objects.get(kind="write_off").reason == "broken"
    unchanged()
    with pytest.raises(NotInBin):
        goods.write_off([correction(site, -17, idem_key="a2")], actor=site.actor)
    with pytest.raises(ValueError, match="takes units away"):
        goods.write_off([correction(site, 4, idem_key="a3")], actor=site.actor)
    unchanged()


def test_missing_units_can_be_written_off_while_others_are_allocated(site: Site) -> None:
    goods.block([moved(site, 3, bin_to_id=site.missing.pk, reason="short")], actor=site.actor)
    site.allocate(17)

    goods.write_off([correction(site, -3, bin_id=site.missing.pk)], actor=site.actor)

    assert level(site.north.pk, site.lamp.pk) == (17, 17, 0)
    assert_consistent()


def test_a_lot_tracked_product_needs_one_of_its_lots(site: Site, unchanged: Check) -> None:
    milk = {"product_id": site.milk.pk}
    unchanged()
    with pytest.raises(WrongGoods, match="MILK is tracked by lot: say which lot"):
        goods.receive([receipt(site, 5, **milk)], actor=site.actor)
    with pytest.raises(WrongGoods, match=r"LAMP is not tracked that way|not one of LAMP"):
        goods.receive([receipt(site, 5, lot_id=site.lot.pk)], actor=site.actor)
    unchanged()

    goods.receive([receipt(site, 5, lot_id=site.lot.pk, **milk)], actor=site.actor)

    assert ("A-1", "MILK", "L1", None, 5) in books()["bins"]
    assert_consistent()


def test_a_serial_number_stands_for_one_unit_in_one_place(site: Site, unchanged: Check) -> None:
    phone = {"product_id": site.phone.pk}
    goods.receive([receipt(site, 1, serial="SN1", **phone)], actor=site.actor)
    unchanged()

    with pytest.raises(WrongGoods, match="scan the number of each unit"):
        goods.receive([receipt(site, 1, idem_key="r2", **phone)], actor=site.actor)
    with pytest.raises(WrongGoods, match="a number stands for one unit, not 2"):
        goods.receive([receipt(site, 2, serial="SN2", idem_key="r2", **phone)], actor=site.actor)
    with pytest.raises(WrongGoods, match="Serial number SN1 of PHONE is in stock already"):
        goods.receive(
            [receipt(site, 1, serial="SN1", bin_id=site.shelf_2.pk, idem_key="r2", **phone)],
            actor=site.actor,
        )
    with pytest.raises(WrongGoods, match="Serial number SN3 of PHONE is in stock already"):
        goods.receive(
            [receipt(site, 1, serial="SN3", idem_key=f"r{n}", **phone) for n in (3, 4)],
            actor=site.actor,
        )

    unchanged()


def test_a_serial_number_travels_through_the_bins(site: Site) -> None:
    phone = {"product_id": site.phone.pk, "serial": "SN1"}
    goods.receive([receipt(site, 1, **phone)], actor=site.actor)
    goods.pick([moved(site, 1, bin_to_id=site.staging.pk, **phone)], actor=site.actor)

    assert ("STAGE", "PHONE", None, "SN1", 1) in books()["bins"]
    assert_consistent()


def test_empty_bins_are_swept_and_full_ones_stay(site: Site) -> None:
    goods.move([moved(site, 20)], actor=site.actor)

    assert bins.clear_empty_bins() == 1

    assert list(BinContent.objects.values_list("bin__code", "quantity")) == [("A-2", 20)]
