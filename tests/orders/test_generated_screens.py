"""The generated screens show people what the product's own pages show them, and no more."""

from __future__ import annotations

import pytest

from orders.models import Customer
from tests.factories import make_customer, make_product
from tests.people import browser_of, make_person

pytestmark = pytest.mark.django_db
CUSTOMERS = "/admin/orders/customer/"
CSV = {"format": "0", "resource": "0", "customerresource_name": "on"}


def test_a_sales_rep_opens_own_customers_and_finds_no_others() -> None:
    rep = make_person("sales_rep")
    own = make_customer(name="Own Trading", sales_rep=rep)
    other = make_customer(name="Other Trading")
    browser = browser_of(rep)

    assert browser.get(f"{CUSTOMERS}{own.pk}/change/").status_code == 200
    assert browser.get(f"{CUSTOMERS}{other.pk}/change/").status_code == 302
    assert browser.get(f"{CUSTOMERS}{other.pk}/history/").status_code == 302
    assert browser.post(f"{CUSTOMERS}{other.pk}/change/", {"name": "Mine now"}).status_code == 302
    assert Customer.objects.get(pk=other.pk).name == "Other Trading"


def test_a_sales_rep_exports_own_customers_and_imports_none() -> None:
    rep = make_person("sales_rep")
    make_customer(name="Own Trading", sales_rep=rep)
    make_customer(name="Other Trading")
    browser = browser_of(rep)

    exported = browser.post(f"{CUSTOMERS}export/", CSV).content.decode()

    assert "Own Trading" in exported
    assert "Other Trading" not in exported
    assert browser.get(f"{CUSTOMERS}import/").status_code == 403
    assert browser_of(make_person("manager")).get(f"{CUSTOMERS}import/").status_code == 200


def test_a_new_customer_has_neither_number_nor_date_to_show() -> None:
    form = browser_of(make_person("manager")).get(f"{CUSTOMERS}add/").content.decode()

    assert "DatabaseDefault" not in form
    assert "field-created_at" not in form
    assert "field-number" not in form


def test_a_new_product_has_no_date_to_show() -> None:
    form = browser_of(make_person("manager")).get("/admin/inventory/product/add/").content.decode()

    assert "DatabaseDefault" not in form
    assert "field-created_at" not in form


@pytest.mark.parametrize("role", ["sales_rep", "warehouse", "returns_clerk"])
def test_costs_are_for_those_who_keep_the_products(role: str) -> None:
    page = f"/admin/inventory/product/{make_product().pk}/change/"
    browser = browser_of(make_person(role))

    assert "field-cost" not in browser.get(page).content.decode()
    assert browser.get("/admin/imports/export/products.csv").status_code == 403
    assert "field-cost" in browser_of(make_person("manager")).get(page).content.decode()
