"""Rejecting, reporting short, moving, splitting and merging on the shipment page."""

import pytest
from django.contrib.messages import get_messages
from django.http import HttpResponse
from django.test import Client

from fulfillment.models import Pick, Shipment, SiteExclusion
from fulfillment.services.release import release_shipments
from fulfillment.services.route import route_orders
from inventory.models import Product, StockCount
from oms.core import invariants
from oms.core.idempotency import FIELD, new_key
from orders.models import Order
from tests.factories import (
    DESK,
    PICKER,
    WarehouseSetup,
    add_stock,
    line_draft,
    lines_of,
    make_customer,
    make_product,
    make_reason,
    make_warehouse,
    take_order,
)
from tests.people import browser_of, make_person
from tests.relay import run_outbox

pytestmark = pytest.mark.django_db


@pytest.fixture
def near() -> WarehouseSetup:
    return make_warehouse("BER")


@pytest.fixture
def far() -> WarehouseSetup:
    return make_warehouse("PAR", priority=200)


@pytest.fixture
def mug(near: WarehouseSetup) -> Product:
    product = make_product("MUG")
    add_stock(near, product, 9)
    return product


@pytest.fixture
def manager() -> Client:
    return browser_of(make_person("manager"))


def routed(mug: Product, units: int, **facts: object) -> Shipment:
    order = take_order(line_draft(mug, units), **facts)
    [outcome] = route_orders([order.pk], actor=DESK)
    return Shipment.objects.get(pk=outcome.shipment_ids[0])


def post(client: Client, shipment: Shipment, action: str, **fields: object) -> HttpResponse:
    url = f"/admin/fulfillment/shipment/{shipment.number}/{action}/"
    return client.post(url, {FIELD: new_key(), **fields}, follow=True)


def page(client: Client, shipment: Shipment) -> str:
    return client.get(f"/admin/fulfillment/shipment/{shipment.number}/").content.decode()


def undo_of(answer: HttpResponse) -> str:
    [message] = get_messages(answer.wsgi_request)
    return message.extra_tags.removeprefix("undo:")


def test_a_warehouse_clerk_rejects_units_and_they_go_elsewhere(
    near: WarehouseSetup, far: WarehouseSetup, mug: Product
) -> None:
    add_stock(far, mug, 5)
    shipment = routed(mug, 3)
    reason = make_reason("gone", effect="set_to_zero", excludes_hours=24, opens_count=True)
    clerk = browser_of(make_person("warehouse", at=near.warehouse))
    assert "form-reject" in page(clerk, shipment)
    assert "form-move" not in page(clerk, shipment)
    line = shipment.lines.get()

    answer = post(clerk, shipment, "reject", **{f"line_{line.pk}": 3, "reason": reason.pk})

    assert answer.status_code == 200
    assert "Rejected 3 units" in answer.content.decode()
    run_outbox()
    order = Order.objects.get()
    live = Shipment.objects.exclude(status="canceled").get()
    assert (live.warehouse_id, live.units) == (far.pk, 3)
    assert [x.allocated for x in lines_of(order)] == [3]
    assert SiteExclusion.objects.count() == 1
    assert StockCount.objects.count() == 1
    assert invariants.violations() == []


def test_a_rejection_without_units_or_reason_comes_back_with_what_was_typed(
    manager: Client, mug: Product
) -> None:
    shipment = routed(mug, 3)
    line = shipment.lines.get()

    answer = post(manager, shipment, "reject", **{f"line_{line.pk}": 4, "note": "half broken"})

    assert answer.status_code == 422
    assert "half broken" in answer.content.decode()
    assert Shipment.objects.get().units == 3


def test_a_short_pick_is_reported_on_the_page(manager: Client, mug: Product) -> None:
    shipment = routed(mug, 3)
    release_shipments(shipment_ids=[shipment.pk], actor=PICKER)
    task = Pick.objects.get()
    assert f"form-short-{task.pk}" in page(manager, shipment)

    answer = post(manager, shipment, f"picks/{task.pk}/short", found=1, reason="empty")

    assert "2 units are missing" in answer.content.decode()
    assert Shipment.objects.get().status == "picked"
    assert StockCount.objects.get().origin == "shortage"
    assert post(manager, shipment, f"picks/{task.pk}/short", found=0).status_code == 404
    assert invariants.violations() == []


def test_a_move_can_be_undone_from_its_message(
    manager: Client, near: WarehouseSetup, far: WarehouseSetup, mug: Product
) -> None:
    add_stock(far, mug, 3)
    shipment = routed(mug, 3)

    answer = post(manager, shipment, "move", warehouse=far.pk, reason="strike")

    assert Shipment.objects.get().warehouse_id == far.pk
    manager.post(undo_of(answer), {FIELD: new_key()})
    assert Shipment.objects.get().warehouse_id == near.pk
    assert invariants.violations() == []


def test_a_refused_move_says_what_is_lacking(
    manager: Client, far: WarehouseSetup, mug: Product
) -> None:
    shipment = routed(mug, 3)

    answer = post(manager, shipment, "move", warehouse=far.pk, reason="strike")

    assert answer.status_code == 409
    assert "PAR lacks 3 of MUG (0 available)." in answer.content.decode()


def test_a_split_can_be_undone_and_shipments_merged(manager: Client, mug: Product) -> None:
    customer = make_customer()
    shipment = routed(mug, 3, customer=customer)
    other = routed(mug, 2, customer=customer)
    line = shipment.lines.get()

    answer = post(manager, shipment, "split", **{f"line_{line.pk}": 1})
    assert sorted(Shipment.objects.values_list("units", flat=True)) == [1, 2, 2]
    manager.post(undo_of(answer), {FIELD: new_key()})
    assert Shipment.objects.get(pk=shipment.pk).units == 3
    post(manager, shipment, "merge", shipments=[other.pk])

    assert Shipment.objects.get(pk=shipment.pk).units == 5
    assert Shipment.objects.get(pk=other.pk).status == "canceled"
    assert invariants.violations() == []


def test_canceling_says_that_the_units_are_routed_again(manager: Client, mug: Product) -> None:
    shipment = routed(mug, 3)
    assert "routed again within a quarter of an hour" in page(manager, shipment)
    Order.objects.update(routing_holds=1)
    assert "held from routing" in page(manager, shipment)
