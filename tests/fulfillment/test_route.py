"""Routing writes: shipments, counters, claims, decisions, events; refusals change nothing."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from fulfillment.exceptions import OnHold, RoutingRefused
from fulfillment.models import RoutingDecision, Shipment, ShipmentLine
from fulfillment.services.route import route_order, route_orders
from inventory.models import Allocation, Reservation, StockLevel, StockMovement
from oms.core import invariants
from oms.core.models import Activity, Case, OutboxEvent
from orders.models import Order
from orders.services.holds import hold_order, lift_hold
from orders.services.intake import take_orders
from tests.factories import (
    DESK,
    PARIS,
    add_stock,
    line_draft,
    lines_of,
    make_customer,
    make_kit,
    make_product,
    make_warehouse,
    order_draft,
    take_order,
)

pytestmark = pytest.mark.django_db


def counters(order: Order) -> list[tuple[int, int, int]]:
    """Open, allocated, backordered of each line."""
    return [(x.open, x.allocated, x.backordered) for x in lines_of(order) if x.kind != "kit"]


def snapshot() -> dict[str, Any]:
    """All that routing writes, to see that a refusal wrote none of it."""
    return {
        "shipments": Shipment.objects.count(),
        "decisions": RoutingDecision.objects.count(),
        "movements": StockMovement.objects.count(),
        "claims": sorted(Reservation.objects.values_list("demand_id", "kind", "quantity")),
        "orders": sorted(Order.objects.values_list("pk", "status", "fulfillment_status")),
        "activity": Activity.objects.count(),
        "events": OutboxEvent.objects.count(),
    }


def test_an_order_is_put_on_a_shipment_of_the_nearest_warehouse() -> None:
    berlin, lyon = make_warehouse("BER"), make_warehouse("LYS", latitude=45.76, longitude=4.83)
    mug, tea = make_product("MUG"), make_product("TEA")
    for setup in (berlin, lyon):
        add_stock(setup, mug, 10)
        add_stock(setup, tea, 10)
    order = take_order(line_draft(mug, 3), line_draft(tea, 2), ship_to=PARIS)
    order.ship_to.latitude, order.ship_to.longitude = 48.86, 2.35
    order.ship_to.save()

    outcome = route_order(order_id=order.pk, actor=DESK)

    shipment = Shipment.objects.get()
    assert outcome.shipment_ids == [shipment.pk]
    assert (outcome.allocated, outcome.backordered, outcome.left_open) == (5, 0, 0)
    assert (shipment.warehouse_id, shipment.status, shipment.units) == (lyon.pk, "planned", 5)
    assert shipment.ship_to_id == order.ship_to_id
    assert sorted(ShipmentLine.objects.values_list("quantity", flat=True)) == [2, 3]
    assert counters(order) == [(0, 3, 0), (0, 2, 0)]
    assert list(Reservation.objects.all()) == []
    order.refresh_from_db(fields=["fulfillment_status"])
    assert Order.objects.get(pk=order.pk).status == "in_fulfillment"
    assert order.fulfillment_status == "allocated"
    levels = StockLevel.objects.filter(warehouse=lyon.pk).order_by("product__sku")
    assert [level.allocated for level in levels] == [3, 2]
    assert Allocation.objects.count() == 2
    events = OutboxEvent.objects.filter(topic="fulfillment.order_routed")
    assert [event.payload for event in events] == [{"order_id": order.pk}]
    decision = RoutingDecision.objects.get()
    assert decision.trace["verdict"] == "Ships from one warehouse."
    assert decision.actor_label == "Sales desk"
    assert invariants.violations() == []


def test_what_is_missing_is_backordered_and_keeps_its_claim() -> None:
    setup, mug = make_warehouse(), make_product()
    add_stock(setup, mug, 2)
    order = take_order(line_draft(mug, 5))

    outcome = route_order(order_id=order.pk, actor=DESK)

    assert (outcome.allocated, outcome.backordered) == (2, 3)
    assert counters(order) == [(0, 2, 3)]
    claim = Reservation.objects.get()
    assert (claim.kind, claim.quantity) == ("backorder", 3)
    assert claim.rank_at == order.placed_at
    assert invariants.violations() == []


def test_backordered_units_ship_when_stock_has_come() -> None:
    setup, mug = make_warehouse(), make_product()
    add_stock(setup, mug, 2)
    order = take_order(line_draft(mug, 5))
    route_order(order_id=order.pk, actor=DESK)
    add_stock(setup, mug, 10)

    outcome = route_order(order_id=order.pk, actor=DESK)

    assert outcome.allocated == 3
    assert counters(order) == [(0, 5, 0)]
    assert Shipment.objects.count() == 2
    assert not Reservation.objects.exists()
    assert invariants.violations() == []


def test_routing_an_order_that_still_waits_changes_nothing() -> None:
    make_warehouse()
    order = take_order(line_draft(make_product(), 5))
    route_order(order_id=order.pk, actor=DESK)
    before = snapshot()

    outcome = route_order(order_id=order.pk, actor=DESK)

    assert (outcome.allocated, outcome.backordered) == (0, 5)
    assert snapshot() == before


def test_without_backorders_the_rest_stays_open_and_becomes_a_case() -> None:
    setup, mug = make_warehouse(), make_product()
    add_stock(setup, mug, 2)
    customer = make_customer(allows_backorder=False)
    order = take_order(line_draft(mug, 5), customer=customer)

    outcome = route_order(order_id=order.pk, actor=DESK)

    assert (outcome.allocated, outcome.left_open) == (2, 3)
    assert counters(order) == [(3, 2, 0)]
    case = Case.objects.get()
    assert case.dedupe_key == f"route:{order.pk}"
    assert "3 units stay open: the customer takes no backorders." in case.sentence
    assert invariants.violations() == []

    add_stock(setup, mug, 9)
    route_order(order_id=order.pk, actor=DESK)

    assert Case.objects.get().closed_at is not None
    assert counters(order) == [(0, 5, 0)]


def test_all_or_nothing_waits_whole() -> None:
    setup, mug, tea = make_warehouse(), make_product(), make_product()
    add_stock(setup, mug, 9)
    customer = make_customer(allows_partial_shipment=False)
    order = take_order(line_draft(mug, 2), line_draft(tea, 1), customer=customer)

    route_order(order_id=order.pk, actor=DESK)

    assert counters(order) == [(0, 0, 2), (0, 0, 1)]
    assert not Shipment.objects.exists()
    order.refresh_from_db(fields=["fulfillment_status"])
    assert order.fulfillment_status == "backordered"
    assert invariants.violations() == []


def test_the_backorder_cap_binds_across_orders() -> None:
    make_warehouse()
    mug = make_product(backorder_cap=4)
    first, second = take_order(line_draft(mug, 3)), take_order(line_draft(mug, 3))
    route_order(order_id=first.pk, actor=DESK)

    route_order(order_id=second.pk, actor=DESK)

    assert counters(second) == [(2, 0, 1)]
    assert invariants.violations() == []


def test_an_earlier_order_that_waits_keeps_its_claim_on_new_stock() -> None:
    setup, mug = make_warehouse(), make_product()
    early = take_order(line_draft(mug, 4))
    route_order(order_id=early.pk, actor=DESK)
    add_stock(setup, mug, 5)
    late = take_order(line_draft(mug, 4))
    Reservation.objects.filter(demand_id=lines_of(early)[0].pk).update(rank_at="2026-01-01 00:00Z")

    route_order(order_id=late.pk, actor=DESK)

    assert counters(late) == [(0, 1, 3)]


def test_a_kit_ships_in_whole_sets() -> None:
    setup, cup, lid = make_warehouse(), make_product(), make_product()
    add_stock(setup, cup, 9)
    add_stock(setup, lid, 3)
    order = take_order(line_draft(make_kit(of=[(cup, 1), (lid, 2)]), 2))

    route_order(order_id=order.pk, actor=DESK)

    assert counters(order) == [(0, 1, 1), (0, 2, 2)]
    assert invariants.violations() == []


def test_an_order_on_hold_is_refused_with_a_sentence() -> None:
    setup, mug = make_warehouse(), make_product()
    add_stock(setup, mug, 9)
    order = take_order(line_draft(mug, 1))
    hold = hold_order(order_id=order.pk, kind="routing", reason="credit", note="", actor=DESK)
    before = snapshot()

    with pytest.raises(OnHold) as refused:
        route_order(order_id=order.pk, actor=DESK)

    assert str(refused.value) == f"{order.number} is on hold: lift the hold before it is routed."
    assert snapshot() == before
    lift_hold(hold_id=hold.pk, actor=DESK)
    assert route_order(order_id=order.pk, actor=DESK).allocated == 1


def test_a_batch_skips_what_cannot_be_routed_and_says_so() -> None:
    setup, mug = make_warehouse(), make_product()
    add_stock(setup, mug, 9)
    held, fine = take_order(line_draft(mug, 1)), take_order(line_draft(mug, 1))
    hold_order(order_id=held.pk, kind="routing", reason="fraud", note="", actor=DESK)

    outcomes = route_orders([held.pk, fine.pk, 987_654_321], actor=DESK)

    assert [outcome.is_routed for outcome in outcomes] == [False, True, False]
    assert outcomes[0].is_held
    assert outcomes[2].refusal == "There is no such order."
    assert invariants.violations() == []


def test_routing_twice_is_refused_and_changes_nothing() -> None:
    setup, mug = make_warehouse(), make_product()
    add_stock(setup, mug, 9)
    order = take_order(line_draft(mug, 1))
    route_order(order_id=order.pk, actor=DESK)
    before = snapshot()

    with pytest.raises(RoutingRefused, match="has no open units to route"):
        route_order(order_id=order.pk, actor=DESK)

    assert snapshot() == before


def statements_to_route(count: int) -> tuple[int, int]:
    """SQL statements to take and to route so many orders of three lines in one call each."""
    setups = [make_warehouse(latitude=50.0 + i) for i in range(3)]
    products = [make_product() for _ in range(6)]
    for setup in setups:
        for product in products:
            add_stock(setup, product, 1_000)
    customer = make_customer()
    drafts = [
        order_draft(
            *(line_draft(products[(n + i) % 6], 1 + i) for i in range(3)),
            customer=customer,
            external_id=f"X-{n}",
        )
        for n in range(count)
    ]
    with CaptureQueriesContext(
        connection,
    ) as taking:
        taken = take_orders(drafts, actor=DESK)
    with CaptureQueriesContext(connection) as routing:
        outcomes = route_orders([each.order_id for each in taken], actor=DESK)
    assert all(outcome.allocated == 6 for outcome in outcomes)
    return _own(taking), _own(routing)


def _own(captured: CaptureQueriesContext) -> int:
    return sum("SAVEPOINT" not in query["sql"] for query in captured)


@pytest.mark.parametrize("count", [1, 50])
def test_routing_takes_fourteen_statements_whatever_the_batch(count: int) -> None:
    taking, routing = statements_to_route(count)

    assert routing <= 14
    assert taking + routing <= 24
