"""Offers for a batch: loaded with few statements, never from stale rate tables."""

from datetime import UTC, date, datetime, time
from decimal import Decimal

import pytest
from django.test import override_settings
from pytest_django import DjangoAssertNumQueries

from fulfillment.models import RateStep, Surcharge
from fulfillment.selectors.docks import load_gates
from fulfillment.selectors.offers import load_offers, load_services
from inventory.models import WarehouseClosure
from orders.models import OrderAddress
from tests.factories import BERLIN, make_warehouse
from tests.fulfillment.rates import add_zone, make_service

pytestmark = pytest.mark.django_db
MONDAY = datetime(2026, 11, 23, 9, tzinfo=UTC)


def make_address(**facts: str) -> int:
    place = {"name": "Goods in", "city": BERLIN.city, "country": "DE", "postcode": "10115"}
    return OrderAddress.objects.create(**(place | facts)).pk


def test_offers_come_from_the_tables_the_calendar_and_the_destinations_holidays() -> None:
    site = make_warehouse("BER", cut_off=time(14), time_zone="Europe/Berlin", holiday_country="DE")
    service = make_service(days=1, fuel_percent=Decimal(10))
    Surcharge.objects.create(service=service, title="Toll", amount=Decimal("0.10"))
    there = make_address(country="FR", postcode="75004")

    christmas = datetime(2026, 12, 24, 15, tzinfo=UTC)  # after the cut-off; then two holidays
    best = load_offers([there], now=christmas).best(site.pk, there, Decimal(3), 0, None)

    assert best is not None
    assert (best.label, best.cost, best.currency) == ("Post Parcel", Decimal("5.50"), "EUR")
    assert (best.ships_on, best.arrives_on) == (date(2026, 12, 28), date(2026, 12, 29))


def test_a_batch_takes_three_statements_however_many_addresses(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    site = make_warehouse("BER")
    make_service()
    few = [make_address()]
    many = [make_address(postcode=f"1{n:04}") for n in range(20)]

    for addresses in (few, many):
        with django_assert_num_queries(3):
            book = load_offers(addresses, now=MONDAY)
            for each in addresses:
                assert book.best(site.pk, each, 1.0, 0, None) is not None


def test_a_changed_rate_is_seen_at_once() -> None:
    site, there = make_warehouse("BER"), make_address()
    service = make_service()

    def cost() -> Decimal:
        best = load_offers([there], now=MONDAY).best(site.pk, there, 1, 0, None)
        assert best is not None
        return best.cost

    assert cost() == Decimal("4.90")
    RateStep.objects.filter(amount=Decimal("4.90")).update(amount=Decimal("5.20"))
    assert cost() == Decimal("5.20")
    service.warehouses.add(make_warehouse("PAR").warehouse)
    assert load_offers([there], now=MONDAY).best(site.pk, there, 1, 0, None) is None


def test_unchanged_tables_are_not_read_again() -> None:
    make_service()

    first, second = load_services(), load_services()

    assert second is first


def test_services_and_carriers_that_are_not_active_offer_nothing() -> None:
    asleep = make_service("asleep", is_active=False)
    make_service("awake")

    assert [each.label for each in load_services()] == ["Post Awake"]
    asleep.carrier.is_active = False
    asleep.carrier.save()
    assert load_services() == []


def test_zones_by_postcode_and_origin_are_loaded() -> None:
    near, far = make_warehouse("NEAR"), make_warehouse("FAR")
    service = make_service(to=["DE"], days=3)
    add_zone(service, "DE", 1, [("5", "2.50")], origin=near.warehouse, postcode_prefix="10")
    there = make_address()

    book = load_offers([there], now=MONDAY)
    costs = [book.best(site.pk, there, 1, 0, None) for site in (near, far)]

    assert [offer and offer.cost for offer in costs] == [Decimal("2.50"), Decimal("4.90")]


@override_settings(EXCHANGE_RATES={"GBP": Decimal("0.5")})
def test_services_in_other_currencies_are_compared_by_the_exchange_rates() -> None:
    site, there = make_warehouse("BER"), make_address()
    make_service("ours")
    make_service("theirs", currency="GBP")

    best = load_offers([there], now=MONDAY).best(site.pk, there, 1, 0, None)

    assert best is not None
    assert (best.label, best.cost, best.currency) == ("Post Theirs", Decimal("2.45"), "EUR")


def test_closures_and_inactive_warehouses_ship_nothing() -> None:
    closed, gone = make_warehouse("BER"), make_warehouse("OLD", is_active=False)
    WarehouseClosure.objects.create(warehouse=closed.warehouse, date=date(2026, 11, 23))

    gates = load_gates(MONDAY)

    assert gates[closed.pk].ready(MONDAY) == date(2026, 11, 24)
    assert gates[gone.pk].ready(MONDAY) is None


def test_the_holidays_of_a_region_are_those_of_its_country_and_its_own() -> None:
    bavaria = make_warehouse("MUC", holiday_country="DE", holiday_region="BY")
    berlin = make_warehouse("BER", holiday_country="DE", holiday_region="BE")
    epiphany = datetime(2027, 1, 6, 9, tzinfo=UTC)

    gates = load_gates(epiphany)

    assert gates[bavaria.pk].ready(epiphany) == date(2027, 1, 7)
    assert gates[berlin.pk].ready(epiphany) == date(2027, 1, 6)
