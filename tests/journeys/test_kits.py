"""A kit is reserved, allocated, picked and shipped by its components; what comes back is components."""

from __future__ import annotations

import pytest

from fulfillment.services.day import run_day
from inventory.models import Product, Reservation, StockLevel, StockMovement
from inventory.services.goods import BinMove, GoodsReceipt, receive_returns, restock
from oms.core import invariants
from tests.factories import (
    PICKER,
    WarehouseSetup,
    add_stock,
    line_draft,
    make_kit,
    make_product,
    make_warehouse,
    take_order,
)
from tests.relay import run_outbox

pytestmark = pytest.mark.django_db


def levels() -> dict[str, tuple[int, int, int]]:
    rows = StockLevel.objects.values_list("product__sku", "on_hand", "allocated", "blocked")
    return {sku: (on_hand, allocated, blocked) for sku, on_hand, allocated, blocked in rows}


def back(setup: WarehouseSetup, product: Product, units: int) -> None:
    """A customer sends components back: into the returns bin, inspected, onto the shelf."""
    ids = {"warehouse_id": setup.pk, "product_id": product.pk, "quantity": units}
    returned = GoodsReceipt(**ids, bin_id=setup.bins["RET"].pk, idem_key=f"back:{product.sku}")
    receive_returns([returned], actor=PICKER)
    move = BinMove(
        **ids, bin_from_id=setup.bins["RET"].pk, bin_to_id=setup.bins["A-01"].pk,
        idem_key=f"shelf:{product.sku}",
    )  # fmt: skip
    restock([move], actor=PICKER)


def test_a_kit_travels_as_its_components() -> None:
    setup = make_warehouse("BER")
    cup, lid = make_product("CUP"), make_product("LID")
    add_stock(setup, cup, 10)
    add_stock(setup, lid, 20)
    kit = make_kit("SET", of=[(cup, 1), (lid, 2)])

    take_order(line_draft(kit, 3))

    reserved = Reservation.objects.values_list("product__sku", "quantity")
    assert sorted(reserved) == [("CUP", 3), ("LID", 6)]
    run_outbox()
    assert levels() == {"CUP": (10, 3, 0), "LID": (20, 6, 0)}
    assert not Reservation.objects.exists()
    summary = run_day(orders=1, actor=PICKER)
    run_outbox()

    assert summary.refusals == []
    assert levels() == {"CUP": (7, 0, 0), "LID": (14, 0, 0)}
    moved = StockMovement.objects.filter(kind="ship").values_list("product__sku", "quantity")
    assert sorted(moved) == [("CUP", 3), ("LID", 6)]
    back(setup, cup, 1)
    assert levels() == {"CUP": (8, 0, 0), "LID": (14, 0, 0)}
    assert not StockLevel.objects.filter(product=kit).exists()
    assert invariants.violations() == []
