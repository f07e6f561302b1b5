"""Moving units between counters, and what orders make of it."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from oms.core.models import Activity, OutboxEvent
from orders.exceptions import CounterRefused
from orders.models import Order, OrderLine
from orders.services.counters import UnitMove, move_units, refresh_orders
from tests import factories as make

pytestmark = pytest.mark.django_db


def placed(units: int = 5) -> tuple[Order, OrderLine]:
    order = make.take_order(make.line_draft(make.make_product(), units))
    return order, make.lines_of(order)[0]


def in_fulfillment(units: int = 5) -> tuple[Order, OrderLine]:
    """Return an order as routing leaves it: started, all units allocated."""
    order, line = placed(units)
    from oms.core.workflow import perform

    perform(Order.objects.lock(order.pk), "start_fulfillment", actor=make.DESK)
    move_units([UnitMove(line.pk, "open", "allocated", units)], actor=make.DESK)
    refresh_orders([order.pk], actor=make.DESK)
    return Order.objects.get(pk=order.pk), line


def counters(line: OrderLine) -> tuple[int, ...]:
    line = OrderLine.objects.get(pk=line.pk)
    return (line.open, line.allocated, line.backordered, line.shipped, line.canceled)


def test_moves_of_a_line_are_added_up() -> None:
    _, line = placed(5)

    move_units(
        [UnitMove(line.pk, "open", "allocated", 3), UnitMove(line.pk, "open", "backordered", 2)],
        actor=make.DESK,
    )

    assert counters(line) == (0, 3, 2, 0, 0)


def test_more_units_than_there_are_are_refused_and_no_line_changes() -> None:
    order, line = placed(5)
    _, other = placed(5)

    with pytest.raises(CounterRefused) as caught:
        move_units(
            [UnitMove(other.pk, "open", "allocated", 1), UnitMove(line.pk, "open", "shipped", 6)],
            actor=make.DESK,
        )

    assert str(caught.value) == f"Line 1 of {order} has 5 units open, 6 were to be moved."
    assert counters(line) == (5, 0, 0, 0, 0)
    assert counters(other) == (5, 0, 0, 0, 0)


@pytest.mark.parametrize("quantity", [0, -1])
def test_nothing_or_less_cannot_be_moved(quantity: int) -> None:
    _, line = placed(5)

    with pytest.raises(CounterRefused, match="Only whole units can be moved"):
        move_units([UnitMove(line.pk, "open", "allocated", quantity)], actor=make.DESK)

    assert counters(line) == (5, 0, 0, 0, 0)


def test_a_line_that_is_not_there_is_refused() -> None:
    with pytest.raises(CounterRefused, match="There is no such order line"):
        move_units([UnitMove(0, "open", "allocated", 1)], actor=make.DESK)


def test_an_order_is_completed_with_its_last_unit() -> None:
    order, line = in_fulfillment(5)
    assert (order.status, order.fulfillment_status) == ("in_fulfillment", "allocated")

    move_units([UnitMove(line.pk, "allocated", "shipped", 3)], actor=make.DESK)
    refresh_orders([order.pk], actor=make.DESK)
    assert Order.objects.get().fulfillment_status == "partly_shipped"
    move_units([UnitMove(line.pk, "allocated", "shipped", 2)], actor=make.DESK)
    refresh_orders([order.pk], actor=make.DESK)

    order = Order.objects.get()
    assert (order.status, order.fulfillment_status) == ("completed", "shipped")
    assert order.completed_at is not None
    assert OutboxEvent.objects.last().topic == "orders.order_completed"  # type: ignore[union-attr]
    assert Activity.objects.last().verb == "complete"  # type: ignore[union-attr]


def test_an_undone_shipment_reopens_the_order() -> None:
    order, line = in_fulfillment(5)
    move_units([UnitMove(line.pk, "allocated", "shipped", 5)], actor=make.DESK)
    refresh_orders([order.pk], actor=make.DESK)

    move_units([UnitMove(line.pk, "shipped", "allocated", 5)], actor=make.DESK)
    refresh_orders([order.pk], actor=make.DESK)

    order = Order.objects.get()
    assert (order.status, order.fulfillment_status) == ("in_fulfillment", "allocated")
    assert order.completed_at is None
    assert OutboxEvent.objects.last().topic == "orders.order_reopened"  # type: ignore[union-attr]


def test_refreshing_what_has_not_changed_writes_nothing() -> None:
    order, _ = placed(5)

    with CaptureQueriesContext(connection) as captured:
        refresh_orders([order.pk], actor=make.DESK)

    assert not any('UPDATE "' in query["sql"] or "INSERT" in query["sql"] for query in captured)
    assert len(captured) == 2


def test_refreshing_costs_the_same_statements_for_any_number_of_orders() -> None:
    def statements(count: int) -> int:
        pairs = [in_fulfillment(2) for _ in range(count)]
        moves = [UnitMove(line.pk, "allocated", "shipped", 2) for _, line in pairs]
        move_units(moves, actor=make.DESK)
        with CaptureQueriesContext(connection) as captured:
            refresh_orders([order.pk for order, _ in pairs], actor=make.DESK)
        return len(captured)

    assert statements(1) == statements(8) == 6
