"""How many offers of carrier services a second: ten warehouses, a thousand addresses, six services."""

from __future__ import annotations

import random
import time
from datetime import date
from decimal import Decimal

from bench.figures import Figure
from fulfillment.promising import Calendar
from fulfillment.rating import Extra, OfferBook, Place, Service, Step, Zone, place

COUNTRIES = ("DE", "FR", "NL", "AT", "PL")
STEPS = (1, 2, 5, 10, 20, 31, 60, 100, 500)
WEEKDAYS = frozenset(range(1, 6))
MONDAY = date(2026, 11, 23)


def measure(quick: bool) -> list[Figure]:
    rng = random.Random(7)
    addresses = 100 if quick else 1_000
    places = {
        n: place(rng.choice(COUNTRIES), f"{rng.randint(10_000, 99_999)}") for n in range(addresses)
    }
    asked = [
        (site, there, Decimal(rng.randint(1, 50_000)) / 1000, rng.random() * 50, MONDAY)
        for there in places
        for site in range(10)
    ]
    note = f"{len(asked):,} questions: 10 warehouses, {addresses:,} addresses, 6 services"
    rates = []
    for _ in range(3):
        offers = _book(places)
        rates.append((_rate(offers, asked), _rate(offers, asked)))
    first, again = (sorted(each)[1] for each in zip(*rates, strict=True))
    return [
        Figure("offers, each asked for the first time", first, "offers/s", note),
        Figure("offers, asked again", again, "offers/s", "the same questions"),
    ]


def _rate(offers: OfferBook, asked: list[tuple[int, int, Decimal, float, date]]) -> float:
    start = time.perf_counter()
    found = [offers.best(*question) for question in asked]
    seconds = time.perf_counter() - start
    assert all(found)
    return len(asked) / seconds


def _book(places: dict[int, Place]) -> OfferBook:
    return OfferBook(
        services=[_service(n) for n in range(1, 7)],
        ready=dict.fromkeys(range(10), MONDAY),
        docks=dict.fromkeys(range(10), Calendar(WEEKDAYS)),
        places=places,
    )


def _service(number: int) -> Service:
    zones = tuple(
        Zone(
            f"{country} {prefix}",
            country,
            1 + number % 3,
            tuple(Step(Decimal(kg), Decimal(kg) / 3 + number) for kg in STEPS),
            prefix,
        )
        for country in COUNTRIES
        for prefix in ("", "1", "2", "27")
    )
    extras = (
        Extra("Toll", percent=Decimal("2.5")),
        Extra("Heavy", amount=Decimal(3), over_kg=Decimal(20)),
    )
    fuel = Decimal("7.25")
    return Service(number, f"Service {number}", "EUR", zones, extras, fuel, volume_divisor=5_000)
