"""Counts take allocations back beside routers, pickers and receipts: nothing deadlocks, no unit is lost."""

from __future__ import annotations

import itertools
from contextlib import suppress

import pytest
from django.db.models import F

from fulfillment.models import Pick, Shipment
from fulfillment.services.fill import fill_waiting_orders
from fulfillment.services.picking import pick
from fulfillment.services.release import release_shipments
from fulfillment.services.route import route_orders
from inventory.models import AdjustmentReason, BinContent, Product, StockCount, StockLevel
from inventory.services.count_posting import approve_count, finish_count
from inventory.services.counts import CountPlace, open_count, record_line
from oms.core.actors import Actor
from oms.core.exceptions import Refusal
from oms.core.invariants import violations
from oms.core.models import Activity
from orders.services.intake import take_orders
from tests.concurrency.crowd import crowd
from tests.factories import (
    DESK,
    PICKER,
    WarehouseSetup,
    add_stock,
    line_draft,
    make_customer,
    make_product,
    make_warehouse,
    order_draft,
)
from tests.relay import run_outbox

pytestmark = pytest.mark.django_db(transaction=True)

ROUNDS = 6


def count_and_approve(setup: WarehouseSetup, bin_code: str, products: list[Product]) -> None:
    """Two people find one unit of each product fewer in a bin; a third one approves."""
    shelf = setup.bins[bin_code]
    places = [CountPlace(bin_id=shelf.pk, product_id=product.pk) for product in products]
    count = open_count(
        warehouse_id=setup.pk, origin="demand", reason=bin_code, places=places, actor=DESK
    )
    for person, place in itertools.product(("First", "Second"), places):
        lies = BinContent.objects.get(bin=shelf, product=place.product_id).quantity
        counter = Actor(label=person, surface="warehouse")
        record_line(count_id=count.pk, place=place, counted=max(0, lies - 1), actor=counter)
    finish_count(count_id=count.pk, actor=PICKER)
    approve_count(count_id=count.pk, take_back=True, actor=DESK)


def pick_some(turn: int) -> None:
    planned = Shipment.objects.filter(status="planned").order_by("pk")
    keys = list(planned.values_list("pk", flat=True))
    if not keys:
        return
    key = keys[turn % len(keys)]
    release_shipments(shipment_ids=[key], actor=PICKER)
    for task in Pick.objects.filter(shipment_line__shipment=key):
        pick(pick_id=task.pk, quantity=1, actor=PICKER)


def test_counts_of_two_products_with_take_back_beside_routers_and_pickers_do_not_deadlock() -> None:
    limits = {"title": "Count", "limit_amount": None, "limit_units": 0}
    AdjustmentReason.objects.update_or_create(code="count", defaults=limits)
    setup = make_warehouse()
    few, many = make_product("FEW"), make_product("MANY")
    for bin_code in ("A-01", "A-02"):
        add_stock(setup, few, 12, bin_code=bin_code)
        add_stock(setup, many, 30, bin_code=bin_code)
    customer = make_customer()
    drafts = [order_draft(line_draft(few, 1), line_draft(many, 2), customer=customer)] * 40
    orders = [taken.order_id for taken in take_orders(drafts, actor=DESK)]
    route_orders(orders[:36], actor=DESK)  # the last of them wait for FEW and hold MANY

    def work(client: int) -> None:
        for turn in range(ROUNDS):
            with suppress(Refusal):
                if client < 2:
                    products = [few, many] if client else [many, few]
                    count_and_approve(setup, f"A-0{client + 1}", products)
                elif client == 2:
                    route_orders(orders[turn::3], actor=DESK)
                elif client == 3:
                    add_stock(setup, few, 1)
                    fill_waiting_orders(actor=DESK)
                else:
                    pick_some(turn)

    crowd(5, work)
    assert violations() == []
    run_outbox()

    assert StockCount.objects.filter(status="posted").exists()
    assert Activity.objects.filter(document_kind="stockcount", verb="deallocated").exists()
    assert not StockLevel.objects.filter(on_hand__lt=F("allocated") + F("blocked")).exists()
    assert violations() == []
