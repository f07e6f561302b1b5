"""Carriers and rates on pages: the calculator, the generated forms of the tables, warehouse calendars."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from fulfillment.models import Carrier, CarrierService, LinePromise, RateStep, RateZone, Surcharge
from fulfillment.services.promises import keep_promises
from inventory.models import Warehouse
from oms.core.actors import SYSTEM
from oms.core.models import OutboxEvent
from tests.factories import add_stock, line_draft, make_product, make_warehouse, take_order
from tests.fulfillment.rates import make_service
from tests.people import browser_of, make_person
from tests.relay import run_outbox

pytestmark = pytest.mark.django_db
RATES = "/admin/fulfillment/rates/"


@pytest.fixture
def manager() -> Client:
    return browser_of(make_person("manager"))


def ask(browser: Client, warehouse: Warehouse, **asked: str) -> str:
    question = {"warehouse": str(warehouse.pk), "country": "DE", "weight_kg": "3"} | asked
    return browser.get(RATES, question).content.decode()


def test_the_calculator_shows_every_service_and_the_chosen_one(manager: Client) -> None:
    site = make_warehouse().warehouse
    parcel = make_service("parcel", fuel_percent=Decimal(10))
    Surcharge.objects.create(service=parcel, title="Toll", amount=Decimal("0.20"))
    make_service("express", days=1, rates=[("31.5", "19.00")])
    make_service("islands", to=["GB"])

    page = ask(manager, site, postcode="10115")

    assert "Post Parcel" in page
    assert "€5.61" in page  # 4.90 + 0.20, and 10 % fuel
    assert "Toll €0.20" in page
    assert "The cheapest." in page
    assert "Dearer." in page
    assert "Does not go there." in page


def test_a_day_makes_the_calculator_choose_what_arrives_by_then(manager: Client) -> None:
    site = make_warehouse(workdays=[1, 2, 3, 4, 5, 6, 7]).warehouse
    every = {"collection_days": [*range(1, 8)], "delivery_days": [*range(1, 8)]}
    make_service("parcel", days=30, **every)
    make_service("express", days=1, rates=[("31.5", "19.00")], **every)

    page = ask(manager, site, needed_by=str(date(2000, 1, 1)))

    assert "None arrives by 2000-01-01: this is the first that does." in page
    assert "Arrives too late." in page


def test_the_calculator_says_what_is_wrong_with_the_question(manager: Client) -> None:
    make_warehouse()

    answer = manager.get(RATES, {"weight_kg": "heavy", "country": "DE"})

    assert answer.status_code == 422
    assert "Enter a number." in answer.content.decode()


def test_a_shipment_that_no_service_takes_is_said_so(manager: Client) -> None:
    site = make_warehouse().warehouse
    make_service(max_weight_kg=Decimal(5))

    page = ask(manager, site, weight_kg="90")

    assert "No service takes this shipment." in page
    assert "Too heavy for this service." in page


def test_the_page_without_services_says_what_to_do(manager: Client) -> None:
    page = manager.get(RATES).content.decode()

    assert "No service yet" in page
    assert reverse("admin:fulfillment_carrier_add") in page


def test_sales_reps_do_not_see_what_carriers_ask() -> None:
    assert browser_of(make_person("sales_rep")).get(RATES).status_code == 403


def rows(prefix: str, *forms: dict[str, Any], initial: int = 0) -> dict[str, Any]:
    data: dict[str, Any] = {
        f"{prefix}-TOTAL_FORMS": len(forms),
        f"{prefix}-INITIAL_FORMS": initial,
    }
    for n, form in enumerate(forms):
        data |= {f"{prefix}-{n}-{name}": value for name, value in form.items()}
    return data


def test_a_carrier_a_service_its_zones_and_steps_are_entered_in_the_generated_forms(
    manager: Client,
) -> None:
    service = {"code": "parcel", "title": "Parcel", "currency": "EUR", "is_active": "on"}
    manager.post(
        reverse("admin:fulfillment_carrier_add"),
        {"code": "post", "title": "Post", "is_active": "on"} | rows("services", service),
    )
    kept = CarrierService.objects.get()
    manager.post(
        reverse("admin:fulfillment_carrierservice_change", args=[kept.pk]),
        {
            "carrier": kept.carrier_id, "code": "parcel", "title": "Parcel", "currency": "EUR",
            "fuel_percent": "7.25", "collection_days": ["1", "3"], "delivery_days": ["1", "6"],
            "is_active": "on",
        }
        | rows("zones", {"title": "Home", "country": "DE", "postcode_prefix": "", "transit_days": "1"})
        | rows("surcharges", {"title": "Toll", "amount": "0.20", "percent": "0"}),
    )  # fmt: skip
    zone = RateZone.objects.get()
    answer = manager.post(
        reverse("admin:fulfillment_ratezone_change", args=[zone.pk]),
        {"service": kept.pk, "title": "Home", "country": "DE", "transit_days": "2"}
        | rows("steps", {"up_to_kg": "5", "amount": "4.90"}),
    )

    kept.refresh_from_db()
    assert answer.status_code == 302
    assert (kept.collection_days, kept.delivery_days) == ([1, 3], [1, 6])
    assert kept.fuel_percent == Decimal("7.25")
    assert Surcharge.objects.get().title == "Toll"
    assert RateZone.objects.get().transit_days == 2
    assert RateStep.objects.get().amount == Decimal("4.90")


def test_a_service_without_a_collection_day_is_refused(manager: Client) -> None:
    service = make_service()

    answer = manager.post(
        reverse("admin:fulfillment_carrierservice_change", args=[service.pk]),
        {"carrier": service.carrier_id, "code": "x", "title": "X", "currency": "EUR"}
        | rows("zones")
        | rows("surcharges"),
    )

    assert answer.status_code == 200
    assert CarrierService.objects.get().code == "parcel"


def test_carriers_are_closed_and_not_deleted(manager: Client) -> None:
    carrier = make_service().carrier

    answer = manager.post(reverse("admin:fulfillment_carrier_delete", args=[carrier.pk]))

    assert answer.status_code == 403
    assert Carrier.objects.count() == 1


# --- Warehouse calendars ---------------------------------------------------------------------------


def warehouse_form(warehouse: Warehouse, **changes: Any) -> dict[str, Any]:
    return {
        "code": warehouse.code, "title": warehouse.title, "city": "Berlin", "country": "DE",
        "postcode": "10115", "time_zone": "Europe/Berlin", "priority": "100", "handling_days": "0",
        "workdays": ["1", "2", "3", "4", "5"], "is_active": "on",
        **rows("closures"), **changes,
    }  # fmt: skip


def test_a_closure_moves_the_promises_of_its_warehouse(manager: Client) -> None:
    make_service()
    setup, lamp = make_warehouse(time_zone="Europe/Berlin"), make_product()
    add_stock(setup, lamp, 5)
    order = take_order(line_draft(lamp, 3))
    keep_promises([order.pk], actor=SYSTEM)
    OutboxEvent.objects.all().delete()
    before = LinePromise.objects.get()
    closed = {"date": before.facts["ships"], "title": "Stock-taking"}

    answer = manager.post(
        reverse("admin:inventory_warehouse_change", args=[setup.pk]),
        warehouse_form(setup.warehouse) | rows("closures", closed),
    )

    assert answer.status_code == 302
    run_outbox()
    after = LinePromise.objects.get()
    assert after.facts["ships"] > before.facts["ships"]
    assert after.promised_date == before.promised_date


def test_a_change_of_the_title_concerns_no_promise(manager: Client) -> None:
    warehouse = make_warehouse(time_zone="Europe/Berlin").warehouse
    url = reverse("admin:inventory_warehouse_change", args=[warehouse.pk])

    manager.post(url, warehouse_form(warehouse, title="Another title"))
    assert not OutboxEvent.objects.filter(topic="inventory.warehouse_days_changed").exists()
    manager.post(url, warehouse_form(warehouse, workdays=["1", "6"]))

    assert Warehouse.objects.get().workdays == [1, 6]
    assert OutboxEvent.objects.filter(topic="inventory.warehouse_days_changed").count() == 1


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"time_zone": "Europe/Atlantis"}, "is no time zone"),
        ({"holiday_country": "ZZ"}, "No holidays are known"),
        ({"holiday_country": "DE", "holiday_region": "QQ"}, "No holidays are known"),
        ({"holiday_region": "BY"}, "Name the country of the region"),
        ({"workdays": []}, "This field is required"),
    ],
)
def test_a_calendar_that_nobody_can_read_is_refused(
    manager: Client, changes: dict[str, Any], sentence: str
) -> None:
    warehouse = make_warehouse(time_zone="Europe/Berlin").warehouse

    answer = manager.post(
        reverse("admin:inventory_warehouse_change", args=[warehouse.pk]),
        warehouse_form(warehouse, title="Changed", **changes),
    )

    assert sentence in answer.content.decode()
    assert Warehouse.objects.get().title == warehouse.title
