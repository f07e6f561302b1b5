"""Purchase orders, receiving, low stock, rules and suggestions through HTTP."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from inventory.models import (
    Product,
    PurchaseOrder,
    PurchaseOrderLine,
    Receipt,
    ReorderRule,
    Supplier,
)
from inventory.services.alerts import watch_stock
from inventory.services.receipts import Arrived
from inventory.services.receiving import receive_purchase
from oms.core.actors import SYSTEM
from oms.core.models import Case
from tests.factories import (
    PICKER,
    WarehouseSetup,
    add_stock,
    make_product,
    make_purchase_order,
    make_supplier,
    make_warehouse,
)
from tests.inventory.books import books, level
from tests.people import browser_of, key_on, make_person

pytestmark = pytest.mark.django_db
ORDERS = "/admin/inventory/purchaseorder/"
RULES = "/admin/inventory/reorderrule/"
LOW = "/admin/inventory/low-stock/"
SUGGESTIONS = "/admin/inventory/suggestions/"


@pytest.fixture
def manager() -> Client:
    return browser_of(make_person("manager"))


@pytest.fixture
def setup() -> WarehouseSetup:
    return make_warehouse("BER")


@pytest.fixture
def lamp() -> Product:
    return make_product("LAMP")


@pytest.fixture
def supplier(lamp: Product) -> Supplier:
    return make_supplier("BRIGHT", lamp, title="Bright & Sons")


def post(client: Client, page: str, url: str, **data: object) -> tuple[int, str]:
    """Post a form of a page with its key; the status and the text of where it leads."""
    answer = client.post(url, {"form_key": key_on(client, page), **data}, follow=True)
    return answer.status_code, answer.content.decode()


def page_of(order: PurchaseOrder) -> str:
    return f"{ORDERS}{order.number}/"


def statements(client: Client, url: str) -> int:
    client.get(url)
    with CaptureQueriesContext(connection) as captured:
        assert client.get(url).status_code == 200
    return len(captured)


def test_an_order_is_begun_filled_and_sent_on_its_pages(
    manager: Client, setup: WarehouseSetup, supplier: Supplier, lamp: Product
) -> None:
    new = f"{ORDERS}new/"
    status, page = post(manager, new, new, supplier=supplier.pk, warehouse=setup.pk)
    order = PurchaseOrder.objects.get()
    assert (status, order.status) == (200, "draft")
    assert "Send to supplier" not in page

    status, page = post(
        manager,
        page_of(order),
        f"{page_of(order)}lines/",
        sku_0="lamp",
        more_0="30",
        sku_1="",
        sku_2="",
    )
    assert status == 200
    assert "€120.00" in page
    assert "Send to supplier" in page

    status, page = post(manager, page_of(order), f"{page_of(order)}send/")
    assert status == 200
    assert "bright@supplier.example" in page
    assert PurchaseOrder.objects.get().status == "sent"


def test_what_was_typed_wrong_stands_in_the_form_with_what_is_to_fix(
    manager: Client, setup: WarehouseSetup, supplier: Supplier, lamp: Product
) -> None:
    order = make_purchase_order(supplier, setup, (lamp, 5), sent=False)
    line = PurchaseOrderLine.objects.get()

    status, page = post(
        manager,
        page_of(order),
        f"{page_of(order)}lines/",
        **{
            f"quantity_{line.pk}": "8",
            f"price_{line.pk}": "3.5",
            "sku_0": "NOTHING",
            "more_0": "1",
        },
    )

    assert status == 422
    assert "There is no product NOTHING." in page
    assert 'value="NOTHING"' in page
    assert 'value="8"' in page
    line.refresh_from_db()
    assert line.quantity == 5


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"sku_0": "lamp", "more_0": "9"}, "lamp has a line already: change that one."),
        (
            {"sku_0": "BULB", "more_0": "1", "sku_1": "bulb", "more_1": "2"},
            "bulb has a line already: change that one.",
        ),
        ({"sku_0": "BULB", "more_0": "999999999999"}, "less than or equal to 99999999"),
    ],
    ids=["stands there", "twice", "endless"],
)
def test_a_line_is_entered_once_and_has_an_end(
    manager: Client,
    setup: WarehouseSetup,
    supplier: Supplier,
    lamp: Product,
    typed: dict[str, str],
    sentence: str,
) -> None:
    make_product("BULB")
    order = make_purchase_order(supplier, setup, (lamp, 5), sent=False)
    line = PurchaseOrderLine.objects.get()
    kept = {f"quantity_{line.pk}": "5", f"price_{line.pk}": f"{line.price:f}"}

    status, page = post(manager, page_of(order), f"{page_of(order)}lines/", **kept, **typed)

    assert (status, sentence in page) == (422, True)
    assert list(PurchaseOrderLine.objects.values_list("product__sku", "quantity")) == [("LAMP", 5)]


def test_a_refusal_stands_on_the_page_and_nothing_is_changed(
    manager: Client, setup: WarehouseSetup, supplier: Supplier, lamp: Product
) -> None:
    Supplier.objects.update(email="")
    order = make_purchase_order(supplier, setup, (lamp, 5), sent=False)

    status, page = post(manager, page_of(order), f"{page_of(order)}send/")

    assert status == 409
    assert "BRIGHT has no e-mail for orders" in page
    assert PurchaseOrder.objects.get().status == "draft"

    status, page = post(manager, page_of(order), f"{page_of(order)}send-by-hand/")
    assert (status, PurchaseOrder.objects.get().status) == (200, "sent")


def test_dates_reference_and_the_end_of_an_order(
    manager: Client, setup: WarehouseSetup, supplier: Supplier, lamp: Product
) -> None:
    order = make_purchase_order(supplier, setup, (lamp, 5))
    url = page_of(order)

    post(manager, url, f"{url}expect/", expected_date="2030-02-01", line="", note="strike")
    post(manager, url, f"{url}head/", supplier_reference="AB-1", note="Gate 3")
    kept = PurchaseOrder.objects.get()
    assert (kept.expected_date, kept.supplier_reference) == (date(2030, 2, 1), "AB-1")

    status, page = post(manager, url, f"{url}cancel-rest/", reason="")
    assert (status, PurchaseOrder.objects.get().status) == (422, "sent")
    assert "1 thing to fix" in page
    status, page = post(manager, url, f"{url}cancel-rest/", reason="no longer made")
    assert (status, PurchaseOrder.objects.get().status) == (200, "canceled")
    assert "no longer made" in page

    other = make_purchase_order(supplier, setup, (lamp, 5))
    post(manager, page_of(other), f"{page_of(other)}cancel/", reason="double")
    assert PurchaseOrder.objects.get(pk=other.pk).status == "canceled"


def test_goods_are_received_with_the_proposed_bin_once_for_each_form(
    setup: WarehouseSetup, supplier: Supplier, lamp: Product
) -> None:
    add_stock(setup, lamp, 4, bin_code="A-02")
    order = make_purchase_order(supplier, setup, (lamp, 12))
    line = PurchaseOrderLine.objects.get()
    picker = browser_of(make_person("warehouse", at=setup.warehouse))
    url = f"{page_of(order)}receive/"
    form = picker.get(url).content.decode()
    bin_id = setup.bins["A-02"].pk
    assert f'<option value="{bin_id}" selected>A-02</option>' in form
    assert 'value="12"' in form

    data = {
        "form_key": key_on(picker, url),
        "delivery_note": "LS-1",
        f"line-{line.pk}-quantity": "10",
        f"line-{line.pk}-damaged": "1",
        f"line-{line.pk}-bin": str(bin_id),
        f"line-{line.pk}-difference": "one crushed",
    }
    first = picker.post(url, data, follow=True)
    again = picker.post(url, data, follow=True)

    receipt = Receipt.objects.get()
    assert first.redirect_chain == again.redirect_chain
    assert first.redirect_chain == [(f"/admin/inventory/receipt/{receipt.number}/", 302)]
    assert "one crushed" in first.content.decode()
    assert level(setup.pk, lamp.pk) == (14, 0, 1)
    assert PurchaseOrder.objects.get().status == "partly_received"


def test_too_much_is_refused_with_all_that_was_typed(
    manager: Client, setup: WarehouseSetup, supplier: Supplier, lamp: Product
) -> None:
    order = make_purchase_order(supplier, setup, (lamp, 12))
    line, before = PurchaseOrderLine.objects.get(), books()
    url = f"{page_of(order)}receive/"
    key, bin_id = f"line-{line.pk}", setup.bins["A-01"].pk

    status, page = post(
        manager, url, url, **{f"{key}-quantity": "13", f"{key}-bin": bin_id, f"{key}-damaged": ""}
    )

    assert status == 409
    assert "LAMP: 13 came, at most 12 can be taken" in page
    assert 'value="13"' in page
    assert (books(), Receipt.objects.count()) == (before, 0)


def test_lots_and_serial_numbers_are_asked_for_where_the_product_wants_them(
    manager: Client, setup: WarehouseSetup
) -> None:
    milk, phone = make_product("MILK", tracking="lot"), make_product("PHONE", tracking="serial")
    order = make_purchase_order(make_supplier("MIX", milk, phone), setup, (milk, 6), (phone, 2))
    lines = {x.product.sku: f"line-{x.pk}" for x in order.lines.select_related("product")}
    url, bin_id = f"{page_of(order)}receive/", setup.bins["A-01"].pk

    status, _page = post(
        manager,
        url,
        url,
        **{
            f"{lines['MILK']}-quantity": "4",
            f"{lines['MILK']}-lot": "L7",
            f"{lines['MILK']}-2-quantity": "2",
            f"{lines['MILK']}-2-lot": "L8",
            f"{lines['MILK']}-2-bin": bin_id,
            f"{lines['MILK']}-expiry_date": "2031-01-31",
            f"{lines['MILK']}-bin": bin_id,
            f"{lines['PHONE']}-quantity": "2",
            f"{lines['PHONE']}-serials": "S1, S2",
            f"{lines['PHONE']}-bin": bin_id,
        },
    )

    assert status == 200
    assert [row[2:] for row in books()["bins"]] == [
        ("L7", None, 4),
        ("L8", None, 2),
        (None, "S1", 1),
        (None, "S2", 1),
    ]
    assert PurchaseOrder.objects.get().status == "received"


def test_a_receipt_is_undone_on_its_page(
    manager: Client, setup: WarehouseSetup, supplier: Supplier, lamp: Product
) -> None:
    order = make_purchase_order(supplier, setup, (lamp, 12))
    line = PurchaseOrderLine.objects.get()
    came = Arrived(line_id=line.pk, quantity=12, bin_id=setup.bins["A-01"].pk)
    receipt = receive_purchase(order_id=order.pk, lines=[came], actor=PICKER)
    url = f"/admin/inventory/receipt/{Receipt.objects.get(pk=receipt.pk).number}/"

    status, page = post(manager, url, f"{url}undo/")

    assert status == 200
    assert "Undone by" in page
    assert level(setup.pk, lamp.pk) == (0, 0, 0)
    assert PurchaseOrder.objects.get().status == "sent"


def test_receivers_see_their_warehouse_and_sales_see_no_prices(
    setup: WarehouseSetup, supplier: Supplier, lamp: Product
) -> None:
    paris = make_warehouse("PAR")
    mine, other = (make_purchase_order(supplier, place, (lamp, 5)) for place in (setup, paris))
    picker = browser_of(make_person("warehouse", at=setup.warehouse))
    assert mine.number in picker.get(ORDERS).content.decode()
    assert other.number not in picker.get(ORDERS).content.decode()
    assert picker.get(page_of(other)).status_code == 404
    assert picker.get(f"{page_of(other)}receive/").status_code == 404

    sales = browser_of(make_person("sales_rep"))
    page = sales.get(page_of(other)).content.decode()
    assert "Outstanding" in page
    assert "€" not in page
    assert sales.get(f"{page_of(other)}receive/").status_code == 403
    assert sales.post(f"{page_of(other)}cancel/", {"form_key": "k" * 20}).status_code == 403


def test_the_list_has_views_filters_and_search(
    manager: Client, setup: WarehouseSetup, supplier: Supplier, lamp: Product
) -> None:
    draft = make_purchase_order(supplier, setup, (lamp, 5), sent=False)
    late = make_purchase_order(supplier, setup, (lamp, 5))
    PurchaseOrder.objects.filter(pk=late.pk).update(
        expected_date=timezone.localdate() - timedelta(days=1)
    )

    def shown(query: str) -> list[bool]:
        page = manager.get(f"{ORDERS}?{query}").content.decode()
        return [f"{each.number}/" in page for each in (draft, late)]

    assert shown("view=all") == [True, True]
    assert shown("view=draft") == [True, False]
    assert shown("view=late") == [False, True]
    assert shown("supplier=BRIGHT&warehouse=BER") == [True, True]
    assert shown("q=lamp") == [True, True]
    assert shown(f"q={late.number}") == [False, True]
    assert shown("q=nothing") == [False, False]
    found = manager.get(f"/admin/search/?q={late.number}")
    assert late.number in found.content.decode() or found.status_code == 302


def test_low_stock_shows_cover_incoming_and_the_suggestion(
    manager: Client, setup: WarehouseSetup, supplier: Supplier, lamp: Product
) -> None:
    add_stock(setup, lamp, 6)
    ReorderRule.objects.create(
        product=lamp, warehouse=setup.warehouse, point=20, target=50, daily_demand=Decimal(3)
    )
    make_purchase_order(supplier, setup, (lamp, 5))
    watch_stock(actor=SYSTEM)

    page = manager.get(LOW).content.decode()

    assert "LAMP" in page
    assert "3 days" in page
    assert "<b>39</b>" in page
    assert manager.get(f"{LOW}?view=out").content.decode().count("LAMP") == 0
    assert "Low stock" in manager.get("/admin/").content.decode()


def test_one_key_makes_the_draft_orders_of_all_suggestions(
    manager: Client, setup: WarehouseSetup, supplier: Supplier, lamp: Product
) -> None:
    bulb = make_product("BULB")
    for product in (lamp, bulb):
        ReorderRule.objects.create(product=product, warehouse=setup.warehouse, point=20, target=50)
    page = manager.get(SUGGESTIONS).content.decode()
    assert "Bright &amp; Sons" in page
    assert "Nobody sells these" in page
    assert "€200.00" in page

    status, page = post(manager, SUGGESTIONS, f"{SUGGESTIONS}draft/")
    assert status == 200
    order = PurchaseOrder.objects.get()
    assert (order.origin, f"1 draft: {order.number}" in page) == ("suggestion", True)

    answer = manager.post(f"{SUGGESTIONS}draft/", {"form_key": "another-key"})
    assert answer.status_code == 409
    assert "stands on drafts already" in answer.content.decode()
    assert PurchaseOrder.objects.count() == 1


def test_a_low_stock_case_proposes_a_draft(
    manager: Client, setup: WarehouseSetup, supplier: Supplier, lamp: Product
) -> None:
    ReorderRule.objects.create(product=lamp, warehouse=setup.warehouse, point=20, target=50)
    watch_stock(actor=SYSTEM)
    exceptions = "/admin/exceptions/"
    case = Case.objects.get(kind="low_stock")
    assert "Draft an order" in manager.get(exceptions).content.decode()

    status, page = post(manager, exceptions, f"{exceptions}{case.pk}/fix/")

    order = PurchaseOrder.objects.get()
    assert (status, f"On draft {order.number}" in page) == (200, True)
    assert PurchaseOrderLine.objects.get().quantity == 50
    again = manager.post(f"{exceptions}{case.pk}/fix/", {"form_key": "another-key"})
    assert "It stands on a draft already" in again.content.decode()
    assert PurchaseOrderLine.objects.get().quantity == 50


def test_rules_are_made_for_all_products_of_a_warehouse(
    manager: Client, setup: WarehouseSetup, lamp: Product
) -> None:
    bulb, cord = make_product("BULB"), make_product("CORD")
    for product in (lamp, bulb):
        add_stock(setup, product, 1)
    new = f"{RULES}new/"
    data = {
        "warehouse": setup.pk,
        "method": "hand",
        "point": 5,
        "target": 9,
        "service_percent": 95,
        "cover_days": 30,
    }

    status, page = post(manager, new, new, **data | {"target": 3})
    assert (status, ReorderRule.objects.count()) == (422, 0)
    status, page = post(manager, new, new, **data | {"products": "NONE"})
    assert "There is no product none." in page

    status, page = post(manager, new, new, **data)
    assert (status, "2 rules made." in page) == (200, True)
    post(manager, new, new, **data | {"products": "cord\nLAMP\n"})
    rows = ReorderRule.objects.order_by("product__sku").values_list(
        "product__sku", "point", "target"
    )
    assert list(rows) == [("BULB", 5, 9), ("CORD", 5, 9), ("LAMP", 5, 9)]
    assert "CORD" in manager.get(RULES).content.decode()

    status, page = post(manager, RULES, f"{RULES}compute/")
    assert "Computed 0 rules." in page
    assert manager.get(f"{RULES}{ReorderRule.objects.first().pk}/change/").status_code == 200  # type: ignore[union-attr]
    assert cord.pk


def test_suppliers_and_recipients_are_kept_in_generated_screens(
    manager: Client, supplier: Supplier
) -> None:
    for url in (
        "/admin/inventory/supplier/",
        f"/admin/inventory/supplier/{supplier.pk}/change/",
        "/admin/inventory/supplier/add/",
        "/admin/inventory/noticerecipient/",
        "/admin/inventory/noticerecipient/add/",
    ):
        assert (url, manager.get(url).status_code) == (url, 200)


def test_pages_take_as_many_statements_however_much_they_show(
    manager: Client, setup: WarehouseSetup, supplier: Supplier, lamp: Product
) -> None:
    def fill(count: int) -> dict[str, int]:
        made = [make_product() for _ in range(count)]
        own = make_supplier("", *made)
        for product in made:
            ReorderRule.objects.create(
                product=product, warehouse=setup.warehouse, point=5, target=9
            )
        order = make_purchase_order(own, setup, *((product, 5) for product in made))
        watch_stock(actor=SYSTEM)
        return {
            "list": statements(manager, ORDERS),
            "page": statements(manager, page_of(order)),
            "receive": statements(manager, f"{page_of(order)}receive/"),
            "low": statements(manager, LOW),
            "rules": statements(manager, RULES),
            "suggestions": statements(manager, SUGGESTIONS),
        }

    assert fill(2) == fill(8)
