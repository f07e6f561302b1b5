"""Deciding where orders ship from: 1,000 orders at once, one alone, and with all writes by rules."""

from __future__ import annotations

import json
import random
import time
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from bench.core_job import BATCH, take_and_route
from bench.figures import Figure, percentile
from bench.world import ACTOR, make_world
from fulfillment.models import Carrier, CarrierService, RateStep, RateZone
from fulfillment.plans import Demand, LineDemand, Plan, Site, Stock
from fulfillment.promising import Calendar
from fulfillment.rating import OfferBook, Service, Step, Zone, place
from fulfillment.routing import plan
from fulfillment.rules import Criterion, OrderFilter, Otherwise, Rule, RuleSet, SiteFilter
from fulfillment.services.routing_rules import RuleDraft
from fulfillment.services.rule_sets import activate_rule_set, create_rule_set
from oms.core.distance import Position
from oms.core.invariants import violations

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
PRODUCTS, SITES, PLACES = 5_000, 10, 300
COUNTRIES = ["DE", "FR", "ES", "NL", "AT"]
STEPS = [("2", "4.10"), ("5", "5.60"), ("10", "7.90"), ("31.5", "13.40")]
COST, SPLITS, WAY = Criterion.LANDED_COST, Criterion.FEWEST_SPLITS, Criterion.DISTANCE
RULES = RuleSet(
    1,
    "Five rules",
    (
        Rule(1, "Urgent", OrderFilter(tags=frozenset({"urgent"})), preference=(WAY, SPLITS)),
        Rule(
            2,
            "Spain from near",
            OrderFilter(countries=frozenset({"ES"})),
            SiteFilter(max_distance_km=1_200),
            (COST, SPLITS, WAY),
            otherwise=Otherwise.NEXT_RULE,
        ),
        Rule(3, "Dear", OrderFilter(value_from=Decimal(500)), preference=(SPLITS, COST, WAY)),
        Rule(4, "Consumers", OrderFilter(profile="b2c"), preference=(COST, SPLITS, WAY)),
        Rule(5, "Rest", preference=(SPLITS, COST, WAY)),
    ),
)


def decide(quick: bool) -> list[Figure]:
    """The planner by itself: rules, offers of three services, the trace as it is stored."""
    count = 200 if quick else 1_000
    runs: list[tuple[float, float]] = []
    for turn in range(5):
        rng = random.Random(turn)
        sites, orders = _sites(rng), _orders(rng, count)
        stock, offers = _stock(rng, sites), _offers(rng, sites)
        began = time.perf_counter(), time.process_time()
        plans = plan(orders, stock, sites, RULES, offers)
        json.dumps([each.trace for each in plans])
        runs.append((time.perf_counter() - began[0], time.process_time() - began[1]))
        _check(plans, count)
    split = sum(len(each.shipments) > 1 for each in plans) / count
    note = f"best of 5; {split:.0%} of the orders split"
    wall, cpu = map(min, zip(*runs, strict=True))
    figures = [
        Figure(f"planner: {count:,} orders decided at once", wall, "s", note),
        Figure("planner: the same, processor time", cpu, "s"),
    ]
    return figures + _one_by_one(100 if quick else 1_000)


def _one_by_one(count: int) -> list[Figure]:
    rng = random.Random(9)
    sites, orders = _sites(rng), _orders(rng, count)
    stock, offers = _stock(rng, sites), _offers(rng, sites)
    took = []
    for each in orders:
        began = time.perf_counter()
        plan([each], stock, sites, RULES, offers)
        took.append((time.perf_counter() - began) * 1_000)
    note = "a planner of its own for each"
    return [
        Figure("planner: one order, p50", percentile(took, 0.5), "ms", note),
        Figure("planner: one order, p99", percentile(took, 0.99), "ms", note),
    ]


def _sites(rng: random.Random) -> list[Site]:
    costs = {"pick_cost": Decimal("0.12"), "carton_cost": Decimal("0.35")}
    return [
        Site(n, f"W{n:02}", n * 10, _spot(rng), capacity_left=900, **costs)
        for n in range(1, SITES + 1)
    ]


def _spot(rng: random.Random) -> Position:
    return Position(rng.uniform(36, 58), rng.uniform(-6, 22))


def _orders(rng: random.Random, count: int) -> list[Demand]:
    places = [_spot(rng) for _ in range(PLACES)]
    found = []
    for n in range(1, count + 1):
        where = rng.randrange(PLACES)
        lines = [
            LineDemand(n * 10 + i, product, rng.randint(1, 5), where, weight_kg=rng.choice([0.3, 1.2, 4.0]), volume_l=2.0)
            for i, product in enumerate(rng.sample(range(PRODUCTS), 3))
        ]  # fmt: skip
        found.append(
            Demand(
                n,
                NOW + timedelta(seconds=n),
                lines,
                {where: places[where]},
                profile=rng.choice(["b2b", "b2c"]),
                countries=frozenset({COUNTRIES[where % len(COUNTRIES)]}),
                value=Decimal(rng.randint(10, 900)),
            )
        )
    return found


def _stock(rng: random.Random, sites: list[Site]) -> Stock:
    levels = {p: {s.id: max(0, rng.randint(-5, 40)) for s in sites} for p in range(PRODUCTS)}
    return Stock(levels)


def _offers(rng: random.Random, sites: list[Site]) -> OfferBook:
    services = [
        Service(
            id=n,
            label=f"Parcel {n}",
            currency="EUR",
            zones=tuple(
                Zone(f"{country} {origin.code}", country, rng.randint(1, 4), _steps(rng), origin_id=origin.id)
                for country in COUNTRIES
                for origin in sites
            ),
            fuel_percent=Decimal(7),
        )
        for n in range(1, 4)
    ]  # fmt: skip
    return OfferBook(
        services=services,
        ready=dict.fromkeys((site.id for site in sites), NOW.date()),
        docks=dict.fromkeys((site.id for site in sites), Calendar()),
        places={n: place(COUNTRIES[n % len(COUNTRIES)], f"{n:05}") for n in range(PLACES)},
    )


def _steps(rng: random.Random) -> tuple[Step, ...]:
    factor = Decimal(rng.randint(80, 140)) / 100
    return tuple(
        Step(Decimal(kg), (Decimal(amount) * factor).quantize(Decimal("0.01")))
        for kg, amount in STEPS
    )


def _check(plans: list[Plan], count: int) -> None:
    assert len(plans) == count
    assert all(each.trace["legs"] for each in plans)
    assert {each.rule_name for each in plans} >= {"Dear", "Consumers", "Rest"}


def with_writes(quick: bool) -> list[Figure]:
    """Batches of 500 taken and routed by a set of five rules, with services that are compared."""
    world, rounds = make_world(), 1 if quick else 6
    decide_by_rules()
    take_and_route(world, random.Random(1), BATCH)
    began = time.perf_counter()
    for n in range(rounds):
        take_and_route(world, random.Random(n), BATCH)
    rate = rounds * BATCH / (time.perf_counter() - began)
    if found := violations():
        raise RuntimeError(f"The invariants are broken: {found[:3]}")
    note = "five rules, three services, capacity counted"
    return [Figure(f"batches of {BATCH} by rules, 1 process", rate, "orders/s", note)]


def decide_by_rules() -> None:
    """Activate five rules, with three services to compare and a capacity that is counted."""
    from inventory.models import Warehouse

    Warehouse.objects.update(daily_capacity=1_000_000)
    carrier = Carrier.objects.create(code="post", title="Post")
    for n in range(1, 4):
        service = CarrierService.objects.create(carrier=carrier, code=f"s{n}", title=f"Service {n}")
        for country in [*COUNTRIES, "PT"]:
            zone = RateZone.objects.create(service=service, title=country, country=country)
            for kg, amount in STEPS:
                RateStep.objects.create(zone=zone, up_to_kg=kg, amount=Decimal(amount) + n)
    usual = ["fewest_splits", "landed_cost", "distance"]
    drafts = [
        RuleDraft("Urgent", tags=["urgent"], preference=["distance", "fewest_splits"]),
        RuleDraft("Spain", countries=["ES"], max_distance_km=1_200, otherwise="next_rule"),
        RuleDraft("Dear", value_from=Decimal(100), preference=usual),
        RuleDraft("Consumers", profile="b2c", preference=["landed_cost", "fewest_splits"]),
        RuleDraft("Rest", needs_capacity=True, preference=usual),
    ]
    rule_set = create_rule_set(name="Five rules", rules=drafts, actor=ACTOR)
    activate_rule_set(rule_set_id=rule_set.pk, actor=ACTOR)
