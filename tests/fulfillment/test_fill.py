"""Backorders are filled when stock reaches them, whoever brought it, in the order of their rank."""

from datetime import date

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from fulfillment.models import LinePromise, RoutingSettings
from fulfillment.services import fill
from fulfillment.services.cancel import cancel_order
from fulfillment.services.fill import fill_waiting_orders
from fulfillment.services.route import route_order, route_orders
from fulfillment.tasks import route_open_units
from inventory.exceptions import AlreadyBooked
from inventory.models import Product, Reservation
from inventory.services import goods
from oms.core import invariants
from oms.core.models import OutboxEvent
from orders.models import Order
from orders.services.holds import hold_order
from orders.services.intake import take_orders
from tests.factories import (
    DESK,
    PICKER,
    WarehouseSetup,
    add_stock,
    line_draft,
    lines_of,
    make_customer,
    make_product,
    make_warehouse,
    order_draft,
    take_order,
)
from tests.relay import run_outbox

pytestmark = pytest.mark.django_db


@pytest.fixture
def setup() -> WarehouseSetup:
    return make_warehouse("BER")


@pytest.fixture
def mug() -> Product:
    return make_product("MUG")


def allocated(*orders: Order) -> list[int]:
    return [sum(line.allocated for line in lines_of(order)) for order in orders]


def test_a_receipt_fills_the_backorders_that_waited_for_it(
    setup: WarehouseSetup, mug: Product
) -> None:
    order = take_order(line_draft(mug, 5))
    run_outbox()
    assert allocated(order) == [0]

    add_stock(setup, mug, 3)
    run_outbox()

    assert allocated(order) == [3]
    add_stock(setup, mug, 10)
    run_outbox()
    assert allocated(order) == [5]
    assert list(Reservation.objects.all()) == []
    assert invariants.violations() == []


def test_the_oldest_backorders_are_filled_first(setup: WarehouseSetup, mug: Product) -> None:
    orders = [take_order(line_draft(mug, 4)) for _ in range(3)]
    run_outbox()

    add_stock(setup, mug, 6)
    run_outbox()

    assert allocated(*orders) == [4, 2, 0]
    assert invariants.violations() == []


def test_orders_of_one_batch_rank_in_the_order_in_which_they_came(
    setup: WarehouseSetup, mug: Product
) -> None:
    drafts = [order_draft(line_draft(mug, 2)) for _ in range(3)]
    keys = [taken.order_id for taken in take_orders(drafts, actor=DESK)]
    orders = list(Order.objects.filter(pk__in=keys).order_by("pk"))

    ranks = list(Reservation.objects.order_by("demand_id").values_list("rank_at", flat=True))
    assert ranks == [order.placed_at for order in orders]
    assert ranks == sorted(set(ranks))
    add_stock(setup, mug, 2)
    assert [outcome.allocated for outcome in route_orders(keys[1:], actor=DESK)] == [0, 0]
    assert route_order(order_id=keys[0], actor=DESK).allocated == 2


def test_units_that_are_unblocked_or_found_are_stock_that_arrived(
    setup: WarehouseSetup, mug: Product
) -> None:
    add_stock(setup, mug, 2, bin_code="QUAR")
    order = take_order(line_draft(mug, 5))
    run_outbox()
    assert allocated(order) == [0]

    way = goods.BinMove(
        warehouse_id=setup.pk,
        product_id=mug.pk,
        bin_from_id=setup.bins["QUAR"].pk,
        bin_to_id=setup.bins["A-01"].pk,
        quantity=2,
        idem_key="u1",
    )
    goods.unblock([way], actor=PICKER)
    run_outbox()
    assert allocated(order) == [2]

    correction = goods.Adjustment(
        warehouse_id=setup.pk,
        product_id=mug.pk,
        bin_id=setup.bins["A-01"].pk,
        delta=3,
        reason="count",
        idem_key="a1",
    )
    goods.adjust([correction], actor=PICKER)
    run_outbox()
    assert allocated(order) == [5]
    assert invariants.violations() == []


def test_what_a_canceled_order_gave_up_goes_to_those_behind_it(
    setup: WarehouseSetup, mug: Product
) -> None:
    add_stock(setup, mug, 4)
    first, second = take_order(line_draft(mug, 4)), take_order(line_draft(mug, 3))
    run_outbox()
    assert allocated(first, second) == [4, 0]

    cancel_order(order_id=first.pk, reason="changed their mind", actor=DESK)
    run_outbox()

    assert allocated(first, second) == [0, 3]
    assert invariants.violations() == []


def test_a_held_order_keeps_waiting_and_its_claim_binds(
    setup: WarehouseSetup, mug: Product
) -> None:
    held, behind = take_order(line_draft(mug, 4)), take_order(line_draft(mug, 3))
    run_outbox()
    hold_order(order_id=held.pk, kind="routing", reason="credit", actor=DESK)

    add_stock(setup, mug, 5)
    run_outbox()

    assert allocated(held, behind) == [0, 1]
    assert invariants.violations() == []


def test_an_order_without_backorders_is_routed_when_stock_came(
    setup: WarehouseSetup, mug: Product
) -> None:
    customer = make_customer(allows_backorder=False)
    order = take_order(line_draft(mug, 2), customer=customer)
    run_outbox()
    assert [line.open for line in lines_of(order)] == [2]

    add_stock(setup, mug, 2)
    run_outbox()

    assert allocated(order) == [2]
    assert invariants.violations() == []


def test_orders_beyond_the_reach_of_what_came_are_not_planned_again(
    setup: WarehouseSetup, mug: Product
) -> None:
    drafts = [order_draft(line_draft(mug, 2)) for _ in range(30)]
    take_orders(drafts, actor=DESK)
    run_outbox()
    add_stock(setup, mug, 3)

    with CaptureQueriesContext(
        connection,
    ) as queries:
        filled = fill_waiting_orders(product_ids=[mug.pk], actor=DESK)

    assert filled == 3
    assert Order.objects.filter(fulfillment_status="backordered").count() == 29
    assert len(queries) <= 24


def test_a_refused_receipt_announces_nothing(setup: WarehouseSetup, mug: Product) -> None:
    receipt = goods.GoodsReceipt(
        warehouse_id=setup.pk,
        product_id=mug.pk,
        bin_id=setup.bins["A-01"].pk,
        quantity=1,
        idem_key="once",
    )
    goods.receive([receipt], actor=PICKER)
    before = OutboxEvent.objects.count()

    with pytest.raises(AlreadyBooked), transaction.atomic():
        goods.receive([receipt], actor=PICKER)

    assert OutboxEvent.objects.count() == before


def test_the_sweep_fills_what_no_event_told_of(setup: WarehouseSetup, mug: Product) -> None:
    setup.warehouse.is_active = False
    setup.warehouse.save()
    add_stock(setup, mug, 5)
    order = take_order(line_draft(mug, 5))
    run_outbox()
    assert allocated(order) == [0]

    setup.warehouse.is_active = True
    setup.warehouse.save()
    route_open_units()

    assert allocated(order) == [5]
    assert invariants.violations() == []


def choose_policy(policy: str) -> None:
    RoutingSettings.objects.create(pk=1, fill_policy=policy)


def test_priority_goes_before_age_though_older_claims_bind_the_router(
    setup: WarehouseSetup, mug: Product
) -> None:
    old = take_order(line_draft(mug, 4))
    urgent = take_order(line_draft(mug, 4), priority=5)
    run_outbox()

    add_stock(setup, mug, 5)
    run_outbox()

    assert allocated(old, urgent) == [1, 4]
    assert invariants.violations() == []


def test_the_oldest_promise_is_kept_first(setup: WarehouseSetup, mug: Product) -> None:
    choose_policy("oldest_promise")
    late, soon = take_order(line_draft(mug, 4), priority=9), take_order(line_draft(mug, 4))
    run_outbox()
    for order, day in ((late, 20), (soon, 10)):
        LinePromise.objects.update_or_create(
            order_line=lines_of(order)[0],
            defaults={"promised_date": date(2026, 12, day), "cause": "stock"},
        )

    add_stock(setup, mug, 5)
    run_outbox()

    assert allocated(late, soon) == [1, 4]
    assert invariants.violations() == []


def test_as_many_orders_as_can_be_are_completed(setup: WarehouseSetup, mug: Product) -> None:
    choose_policy("most_completed")
    orders = [take_order(line_draft(mug, units)) for units in (9, 3, 2)]
    run_outbox()

    add_stock(setup, mug, 6)
    run_outbox()

    assert allocated(*orders) == [1, 3, 2]
    assert invariants.violations() == []


def test_the_policy_holds_from_batch_to_batch(
    setup: WarehouseSetup, mug: Product, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fill, "BATCH", 1)
    orders = [take_order(line_draft(mug, 2), priority=n) for n in range(4)]
    run_outbox()

    add_stock(setup, mug, 5)
    run_outbox()

    assert allocated(*orders) == [0, 1, 2, 2]
    assert invariants.violations() == []
