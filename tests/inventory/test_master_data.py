from __future__ import annotations

import pytest
import tablib
from django.core.checks import run_checks
from django.core.exceptions import ValidationError
from django.test import Client

from inventory.models import Barcode, Bin, Product, Warehouse
from inventory.resources import BinResource, ProductResource, WarehouseResource
from oms.core.models.user import User
from tests.inventory.world import Site


def rows(*given: tuple[str, ...]) -> tablib.Dataset:
    return tablib.Dataset(*given[1:], headers=given[0])


def test_products_are_imported_by_sku_whatever_its_case(site: Site) -> None:
    data = rows(
        ("sku", "name", "cost", "barcodes"),
        ("lamp", "Desk lamp", "12.5000", "4006381333931 4006381333948*12"),
        ("VASE", "Vase", "3.1", ""),
    )

    result = ProductResource().import_data(data)

    assert not result.has_errors()
    assert not result.has_validation_errors()
    assert (result.totals["update"], result.totals["new"]) == (1, 1)
    lamp = Product.objects.get(sku="LAMP")
    assert (lamp.name, str(lamp.cost)) == ("Desk lamp", "12.5000")
    assert dict(lamp.barcodes.values_list("code", "multiplier")) == {
        "4006381333931": 1,
        "4006381333948": 12,
    }


def test_a_preview_writes_nothing_and_the_same_file_changes_nothing(site: Site) -> None:
    data = rows(("sku", "name", "barcodes"), ("LAMP", "Desk lamp", "4006381333931"))

    preview = ProductResource().import_data(data, dry_run=True)
    assert preview.totals["update"] == 1
    assert Product.objects.get(sku="LAMP").name == "Lamp"

    ProductResource().import_data(data)
    again = ProductResource().import_data(data)
    assert (again.totals["skip"], again.totals["update"]) == (1, 0)


def test_a_bad_row_names_its_column_and_nothing_is_written(site: Site) -> None:
    data = rows(("sku", "name", "tracking"), ("VASE", "Vase", "none"), ("BAD", "Bad", "by feel"))

    result = ProductResource().import_data(data)

    assert [list(row.error_dict) for row in result.invalid_rows] == [["tracking"]]
    assert not Product.objects.filter(sku="BAD").exists()


def test_what_should_be_a_number_and_is_none_is_named(site: Site) -> None:
    data = rows(("sku", "name", "cost"), ("VASE", "Vase", "3.1"), ("BAD", "Bad", "cheap"))

    result = ProductResource().import_data(data)

    assert [row.error_dict for row in result.invalid_rows] == [{"cost": ["cheap is no number."]}]
    assert not Product.objects.filter(sku="BAD").exists()


def test_a_barcode_of_another_product_is_refused(site: Site) -> None:
    Barcode.objects.create(product=site.milk, code="4006381333931")
    data = rows(("sku", "name", "barcodes"), ("LAMP", "Lamp", "4006381333931"))

    result = ProductResource().import_data(data)

    assert result.has_errors() or result.has_validation_errors()
    assert not site.lamp.barcodes.exists()


def test_warehouses_and_bins_are_imported_by_their_codes(site: Site) -> None:
    WarehouseResource().import_data(rows(("code", "title"), ("north", "Northern hall")))
    result = BinResource().import_data(
        rows(
            ("warehouse", "code", "kind", "walk_order"),
            ("NORTH", "a-1", "shelf", "15"),
            ("NORTH", "B-1", "shelf", "30"),
        )
    )

    assert Warehouse.objects.get(code="NORTH").title == "Northern hall"
    assert (result.totals["update"], result.totals["new"]) == (1, 1)
    assert Bin.objects.get(pk=site.shelf.pk).walk_order == 15


def test_a_bin_with_goods_keeps_its_kind_and_a_stocked_product_its_tracking(site: Site) -> None:
    site.shelf.kind = "quarantine"
    site.lamp.tracking = "lot"

    with pytest.raises(ValidationError, match="Goods lie in this bin"):
        site.shelf.full_clean()
    with pytest.raises(ValidationError, match="its tracking cannot change now"):
        site.lamp.full_clean()


def test_a_warehouse_without_the_bins_of_the_floor_is_named(site: Site) -> None:
    Warehouse.objects.filter(pk=site.north.pk).update(time_zone="Nowhere/Land")

    found = [each.msg for each in run_checks(databases=["default"]) if "inventory." in each.id]

    assert found == [
        "Warehouse NORTH: Nowhere/Land is no time zone.",
        "Warehouse SOUTH has no bin of kind Staging, Returns, Missing.",
    ]


@pytest.mark.parametrize(
    "page",
    [
        "product/add", "lot", "warehouse", "bin", "warehouseaccess", "stocklevel",
        "stockmovement", "reservation", "allocation", "adjustmentrecord", "product/import",
        "product/export", "warehouse/import", "bin/import",
    ],
)  # fmt: skip
def test_the_generated_pages_of_stock_open(site: Site, client: Client, page: str) -> None:
    site.allocate(2)
    client.force_login(User.objects.create_superuser("root", password="x"))

    assert client.get(f"/admin/inventory/{page}/").status_code == 200


def test_nobody_edits_a_quantity_in_the_admin(site: Site, client: Client) -> None:
    client.force_login(User.objects.create_superuser("root", password="x"))

    for model in ("stocklevel", "stockmovement", "reservation", "allocation"):
        assert client.get(f"/admin/inventory/{model}/add/").status_code == 403


def test_importing_needs_the_right_to_change(site: Site, client: Client) -> None:
    client.force_login(User.objects.create_user("rep", password="x", is_staff=True))

    assert client.get("/admin/inventory/warehouse/import/").status_code == 403
