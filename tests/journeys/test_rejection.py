"""A warehouse rejects a line, and everybody sees what follows: through the pages alone."""

import re
from decimal import Decimal

import pytest
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from fulfillment.models import RejectionReason, Shipment, SiteExclusion, SiteScore
from inventory.models import Product, StockCount
from oms.core import invariants
from oms.core.idempotency import FIELD, new_key
from orders.models import Order
from tests.factories import (
    WarehouseSetup,
    add_stock,
    line_draft,
    lines_of,
    make_product,
    make_warehouse,
    take_order,
)
from tests.people import browser_of, make_person
from tests.relay import run_outbox

pytestmark = pytest.mark.django_db

REASON = {
    "title": "Not in stock",
    "effect": "set_to_zero",
    "excludes_hours": 24,
    "opens_count": True,
    "is_active": True,
}


@pytest.fixture
def near() -> WarehouseSetup:
    return make_warehouse("BER")


@pytest.fixture
def far() -> WarehouseSetup:
    return make_warehouse("PAR", priority=200)


@pytest.fixture
def mug(near: WarehouseSetup, far: WarehouseSetup) -> Product:
    product = make_product("MUG")
    add_stock(near, product, 8)
    add_stock(far, product, 20)
    return product


def settle() -> None:
    run_outbox()
    assert invariants.violations() == []


def ordered(mug: Product, units: int) -> Order:
    order = take_order(line_draft(mug, units))
    settle()
    return order


def page(client: Client, path: str) -> str:
    answer = client.get(f"/admin/{path}")
    assert answer.status_code == 200
    return re.sub(r"\s+", " ", answer.content.decode())


def post(client: Client, path: str, **fields: object) -> HttpResponse:
    return client.post(f"/admin/{path}", {FIELD: new_key(), **fields}, follow=True)


def shipments(order: Order) -> list[tuple[str, str, int]]:
    found = Shipment.objects.filter(lines__order_line__order=order).order_by("pk")
    return list(found.values_list("warehouse__code", "status", "units"))


def test_a_line_is_rejected_and_goes_its_way_elsewhere(
    near: WarehouseSetup, far: WarehouseSetup, mug: Product
) -> None:
    reason, _ = RejectionReason.objects.update_or_create(code="not_in_stock", defaults=REASON)
    first, second = ordered(mug, 3), ordered(mug, 2)
    assert shipments(first) == [("BER", "planned", 3)]
    clerk = browser_of(make_person("warehouse", at=near.warehouse))
    manager = browser_of(make_person("manager", "boss"))
    own = Shipment.objects.get(lines__order_line__order=first)
    where = f"fulfillment/shipment/{own.number}/"

    assert "Reject units" in page(clerk, where)
    line = own.lines.get()
    fields = {f"line_{line.pk}": 3, "reason": reason.pk, "note": "shelf is empty"}
    answer = post(clerk, where + "reject/", **fields)
    assert f"So are those of {second.number}." in answer.content.decode()
    settle()

    assert shipments(first) == [("BER", "canceled", 0), ("PAR", "planned", 3)]
    assert shipments(second) == [("BER", "canceled", 0), ("PAR", "planned", 2)]
    assert [x.allocated for order in (first, second) for x in lines_of(order)] == [3, 2]
    assert "PAR" in page(manager, f"orders/order/{first.number}/")
    count = StockCount.objects.get()
    assert (count.origin, count.status) == ("rejection", "open")
    assert count.number in page(
        manager, reverse("inventory:stockcount_list").removeprefix("/admin/")
    )
    shown = page(manager, "fulfillment/reliability/")
    assert "shelf is empty" in shown
    assert "Left out of routing" in shown
    score = SiteScore.objects.get(warehouse=near.pk)
    assert (score.lines, score.rejected, score.score) == (1, 1, Decimal("0.0"))


def test_the_excluded_warehouse_is_passed_over_until_somebody_lifts_it(
    near: WarehouseSetup, far: WarehouseSetup, mug: Product
) -> None:
    facts = REASON | {"title": "Too busy", "effect": "nothing", "opens_count": False}
    facts |= {"excludes_all_products": True}
    reason, _ = RejectionReason.objects.update_or_create(code="too_busy", defaults=facts)
    first = ordered(mug, 3)
    manager = browser_of(make_person("manager"))
    own = Shipment.objects.get()
    fields = {f"line_{own.lines.get().pk}": 3, "reason": reason.pk}

    post(manager, f"fulfillment/shipment/{own.number}/reject/", **fields)
    settle()
    assert shipments(first)[-1] == ("PAR", "planned", 3)
    assert shipments(ordered(mug, 1)) == [("PAR", "planned", 1)]
    exclusion = SiteExclusion.objects.get()
    post(manager, f"fulfillment/reliability/exclusion/{exclusion.pk}/lift/")
    settle()

    assert shipments(ordered(mug, 1)) == [("BER", "planned", 1)]
