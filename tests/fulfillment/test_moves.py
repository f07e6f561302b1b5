"""Shipments are moved, split and merged by people; books and shipments agree after each."""

from dataclasses import replace

import pytest

from fulfillment.assignments import Placed, torn_kits
from fulfillment.exceptions import MoveRefused
from fulfillment.models import Pick, RoutingDecision, Shipment, ShipmentLine
from fulfillment.services.moves import merge_shipments, move_shipment, split_shipment
from fulfillment.services.picking import pick
from fulfillment.services.release import release_shipments
from fulfillment.services.route import route_orders
from inventory.models import Allocation, Product
from oms.core import invariants
from oms.core.models import Activity
from orders.models import Customer, Order, OrderAddress
from tests.factories import (
    BERLIN,
    DESK,
    PARIS,
    PICKER,
    WarehouseSetup,
    add_stock,
    line_draft,
    lines_of,
    make_customer,
    make_kit,
    make_product,
    make_warehouse,
    take_order,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def near() -> WarehouseSetup:
    return make_warehouse("BER")


@pytest.fixture
def far() -> WarehouseSetup:
    return make_warehouse("PAR", latitude=48.86, longitude=2.35, priority=200)


@pytest.fixture
def mug(near: WarehouseSetup) -> Product:
    product = make_product("MUG")
    add_stock(near, product, 20)
    return product


def routed(product: Product, units: int, **facts: object) -> tuple[Order, Shipment]:
    order = take_order(line_draft(product, units), **facts)
    [outcome] = route_orders([order.pk], actor=DESK)
    return order, Shipment.objects.get(pk=outcome.shipment_ids[0])


def allocations() -> list[tuple[str, int]]:
    rows = Allocation.objects.order_by("warehouse__code", "pk")
    return list(rows.values_list("warehouse__code", "quantity"))


def contents(pk: int) -> list[int]:
    lines = ShipmentLine.objects.filter(shipment=pk, quantity__gt=0).order_by("order_line")
    return list(lines.values_list("quantity", flat=True))


def test_a_shipment_moves_with_its_allocations_and_back(
    near: WarehouseSetup, far: WarehouseSetup, mug: Product
) -> None:
    add_stock(far, mug, 3)
    order, shipment = routed(mug, 3)
    OrderAddress.objects.filter(pk=shipment.ship_to_id).update(latitude=52.53, longitude=13.38)

    move_shipment(shipment_id=shipment.pk, warehouse_id=far.pk, reason="strike", actor=DESK)

    moved = Shipment.objects.get()
    assert (moved.warehouse_id, moved.status, moved.units) == (far.pk, "planned", 3)
    assert moved.distance_km == pytest.approx(879, abs=10)
    assert allocations() == [("PAR", 3)]
    decision = RoutingDecision.objects.order_by("-pk").filter(order=order)[0]
    assert decision.override_reason == "strike"
    assert decision.trace["verdict"] == "Sales desk overruled the router: strike. Before: BER 3."
    entry = Activity.objects.get(document_kind="shipment", verb="moved")
    assert (entry.old, entry.new, entry.note) == ("BER", "PAR", "strike")
    assert invariants.violations() == []
    move_shipment(shipment_id=shipment.pk, warehouse_id=near.pk, reason="back", actor=DESK)
    assert allocations() == [("BER", 3)]
    assert invariants.violations() == []


def test_a_released_shipment_leaves_the_floor_before_it_moves(
    far: WarehouseSetup, mug: Product
) -> None:
    add_stock(far, mug, 3)
    _, shipment = routed(mug, 3)
    release_shipments(shipment_ids=[shipment.pk], actor=PICKER)

    move_shipment(shipment_id=shipment.pk, warehouse_id=far.pk, reason="strike", actor=DESK)

    assert Shipment.objects.get().status == "planned"
    assert not Pick.objects.exists()
    assert invariants.violations() == []


def test_a_move_is_refused_with_what_the_other_warehouse_lacks(
    near: WarehouseSetup, far: WarehouseSetup, mug: Product
) -> None:
    add_stock(far, mug, 1)
    closed = make_warehouse("OLD", is_active=False)
    _, shipment = routed(mug, 3)
    before = list(Shipment.objects.values())

    for site, why in (
        (far, r"PAR lacks 2 of MUG \(1 available\)"),
        (closed, "OLD is not active"),
        (near, "ships from BER already"),
    ):
        with pytest.raises(MoveRefused, match=why):
            move_shipment(shipment_id=shipment.pk, warehouse_id=site.pk, reason="", actor=DESK)

    assert list(Shipment.objects.values()) == before
    assert allocations() == [("BER", 3)]
    assert not Activity.objects.filter(verb="moved").exists()


def test_what_is_picked_does_not_move_split_or_merge(far: WarehouseSetup, mug: Product) -> None:
    add_stock(far, mug, 3)
    _, shipment = routed(mug, 3)
    _, other = routed(mug, 3)
    release_shipments(shipment_ids=[shipment.pk], actor=PICKER)
    pick(pick_id=Pick.objects.get().pk, quantity=1, actor=PICKER)
    line = shipment.lines.get()

    with pytest.raises(MoveRefused):
        move_shipment(shipment_id=shipment.pk, warehouse_id=far.pk, reason="", actor=DESK)
    with pytest.raises(MoveRefused):
        split_shipment(shipment_id=shipment.pk, quantities={line.pk: 1}, actor=DESK)
    with pytest.raises(MoveRefused):
        merge_shipments(shipment_ids=[shipment.pk, other.pk], actor=DESK)

    assert Shipment.objects.count() == 2
    assert invariants.violations() == []


def test_a_split_is_undone_by_a_merge(mug: Product) -> None:
    order, shipment = routed(mug, 5)
    line = shipment.lines.get()

    new = split_shipment(shipment_id=shipment.pk, quantities={line.pk: 2}, actor=DESK)

    assert (contents(shipment.pk), contents(new)) == ([3], [2])
    assert list(Shipment.objects.order_by("pk").values_list("units", flat=True)) == [3, 2]
    assert invariants.violations() == []
    assert merge_shipments(shipment_ids=[new, shipment.pk], actor=DESK) == shipment.pk
    assert contents(shipment.pk) == [5]
    assert list(Shipment.objects.order_by("pk").values_list("status", flat=True)) == [
        "planned",
        "canceled",
    ]
    assert [line.allocated for line in lines_of(order)] == [5]
    assert invariants.violations() == []


def test_a_split_takes_some_units_but_not_all(mug: Product) -> None:
    _, shipment = routed(mug, 5)
    line = shipment.lines.get()

    for units in (0, 5, 6):
        with pytest.raises(MoveRefused):
            split_shipment(shipment_id=shipment.pk, quantities={line.pk: units}, actor=DESK)

    assert Shipment.objects.count() == 1


def test_a_kit_leaves_in_one_piece(near: WarehouseSetup) -> None:
    cup, saucer = make_product("CUP"), make_product("SAUCER")
    kit = make_kit("SET", of=[(cup, 1), (saucer, 2)])
    add_stock(near, cup, 5)
    add_stock(near, saucer, 10)
    _, shipment = routed(kit, 3)
    cups, saucers = (line.pk for line in shipment.lines.order_by("pk"))

    with pytest.raises(MoveRefused, match="whole sets"):
        split_shipment(shipment_id=shipment.pk, quantities={cups: 1, saucers: 1}, actor=DESK)
    new = split_shipment(shipment_id=shipment.pk, quantities={cups: 1, saucers: 2}, actor=DESK)

    assert contents(new) == [1, 2]
    assert invariants.violations() == []


def test_torn_kits_are_those_whose_sets_could_stay_whole() -> None:
    assert torn_kits([Placed(7, 1, {1: 2}), Placed(7, 2, {1: 4})]) == []
    assert torn_kits([Placed(7, 1, {1: 1, 2: 1}), Placed(7, 2, {1: 2, 2: 2})]) == []
    assert torn_kits([Placed(7, 1, {1: 1}), Placed(7, 2, {2: 2})]) == [7]
    assert torn_kits([Placed(7, 1, {1: 1, 2: 1}), Placed(7, 2, {1: 2})]) == []
    assert torn_kits([Placed(None, 1, {1: 1, 2: 1})]) == []


def test_shipments_of_two_orders_of_one_customer_are_merged(mug: Product) -> None:
    customer = make_customer()
    first, one = routed(mug, 2, customer=customer, priority=1)
    second, other = routed(mug, 3, customer=customer, priority=4)

    merge_shipments(shipment_ids=[one.pk, other.pk], actor=DESK)

    merged = Shipment.objects.get(pk=one.pk)
    assert (merged.units, merged.priority, contents(one.pk)) == (5, 4, [2, 3])
    note = Activity.objects.get(document_id=other.pk, document_kind="shipment", verb="cancel").note
    assert note == f"Merged into {one.number}."
    assert [x.allocated for order in (first, second) for x in lines_of(order)] == [2, 3]
    assert invariants.violations() == []


def customers() -> tuple[Customer, Customer]:
    return make_customer(), make_customer("Maison Verne", ship_to=PARIS)


def test_only_what_goes_the_same_way_is_merged(far: WarehouseSetup, mug: Product) -> None:
    add_stock(far, mug, 3)
    one, other = customers()
    _, base = routed(mug, 1, customer=one)
    _, stranger = routed(mug, 1, customer=other, ship_to=BERLIN)
    _, elsewhere = routed(mug, 1, customer=one, ship_to=replace(BERLIN, street="Torstr. 1"))
    _, away = routed(mug, 1, customer=one)
    move_shipment(shipment_id=away.pk, warehouse_id=far.pk, reason="", actor=DESK)

    for shipment, why in (
        (stranger, "different customers"),
        (elsewhere, "different addresses"),
        (away, "different warehouses"),
    ):
        with pytest.raises(MoveRefused, match=why):
            merge_shipments(shipment_ids=[base.pk, shipment.pk], actor=DESK)

    assert set(Shipment.objects.values_list("status", flat=True)) == {"planned"}
    assert invariants.violations() == []
