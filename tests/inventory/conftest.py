from __future__ import annotations

from collections.abc import Callable

import pytest

from inventory.models import Bin, Lot, Product, Warehouse
from inventory.services.goods import GoodsReceipt, receive
from tests.inventory.books import Books, books
from tests.inventory.world import PICKER, Site


@pytest.fixture
def site(db: None) -> Site:
    north = Warehouse.objects.create(code="NORTH", title="North", priority=1)
    south = Warehouse.objects.create(code="SOUTH", title="South", priority=2)

    def place(code: str, kind: str, walk: int = 0, warehouse: Warehouse = north) -> Bin:
        return Bin.objects.create(warehouse=warehouse, code=code, kind=kind, walk_order=walk)

    milk = Product.objects.create(sku="MILK", name="Milk", tracking="lot")
    site = Site(
        north=north,
        south=south,
        shelf=place("A-1", "shelf", 10),
        shelf_2=place("A-2", "shelf", 20),
        staging=place("STAGE", "staging"),
        quarantine=place("QUAR", "quarantine"),
        returns=place("RET", "returns"),
        missing=place("MISS", "missing"),
        south_shelf=place("A-1", "shelf", 10, south),
        lamp=Product.objects.create(sku="LAMP", name="Lamp"),
        milk=milk,
        phone=Product.objects.create(sku="PHONE", name="Phone", tracking="serial"),
        kit=Product.objects.create(sku="SET", name="Set", is_kit=True),
        lot=Lot.objects.create(product=milk, code="L1"),
    )
    receipt = GoodsReceipt(**site.ids(), bin_id=site.shelf.pk, quantity=20, idem_key="opening")
    receive([receipt], actor=PICKER)
    return site


@pytest.fixture
def unchanged(site: Site) -> Callable[[], None]:
    """Call it after a refusal: all stock tables are as they were at the start of the test's act."""
    before: list[Books] = []

    def check() -> None:
        if not before:
            before.append(books())
        else:
            assert books() == before[0]

    return check
