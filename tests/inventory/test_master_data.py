from __future__ import annotations

import pytest
from django.core.checks import run_checks
from django.core.exceptions import ValidationError
from django.test import Client

from inventory.models import Warehouse
from oms.core.models.user import User
from tests.inventory.world import Site


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
        "stockmovement", "reservation", "allocation", "adjustmentrecord",
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
