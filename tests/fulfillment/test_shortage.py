"""Short picks in every position: books and counters agree after each, and nothing gets stuck."""

import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from fulfillment.models import Parcel, Pick, Shipment
from fulfillment.services.packing import pack_parcel
from fulfillment.services.picking import pick
from fulfillment.services.release import release_shipments
from fulfillment.services.route import route_order
from fulfillment.services.shipping import ship_parcels
from fulfillment.services.shortage import report_short
from inventory.models import BinContent, Product, StockLevel
from inventory.services.goods import Adjustment, adjust
from oms.core import invariants
from orders.models import Order
from tests.factories import (
    DESK,
    PICKER,
    WarehouseSetup,
    add_stock,
    line_draft,
    lines_of,
    make_product,
    make_warehouse,
    take_order,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def setup() -> WarehouseSetup:
    return make_warehouse("BER")


@pytest.fixture
def mug(setup: WarehouseSetup) -> Product:
    product = make_product("MUG")
    add_stock(setup, product, 5, bin_code="A-01")
    return product


def on_the_floor(mug: Product, units: int) -> tuple[Order, Shipment, Pick]:
    order = take_order(line_draft(mug, units))
    route_order(order_id=order.pk, actor=DESK)
    shipment = Shipment.objects.get()
    release_shipments(shipment_ids=[shipment.pk], actor=PICKER)
    return order, shipment, Pick.objects.get()


def counters(order: Order) -> list[tuple[int, int, int]]:
    return [(line.open, line.allocated, line.shipped) for line in lines_of(order)]


def status(shipment: Shipment) -> str:
    return Shipment.objects.values_list("status", flat=True).get(pk=shipment.pk)


def test_two_short_picks_of_one_line_leave_the_books_right(
    setup: WarehouseSetup, mug: Product
) -> None:
    order, shipment, task = on_the_floor(mug, 4)
    pick(pick_id=task.pk, quantity=1, actor=PICKER)
    assert invariants.violations() == []

    assert report_short(pick_id=task.pk, found=1, reason="gone", actor=PICKER) == 2

    assert counters(order) == [(2, 2, 0)]
    assert status(shipment) == "picked"
    assert invariants.violations() == []
    route_order(order_id=order.pk, actor=DESK)
    second = Shipment.objects.exclude(pk=shipment.pk).get()
    assert second.units == 1
    assert invariants.violations() == []
    release_shipments(shipment_ids=[second.pk], actor=PICKER)
    report_short(
        pick_id=Pick.objects.exclude(pk=task.pk).get().pk, found=0, reason="gone", actor=PICKER
    )
    assert status(second) == "canceled"
    assert counters(order)[0][1] == 2
    assert invariants.violations() == []


def test_a_bin_that_was_counted_down_in_the_meantime_can_still_be_reported_short(
    setup: WarehouseSetup, mug: Product
) -> None:
    order, _, task = on_the_floor(mug, 4)
    add_stock(setup, mug, 5, bin_code="A-02")
    counted = Adjustment(
        warehouse_id=setup.pk,
        product_id=mug.pk,
        bin_id=setup.bins["A-01"].pk,
        delta=-4,
        reason="count",
        idem_key="count",
    )
    adjust([counted], actor=PICKER)

    assert report_short(pick_id=task.pk, found=1, reason="counted", actor=PICKER) == 3

    assert counters(order) == [(3, 1, 0)]
    assert BinContent.objects.filter(bin=setup.bins["MISS"], quantity__gt=0).count() == 0
    level = StockLevel.objects.get()
    assert (level.on_hand, level.allocated, level.blocked) == (6, 1, 0)
    assert invariants.violations() == []


def test_a_shipment_whose_rest_is_missing_is_packed_when_all_that_was_found_is(
    mug: Product,
) -> None:
    order, shipment, task = on_the_floor(mug, 4)
    pick(pick_id=task.pk, quantity=3, actor=PICKER)
    line = shipment.lines.get()
    pack_parcel(shipment_id=shipment.pk, contents={line.pk: 3}, actor=PICKER)
    assert status(shipment) == "picking"

    report_short(pick_id=task.pk, found=0, reason="gone", actor=PICKER)

    assert status(shipment) == "packed"
    ship_parcels(parcel_ids=[Parcel.objects.get().pk], actor=PICKER)
    assert status(shipment) == "shipped"
    assert counters(order) == [(1, 0, 3)]
    assert invariants.violations() == []


def test_a_shipment_whose_rest_is_missing_is_shipped_when_all_that_was_found_has_left(
    mug: Product,
) -> None:
    _, shipment, task = on_the_floor(mug, 4)
    pick(pick_id=task.pk, quantity=3, actor=PICKER)
    line = shipment.lines.get()
    parcel = pack_parcel(shipment_id=shipment.pk, contents={line.pk: 3}, actor=PICKER)
    ship_parcels(parcel_ids=[parcel.pk], actor=PICKER)
    assert status(shipment) == "picking"

    report_short(pick_id=task.pk, found=0, reason="gone", actor=PICKER)

    assert status(shipment) == "shipped"
    assert Shipment.objects.get(pk=shipment.pk).shipped_at is not None
    assert invariants.violations() == []


def test_a_short_pick_writes_its_documents_before_it_touches_stock(mug: Product) -> None:
    _, _, task = on_the_floor(mug, 4)

    with CaptureQueriesContext(connection) as queries:
        report_short(pick_id=task.pk, found=1, reason="gone", actor=PICKER)

    statements = [query["sql"] for query in queries]
    booked = [n for n, sql in enumerate(statements) if "inventory_post_" in sql]
    written = [n for n, sql in enumerate(statements) if re.match(r"\s*(UPDATE|INSERT|DELETE)", sql)]
    assert len(booked) == 3
    assert max(written) < min(booked)
