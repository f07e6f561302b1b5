"""The journey from placed to shipped by services, for many orders; the checker finds nothing."""

import random
from datetime import date, timedelta
from io import StringIO

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from fulfillment.events import OrderRouted
from fulfillment.handlers import make_findable, route_placed
from fulfillment.models import Parcel, Pick, Shipment
from fulfillment.services.day import Until, run_day
from fulfillment.services.packing import pack_parcel
from fulfillment.services.picking import Scan, pick_all
from fulfillment.services.release import release_shipments
from fulfillment.services.route import route_order
from fulfillment.services.shipping import ship_parcels, unship_parcel
from inventory.models import BinContent, Lot, Product, StockMovement
from inventory.services.goods import GoodsReceipt, receive
from oms.core import invariants
from orders.events import OrderPlaced
from orders.models import Order, SearchTerm
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
    make_kit,
    make_product,
    make_warehouse,
    order_draft,
    take_order,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def orders() -> list[int]:
    """Thirty orders of one to four lines on scarce stock in three warehouses."""
    rng = random.Random(11)
    setups = [make_warehouse(latitude=48.0 + 2 * i) for i in range(3)]
    products = [make_product() for _ in range(8)]
    for setup in setups:
        for product in products:
            for code in ("A-01", "A-02"):
                if units := rng.randint(0, 12):
                    add_stock(setup, product, units, bin_code=code)
    kit = make_kit(of=[(products[0], 1), (products[1], 2)])
    customers = [
        make_customer(),
        make_customer(allows_backorder=False),
        make_customer(allows_partial_shipment=False),
    ]
    drafts = [
        order_draft(
            *(
                line_draft(rng.choice([*products, kit]), rng.randint(1, 6))
                for _ in range(rng.randint(1, 4))
            ),
            customer=rng.choice(customers),
        )
        for _ in range(30)
    ]
    return [taken.order_id for taken in take_orders(drafts, actor=DESK)]


def test_a_day_takes_orders_from_placed_to_shipped(orders: list[int]) -> None:
    summary = run_day(orders=30, actor=PICKER)

    assert summary.orders == 30
    assert summary.refusals == []
    assert summary.shipped == summary.packed == summary.shipments == Shipment.objects.count() > 20
    assert set(Shipment.objects.values_list("status", flat=True)) == {"shipped"}
    assert Parcel.objects.count() == Shipment.objects.count()
    assert invariants.violations() == []


def test_a_day_stops_where_it_is_told_and_goes_on_there(orders: list[int]) -> None:
    for until, status in [
        (Until.ROUTED, "planned"),
        (Until.RELEASED, "released"),
        (Until.PICKED, "picked"),
        (Until.PACKED, "packed"),
        (Until.SHIPPED, "shipped"),
    ]:
        run_day(orders=60, actor=PICKER, until=until, batch=7)

        assert set(Shipment.objects.values_list("status", flat=True)) == {status}
        assert invariants.violations() == []


def test_the_command_runs_a_day_and_says_what_it_did(orders: list[int]) -> None:
    out = StringIO()

    call_command("run_day", orders=5, until="picked", stdout=out, stderr=StringIO())

    assert out.getvalue().startswith("5 orders: ")
    with pytest.raises(CommandError):
        call_command("run_day", orders=0)


def test_the_route_command_sweeps_open_units_and_is_safe_to_run_twice(orders: list[int]) -> None:
    held = orders[0]
    hold_order(order_id=held, kind="routing", reason="fraud", note="", actor=DESK)
    out = StringIO()

    call_command("route_orders", stdout=out, stderr=StringIO())
    shipments = Shipment.objects.count()
    call_command("route_orders", stdout=out, stderr=StringIO())

    assert out.getvalue().startswith("29 orders had open units: ")
    assert Shipment.objects.count() == shipments
    assert Order.objects.get(pk=held).status == "placed"
    assert invariants.violations() == []


def test_placed_orders_are_routed_by_the_handler_whatever_became_of_some(orders: list[int]) -> None:
    hold_order(order_id=orders[0], kind="routing", reason="fraud", note="", actor=DESK)

    route_placed([OrderPlaced(order_id=pk) for pk in orders])
    route_placed([OrderPlaced(order_id=pk) for pk in orders])

    assert Order.objects.get(pk=orders[0]).status == "placed"
    assert invariants.violations() == []


def test_an_order_is_found_by_the_number_of_its_shipment() -> None:
    setup, mug = make_warehouse(), make_product()
    add_stock(setup, mug, 3)
    order = take_order(line_draft(mug, 1))
    route_order(order_id=order.pk, actor=DESK)

    make_findable([OrderRouted(order_id=order.pk)] * 2)

    term = SearchTerm.objects.get(kind="shipment")
    assert (term.order_id, term.term) == (order.pk, Shipment.objects.get().number)


def receive_lot(
    setup: WarehouseSetup, product: Product, units: int, *, code: str, days: int, bin_code: str
) -> Lot:
    expiry = date(2030, 1, 1) + timedelta(days=days)
    lot = Lot.objects.create(product=product, code=code, expiry_date=expiry)
    receipt = GoodsReceipt(
        warehouse_id=setup.pk,
        product_id=product.pk,
        bin_id=setup.bins[bin_code].pk,
        quantity=units,
        idem_key=f"lot:{code}",
        lot_id=lot.pk,
    )
    receive([receipt], actor=PICKER)
    return lot


def test_lots_leave_first_expired_first_and_come_back_as_the_same_lots() -> None:
    setup, tea = make_warehouse(), make_product("TEA", tracking="lot")
    late = receive_lot(setup, tea, 9, code="LATE", days=90, bin_code="A-01")
    soon = receive_lot(setup, tea, 2, code="SOON", days=1, bin_code="A-03")
    order = take_order(line_draft(tea, 5))
    route_order(order_id=order.pk, actor=DESK)
    shipment = Shipment.objects.get()
    release_shipments(shipment_ids=[shipment.pk], actor=PICKER)
    picks = list(Pick.objects.all())
    assert {(x.lot_id, x.quantity) for x in picks} == {(soon.pk, 2), (late.pk, 3)}
    pick_all(scans=[Scan(x.pk, x.quantity) for x in picks], actor=PICKER)
    line = picks[0].shipment_line_id
    parcels = [
        pack_parcel(shipment_id=shipment.pk, contents={line: units}, actor=PICKER)
        for units in (3, 2)
    ]

    for parcel in reversed(parcels):
        ship_parcels(parcel_ids=[parcel.pk], actor=PICKER)

    gone = StockMovement.objects.filter(kind="ship").values_list("lot_id", "quantity")
    assert sum(units for lot, units in gone if lot == soon.pk) == 2
    assert invariants.violations() == []
    unship_parcel(parcel_id=parcels[0].pk, actor=DESK)
    assert invariants.violations() == []
    ship_parcels(parcel_ids=[parcels[0].pk], actor=PICKER)
    assert invariants.violations() == []
    left = BinContent.objects.filter(quantity__gt=0).values_list("lot_id", "quantity")
    assert list(left) == [(late.pk, 6)]
    assert [x.shipped for x in lines_of(order)] == [5]
