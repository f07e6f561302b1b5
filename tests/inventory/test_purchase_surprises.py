"""Purchasing through HTTP where more happens than one person sees."""

from __future__ import annotations

import pytest
from django.test import Client

from inventory.models import PurchaseOrder, Receipt, ReorderRule
from inventory.services.receipts import Arrived
from inventory.services.receiving import receive_purchase
from tests.factories import (
    PICKER,
    WarehouseSetup,
    make_product,
    make_purchase_order,
    make_supplier,
    make_warehouse,
)
from tests.inventory.test_purchase_pages import SUGGESTIONS, page_of, post
from tests.people import browser_of, key_on, make_person

pytestmark = pytest.mark.django_db


@pytest.fixture
def manager() -> Client:
    return browser_of(make_person("manager"))


@pytest.fixture
def setup() -> WarehouseSetup:
    return make_warehouse("BER")


def test_a_line_that_somebody_else_completed_is_not_dropped_in_silence(
    manager: Client, setup: WarehouseSetup
) -> None:
    lamp, bulb = make_product("LAMP"), make_product("BULB")
    order = make_purchase_order(make_supplier("MIX", lamp, bulb), setup, (lamp, 12), (bulb, 5))
    keys = dict(order.lines.values_list("product__sku", "pk"))
    url, bin_id = f"{page_of(order)}receive/", setup.bins["A-01"].pk
    form_key = key_on(manager, url)
    theirs = Arrived(line_id=keys["LAMP"], quantity=12, bin_id=bin_id)
    receive_purchase(order_id=order.pk, lines=[theirs], actor=PICKER)

    answer = manager.post(
        url,
        {
            "form_key": form_key,
            f"line-{keys['LAMP']}-quantity": "12",
            f"line-{keys['LAMP']}-bin": bin_id,
            f"line-{keys['BULB']}-quantity": "5",
            f"line-{keys['BULB']}-bin": bin_id,
        },
    )

    assert answer.status_code == 409
    assert "LAMP: 12 came, at most 0 can be taken" in answer.content.decode()
    assert Receipt.objects.count() == 1


def test_more_drafts_than_are_named_are_hinted_at(manager: Client, setup: WarehouseSetup) -> None:
    for n in range(6):
        product = make_product(f"P-{n}")
        make_supplier(f"S-{n}", product)
        ReorderRule.objects.create(product=product, warehouse=setup.warehouse, point=20, target=50)

    _status, page = post(manager, SUGGESTIONS, f"{SUGGESTIONS}draft/")

    named = ", ".join(PurchaseOrder.objects.order_by("pk").values_list("number", flat=True)[:5])
    assert f"6 drafts: {named}…" in page
