"""A manager makes rules, tries them on the past, switches them on, and sees why an order went its way."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from fulfillment.models import ReplayRun, RuleSet, Shipment
from inventory.models import MovementKind, Warehouse
from inventory.services.past_movements import PastMovement, keep_movements
from oms.core import progress
from oms.core.actors import SYSTEM
from oms.core.invariants import violations
from oms.core.models import Job
from orders.models import Order, OrderAddress
from tests.factories import line_draft, make_customer, make_product, make_warehouse, take_order
from tests.people import browser_of, key_on, make_person
from tests.relay import run_outbox

SETS = "/admin/fulfillment/ruleset/"
SITES = {"HUB": (52.53, 13.38), "FAR": (48.86, 2.35)}


def text_of(answer: Any) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", answer.content.decode()).split())


def press(client: Client, page: str, url: str, **data: Any) -> str:
    """Post a form of a page; where it leads."""
    answer = client.post(url, {"form_key": key_on(client, page), **data})
    assert answer.status_code == 302, text_of(answer)
    return str(answer["Location"])


def order_for_berlin(days_ago: int = 0) -> Order:
    order = take_order(line_draft("CUP", 4), customer=make_customer())
    OrderAddress.objects.filter(pk=order.ship_to_id).update(latitude=52.52, longitude=13.40)
    if days_ago:
        placed = timezone.now() - timedelta(days=days_ago)
        with connection.cursor() as cursor:
            cursor.execute(
                "UPDATE orders_order SET placed_at = %s WHERE id = %s", [placed, order.pk]
            )
    return order


def stocked(days_ago: int) -> None:
    """Fifty of a product in two places since then."""
    product = make_product("CUP")
    keep_movements(
        [
            PastMovement(
                kind=MovementKind.RECEIVE,
                warehouse_id=setup.pk,
                product_id=product.pk,
                bin_id=setup.bins["A-01"].pk,
                quantity=50,
                at=timezone.now() - timedelta(days=days_ago),
            )
            for setup in (
                make_warehouse(code, latitude=place[0], longitude=place[1])
                for code, place in SITES.items()
            )
        ],
        actor=SYSTEM,
    )


@pytest.mark.django_db(transaction=True)
def test_rules_are_made_tried_switched_on_and_explain_themselves() -> None:
    stocked(days_ago=40)
    past = [order_for_berlin(days_ago=20), order_for_berlin(days_ago=10)]
    manager = browser_of(make_person("manager"))

    begun = press(manager, f"{SETS}add/", f"{SETS}add/", name="From afar", start="empty")
    far = Warehouse.objects.get(code="FAR")
    rule = f"{begun}rule/add/"
    press(
        manager, rule, rule, name="All from afar", is_enabled="on", warehouses=far.pk,
        keeps_safety_stock="on", pick_0="fewest_splits", split="allowed", otherwise="backorder",
    )  # fmt: skip
    assert "All orders: from FAR; fewest shipments" in text_of(manager.get(begun))

    result = press(manager, begun, f"{begun}replay/", days="30")
    job = Job.objects.get()
    assert job.number in manager.get(result).content.decode()
    progress.run_job(job.pk)
    assert ReplayRun.objects.get().changed == 2
    shown = text_of(manager.get(result))
    wanted = ("2 of 2 orders would go another way.", past[0].number, "HUB 4 units", "FAR 4 units")
    assert [words for words in wanted if words not in shown] == []
    finished = Job.objects.get()
    assert (finished.status, finished.result["url"]) == ("done", result)

    press(manager, result, f"{begun}activate/")
    assert RuleSet.objects.get().status == "active"
    order = order_for_berlin()
    run_outbox()

    assert Shipment.objects.get(lines__order_line__order=order).warehouse.code == "FAR"
    page = f"/admin/orders/order/{order.number}/"
    assert "FAR ships 4 of 4 units" in text_of(manager.get(page))
    why = text_of(manager.get(f"{page}routing/"))
    assert "Rule “All from afar” of “From afar”" in why
    assert "HUB not among the rule&#x27;s warehouses" in why
    assert violations() == []
