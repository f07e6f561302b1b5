"""What people move, split off, merge or route by hand counts against the day of its warehouse."""

import re
from datetime import date

import pytest

from fulfillment.exceptions import MoveRefused
from fulfillment.models import Shipment, SiteDay
from fulfillment.services.cancel import cancel_order
from fulfillment.services.moves import merge_shipments, move_shipment, split_shipment
from fulfillment.services.overrides import Assignment, override_route
from fulfillment.services.route import route_orders
from inventory.models import Allocation, Product
from oms.core import invariants
from oms.core.models import Activity
from orders.models import Order
from tests.factories import (
    DESK,
    WarehouseSetup,
    add_stock,
    line_draft,
    lines_of,
    make_product,
    make_warehouse,
    take_order,
)
from tests.relay import run_outbox

pytestmark = pytest.mark.django_db


@pytest.fixture
def near() -> WarehouseSetup:
    return make_warehouse("BER", daily_capacity=9)


@pytest.fixture
def far() -> WarehouseSetup:
    return make_warehouse("PAR", latitude=48.86, longitude=2.35, priority=200, daily_capacity=1)


@pytest.fixture
def mug(near: WarehouseSetup, far: WarehouseSetup) -> Product:
    product = make_product("MUG")
    add_stock(near, product, 20)
    add_stock(far, product, 20)
    return product


def routed(mug: Product, units: int = 1, **facts: object) -> tuple[Order, Shipment]:
    order = take_order(line_draft(mug, units), **facts)
    [outcome] = route_orders([order.pk], actor=DESK)
    return order, Shipment.objects.get(pk=outcome.shipment_ids[0])


def moved(shipment: Shipment, target: WarehouseSetup) -> Shipment:
    move_shipment(shipment_id=shipment.pk, warehouse_id=target.pk, reason="", actor=DESK)
    return Shipment.objects.get(pk=shipment.pk)


def planned(setup: WarehouseSetup) -> list[int]:
    days = SiteDay.objects.filter(warehouse=setup.pk).order_by("date")
    return list(days.values_list("planned", flat=True))


def test_a_moved_shipment_takes_its_place_along_and_back(
    near: WarehouseSetup, far: WarehouseSetup, mug: Product
) -> None:
    _, shipment = routed(mug)
    assert (planned(near), planned(far)) == ([1], [])

    there = moved(shipment, far)
    assert (planned(near), planned(far)) == ([0], [1])
    assert there.capacity_date == there.ships_on == SiteDay.objects.get(warehouse=far.pk).date
    assert invariants.violations() == []

    moved(shipment, near)
    assert (planned(near), planned(far)) == ([1], [0])
    assert invariants.violations() == []


def test_where_the_day_is_full_a_moved_shipment_leaves_on_the_next(
    far: WarehouseSetup, mug: Product
) -> None:
    first, second = (moved(routed(mug)[1], far) for _ in range(2))

    assert isinstance(first.capacity_date, date)
    assert isinstance(second.capacity_date, date)
    assert first.capacity_date < second.capacity_date == second.ships_on
    assert planned(far) == [1, 1]
    assert invariants.violations() == []


def test_where_both_days_are_full_the_move_is_refused_with_the_numbers(
    near: WarehouseSetup, far: WarehouseSetup, mug: Product
) -> None:
    for _ in range(2):
        moved(routed(mug)[1], far)
    _, shipment = routed(mug)
    before = list(Shipment.objects.order_by("pk").values())

    with pytest.raises(MoveRefused) as refusal:
        moved(shipment, far)

    sentence = str(refusal.value)
    assert sentence.startswith("PAR has no room: 1 of 1 shipments are planned for ")
    assert len(re.findall("1 of 1 shipments", sentence)) == 2
    assert list(Shipment.objects.order_by("pk").values()) == before
    assert (planned(near), planned(far)) == ([1], [1, 1])
    assert Allocation.objects.get(warehouse=near.pk).quantity == 1
    assert Activity.objects.filter(verb="moved").count() == 2


def test_what_is_split_off_takes_a_place_and_gives_it_back_when_it_is_merged(
    near: WarehouseSetup, mug: Product
) -> None:
    _, shipment = routed(mug, 3)
    line = shipment.lines.get()

    new = split_shipment(shipment_id=shipment.pk, quantities={line.pk: 1}, actor=DESK)
    assert planned(near) == [2]
    assert invariants.violations() == []

    merge_shipments(shipment_ids=[shipment.pk, new], actor=DESK)
    run_outbox()
    assert planned(near) == [1]
    assert invariants.violations() == []


def test_nothing_is_split_off_where_no_day_has_room(far: WarehouseSetup, mug: Product) -> None:
    moved(routed(mug)[1], far)
    shipment = moved(routed(mug, 3)[1], far)

    with pytest.raises(MoveRefused, match="PAR has no room"):
        split_shipment(shipment_id=shipment.pk, quantities={shipment.lines.get().pk: 1}, actor=DESK)

    assert Shipment.objects.get(pk=shipment.pk).units == 3
    assert Shipment.objects.count() == 2
    assert planned(far) == [1, 1]


def test_what_is_routed_by_hand_is_counted_and_refused_where_no_day_has_room(
    near: WarehouseSetup, far: WarehouseSetup, mug: Product
) -> None:
    def to_far(order: Order) -> None:
        assignment = Assignment(lines_of(order)[0].pk, far.pk, 1)
        override_route(order_id=order.pk, assignments=[assignment], reason="asked", actor=DESK)

    orders = [routed(mug)[0] for _ in range(2)] + [take_order(line_draft(mug, 1))]
    to_far(orders[0])
    to_far(orders[1])
    with pytest.raises(MoveRefused, match="PAR has no room"):
        to_far(orders[2])

    assert planned(far) == [1, 1]
    assert not Allocation.objects.filter(demand_id=lines_of(orders[2])[0].pk).exists()
    run_outbox()
    assert planned(far) == [1, 1]
    assert invariants.violations() == []
    cancel_order(order_id=orders[0].pk, reason="", actor=DESK)
    run_outbox()
    to_far(orders[2])
    assert planned(far) == [1, 1]
    assert invariants.violations() == []


def test_a_warehouse_without_a_limit_counts_nothing(near: WarehouseSetup, mug: Product) -> None:
    free = make_warehouse("FREE")
    add_stock(free, mug, 1)

    shipment = moved(routed(mug)[1], free)

    assert shipment.capacity_date is None
    assert (planned(near), planned(free)) == ([0], [])
    assert invariants.violations() == []
