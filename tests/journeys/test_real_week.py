"""A week of a real wholesaler: from the file to the truck, and the books are right."""

from collections import Counter
from datetime import date
from pathlib import Path

import pytest

from channels.services.import_orders import ImportRequest, import_orders
from fulfillment.models import Shipment
from fulfillment.services.day import run_day
from inventory.models import Product, StockLevel
from inventory.services.goods import GoodsReceipt, receive
from oms.core import invariants
from oms.core.actors import Actor
from oms.core.place_tables import load_cities
from orders.models import Order, OrderLine
from tests.channels.real_file import needs_real_file, write_days
from tests.factories import make_warehouse

pytestmark = [pytest.mark.django_db, needs_real_file]
ACTOR = Actor(label="Importer", surface="command")
PICKER = Actor(label="Picker 1", surface="warehouse")


def test_a_week_of_real_orders_is_placed_routed_picked_packed_and_shipped(tmp_path: Path) -> None:
    load_cities()
    path = write_days(tmp_path / "week.csv", date(2011, 1, 4), date(2011, 1, 9))
    request = ImportRequest(path=path, mapping="online-retail", mode="live", create_products=True)

    report = import_orders(request, actor=ACTOR)

    orders = report.imported["orders"]
    assert orders == Order.objects.filter(status="placed").count() > 100
    sold = _receive_what_is_wanted()

    summary = run_day(orders=orders, actor=PICKER)

    assert summary.refusals == []
    assert summary.shipped == summary.shipments
    assert set(Order.objects.values_list("status", "fulfillment_status")) == {
        ("completed", "shipped")
    }
    assert set(Shipment.objects.values_list("status", flat=True)) == {"shipped"}
    assert sum(OrderLine.objects.values_list("shipped", flat=True)) == sum(sold.values())
    levels = StockLevel.objects.values_list("on_hand", "allocated", "blocked")
    assert {level[1:] for level in levels} == {(0, 0)}
    assert sum(level[0] for level in levels) == sum(sold.values())
    assert invariants.violations() == []


def _receive_what_is_wanted() -> Counter[int]:
    """Opening stock in two warehouses, as much in each as all customers want together."""
    sold: Counter[int] = Counter()
    for product, units in OrderLine.objects.values_list("product_id", "ordered"):
        sold[product] += units
    assert len(sold) == Product.objects.count()
    london = make_warehouse(
        "LON", city="London", postcode="EC1A", country="GB", latitude=51.51, longitude=-0.13
    )
    leeds = make_warehouse(
        "LDS", city="Leeds", postcode="LS1", country="GB", latitude=53.80, longitude=-1.55
    )
    receive(
        [
            GoodsReceipt(
                warehouse_id=setup.pk,
                product_id=product,
                bin_id=setup.bins["A-01"].pk,
                quantity=units,
                idem_key=f"opening:{setup.pk}:{product}",
            )
            for setup in (london, leeds)
            for product, units in sold.items()
        ],
        actor=PICKER,
    )
    return sold
