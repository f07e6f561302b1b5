"""Customers: entering them, their default address, import and export, the admin."""

import pytest
import tablib
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse

from oms.core.models import Activity, User
from orders.models import Customer, CustomerAddress, PriceList
from orders.resources import CustomerResource
from orders.services.customers import add_address, create_customer
from tests import factories as make

pytestmark = pytest.mark.django_db

HEADERS = [
    "number",
    "name",
    "kind",
    "settlement",
    "terms_days",
    "currency",
    "ship_to_city",
    "ship_to_country",
]


def imported(*rows: list[str], headers: list[str] = HEADERS) -> list[str]:
    """Import rows; return what was wrong, row by row."""
    result = CustomerResource().import_data(
        tablib.Dataset(*rows, headers=headers), rollback_on_validation_errors=True
    )
    errors = [str(error.error) for _, row in result.row_errors() for error in row]
    return errors + [str(row.error_dict) for row in result.invalid_rows]


def test_a_customer_gets_a_number_and_a_default_address() -> None:
    customer = create_customer(name="Maison Verne", ship_to=make.PARIS, actor=make.DESK)

    assert customer.number.startswith("C-")
    address = CustomerAddress.objects.get()
    assert (address.is_ship_to, address.is_bill_to, address.city) == (True, True, "Paris")
    assert Activity.objects.filter(document_kind="customer", verb="created").count() == 1


def test_a_customer_with_a_wrong_fact_is_refused() -> None:
    with pytest.raises(ValidationError):
        create_customer(name="X", actor=make.DESK, kind="b2x")

    assert not Customer.objects.exists()


def test_a_new_default_address_takes_over() -> None:
    customer = make.make_customer()

    add_address(customer_id=customer.pk, address=make.PARIS, is_ship_to=True, actor=make.DESK)

    defaults = CustomerAddress.objects.filter(is_ship_to=True)
    assert [address.city for address in defaults] == ["Paris"]
    assert CustomerAddress.objects.get(is_bill_to=True).city == "Berlin"


def test_a_row_without_a_number_is_a_new_customer() -> None:
    errors = imported(["", "Maison Verne", "b2b", "prepaid", "14", "EUR", "Paris", "FR"])

    assert errors == []
    customer = Customer.objects.get()
    assert customer.number.startswith("C-")
    assert (customer.settlement, customer.terms_days) == ("prepaid", 14)
    assert customer.addresses.get().city == "Paris"


def test_a_row_with_a_number_changes_that_customer() -> None:
    customer = make.make_customer()

    errors = imported(
        [customer.number, "Larkfield GmbH", "b2b", "on_account", "60", "EUR", "Bonn", "DE"]
    )

    assert errors == []
    customer = Customer.objects.get()
    assert (customer.name, customer.terms_days) == ("Larkfield GmbH", 60)
    assert customer.addresses.get().city == "Bonn"


def test_the_same_file_twice_changes_nothing_more() -> None:
    customer = make.make_customer()
    row = [customer.number, "Larkfield GmbH", "b2b", "on_account", "60", "EUR", "Bonn", "DE"]

    imported(row)
    imported(row)

    assert Customer.objects.count() == 1
    assert CustomerAddress.objects.count() == 1


@pytest.mark.parametrize(
    "row",
    [
        ["C-999999", "Nobody", "b2b", "on_account", "30", "EUR", "", ""],
        ["", "", "b2b", "on_account", "30", "EUR", "", ""],
        ["", "X", "b2x", "on_account", "30", "EUR", "", ""],
        ["", "X", "b2b", "on_account", "soon", "EUR", "", ""],
        ["", "X\x00", "b2b", "on_account", "30", "EUR", "", ""],
        ["", "X", "b2b", "on_account", "30", "EUR", "Paris", "FRANCE"],
    ],
)
def test_a_bad_row_is_refused_and_nothing_is_written(row: list[str]) -> None:
    good = ["", "Good Ltd.", "b2b", "on_account", "30", "EUR", "", ""]

    errors = imported(good, row)

    assert len(errors) >= 1
    assert not Customer.objects.exists()
    assert not CustomerAddress.objects.exists()


def test_an_export_comes_back_as_it_went() -> None:
    price_list = PriceList.objects.create(code="retail", name="Retail", currency="EUR")
    make.make_customer(price_list=price_list)

    data = CustomerResource().export()
    result = CustomerResource().import_data(data)

    assert data["ship_to_city"] == ["Berlin"]
    assert data["price_list"] == ["retail"]
    assert not result.has_errors()
    assert not result.has_validation_errors()
    assert Customer.objects.get().price_list == price_list


@pytest.fixture
def manager(client: Client) -> Client:
    client.force_login(User.objects.create_superuser("manager", password="long enough 123"))
    return client


@pytest.mark.parametrize(
    "model", ["customer", "pricelist", "saleschannel", "invoice", "payment", "accountentry"]
)
def test_every_list_of_the_admin_opens(manager: Client, model: str) -> None:
    make.make_customer()

    response = manager.get(reverse(f"admin:orders_{model}_changelist"), {"q": "x"})

    assert response.status_code == 200


def test_money_is_not_edited_in_the_admin(manager: Client) -> None:
    for model in ("invoice", "payment", "accountentry"):
        assert manager.get(reverse(f"admin:orders_{model}_add")).status_code == 403


def test_a_customer_is_changed_in_the_admin_and_it_is_recorded(manager: Client) -> None:
    customer = make.make_customer(ship_to=None)
    url = reverse("admin:orders_customer_change", args=[customer.pk])
    form = manager.get(url).context["adminform"].form
    data = {name: form[name].value() or "" for name in form.fields}
    data |= {"name": "Larkfield GmbH", "is_anonymous": ""}
    for prefix in ("addresses", "references"):
        data |= {f"{prefix}-TOTAL_FORMS": "0", f"{prefix}-INITIAL_FORMS": "0"}

    response = manager.post(url, data)

    assert response.status_code == 302
    assert Customer.objects.get().name == "Larkfield GmbH"
    entry = Activity.objects.filter(verb="changed").get()
    assert (entry.document_kind, entry.note) == ("customer", "name")


def test_importing_needs_the_right_to_add_and_change(client: Client) -> None:
    client.force_login(User.objects.create_user("viewer", is_staff=True))

    assert client.get(reverse("admin:orders_customer_import")).status_code == 403
    assert client.get(reverse("admin:orders_customer_export")).status_code == 403


def test_the_import_page_opens(manager: Client) -> None:
    assert manager.get(reverse("admin:orders_customer_import")).status_code == 200
