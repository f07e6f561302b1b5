"""Orders that are held for long do not keep goods from others; what waits too long is canceled."""

from datetime import date, timedelta

import pytest
from django.utils import timezone

from fulfillment.models import RoutingSettings
from fulfillment.services.cancel_dates import cancel_overdue
from fulfillment.services.held_claims import rest_held_claims
from fulfillment.services.route import route_orders
from inventory.models import Product
from inventory.selectors.supply import available_to_promise
from oms.core import invariants
from oms.core.models import Case, Message
from orders.models import Order
from orders.services.holds import hold_order, lift_hold
from tests.factories import (
    DESK,
    WarehouseSetup,
    add_stock,
    line_draft,
    lines_of,
    make_kit,
    make_product,
    make_warehouse,
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


def test_a_claim_of_an_order_held_for_long_lets_others_go_first(
    setup: WarehouseSetup, mug: Product
) -> None:
    RoutingSettings.objects.create(pk=1, held_claim_days=7)
    held, behind = take_order(line_draft(mug, 4)), take_order(line_draft(mug, 3))
    hold_order(order_id=held.pk, kind="routing", reason="credit", actor=DESK)
    add_stock(setup, mug, 5)
    now = timezone.now()
    assert rest_held_claims(now=now + timedelta(days=6), actor=DESK) == 0
    route_orders([behind.pk], actor=DESK)
    assert allocated(behind) == [1]

    assert rest_held_claims(now=now + timedelta(days=8), actor=DESK) == 1

    assert rest_held_claims(now=now + timedelta(days=8), actor=DESK) == 0
    route_orders([behind.pk], actor=DESK)
    assert allocated(held, behind) == [0, 3]
    assert available_to_promise([mug.pk]) == {mug.pk: -2}
    assert invariants.violations() == []


def test_the_claim_has_its_rank_again_once_the_hold_is_lifted(
    setup: WarehouseSetup, mug: Product
) -> None:
    RoutingSettings.objects.create(pk=1, held_claim_days=7)
    held, behind = take_order(line_draft(mug, 4)), take_order(line_draft(mug, 3))
    hold = hold_order(order_id=held.pk, kind="routing", reason="credit", actor=DESK)
    run_outbox()
    rest_held_claims(now=timezone.now() + timedelta(days=8), actor=DESK)

    lift_hold(hold_id=hold.pk, actor=DESK)
    run_outbox()
    add_stock(setup, mug, 4)
    run_outbox()

    assert allocated(held, behind) == [4, 0]
    assert invariants.violations() == []


def test_without_a_limit_a_held_order_keeps_its_claim(setup: WarehouseSetup, mug: Product) -> None:
    settings = RoutingSettings.objects.create(pk=1, held_claim_days=7)
    held = take_order(line_draft(mug, 4))
    hold_order(order_id=held.pk, kind="routing", reason="credit", actor=DESK)
    later = timezone.now() + timedelta(days=99)
    assert rest_held_claims(now=later, actor=DESK) == 1

    settings.held_claim_days = None
    settings.save()

    assert rest_held_claims(now=later, actor=DESK) == 1
    assert rest_held_claims(now=later, actor=DESK) == 0


def test_what_waits_beyond_its_day_is_canceled_and_the_customer_told(
    setup: WarehouseSetup, mug: Product
) -> None:
    add_stock(setup, mug, 2)
    late, waits = take_order(line_draft(mug, 5)), take_order(line_draft(mug, 5))
    run_outbox()
    Order.objects.filter(pk=late.pk).update(cancel_by_date=date(2026, 11, 30))
    Order.objects.filter(pk=waits.pk).update(cancel_by_date=date(2026, 12, 1))

    assert cancel_overdue(today=date(2026, 12, 1), actor=DESK) == 1
    assert cancel_overdue(today=date(2026, 12, 1), actor=DESK) == 0
    run_outbox()

    [line] = lines_of(late)
    assert (line.allocated, line.backordered, line.canceled) == (2, 0, 3)
    assert [x.backordered for x in lines_of(waits)] == [5]
    mail = Message.objects.get(subject=f"Order {late.number}: canceled items")
    assert "3 × Product MUG" in mail.text
    assert invariants.violations() == []


def test_kits_are_canceled_in_whole_sets_or_become_a_case(setup: WarehouseSetup) -> None:
    cup, saucer = make_product("CUP"), make_product("SAUCER")
    order = take_order(line_draft(make_kit("SET", of=[(cup, 1), (saucer, 2)]), 3))
    run_outbox()
    Order.objects.update(cancel_by_date=date(2026, 11, 30))

    assert cancel_overdue(today=date(2026, 12, 1), actor=DESK) == 1

    assert [line.canceled for line in lines_of(order)] == [0, 3, 6]
    assert Order.objects.get().status == "canceled"
    assert not Case.objects.filter(closed_at=None, dedupe_key__startswith="cancel_by").exists()
    assert invariants.violations() == []
