"""Promises per order line: what was told first stays, what is expected follows the facts."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from pytest_django import DjangoAssertNumQueries

from fulfillment.models import LinePromise, Shipment
from fulfillment.selectors.expected import expected_parts
from fulfillment.selectors.promise_facts import load_facts
from fulfillment.selectors.promise_words import reason
from fulfillment.services.cancel import cancel_order
from fulfillment.services.promises import (
    keep_all_promises,
    keep_promises,
    keep_promises_of_products,
    keep_stale_promises,
)
from fulfillment.services.route import route_orders
from inventory.models import Product, PurchaseOrder, WarehouseClosure
from inventory.services.purchase_progress import change_expected_date
from oms.core.actors import SYSTEM
from oms.core.invariants import violations
from oms.core.models import Activity, OutboxEvent
from orders.models import Order
from orders.services.holds import hold_order
from tests.factories import (
    DESK,
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
from tests.fulfillment.rates import make_service
from tests.inventory.arrivals import order_goods
from tests.relay import run_outbox

pytestmark = pytest.mark.django_db
MONDAY = datetime(2026, 11, 23, 9, tzinfo=UTC)
SOON, LATER = date(2026, 12, 1), date(2026, 12, 15)


@pytest.fixture
def berlin() -> WarehouseSetup:
    """A warehouse that works Monday to Friday, and a service that takes two days."""
    make_service(days=2)
    return make_warehouse("BER")


def promise_of(order: Order, position: int = 0) -> LinePromise:
    return LinePromise.objects.get(order_line=lines_of(order)[position])


def keep(*orders: Order, now: datetime = MONDAY) -> int:
    return keep_promises([order.pk for order in orders], actor=SYSTEM, now=now)


def slipped() -> list[int]:
    """Return the orders that were announced as slipped, and forget them."""
    found = OutboxEvent.objects.filter(topic="fulfillment.promise_slipped").order_by("pk")
    keys = [event.payload["order_id"] for event in found]
    OutboxEvent.objects.filter(topic="fulfillment.promise_slipped").delete()
    return keys


def test_what_is_there_comes_after_handling_and_transit(berlin: WarehouseSetup) -> None:
    lamp = make_product(weight_kg=Decimal(1))
    add_stock(berlin, lamp, 5)
    order = take_order(line_draft(lamp, 3))

    assert keep(order) == 0

    promise = promise_of(order)
    assert (promise.promised_date, promise.expected_date) == (date(2026, 11, 25),) * 2
    assert (promise.cause, promise.is_open) == ("stock", True)
    assert promise.facts == {
        "warehouse": "BER",
        "ships": "2026-11-23",
        "service": "Post Parcel",
        "units": 3,
    }
    assert promise.promised_at == MONDAY


def test_goods_on_a_purchase_order_go_to_earlier_claims_first(berlin: WarehouseSetup) -> None:
    lamp = make_product()
    soon = order_goods(berlin.warehouse, lamp, 10, SOON)
    later = order_goods(berlin.warehouse, lamp, 10, LATER)
    first, second, third = (take_order(line_draft(lamp, 8)) for _ in range(3))

    keep(third, first, second)

    told = [promise_of(order) for order in (first, second, third)]
    assert [each.cause for each in told] == ["incoming", "incoming", "unknown"]
    assert [each.facts.get("source") for each in told] == [soon.number, later.number, None]
    assert [each.expected_date for each in told] == [
        date(2026, 12, 4),  # here on Tuesday the 1st, out on the 2nd, two days
        date(2026, 12, 18),
        None,
    ]
    assert told[2].promised_date is None


def test_a_later_purchase_order_slips_the_promise_once(berlin: WarehouseSetup) -> None:
    lamp = make_product()
    goods = order_goods(berlin.warehouse, lamp, 10, SOON)
    order = take_order(line_draft(lamp, 8))
    keep(order)
    assert slipped() == []

    PurchaseOrder.objects.filter(pk=goods.pk).update(expected_date=LATER)
    assert keep(order) == 1

    promise = promise_of(order)
    assert (promise.promised_date, promise.expected_date) == (
        date(2026, 12, 4),
        date(2026, 12, 18),
    )
    assert slipped() == [order.pk]
    told = Activity.objects.get(verb="promise slipped")
    assert (told.document_kind, told.document_id) == ("order", order.pk)
    assert told.note == f"{lamp.sku} 2026-12-04 → 2026-12-18"
    assert keep(order) == 1
    assert slipped() == []


def test_a_promise_that_is_kept_again_is_announced_anew_when_it_slips_again(
    berlin: WarehouseSetup,
) -> None:
    lamp = make_product()
    goods = order_goods(berlin.warehouse, lamp, 10, SOON)
    order = take_order(line_draft(lamp, 8))
    keep(order)

    for expected, announced in ((LATER, [order.pk]), (SOON, []), (LATER, [order.pk])):
        PurchaseOrder.objects.filter(pk=goods.pk).update(expected_date=expected)
        keep(order)
        assert slipped() == announced


def test_the_first_date_that_is_known_becomes_the_promise(berlin: WarehouseSetup) -> None:
    lamp = make_product()
    order = take_order(line_draft(lamp, 8))
    keep(order)
    assert promise_of(order).promised_date is None

    order_goods(berlin.warehouse, lamp, 10, SOON)
    keep(order, now=MONDAY + timedelta(hours=1))

    promise = promise_of(order)
    assert promise.promised_date == date(2026, 12, 4)
    assert promise.promised_at == MONDAY + timedelta(hours=1)
    assert slipped() == []


def test_a_pre_order_ships_on_its_day(berlin: WarehouseSetup) -> None:
    lamp = make_product(preorder_date=LATER)
    order = take_order(line_draft(lamp, 8))

    keep(order)

    promise = promise_of(order)
    assert (promise.cause, promise.expected_date) == ("preorder", date(2026, 12, 17))


def test_overdue_goods_are_said_to_be_late(berlin: WarehouseSetup) -> None:
    lamp = make_product()
    order_goods(berlin.warehouse, lamp, 10, date(2026, 11, 2))
    order = take_order(line_draft(lamp, 8))

    keep(order)

    promise = promise_of(order)
    assert promise.facts["was_due"] == "2026-11-02"
    assert promise.expected_date == date(2026, 11, 26)


def test_the_parts_of_a_kit_come_together(berlin: WarehouseSetup) -> None:
    lamp, bulb = make_product(), make_product()
    add_stock(berlin, lamp, 9)
    order_goods(berlin.warehouse, bulb, 10, SOON)
    order = take_order(line_draft(make_kit(of=[(lamp, 1), (bulb, 1)]), 2))

    keep(order)

    found = {x.order_line.product_id: x for x in LinePromise.objects.select_related("order_line")}
    assert found[lamp.pk].expected_date == found[bulb.pk].expected_date == date(2026, 12, 4)
    assert found[lamp.pk].facts["waits_for"] == found[bulb.pk].order_line_id
    assert [found[each.pk].cause for each in (lamp, bulb)] == ["stock", "incoming"]
    assert reason(found[lamp.pk]) == (
        "In stock in BER, can leave on 2026-11-23. It comes together with a line that is later."
    )


def test_a_customer_who_takes_no_part_shipments_waits_for_the_last_line(
    berlin: WarehouseSetup,
) -> None:
    lamp, bulb = make_product(), make_product()
    add_stock(berlin, lamp, 9)
    whole = make_customer(allows_partial_shipment=False)
    order = take_order(line_draft(lamp, 1), line_draft(bulb, 1), customer=whole)

    keep(order)

    assert [promise_of(order, n).expected_date for n in (0, 1)] == [None, None]


def test_without_a_service_the_day_it_leaves_is_told(berlin: WarehouseSetup) -> None:
    lamp = make_product(weight_kg=Decimal(90))  # above every step
    add_stock(berlin, lamp, 9)
    order = take_order(line_draft(lamp, 1))

    keep(order)

    promise = promise_of(order)
    assert promise.expected_date == date(2026, 11, 23)
    assert promise.facts["leaves_only"] is True


def test_a_routed_order_is_promised_through_the_outbox_and_closed_when_it_is_canceled(
    berlin: WarehouseSetup,
) -> None:
    lamp = make_product()
    add_stock(berlin, lamp, 5)
    order = take_order(line_draft(lamp, 3))

    run_outbox()

    promise = promise_of(order)
    shipment = Shipment.objects.get()
    assert (promise.cause, promise.facts["shipment"]) == ("shipment", shipment.number)
    assert promise.promised_date is not None
    cancel_order(order_id=order.pk, reason="They changed their mind.", actor=DESK)
    run_outbox()
    assert not promise_of(order).is_open
    assert violations() == []


def test_a_shipment_whose_day_the_warehouse_closes_leaves_when_it_opens(
    berlin: WarehouseSetup,
) -> None:
    lamp = make_product()
    add_stock(berlin, lamp, 5)
    order = take_order(line_draft(lamp, 3))
    route_orders([order.pk], actor=SYSTEM)
    Shipment.objects.update(ships_on=date(2026, 11, 24), arrives_on=date(2026, 11, 26))
    keep(order)
    for day in (23, 24):
        WarehouseClosure.objects.create(warehouse=berlin.warehouse, date=date(2026, 11, day))

    keep(order)

    promise = promise_of(order)
    assert (promise.promised_date, promise.expected_date) == (
        date(2026, 11, 26),
        date(2026, 11, 27),
    )
    assert promise.facts["ships"] == "2026-11-25"
    assert "was_due" not in promise.facts
    assert slipped() == [order.pk]


def test_a_shipment_that_did_not_leave_leaves_as_soon_as_it_can(berlin: WarehouseSetup) -> None:
    lamp = make_product()
    add_stock(berlin, lamp, 5)
    order = take_order(line_draft(lamp, 3))
    route_orders([order.pk], actor=SYSTEM)
    Shipment.objects.update(ships_on=date(2026, 11, 23), arrives_on=date(2026, 11, 25))
    keep(order)
    assert promise_of(order).expected_date == date(2026, 11, 25)

    keep(order, now=MONDAY + timedelta(days=2))

    promise = promise_of(order)
    assert promise.expected_date == date(2026, 11, 27)
    assert promise.facts["was_due"] == "2026-11-23"
    assert slipped() == [order.pk]


def test_a_change_of_what_arrives_reaches_those_who_wait(berlin: WarehouseSetup) -> None:
    lamp, other = make_product(), make_product()
    waiting, elsewhere = take_order(line_draft(lamp, 8)), take_order(line_draft(other, 1))
    order_goods(berlin.warehouse, lamp, 10, date(2099, 1, 5))

    keep_promises_of_products([lamp.pk], actor=SYSTEM)

    assert promise_of(waiting).cause == "incoming"
    assert not LinePromise.objects.filter(order_line=lines_of(elsewhere)[0]).exists()


def test_a_closure_moves_what_leaves_from_there(berlin: WarehouseSetup) -> None:
    lamp = make_product()
    add_stock(berlin, lamp, 5)
    order = take_order(line_draft(lamp, 3))
    keep(order)
    for day in (23, 24):
        WarehouseClosure.objects.create(warehouse=berlin.warehouse, date=date(2026, 11, day))

    keep(order)

    assert promise_of(order).expected_date == date(2026, 11, 27)


def test_the_sweeps_find_lines_nobody_has_told_about(berlin: WarehouseSetup) -> None:
    lamp = make_product()
    add_stock(berlin, lamp, 5)
    first, second = take_order(line_draft(lamp, 3)), take_order(line_draft(lamp, 1))

    assert keep_stale_promises(actor=SYSTEM) == 0
    assert LinePromise.objects.count() == 2
    LinePromise.objects.filter(order_line=lines_of(first)[0]).delete()
    keep_all_promises(actor=SYSTEM)

    assert promise_of(first).is_open
    assert promise_of(second).is_open


def test_as_many_statements_for_one_order_as_for_ten(
    berlin: WarehouseSetup, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    lamp, bulb = make_product(), make_product()
    add_stock(berlin, lamp, 5)
    order_goods(berlin.warehouse, bulb, 30, SOON)
    orders = [take_order(line_draft(lamp, 1), line_draft(bulb, 1)) for _ in range(10)]

    for batch in (orders[:1], orders):
        with django_assert_num_queries(12):  # with the two of the savepoint
            keep(*batch)

    assert LinePromise.objects.count() == 20


def test_nothing_is_promised_to_a_draft_or_written_twice(berlin: WarehouseSetup) -> None:
    lamp = make_product()
    add_stock(berlin, lamp, 5)
    order = take_order(line_draft(lamp, 3))
    keep(order)
    before = LinePromise.objects.values().get()

    keep(order, now=MONDAY + timedelta(hours=2))

    assert LinePromise.objects.values().get() == before
    assert expected_parts(load_facts([], now=MONDAY)) == {}


def test_an_order_on_hold_has_a_date_with_the_hold_named(berlin: WarehouseSetup) -> None:
    lamp = make_product()
    add_stock(berlin, lamp, 5)
    order = take_order(line_draft(lamp, 3))
    hold_order(order_id=order.pk, kind="routing", reason="credit", actor=DESK)

    keep(order)

    promise = promise_of(order)
    assert (promise.expected_date, promise.facts["held"]) == (date(2026, 11, 25), True)


def test_a_new_day_of_a_pre_order_is_found_by_the_sweep(berlin: WarehouseSetup) -> None:
    lamp = make_product(preorder_date=date(2099, 1, 5))
    order = take_order(line_draft(lamp, 8))
    keep(order)
    before = promise_of(order)

    Product.objects.filter(pk=lamp.pk).update(preorder_date=date(2099, 2, 2))
    keep_stale_promises(actor=SYSTEM)

    after = promise_of(order)
    assert after.facts["preorder"] == "2099-02-02"
    assert after.expected_date is not None
    assert before.expected_date is not None
    assert after.expected_date > before.expected_date
    assert slipped() == [order.pk]


def test_a_supplier_who_delivers_later_slips_the_promise_through_the_outbox(
    berlin: WarehouseSetup,
) -> None:
    lamp = make_product()
    goods = order_goods(berlin.warehouse, lamp, 10, date(2099, 1, 5))
    order = take_order(line_draft(lamp, 8))
    run_outbox()
    before = promise_of(order)
    assert (before.cause, before.facts["source"]) == ("incoming", goods.number)

    change_expected_date(order_id=goods.pk, expected_date=date(2099, 2, 2), actor=DESK)
    run_outbox()

    after = promise_of(order)
    assert after.promised_date == before.promised_date
    assert after.facts["in"] == "2099-02-02"
    assert slipped() == [order.pk]
    assert violations() == []


def test_the_sweep_finds_what_should_have_left_and_leaves_the_rest_alone(
    berlin: WarehouseSetup,
) -> None:
    lamp = make_product()
    add_stock(berlin, lamp, 5)
    order = take_order(line_draft(lamp, 3))
    route_orders([order.pk], actor=SYSTEM)
    Shipment.objects.update(ships_on=date(2026, 11, 23), arrives_on=date(2026, 11, 25))
    keep(order)

    assert keep_stale_promises(actor=SYSTEM, now=MONDAY) == 0
    assert promise_of(order).expected_date == date(2026, 11, 25)
    assert keep_stale_promises(actor=SYSTEM, now=MONDAY + timedelta(days=1)) == 1
    assert promise_of(order).expected_date == date(2026, 11, 26)
