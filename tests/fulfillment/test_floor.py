"""From planned to delivered, and back: counters, bins, ledger, invoices; refusals change nothing."""

from decimal import Decimal
from typing import Any

import pytest

from fulfillment.exceptions import CancelRefused, OnHold, PackRefused, PickRefused, ShipRefused
from fulfillment.models import Parcel, ParcelLine, Pick, PickList, Shipment, ShipmentLine
from fulfillment.services.cancel import cancel_order, cancel_shipment
from fulfillment.services.packing import pack_parcel, reopen_parcel
from fulfillment.services.picking import pick, put_back
from fulfillment.services.release import release_shipments, unrelease_shipments
from fulfillment.services.route import route_order
from fulfillment.services.shipping import deliver_parcels, ship_parcels, unship_parcel
from fulfillment.services.shortage import report_short
from fulfillment.tracking import is_tracking_number
from inventory.exceptions import NotInBin
from inventory.models import BinContent, Reservation, StockCount, StockLevel, StockMovement
from oms.core import invariants
from oms.core.exceptions import TransitionRefused
from oms.core.models import Activity, Case, CostEvent, OutboxEvent
from orders.models import Invoice, Order, OrderLine, SearchTerm
from orders.services.holds import hold_order
from tests.factories import (
    DESK,
    PICKER,
    WarehouseSetup,
    add_stock,
    line_draft,
    lines_of,
    make_product,
    make_warehouse,
    take_order,
)

pytestmark = pytest.mark.django_db


class World:
    """One warehouse, two products on two shelves, one order of 3 mugs and 2 teas, routed."""

    def __init__(self) -> None:
        self.setup: WarehouseSetup = make_warehouse("BER")
        self.mug = make_product("MUG", weight_kg=Decimal("0.400"))
        self.tea = make_product("TEA", weight_kg=Decimal("0.100"))
        add_stock(self.setup, self.mug, 10, bin_code="A-02")
        add_stock(self.setup, self.tea, 10, bin_code="A-01")
        self.order = take_order(line_draft(self.mug, 3), line_draft(self.tea, 2))
        route_order(order_id=self.order.pk, actor=DESK)
        self.shipment_id = Shipment.objects.values_list("pk", flat=True).get()

    @property
    def shipment(self) -> Shipment:
        return Shipment.objects.get(pk=self.shipment_id)

    def release(self) -> None:
        release_shipments(shipment_ids=[self.shipment_id], actor=PICKER)

    def picks(self) -> list[Pick]:
        return list(Pick.objects.order_by("position"))

    def pick_everything(self) -> None:
        self.release()
        for each in self.picks():
            pick(pick_id=each.pk, quantity=each.quantity, actor=PICKER)

    def contents(self) -> dict[int, int]:
        lines = ShipmentLine.objects.filter(shipment=self.shipment_id)
        return {x.pk: x.picked - x.packed for x in lines if x.picked > x.packed}

    def pack_everything(self) -> Parcel:
        self.pick_everything()
        return pack_parcel(shipment_id=self.shipment_id, contents=self.contents(), actor=PICKER)

    def ship_everything(self) -> Parcel:
        parcel = self.pack_everything()
        ship_parcels(parcel_ids=[parcel.pk], actor=PICKER)
        return Parcel.objects.get(pk=parcel.pk)

    def in_bin(self, code: str) -> dict[str, int]:
        rows = BinContent.objects.filter(bin=self.setup.bins[code], quantity__gt=0)
        return dict(rows.values_list("product__sku", "quantity"))

    def level(self, sku: str) -> tuple[int, int, int]:
        level = StockLevel.objects.get(product__sku=sku)
        return level.on_hand, level.allocated, level.blocked


@pytest.fixture
def world() -> World:
    return World()


def state() -> dict[str, Any]:
    """Everything that the floor writes, to see that a refusal wrote none of it."""
    return {
        "shipments": list(Shipment.objects.order_by("pk").values()),
        "lines": list(ShipmentLine.objects.order_by("pk").values()),
        "picks": list(Pick.objects.order_by("pk").values()),
        "parcels": list(Parcel.objects.order_by("pk").values()),
        "contents": list(ParcelLine.objects.order_by("pk").values()),
        "orders": list(Order.objects.order_by("pk").values()),
        "order_lines": list(OrderLine.objects.order_by("pk").values()),
        "movements": StockMovement.objects.count(),
        "activity": Activity.objects.count(),
        "events": OutboxEvent.objects.count(),
        "claims": list(Reservation.objects.order_by("pk").values()),
        "cases": Case.objects.count(),
        "invoices": Invoice.objects.count(),
        "costs": CostEvent.objects.count(),
    }


def topics() -> list[str]:
    return [
        x.rsplit(".", 1)[1]
        for x in OutboxEvent.objects.order_by("pk").values_list("topic", flat=True)
    ]


def test_release_makes_a_pick_list_in_walking_order(world: World) -> None:
    world.release()

    assert [(x.bin.code, x.quantity, x.picked) for x in world.picks()] == [
        ("A-01", 2, 0),
        ("A-02", 3, 0),
    ]
    assert world.shipment.status == "released"
    assert world.shipment.released_at is not None
    assert PickList.objects.get().warehouse_id == world.setup.pk
    assert topics()[-1] == "shipment_released"
    assert invariants.violations() == []


def test_a_shipping_hold_keeps_a_shipment_from_the_floor(world: World) -> None:
    hold_order(order_id=world.order.pk, kind="shipping", reason="customs", note="", actor=DESK)
    before = state()

    with pytest.raises(OnHold) as refused:
        world.release()

    number = world.shipment.number
    assert str(refused.value) == (
        f"{world.order.number} is on hold: lift the hold before {number} goes on."
    )
    assert state() == before


def test_what_is_released_twice_is_refused(world: World) -> None:
    world.release()
    before = state()

    with pytest.raises(TransitionRefused):
        world.release()

    assert state() == before


def test_two_pick_lists_never_promise_the_same_units(world: World) -> None:
    add_stock(world.setup, world.mug, 4, bin_code="A-03")
    second = take_order(line_draft(world.mug, 9))
    route_order(order_id=second.pk, actor=DESK)
    shipments = list(Shipment.objects.order_by("pk").values_list("pk", flat=True))

    for shipment in shipments:
        release_shipments(shipment_ids=[shipment], actor=PICKER)

    taken = Pick.objects.filter(bin=world.setup.bins["A-02"]).values_list("quantity", flat=True)
    assert sum(taken) == 10
    assert (
        sum(Pick.objects.filter(bin=world.setup.bins["A-03"]).values_list("quantity", flat=True))
        == 2
    )


def test_unrelease_takes_the_picks_away(world: World) -> None:
    world.release()

    unrelease_shipments(shipment_ids=[world.shipment_id], actor=DESK)

    assert world.shipment.status == "planned"
    assert world.picks() == []
    assert PickList.objects.get().canceled_at is not None


def test_picking_moves_exactly_what_was_scanned(world: World) -> None:
    world.release()
    tea, mug = world.picks()

    pick(pick_id=mug.pk, quantity=2, actor=PICKER)

    assert world.in_bin("A-02") == {"MUG": 8}
    assert world.in_bin("STAGE") == {"MUG": 2}
    assert world.shipment.status == "picking"
    pick(pick_id=mug.pk, quantity=1, actor=PICKER)
    pick(pick_id=tea.pk, quantity=2, actor=PICKER)
    assert world.shipment.status == "picked"
    assert PickList.objects.get().finished_at is not None
    assert Pick.objects.get(pk=mug.pk).picked_by == "Picker 1"
    assert world.level("MUG") == (10, 3, 0)
    assert CostEvent.objects.filter(kind="pick").count() == 3
    assert invariants.violations() == []


def test_more_than_the_pick_asks_for_is_refused(world: World) -> None:
    world.release()
    mug = world.picks()[1]
    before = state()

    with pytest.raises(PickRefused) as refused:
        pick(pick_id=mug.pk, quantity=4, actor=PICKER)

    assert str(refused.value) == "MUG from A-02: 4 is more than the 3 left to pick."
    assert state() == before


def test_a_pick_of_goods_that_are_gone_is_refused(world: World) -> None:
    world.release()
    BinContent.objects.filter(bin=world.setup.bins["A-02"]).update(quantity=1)
    before = state()

    with pytest.raises(NotInBin):
        pick(pick_id=world.picks()[1].pk, quantity=3, actor=PICKER)

    assert state() == before


def test_picked_units_go_back_to_their_bin(world: World) -> None:
    world.pick_everything()
    mug = world.picks()[1]

    put_back(pick_id=mug.pk, quantity=2, actor=PICKER)

    assert world.in_bin("A-02") == {"MUG": 9}
    assert world.shipment.status == "picking"
    assert invariants.violations() == []
    pick(pick_id=mug.pk, quantity=2, actor=PICKER)
    assert world.shipment.status == "picked"
    assert invariants.violations() == []


def test_a_short_pick_frees_the_rest_and_asks_for_a_count(world: World) -> None:
    world.release()
    mug = world.picks()[1]

    missing = report_short(pick_id=mug.pk, found=1, reason="shelf empty", actor=PICKER)

    assert missing == 2
    assert world.in_bin("MISS") == {"MUG": 2}
    assert world.level("MUG") == (10, 1, 2)
    assert [(x.open, x.allocated) for x in lines_of(world.order)] == [(2, 1), (0, 2)]
    assert Reservation.objects.get().quantity == 2
    assert world.shipment.units == 3
    count = StockCount.objects.get()
    assert (count.origin, count.reason) == ("shortage", f"{world.shipment.number}: shelf empty")
    assert list(count.lines.values_list("bin__code", "product__sku")) == [("A-02", "MUG")]
    assert not Case.objects.exists()
    assert topics()[-1] == "units_reopened"
    assert invariants.violations() == []
    route_order(order_id=world.order.pk, actor=DESK)
    assert [(x.open, x.allocated) for x in lines_of(world.order)] == [(0, 3), (0, 2)]
    assert invariants.violations() == []


def test_the_last_pick_reported_short_finishes_picking(world: World) -> None:
    world.release()
    tea, mug = world.picks()
    pick(pick_id=tea.pk, quantity=2, actor=PICKER)

    report_short(pick_id=mug.pk, found=0, reason="broken", actor=PICKER)

    assert world.shipment.status == "picked"
    assert invariants.violations() == []


def test_a_shipment_of_which_nothing_is_found_is_canceled(world: World) -> None:
    world.release()
    for each in world.picks():
        report_short(pick_id=each.pk, found=0, reason="gone", actor=PICKER)

    assert world.shipment.status == "canceled"
    assert invariants.violations() == []


def test_a_full_pick_is_not_short(world: World) -> None:
    world.release()
    before = state()

    with pytest.raises(PickRefused):
        report_short(pick_id=world.picks()[1].pk, found=3, reason="", actor=PICKER)

    assert state() == before


def test_packing_closes_a_parcel_with_weight_and_number(world: World) -> None:
    parcel = world.pack_everything()

    assert (parcel.status, parcel.position, parcel.weight_kg) == ("closed", 1, Decimal("1.400"))
    assert is_tracking_number(parcel.tracking_number)
    assert world.shipment.status == "packed"
    assert topics()[-1] == "shipment_packed"
    assert CostEvent.objects.filter(kind="carton").count() == 1
    assert invariants.violations() == []


def test_nothing_is_packed_that_was_not_picked(world: World) -> None:
    world.pick_everything()
    line = ShipmentLine.objects.get(order_line__product=world.mug)
    before = state()

    with pytest.raises(PackRefused) as refused:
        pack_parcel(shipment_id=world.shipment_id, contents={line.pk: 4}, actor=PICKER)

    number = world.shipment.number
    assert str(refused.value) == (
        f"{number}: 4 of MUG cannot be packed, 3 are picked and in no parcel."
    )
    assert state() == before


def test_a_shipment_in_two_parcels_is_shipped_with_the_last(world: World) -> None:
    world.pick_everything()
    mugs = ShipmentLine.objects.get(order_line__product=world.mug)
    first = pack_parcel(shipment_id=world.shipment_id, contents={mugs.pk: 2}, actor=PICKER)
    second = pack_parcel(shipment_id=world.shipment_id, contents=world.contents(), actor=PICKER)

    ship_parcels(parcel_ids=[first.pk], actor=PICKER)

    assert world.shipment.status == "packed"
    assert [x.shipped for x in lines_of(world.order)] == [2, 0]
    assert Order.objects.get().fulfillment_status == "partly_shipped"
    assert invariants.violations() == []
    ship_parcels(parcel_ids=[second.pk], actor=PICKER)
    assert world.shipment.status == "shipped"
    assert Order.objects.get().status == "completed"
    assert Invoice.objects.count() == 2
    assert invariants.violations() == []


def test_hand_over_books_the_goods_out(world: World) -> None:
    parcel = world.ship_everything()

    assert parcel.status == "shipped"
    assert parcel.shipped_at is not None
    assert world.level("MUG") == (7, 0, 0)
    assert world.in_bin("STAGE") == {}
    assert [(x.allocated, x.shipped) for x in lines_of(world.order)] == [(0, 3), (0, 2)]
    order = Order.objects.get()
    assert (order.status, order.fulfillment_status) == ("completed", "shipped")
    line = ShipmentLine.objects.get(order_line__product=world.mug)
    movement = StockMovement.objects.get(idem_key=f"ship:{parcel.pk}:{line.pk}")
    assert (movement.kind, movement.on_hand_after, movement.document) == (
        "ship",
        7,
        world.shipment.number,
    )
    assert Invoice.objects.get().net_amount == 50
    assert SearchTerm.objects.get(kind="tracking").term == parcel.tracking_number
    assert {"parcel_shipped", "shipment_shipped", "order_completed"} <= set(topics())
    assert invariants.violations() == []


def test_a_parcel_leaves_once(world: World) -> None:
    parcel = world.ship_everything()
    before = state()

    with pytest.raises(ShipRefused, match="only a closed parcel is handed over"):
        ship_parcels(parcel_ids=[parcel.pk], actor=PICKER)

    assert state() == before


def test_a_shipping_hold_stops_the_hand_over(world: World) -> None:
    parcel = world.pack_everything()
    hold_order(order_id=world.order.pk, kind="shipping", reason="customs", note="", actor=DESK)
    before = state()

    with pytest.raises(OnHold):
        ship_parcels(parcel_ids=[parcel.pk], actor=PICKER)

    assert state() == before


def test_more_than_was_picked_does_not_leave(world: World) -> None:
    parcel = world.pack_everything()
    Pick.objects.filter(shipment_line__order_line__product=world.mug).update(picked=2)
    ShipmentLine.objects.filter(order_line__product=world.mug).update(picked=2, packed=2)
    before = state()

    with pytest.raises(ShipRefused) as refused:
        ship_parcels(parcel_ids=[parcel.pk], actor=PICKER)

    number = world.shipment.number
    assert str(refused.value) == f"{number}: 3 of MUG would leave, but only 2 were picked."
    assert state() == before


def test_a_hand_over_is_undone_and_done_again(world: World) -> None:
    parcel = world.ship_everything()

    unship_parcel(parcel_id=parcel.pk, actor=DESK)

    assert world.level("MUG") == (10, 3, 0)
    assert world.in_bin("STAGE") == {"MUG": 3, "TEA": 2}
    assert world.shipment.status == "packed"
    assert Order.objects.get().status == "in_fulfillment"
    assert invariants.violations() == []
    assert sorted(Invoice.objects.values_list("kind", flat=True)) == ["credit_note", "invoice"]
    ship_parcels(parcel_ids=[parcel.pk], actor=PICKER)
    assert world.level("MUG") == (7, 0, 0)
    unship_parcel(parcel_id=parcel.pk, actor=DESK)
    ship_parcels(parcel_ids=[parcel.pk], actor=PICKER)
    assert Order.objects.get().status == "completed"
    assert invariants.violations() == []


def test_a_reopened_parcel_is_void_and_its_goods_can_be_packed_again(world: World) -> None:
    parcel = world.pack_everything()

    reopen_parcel(parcel_id=parcel.pk, actor=PICKER)

    assert world.shipment.status == "picked"
    again = pack_parcel(shipment_id=world.shipment_id, contents=world.contents(), actor=PICKER)
    assert again.position == 2
    assert world.shipment.status == "packed"
    assert invariants.violations() == []


def test_delivery_ends_the_shipment(world: World) -> None:
    parcel = world.ship_everything()

    deliver_parcels(parcel_ids=[parcel.pk], actor=DESK)

    assert world.shipment.status == "delivered"
    assert world.shipment.delivered_at is not None
    assert topics()[-1] == "shipment_delivered"


def test_a_canceled_shipment_gives_its_units_back(world: World) -> None:
    world.pick_everything()

    cancel_shipment(shipment_id=world.shipment_id, reason="wrong address", actor=DESK)

    assert world.shipment.status == "canceled"
    assert [(x.open, x.allocated) for x in lines_of(world.order)] == [(3, 0), (2, 0)]
    assert world.in_bin("A-02") == {"MUG": 10}
    assert world.level("MUG") == (10, 0, 0)
    assert Case.objects.get().kind == "put_back"
    assert invariants.violations() == []
    route_order(order_id=world.order.pk, actor=DESK)
    assert invariants.violations() == []


def test_an_order_is_canceled_with_its_shipments(world: World) -> None:
    world.release()

    cancel_order(order_id=world.order.pk, reason="changed their mind", actor=DESK)

    assert Order.objects.get().status == "canceled"
    assert world.shipment.status == "canceled"
    assert [x.canceled for x in lines_of(world.order)] == [3, 2]
    assert world.level("MUG") == (10, 0, 0)
    assert not Reservation.objects.exists()
    assert invariants.violations() == []


def test_a_packed_order_is_not_canceled(world: World) -> None:
    world.pack_everything()
    before = state()

    with pytest.raises(CancelRefused) as refused:
        cancel_order(order_id=world.order.pk, reason="", actor=DESK)

    number = world.shipment.number
    assert str(refused.value) == f"{number} is packed: it cannot be canceled any more."
    assert state() == before


def test_a_shipped_order_is_not_canceled(world: World) -> None:
    world.ship_everything()
    before = state()

    with pytest.raises(CancelRefused):
        cancel_order(order_id=world.order.pk, reason="", actor=DESK)

    assert state() == before
