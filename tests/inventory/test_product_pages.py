"""The product list and the stock page, through HTTP."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import resolve, reverse

from tests.factories import add_stock, line_draft, make_product, make_warehouse, take_order
from tests.people import browser_of, make_person

pytestmark = pytest.mark.django_db
LIST = "/admin/inventory/product/"


@pytest.fixture
def manager() -> Client:
    return browser_of(make_person("manager"))


def statements(client: Client, url: str) -> int:
    client.get(url)
    with CaptureQueriesContext(connection) as captured:
        assert client.get(url).status_code == 200
    return len(captured)


@pytest.mark.parametrize(
    "sku",
    ["A-1", "add", "export", "import", ".", "..", "A/B", "50% off", "ä ö", "x~y", "a_b", "#?&;"],
)
def test_every_sku_has_an_address_and_its_page_opens(manager: Client, sku: str) -> None:
    product = make_product(sku)

    url = reverse("inventory:product_page", args=[sku])

    assert resolve(url).kwargs == {"sku": sku} or "%" in url
    answer = manager.get(url)
    assert answer.status_code == 200
    assert product.name.split("&")[0] in answer.content.decode()


def test_the_generated_pages_of_a_product_stay_reachable() -> None:
    for tail in ("add/", "1/change/", "1/delete/", "1/history/"):
        assert resolve(f"{LIST}{tail}").namespaces == ["admin"]


def test_the_stock_page_shows_levels_claims_and_the_ledger(manager: Client) -> None:
    setup, product = make_warehouse("BER"), make_product("KNF-1")
    add_stock(setup, product, 55)
    order = take_order(line_draft(product, 8))

    page = manager.get(f"{LIST}knf-1/").content.decode()

    assert "balance agrees" in page
    assert order.number in page
    assert "+55" in page
    assert "<b>47</b>" in page


def test_the_stock_page_costs_the_same_however_long_the_ledger(manager: Client) -> None:
    setup, product = make_warehouse("BER"), make_product("KNF-1")
    add_stock(setup, product, 5)
    few = statements(manager, f"{LIST}KNF-1/")
    for _ in range(10):
        add_stock(setup, product, 5)

    assert statements(manager, f"{LIST}KNF-1/") == few


def test_a_product_that_was_never_stocked_says_so(manager: Client) -> None:
    make_product("KNF-1")

    page = manager.get(f"{LIST}KNF-1/").content.decode()

    assert "Never stocked" in page
    assert manager.get(f"{LIST}NOPE/").status_code == 404


def test_the_list_counts_and_finds(manager: Client) -> None:
    setup, full = make_warehouse("BER"), make_product("KNF-1", name="Safety knife")
    empty = make_product("LMP-1", name="Headlamp")
    add_stock(setup, full, 5)

    assert full.sku in manager.get(f"{LIST}?view=in_stock").content.decode()
    assert empty.sku not in manager.get(f"{LIST}?view=in_stock").content.decode()
    assert empty.sku in manager.get(f"{LIST}?view=out").content.decode()
    assert empty.sku in manager.get(f"{LIST}?q=headl").content.decode()
    assert statements(manager, LIST) <= 12


def test_the_list_narrows_to_an_abc_class(manager: Client) -> None:
    for sku, abc_class in (("DESK", "A"), ("PEN", "C")):
        make_product(sku, abc_class=abc_class)

    page = manager.get(f"{LIST}?abc=A").content.decode()

    assert ("DESK" in page, "PEN" in page) == (True, False)


def test_the_stock_page_offers_what_a_person_may_do(manager: Client) -> None:
    setup, product = make_warehouse("BER"), make_product("DESK 1", abc_class="A")
    clerk = browser_of(make_person("warehouse", at=setup.warehouse))
    url = reverse("inventory:product_page", args=[product.sku])

    page = manager.get(url).content.decode()

    assert "Class A" in page
    for action in ("adjustment/add/?product=DESK%201", "count/add/?products=DESK%201"):
        assert f"/admin/inventory/{action}" in page
    assert "/admin/inventory/transfer/add/?product=DESK%201" in page
    assert "/admin/inventory/transfer/add/" not in clerk.get(url).content.decode()
