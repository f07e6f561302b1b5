"""A person overrules the router: units go where they say, and the decision says who and why."""

import pytest

from fulfillment.exceptions import MoveRefused, OnHold
from fulfillment.models import RoutingDecision, Shipment, ShipmentLine
from fulfillment.services.moves import merge_shipments
from fulfillment.services.overrides import Assignment, override_route
from fulfillment.services.release import release_shipments
from fulfillment.services.route import route_orders
from inventory.models import Allocation, Product, Reservation
from oms.core import invariants
from oms.core.models import Activity
from orders.models import Order
from orders.services.holds import hold_order
from tests.factories import (
    DESK,
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
    return make_warehouse("PAR", priority=200)


@pytest.fixture
def mug() -> Product:
    return make_product("MUG")


def override(order: Order, *spots: tuple[int, WarehouseSetup, int], reason: str = "faster") -> None:
    lines = [line for line in lines_of(order) if line.kind != "kit"]
    override_route(
        order_id=order.pk,
        assignments=[Assignment(lines[n].pk, site.pk, units) for n, site, units in spots],
        reason=reason,
        actor=DESK,
    )


def allocations() -> list[tuple[str, int]]:
    rows = Allocation.objects.order_by("warehouse__code", "pk")
    return list(rows.values_list("warehouse__code", "quantity"))


def state(order: Order) -> list[tuple[int, int, int]]:
    return [(x.open, x.allocated, x.backordered) for x in lines_of(order)]


def live() -> list[tuple[str, int]]:
    lines = ShipmentLine.objects.filter(quantity__gt=0).exclude(shipment__status="canceled")
    return list(lines.order_by("pk").values_list("shipment__warehouse__code", "quantity"))


def test_an_open_order_ships_from_where_a_person_says(
    near: WarehouseSetup, far: WarehouseSetup, mug: Product
) -> None:
    add_stock(near, mug, 5)
    add_stock(far, mug, 5)
    order = take_order(line_draft(mug, 4))

    override(order, (0, far, 3), (0, near, 1), reason="customer asked")

    assert state(order) == [(0, 4, 0)]
    assert sorted(live()) == [("BER", 1), ("PAR", 3)]
    assert not Reservation.objects.exists()
    assert Order.objects.get().status == "in_fulfillment"
    decision = RoutingDecision.objects.get()
    assert (decision.override_reason, decision.actor_label) == ("customer asked", "Sales desk")
    assert decision.trace["overridden_by"] == "Sales desk"
    assert Activity.objects.get(verb="routed by hand").note == "customer asked"
    assert invariants.violations() == []


def test_planned_units_go_elsewhere_and_an_empty_shipment_is_canceled(
    near: WarehouseSetup, far: WarehouseSetup, mug: Product
) -> None:
    add_stock(near, mug, 4)
    add_stock(far, mug, 5)
    order = take_order(line_draft(mug, 4))
    route_orders([order.pk], actor=DESK)
    assert live() == [("BER", 4)]

    override(order, (0, far, 4))

    assert live() == [("PAR", 4)]
    assert allocations() == [("PAR", 4)]
    assert sorted(Shipment.objects.values_list("status", flat=True)) == ["canceled", "planned"]
    decision = RoutingDecision.objects.order_by("-pk")[0]
    assert decision.trace["verdict"] == "Sales desk overruled the router: faster. Before: BER 4."
    assert invariants.violations() == []


def test_what_is_not_given_to_a_warehouse_is_open_again(
    near: WarehouseSetup, far: WarehouseSetup, mug: Product
) -> None:
    add_stock(near, mug, 4)
    add_stock(far, mug, 1)
    order = take_order(line_draft(mug, 6))
    route_orders([order.pk], actor=DESK)
    assert state(order) == [(0, 5, 1)]

    override(order, (0, near, 2), (0, far, 1))

    assert state(order) == [(2, 3, 1)]
    assert sorted(allocations()) == [("BER", 2), ("PAR", 1)]
    assert invariants.violations() == []


def test_backordered_units_take_what_has_come(near: WarehouseSetup, mug: Product) -> None:
    order = take_order(line_draft(mug, 3))
    route_orders([order.pk], actor=DESK)
    add_stock(near, mug, 2)

    override(order, (0, near, 2))

    assert state(order) == [(0, 2, 1)]
    assert Reservation.objects.get().quantity == 1
    assert invariants.violations() == []


def test_what_is_not_there_is_refused(
    near: WarehouseSetup, far: WarehouseSetup, mug: Product
) -> None:
    add_stock(near, mug, 4)
    closed = make_warehouse("OLD", is_active=False)
    order = take_order(line_draft(mug, 4))
    route_orders([order.pk], actor=DESK)
    before = live()

    for spots, why in (
        ([(0, far, 1), (0, near, 3)], r"PAR lacks 1 of MUG: 0 more are available\."),
        ([(0, near, 5)], "5 units are given to warehouses, 4 can still be routed"),
        ([(0, closed, 1)], "OLD is not active"),
        ([(0, near, 4)], "Nothing would change"),
        ([(0, near, -1)], "fewer than no units"),
    ):
        with pytest.raises(MoveRefused, match=why):
            override(order, *spots)
    with pytest.raises(MoveRefused, match="Say why"):
        override(order, (0, near, 2), reason=" ")

    assert live() == before
    assert RoutingDecision.objects.count() == 1
    assert invariants.violations() == []


def test_what_is_on_the_floor_and_what_is_held_stays(near: WarehouseSetup, mug: Product) -> None:
    add_stock(near, mug, 4)
    order = take_order(line_draft(mug, 4))
    route_orders([order.pk], actor=DESK)
    release_shipments(shipment_ids=[Shipment.objects.get().pk], actor=PICKER)

    with pytest.raises(MoveRefused, match="0 can still be routed"):
        override(order, (0, near, 2))
    other = take_order(line_draft(mug, 1))
    hold_order(order_id=other.pk, kind="routing", reason="credit", actor=DESK)
    with pytest.raises(OnHold):
        override(other, (0, near, 1))

    assert live() == [("BER", 4)]


def test_each_set_of_a_kit_ships_from_one_warehouse(
    near: WarehouseSetup, far: WarehouseSetup
) -> None:
    cup, saucer = make_product("CUP"), make_product("SAUCER")
    for site in (near, far):
        add_stock(site, cup, 5)
        add_stock(site, saucer, 10)
    order = take_order(line_draft(make_kit("SET", of=[(cup, 1), (saucer, 2)]), 2))

    with pytest.raises(MoveRefused, match="each set"):
        override(order, (0, near, 2), (1, far, 4))
    override(order, (0, near, 1), (1, near, 2), (0, far, 1), (1, far, 2))

    assert sorted(live()) == [("BER", 1), ("BER", 2), ("PAR", 1), ("PAR", 2)]
    assert invariants.violations() == []


def test_a_shipment_shared_with_another_order_keeps_the_others_units(
    near: WarehouseSetup, far: WarehouseSetup, mug: Product
) -> None:
    add_stock(near, mug, 9)
    add_stock(far, mug, 9)
    customer = make_customer()
    first, second = (take_order(line_draft(mug, 2), customer=customer) for _ in range(2))
    route_orders([first.pk, second.pk], actor=DESK)
    merge_shipments(shipment_ids=list(Shipment.objects.values_list("pk", flat=True)), actor=DESK)

    override(second, (0, far, 2))

    assert sorted(live()) == [("BER", 2), ("PAR", 2)]
    assert (state(first), state(second)) == ([(0, 2, 0)], [(0, 2, 0)])
    assert invariants.violations() == []
