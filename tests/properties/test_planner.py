"""Whatever the orders, the stock and the rules: the planner gives no unit twice and breaks no rule."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from fulfillment.plans import Demand, LineDemand, Plan, Site, Stock
from fulfillment.routing import plan
from fulfillment.rules import (
    LAST_RULE,
    Criterion,
    OrderFilter,
    Otherwise,
    Rule,
    RuleSet,
    SiteFilter,
    SplitPolicy,
)
from oms.core.distance import Position
from tests.fulfillment.planning import NOW, Tariff

SITES = range(1, 5)
PRODUCTS = range(1, 5)
PLACES = [Position(50 + n, 3.0 * n) for n in range(4)]

site_sets = st.frozensets(st.sampled_from(SITES), max_size=3)


@st.composite
def site_lists(draw: st.DrawFn) -> list[Site]:
    return [
        Site(
            n,
            f"W{n}",
            draw(st.integers(1, 3)),
            draw(st.sampled_from([None, *PLACES])),
            is_active=draw(st.integers(0, 5)) > 0,
            capacity_left=draw(st.none() | st.integers(0, 3)),
            is_past_cut_off=draw(st.booleans()),
            reliability=draw(st.sampled_from([0.8, 0.95, 1.0])),
            excluded_until=draw(st.sampled_from([None, None, NOW + timedelta(hours=1)])),
            excluded_products=dict.fromkeys(draw(st.sets(st.sampled_from(PRODUCTS), max_size=1)), NOW),
        )
        for n in SITES
    ]  # fmt: skip


@st.composite
def rule_sets(draw: st.DrawFn) -> RuleSet:
    found = []
    for n in range(1, draw(st.integers(0, 3)) + 1):
        split = draw(st.sampled_from(SplitPolicy))
        otherwise = draw(st.sampled_from(Otherwise))
        found.append(
            Rule(
                n,
                f"Rule {n}",
                OrderFilter(profile=draw(st.sampled_from(["", "b2b", "b2c"]))),
                SiteFilter(
                    draw(site_sets),
                    draw(site_sets),
                    needs_capacity=draw(st.booleans()),
                    needs_cut_off=draw(st.booleans()),
                    keeps_safety_stock=draw(st.booleans()),
                    min_reliability=draw(st.sampled_from([None, 0.9])),
                    max_distance_km=draw(st.sampled_from([None, 300])),
                ),
                tuple(draw(st.permutations(list(Criterion)))[: draw(st.integers(1, 7))]),
                split,
                Decimal(50) if split is SplitPolicy.ABOVE_VALUE else None,
                otherwise,
                7 if otherwise is Otherwise.CANCEL_DATE else None,
            )
        )
    return RuleSet(1, "Rules", tuple(found))


@st.composite
def demand_lists(draw: st.DrawFn) -> list[Demand]:
    return [_demand(draw, order_id) for order_id in range(1, draw(st.integers(1, 6)) + 1)]


def _demand(draw: st.DrawFn, order_id: int) -> Demand:
    lines = []
    for i in range(draw(st.integers(1, 3))):
        per_set = draw(st.integers(1, 2))
        kit = draw(st.sampled_from([None, None, 7]))
        lines.append(
            LineDemand(
                order_id * 10 + i,
                draw(st.sampled_from(PRODUCTS)),
                draw(st.integers(1, 4)) * per_set,
                draw(st.sampled_from([0, 0, 1])) if kit is None else 0,
                kit,
                per_set if kit else 1,
                weight_kg=draw(st.sampled_from([0.2, 3.0])),
                not_before=draw(st.sampled_from([None, None, None, NOW.date()])),
                group=draw(st.sampled_from(["", "", "g"])),
            )
        )
    return Demand(
        order_id,
        NOW + timedelta(minutes=draw(st.integers(0, 3))),
        lines,
        {0: draw(st.sampled_from(PLACES)), 1: PLACES[0]},
        allows_partial_shipment=draw(st.booleans()),
        allows_backorder=draw(st.booleans()),
        profile=draw(st.sampled_from(["b2b", "b2c"])),
        value=Decimal(draw(st.sampled_from([10, 100]))),
    )


amounts = st.dictionaries(
    st.sampled_from(PRODUCTS), st.dictionaries(st.sampled_from(SITES), st.integers(0, 6))
)
claim_lists = st.dictionaries(
    st.sampled_from(PRODUCTS),
    st.lists(st.tuples(st.integers(-2, 4).map(lambda m: NOW + timedelta(minutes=m)), st.integers(1, 4)), max_size=3),
)  # fmt: skip

TARIFF = Tariff(lambda site, weight: 3 + site % 3 + int(weight), days=lambda site: site)
facts = given(demand_lists(), amounts, amounts, claim_lists, site_lists(), rule_sets())


def decide(
    demands: list[Demand],
    stock: dict[int, dict[int, int]],
    safety: dict[int, dict[int, int]],
    claims: dict[int, list[Any]],
    sites: list[Site],
    rules: RuleSet,
) -> list[Plan]:
    levels = {
        p: {s: n - safety.get(p, {}).get(s, 0) for s, n in at.items()} for p, at in stock.items()
    }
    return plan(demands, Stock(levels, claims, safety=safety), sites, rules, TARIFF)


def rule_of(decision: Plan, rules: RuleSet) -> Rule:
    return next((rule for rule in rules.rules if rule.id == decision.rule_id), LAST_RULE)


@settings(max_examples=150)
@facts
def test_no_unit_is_given_twice_and_none_is_lost(
    demands: list[Demand], stock: Any, safety: Any, claims: Any, sites: Any, rules: RuleSet
) -> None:
    plans = decide(demands, stock, safety, claims, sites, rules)

    wanted = {d.order_id: {line.line_id: line.quantity for line in d.lines} for d in demands}
    used: Counter[tuple[int, int]] = Counter()
    for decision in plans:
        sent: Counter[int] = Counter()
        for shipment in decision.shipments:
            assert shipment.lines
            for line in shipment.lines:
                assert line.quantity > 0
                sent[line.line_id] += line.quantity
                used[line.product_id, shipment.warehouse_id] += line.quantity
        total = sent + Counter(decision.backordered) + Counter(decision.left_open)
        assert dict(total) == wanted[decision.order_id]
    for (product, warehouse), units in used.items():
        assert units <= stock[product][warehouse]


@settings(max_examples=150)
@facts
def test_every_shipment_keeps_to_the_rule_that_decided(
    demands: list[Demand], stock: Any, safety: Any, claims: Any, sites: Any, rules: RuleSet
) -> None:
    plans = decide(demands, stock, safety, claims, sites, rules)

    by_id = {site.id: site for site in sites}
    for decision in plans:
        rule = rule_of(decision, rules)
        for shipment in decision.shipments:
            site, admits = by_id[shipment.warehouse_id], rule.sites
            assert site.is_active
            assert site.excluded_until is None
            assert not {line.product_id for line in shipment.lines} & set(site.excluded_products)
            assert not admits.allowed or site.id in admits.allowed
            assert site.id not in admits.excluded
            assert not (admits.needs_cut_off and site.is_past_cut_off)
            assert site.reliability >= (admits.min_reliability or 0)
            assert admits.max_distance_km is None or (shipment.distance_km or 1e9) <= 300.1
        [demand] = [each for each in demands if each.order_id == decision.order_id]
        if not rule.may_split(demand.value):
            legs = [shipment.ship_to_id for shipment in decision.shipments]
            assert len(legs) == len(set(legs))
        if not demand.allows_partial_shipment and decision.shipments:
            assert not decision.backordered
            assert not decision.left_open


@settings(max_examples=150)
@facts
def test_no_more_shipments_leave_a_warehouse_than_its_capacity_where_the_rules_ask_for_it(
    demands: list[Demand], stock: Any, safety: Any, claims: Any, sites: Any, rules: RuleSet
) -> None:
    strict = RuleSet(
        1,
        "Strict",
        tuple(
            replace(rule, sites=replace(rule.sites, needs_capacity=True), otherwise=Otherwise.BACKORDER)
            for rule in (*rules.rules, replace(LAST_RULE, id=9))
        ),
    )  # fmt: skip

    plans = decide(demands, stock, safety, claims, sites, strict)

    planned = Counter(shipment.warehouse_id for each in plans for shipment in each.shipments)
    for site in sites:
        assert site.capacity_left is None or planned[site.id] <= site.capacity_left


@settings(max_examples=150)
@facts
def test_earlier_claims_of_others_bind(
    demands: list[Demand], stock: Any, safety: Any, claims: Any, sites: Any, rules: RuleSet
) -> None:
    plans = decide(demands, stock, safety, claims, sites, rules)

    active = {site.id for site in sites if site.is_active}
    rank = {demand.order_id: demand.rank_at for demand in demands}
    taken: Counter[int] = Counter()
    for decision in plans:
        got: Counter[int] = Counter()
        for shipment in decision.shipments:
            for line in shipment.lines:
                got[line.product_id] += line.quantity
        for product, units in got.items():
            there = sum(n for site, n in stock[product].items() if site in active)
            earlier = sum(n for at, n in claims.get(product, []) if at < rank[decision.order_id])
            assert units <= max(0, there - taken[product] - earlier)
        taken += got
