"""Rate tables: zones, steps, volumetric weight, surcharges, fuel, currencies, and the service chosen."""

import math
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fulfillment.promising import Calendar
from fulfillment.rating import (
    Extra,
    OfferBook,
    Price,
    Refused,
    Service,
    Step,
    Zone,
    billed_grams,
    load,
    place,
    price,
)

MONDAY = date(2026, 11, 23)
WEEKDAYS = frozenset(range(1, 6))
BERLIN, PARIS, ISLAND = place("de", "10115"), place("FR", "75004"), place("DE", "27498")
LONDON = place("GB", "SW1A 1AA")


def steps(*pairs: tuple[str, str]) -> tuple[Step, ...]:
    return tuple(Step(Decimal(kg), Decimal(amount)) for kg, amount in pairs)


HOME = Zone("Germany", "DE", 2, steps(("5", "4.90"), ("10", "7.10"), ("31.5", "12.00")))


def service(pk: int = 1, *zones: Zone, **facts: object) -> Service:
    values = {"label": f"Parcel {pk}", "currency": "EUR"} | facts
    return Service(pk, zones=zones or (HOME,), **values)  # type: ignore[arg-type]


def asked(found: Price | Refused) -> Price:
    assert isinstance(found, Price), found
    return found


def book(*services: Service, **facts: object) -> OfferBook:
    values = {
        "ready": {1: MONDAY},
        "docks": {1: Calendar(WEEKDAYS)},
        "places": {7: BERLIN, 8: PARIS},
    } | facts
    return OfferBook(services, **values)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("kg", "amount"), [("0", "4.90"), ("5", "4.90"), ("5.001", "7.10"), ("31.5", "12.00")]
)
def test_the_first_step_that_holds_the_weight_counts(kg: str, amount: str) -> None:
    found = asked(price(service(), 1, BERLIN, load(Decimal(kg))))

    assert found.total == Decimal(amount)


def test_a_sum_of_floats_does_not_fall_over_the_edge_of_a_step() -> None:
    weight = math.nextafter(5, 6)

    assert weight > 5
    assert asked(price(service(), 1, BERLIN, load(weight))).total == Decimal("4.90")


def test_above_the_last_step_there_is_no_rate() -> None:
    assert price(service(), 1, BERLIN, load(32)) is Refused.NO_STEP


def test_a_service_takes_nothing_above_its_limit() -> None:
    limited = service(max_weight_kg=Decimal(20))

    assert price(limited, 1, BERLIN, load(20)) != Refused.TOO_HEAVY
    assert price(limited, 1, BERLIN, load("20.001")) is Refused.TOO_HEAVY  # type: ignore[arg-type]


def test_light_and_large_goods_are_charged_by_their_volume() -> None:
    bulky = service(volume_divisor=5000)

    assert billed_grams(bulky, load(2, 30)) == 6_000  # 30,000 cm³ / 5,000
    assert asked(price(bulky, 1, BERLIN, load(2, 30))).total == Decimal("7.10")
    assert asked(price(bulky, 1, BERLIN, load(9, 30))).total == Decimal("7.10")


def test_a_step_may_also_limit_the_volume() -> None:
    small = Step(Decimal(5), Decimal("4.00"), up_to_liters=Decimal(10))
    large = Step(Decimal(5), Decimal("6.00"))
    zone = Zone("Germany", "DE", 1, (large, small))

    assert asked(price(service(1, zone), 1, BERLIN, load(1, 10))).total == Decimal("4.00")
    assert asked(price(service(1, zone), 1, BERLIN, load(1, "10.5"))).total == Decimal("6.00")  # type: ignore[arg-type]


def test_the_longest_postcode_prefix_and_the_own_origin_go_first() -> None:
    zones = (
        HOME,
        Zone("Islands", "DE", 4, steps(("31.5", "19.00")), postcode_prefix="274"),
        Zone("From Hamburg", "DE", 1, steps(("31.5", "3.00")), origin_id=2),
    )
    table = service(1, *zones)

    assert asked(price(table, 1, ISLAND, load(1))).zone == "Islands"
    assert asked(price(table, 1, BERLIN, load(1))).zone == "Germany"
    assert asked(price(table, 2, BERLIN, load(1))).zone == "From Hamburg"


def test_postcodes_compare_without_blanks_and_case() -> None:
    london = service(1, Zone("London", "GB", 1, steps(("5", "9.00")), postcode_prefix="sw1 a"))

    assert asked(price(london, 1, LONDON, load(1))).zone == "London"


def test_a_service_refuses_what_lies_outside_its_zones_and_origins() -> None:
    assert price(service(), 1, PARIS, load(1)) is Refused.NOT_THERE
    assert price(service(origins=frozenset({2})), 1, BERLIN, load(1)) is Refused.NOT_FROM_HERE


def test_surcharges_and_fuel_are_rounded_each_where_they_arise() -> None:
    extras = (
        Extra("Toll", percent=Decimal("2.50")),  # 2.5 % of 7.10 = 0.1775
        Extra("Island", amount=Decimal("8.00"), country="DE", postcode_prefix="27498"),
        Extra("Heavy", amount=Decimal("3.00"), over_kg=Decimal(8)),
        Extra("Long", amount=Decimal("5.00"), over_length_mm=1200),
    )
    table = service(extras=extras, fuel_percent=Decimal("7.25"))

    plain = asked(price(table, 1, BERLIN, load(8, 0, 1200)))
    all_of_them = asked(price(table, 1, ISLAND, load("8.001", 0, 1201)))  # type: ignore[arg-type]

    assert plain.extras == (("Toll", Decimal("0.18")),)
    assert plain.fuel == Decimal("0.53")  # 7.25 % of 7.28
    assert plain.total == Decimal("7.81")
    assert dict(all_of_them.extras) == {
        "Toll": Decimal("0.18"),
        "Island": Decimal("8.00"),
        "Heavy": Decimal("3.00"),
        "Long": Decimal("5.00"),
    }
    assert all_of_them.total == Decimal("24.97")  # 23.28 + 1.69


def test_a_currency_without_cents_is_rounded_to_whole_units() -> None:
    yen = service(currency="JPY", fuel_percent=Decimal(10))

    assert asked(price(yen, 1, BERLIN, load(1))).total == Decimal(6)  # 5 + 0.5 → 1


EXPRESS = service(2, Zone("Germany", "DE", 1, steps(("31.5", "19.00"))), label="Express")
NIGHT = service(3, Zone("Germany", "DE", 1, steps(("31.5", "25.00"))), label="Night")


def test_the_cheapest_service_that_meets_the_promise_is_chosen() -> None:
    offers = book(service(), EXPRESS, NIGHT)

    in_time = offers.best(1, 7, 3, 0, date(2026, 11, 25))
    sooner = offers.best(1, 7, 3, 0, date(2026, 11, 24))
    whenever = offers.best(1, 7, 3, 0, None)

    assert in_time is not None
    assert (in_time.service_id, in_time.cost) == (1, Decimal("4.90"))
    assert (in_time.ships_on, in_time.arrives_on) == (MONDAY, date(2026, 11, 25))
    assert sooner is not None
    assert (sooner.service_id, sooner.arrives_on) == (2, date(2026, 11, 24))
    assert whenever == in_time


def test_the_fastest_is_chosen_where_none_meets_the_promise() -> None:
    best = book(service(), NIGHT, EXPRESS).best(1, 7, 3, 0, MONDAY)

    assert best is not None
    assert (best.service_id, best.is_in_time) == (2, False)


def test_goods_wait_for_the_carriers_collection_and_delivery_days() -> None:
    tuesdays = service(collection_days=frozenset({2}), delivery_days=frozenset({1, 2, 3, 4, 5}))
    holiday = {"DE": frozenset({date(2026, 11, 25)})}

    best = book(tuesdays, holidays=holiday).best(1, 7, 1, 0, None)

    assert best is not None
    assert best.ships_on == date(2026, 11, 24)
    assert best.arrives_on == date(2026, 11, 27)  # Wednesday is a holiday, Thursday is day 1


def test_goods_that_come_later_are_offered_from_that_day() -> None:
    best = book(service()).best_from(1, 7, load(1), date(2026, 12, 5))

    assert best is not None
    assert best.ships_on == date(2026, 12, 7)


def test_no_offer_for_an_unknown_place_a_closed_warehouse_or_an_unserved_country() -> None:
    offers = book(service(), ready={1: MONDAY, 2: None}, docks={1: Calendar(), 2: Calendar()})

    assert offers.best(1, 99, 1, 0, None) is None
    assert offers.best(2, 7, 1, 0, None) is None
    assert offers.best(1, 8, 1, 0, None) is None


def test_offers_in_one_foreign_currency_stay_in_it() -> None:
    best = book(service(currency="GBP")).best(1, 7, 1, 0, None)

    assert best is not None
    assert (best.cost, best.currency) == (Decimal("4.90"), "GBP")


def test_mixed_currencies_are_converted_by_the_given_rates() -> None:
    pounds = service(2, currency="GBP")
    exchange = {"GBP": Decimal("0.90")}

    best = book(service(), pounds, exchange=exchange).best(1, 7, 1, 0, None)

    assert best is not None
    assert (best.service_id, best.cost, best.currency) == (2, Decimal("4.41"), "EUR")


def test_a_currency_without_a_rate_is_refused_and_never_taken_as_ours() -> None:
    cheap = service(2, Zone("Germany", "DE", 1, steps(("5", "0.10"))), currency="GBP")
    offers = book(service(), cheap)

    best = offers.best(1, 7, 1, 0, None)
    told = {each.service.id: each.refused for each in offers.compare(1, 7, load(1), None)}

    assert best is not None
    assert best.service_id == 1
    assert told == {1: None, 2: Refused.NO_EXCHANGE_RATE}


def test_the_comparison_shows_every_service_and_marks_the_chosen_one() -> None:
    elsewhere = service(4, Zone("France", "FR", 1, steps(("5", "1.00"))))

    found = book(elsewhere, NIGHT, service(), EXPRESS).compare(1, 7, load(3), date(2026, 11, 24))

    assert [(each.service.id, each.is_chosen) for each in found] == [
        (2, True),
        (1, False),
        (3, False),
        (4, False),
    ]
    assert found[-1].refused is Refused.NOT_THERE


weights = st.integers(0, 31_500)


@given(weights, weights)
def test_more_weight_never_costs_less(a: int, b: int) -> None:
    lighter, heavier = sorted((a, b))
    table = service(
        fuel_percent=Decimal("7.25"), extras=(Extra("Heavy", Decimal(3), over_kg=Decimal(8)),)
    )

    first = asked(price(table, 1, BERLIN, load(Decimal(lighter) / 1000)))
    second = asked(price(table, 1, BERLIN, load(Decimal(heavier) / 1000)))

    assert first.total <= second.total


@given(weights, st.dates(MONDAY, date(2026, 12, 24)))
def test_the_chosen_offer_is_never_beaten_in_time_by_a_cheaper_one(grams: int, day: date) -> None:
    offers = book(service(), EXPRESS, NIGHT)
    best = offers.best(1, 7, Decimal(grams) / 1000, 0, day)
    others = [x.offer for x in offers.compare(1, 7, load(Decimal(grams) / 1000), day) if x.offer]

    assert best is not None
    in_time = [offer.cost for offer in others if offer.arrives_on <= day]
    assert (
        best.cost == min(in_time)
        if in_time
        else best.arrives_on == min(offer.arrives_on for offer in others)
    )
