"""The past of a ledger enters once, with balances as if it had been booked day by day."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from inventory.exceptions import StockRefusal
from inventory.models import BinContent, MovementKind, Product, StockLevel, StockMovement
from inventory.services.past_movements import PastMovement, keep_movements
from oms.core import invariants
from oms.core.actors import SYSTEM
from tests.factories import WarehouseSetup, add_stock, make_product, make_warehouse

pytestmark = pytest.mark.django_db
DAY = datetime(2026, 3, 2, 8, tzinfo=UTC)


def past(setup: WarehouseSetup, product: Product, *quantities: int) -> list[PastMovement]:
    return [
        PastMovement(
            kind=MovementKind.RECEIVE if quantity > 0 else MovementKind.SHIP,
            warehouse_id=setup.pk,
            product_id=product.pk,
            bin_id=setup.bins["A-01"].pk,
            quantity=quantity,
            at=DAY + timedelta(days=day),
        )
        for day, quantity in enumerate(quantities)
    ]


def ledger(product: Product) -> list[tuple[Any, ...]]:
    rows = StockMovement.objects.filter(product=product).order_by("pk")
    return list(rows.values_list("kind", "quantity", "on_hand_delta", "on_hand_after", "at"))


def test_the_past_is_booked_with_its_dates_and_balances() -> None:
    setup, lamp, vase = make_warehouse(), make_product(), make_product()

    keep_movements([*past(setup, lamp, 40, -15, 30, -5), *past(setup, vase, 7, -7)], actor=SYSTEM)

    assert ledger(lamp) == [
        ("receive", 40, 40, 40, DAY),
        ("ship", 15, -15, 25, DAY + timedelta(days=1)),
        ("receive", 30, 30, 55, DAY + timedelta(days=2)),
        ("ship", 5, -5, 50, DAY + timedelta(days=3)),
    ]
    assert StockLevel.objects.get(product=lamp).on_hand == 50
    assert StockLevel.objects.get(product=vase).on_hand == 0
    assert list(BinContent.objects.values_list("product", "quantity")) == [(lamp.pk, 50)]
    assert invariants.violations() == []

    add_stock(setup, lamp, 3)
    assert StockLevel.objects.get(product=lamp).on_hand == 53
    assert invariants.violations() == []


def test_a_ledger_that_has_begun_takes_no_past() -> None:
    setup, lamp, vase = make_warehouse(), make_product(), make_product()
    add_stock(setup, lamp, 3)
    before = ledger(lamp)

    with pytest.raises(StockRefusal, match="has begun already"):
        keep_movements([*past(setup, lamp, 40), *past(setup, vase, 40)], actor=SYSTEM)

    assert ledger(lamp) == before
    assert not StockLevel.objects.filter(product=vase).exists()
