"""Invoices of a file become placed orders, through the door of every other order."""

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from channels.services.import_orders import ImportRequest, import_orders
from channels.services.import_report import ImportReport
from inventory.models import Product, Reservation
from oms.core.actors import Actor
from orders.models import Order, OrderLine
from tests.channels.order_file import row, write
from tests.channels.test_import_history import ALL_KINDS

pytestmark = pytest.mark.django_db
ACTOR = Actor(label="Importer", surface="command")


def run(path: Path, **changes: Any) -> ImportReport:
    facts = {"mapping": "online-retail", "mode": "live", "rejects": path.with_suffix(".bad")}
    return import_orders(ImportRequest(path=path, **(facts | changes)), actor=ACTOR)


def test_sales_become_placed_orders_whose_units_are_reserved(tmp_path: Path) -> None:
    path = write(tmp_path / "orders.csv", ALL_KINDS)

    report = run(path, create_products=True)

    orders = Order.objects.order_by("pk")
    assert [(o.external_id, o.status, o.is_history) for o in orders] == [
        ("500001", "placed", False),
        ("500002", "placed", False),
        ("500003", "placed", False),
    ]
    assert (orders[0].total_amount, orders[0].charges_amount) == (Decimal("33.30"), 18)
    lines = OrderLine.objects.values_list("external_id", "open", "unit_price").order_by("pk")
    assert list(lines) == [
        ("1", 6, Decimal("2.55")),
        ("1", 4, Decimal("1.255")),
        ("2", 2, Decimal(0)),
        ("1", 3, Decimal("2.55")),
    ]
    assert sum(Reservation.objects.values_list("quantity", flat=True)) == 15
    assert report.imported["orders"] == 3


def test_what_is_no_order_is_left_out_with_a_reason(tmp_path: Path) -> None:
    path = write(tmp_path / "orders.csv", [*ALL_KINDS, row("500010", "POST", quantity=1)])

    report = run(path, create_products=True)

    assert {reason.split(":")[0]: rows for reason, rows in report.skipped.items()} == {
        "A cancellation": 2,
        "A credited charge": 1,
        "An entry of the books": 1,
        "A stock write-off": 1,
        "Stock found": 1,
        "A charge code without a value": 1,
        "An invoice that holds charges only is no order.": 1,
    }
    assert report.rejected == 0


def test_an_unknown_sku_is_refused_and_the_rest_is_placed(tmp_path: Path) -> None:
    Product.objects.create(sku="85123a", name="Heart")
    path = write(
        tmp_path / "orders.csv",
        [row("500001", "85123A"), row("500001", "22423"), row("500002", "85123A")],
    )

    report = run(path)

    assert list(Order.objects.values_list("external_id", flat=True)) == ["500002"]
    assert report.first_problems == [
        "Line 3, column StockCode: There is no product with the SKU '22423'."
    ]
    assert report.rejected == 2
    assert Product.objects.count() == 1


def test_running_it_twice_places_nothing_twice(tmp_path: Path) -> None:
    path = write(tmp_path / "orders.csv", ALL_KINDS)
    run(path, create_products=True)

    again = run(path, create_products=True)

    assert Order.objects.count() == 3
    assert again.imported["orders"] == 0
    assert again.rejected == 0


def test_an_inactive_product_refuses_its_order_with_line_and_column(tmp_path: Path) -> None:
    Product.objects.create(sku="22423", name="Cake stand", is_active=False)
    path = write(tmp_path / "orders.csv", [row("500001")])

    report = run(path)

    assert not Order.objects.exists()
    assert report.first_problems == [
        "Line 2, column StockCode: The product 22423 is not active: it cannot be ordered."
    ]


def test_a_dry_run_places_nothing(tmp_path: Path) -> None:
    path = write(tmp_path / "orders.csv", ALL_KINDS)

    report = run(path, create_products=True, dry_run=True)

    assert report.imported["orders"] == 3
    assert not Order.objects.exists()
    assert not Product.objects.exists()
