"""Canceling orders and units."""

import pytest

from inventory.models import Reservation
from oms.core.invariants import violations
from oms.core.models import Activity, OutboxEvent
from orders import ports
from orders.exceptions import CancellationRefused
from orders.models import Order, OrderLine
from orders.services.cancel import cancel_lines, cancel_order
from orders.services.counters import UnitMove, move_units, refresh_orders
from tests import factories as make

pytestmark = pytest.mark.django_db


def counters(order: Order) -> list[tuple[int, ...]]:
    return [
        (line.open, line.allocated, line.backordered, line.shipped, line.canceled)
        for line in make.lines_of(order)
    ]


def test_a_canceled_order_has_every_unit_canceled_and_nothing_reserved() -> None:
    order = make.take_order(make.line_draft(make.make_product(), 3))

    cancel_order(order_id=order.pk, reason="Ordered twice", actor=make.DESK)

    order = Order.objects.get()
    assert (order.status, order.fulfillment_status) == ("canceled", "canceled")
    assert order.canceled_at is not None
    assert counters(order) == [(0, 0, 0, 0, 3)]
    assert not Reservation.objects.exists()
    assert OutboxEvent.objects.last().topic == "orders.order_canceled"  # type: ignore[union-attr]
    entry = Activity.objects.get(verb="cancel")
    assert (entry.old, entry.new, entry.note) == ("placed", "canceled", "Ordered twice")
    assert violations() == []


def test_a_draft_is_canceled_without_reservations() -> None:
    order = make.make_draft_order(make.line_draft(make.make_product(), 3))

    cancel_order(order_id=order.pk, reason="Entered by mistake", actor=make.DESK)

    order = Order.objects.get()
    assert (order.status, order.placed_at) == ("canceled", None)
    assert counters(order) == [(0, 0, 0, 0, 3)]
    assert violations() == []


def test_units_of_a_line_are_canceled_and_the_rest_stays() -> None:
    order = make.take_order(make.line_draft(make.make_product(), 5))
    (line,) = make.lines_of(order)

    cancel_lines(order_id=order.pk, quantities={line.pk: 2}, reason="Fewer", actor=make.DESK)

    assert counters(order) == [(3, 0, 0, 0, 2)]
    assert Order.objects.get().status == "placed"
    assert Reservation.objects.get().quantity == 3
    assert OutboxEvent.objects.last().topic == "orders.order_lines_canceled"  # type: ignore[union-attr]
    assert violations() == []


def test_canceling_the_last_units_by_line_cancels_the_order() -> None:
    order = make.take_order(make.line_draft(make.make_product(), 2))
    (line,) = make.lines_of(order)

    cancel_lines(order_id=order.pk, quantities={line.pk: 2}, reason="None", actor=make.DESK)

    assert Order.objects.get().status == "canceled"
    assert violations() == []


@pytest.mark.parametrize("quantity", [0, -1, 6])
def test_a_quantity_that_is_not_there_is_refused(quantity: int) -> None:
    order = make.take_order(make.line_draft(make.make_product(), 5))
    (line,) = make.lines_of(order)

    with pytest.raises(CancellationRefused):
        cancel_lines(order_id=order.pk, quantities={line.pk: quantity}, reason="", actor=make.DESK)

    assert counters(order) == [(5, 0, 0, 0, 0)]
    assert Reservation.objects.get().quantity == 5


def test_a_line_of_another_order_is_refused() -> None:
    order, other = make.take_order(), make.take_order()
    (line,) = make.lines_of(other)

    with pytest.raises(CancellationRefused, match="has no such line"):
        cancel_lines(order_id=order.pk, quantities={line.pk: 1}, reason="", actor=make.DESK)

    assert counters(other) == [(1, 0, 0, 0, 0)]


def test_allocated_units_are_refused_with_the_way_out() -> None:
    order = make.take_order(make.line_draft(make.make_product(), 3))
    (line,) = make.lines_of(order)
    OrderLine.objects.filter(pk=line.pk).update(open=1, allocated=2)

    with pytest.raises(CancellationRefused, match="2 units are allocated to shipments"):
        cancel_order(order_id=order.pk, reason="", actor=make.DESK)

    assert counters(order) == [(1, 2, 0, 0, 0)]
    assert Order.objects.get().status == "placed"


def test_shipped_units_are_refused_with_the_way_out() -> None:
    order = make.take_order(make.line_draft(make.make_product(), 3))
    (line,) = make.lines_of(order)
    OrderLine.objects.filter(pk=line.pk).update(open=2, shipped=1)

    with pytest.raises(CancellationRefused, match="what was shipped comes back as a return"):
        cancel_order(order_id=order.pk, reason="", actor=make.DESK)

    assert counters(order) == [(2, 0, 0, 1, 0)]


def test_an_order_is_not_canceled_twice() -> None:
    order = make.take_order()
    cancel_order(order_id=order.pk, reason="", actor=make.DESK)
    events = OutboxEvent.objects.count()

    with pytest.raises(CancellationRefused, match="is canceled: it cannot cancel now"):
        cancel_order(order_id=order.pk, reason="", actor=make.DESK)

    assert OutboxEvent.objects.count() == events


def test_an_app_above_may_object(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ports, "_cancel_guards", {})
    ports.register_cancel_guard("floor", lambda **_: "It is being packed.")
    order = make.take_order()

    with pytest.raises(CancellationRefused, match="It is being packed"):
        cancel_order(order_id=order.pk, reason="", actor=make.DESK)

    assert Order.objects.get().status == "placed"
    assert counters(order) == [(1, 0, 0, 0, 0)]


def test_a_kit_is_canceled_in_whole_sets() -> None:
    pole, sheet = make.make_product("POLE"), make.make_product("SHEET")
    kit = make.make_kit(of=[(pole, 2), (sheet, 1)])
    order = make.take_order(make.line_draft(kit, 3))
    own, poles, _sheets = make.lines_of(order)

    with pytest.raises(CancellationRefused, match="cancel whole sets"):
        cancel_lines(order_id=order.pk, quantities={poles.pk: 2}, reason="", actor=make.DESK)
    assert counters(order) == [(0, 0, 0, 0, 0), (6, 0, 0, 0, 0), (3, 0, 0, 0, 0)]
    cancel_lines(order_id=order.pk, quantities={own.pk: 1}, reason="", actor=make.DESK)

    assert counters(order) == [(0, 0, 0, 0, 0), (4, 0, 0, 0, 2), (2, 0, 0, 0, 1)]
    assert violations() == []


def test_backordered_units_are_canceled_first() -> None:
    order = make.take_order(make.line_draft(make.make_product(), 5))
    (line,) = make.lines_of(order)
    move_units([UnitMove(line.pk, "open", "backordered", 2)], actor=make.DESK)
    Reservation.objects.update(quantity=3)
    claim = Reservation.objects.get()
    Reservation.objects.create(
        product_id=claim.product_id,
        kind="backorder",
        quantity=2,
        demand_kind="order_line",
        demand_id=line.pk,
    )
    refresh_orders([order.pk], actor=make.DESK)

    cancel_lines(order_id=order.pk, quantities={line.pk: 3}, reason="", actor=make.DESK)

    assert counters(order) == [(2, 0, 0, 0, 3)]
    assert list(Reservation.objects.values_list("kind", "quantity")) == [("order", 2)]
    assert violations() == []
