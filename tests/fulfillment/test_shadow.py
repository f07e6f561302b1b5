"""A rule set in the shadow decides from just what the router saw, later and on another queue."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from fulfillment import recording
from fulfillment.models import RoutingDecision, RuleSet, ShadowBatch, ShadowResult, Shipment
from fulfillment.outcomes import Outcome, Sent
from fulfillment.plans import Demand, LineDemand, Site, Stock
from fulfillment.services.route import route_orders
from fulfillment.services.routing_rules import RuleDraft
from fulfillment.services.rule_sets import (
    activate_rule_set,
    create_rule_set,
    end_shadow,
    start_shadow,
)
from fulfillment.services.shadow import prune_trials
from oms.core.actors import SYSTEM
from oms.core.distance import Position
from oms.core.invariants import violations
from orders.models import Order
from tests.factories import DESK, stocked_world, take_some_orders
from tests.people import browser_of, make_person
from tests.relay import run_outbox

LIST = "/admin/fulfillment/ruleset/"
NOW = datetime(2026, 3, 2, 9, 30, 15, 123456, tzinfo=UTC)


@pytest.fixture
def manager() -> Client:
    return browser_of(make_person("manager"))


def world(**rule: Any) -> RuleSet:
    """Berlin and Paris have a hundred of each; the active set takes Berlin, the shadow as it says."""
    berlin, paris = stocked_world(100)
    only = RuleDraft(name="Berlin", warehouses=(berlin.pk,))
    active = create_rule_set(name="Live", rules=[only], actor=DESK)
    activate_rule_set(rule_set_id=active.pk, actor=DESK)
    draft = RuleDraft(**({"name": "Paris", "warehouses": (paris.pk,)} | rule))
    shadow = create_rule_set(name="Beside", rules=[draft], actor=DESK)
    start_shadow(rule_set_id=shadow.pk, actor=DESK)
    return shadow


def routed(count: int) -> list[Order]:
    orders = take_some_orders(count)
    route_orders([order.pk for order in orders], actor=SYSTEM)
    return orders


def sent(outcome: dict[str, Any]) -> list[tuple[str, int]]:
    return [(each["site"], each["units"]) for each in outcome["sent"]]


@pytest.mark.django_db
def test_the_shadow_decides_over_what_was_routed_and_ships_nothing() -> None:
    shadow = world()
    orders = routed(3)
    assert ShadowResult.objects.count() == 0
    assert ShadowBatch.objects.count() == 1

    run_outbox()

    results = list(ShadowResult.objects.order_by("order"))
    assert [each.order_id for each in results] == [order.pk for order in orders]
    decisions = dict(RoutingDecision.objects.values_list("order", "pk"))
    for each in results:
        assert each.rule_set == shadow
        assert each.decision_id == decisions[each.order_id]
        assert each.is_different
        assert (sent(each.active), sent(each.shadow)) == ([("BER", 6)], [("PAR", 6)])
        assert each.shadow["differs"] == ["warehouse"]
    assert not ShadowBatch.objects.exists()
    assert set(Shipment.objects.values_list("warehouse__code", flat=True)) == {"BER"}
    assert violations() == []


@pytest.mark.django_db
def test_it_decides_from_the_stock_that_the_router_saw() -> None:
    world(warehouses=(), name="As live")
    setups = {
        each.code: each for each in RuleSet.objects.get(name="Live").rules.get().warehouses.all()
    }
    orders = routed(20)
    assert set(setups) == {"BER"}
    take_some_orders(1)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE inventory_warehouse SET priority = 999 - priority")

    run_outbox()

    results = ShadowResult.objects.filter(order__in=orders)
    assert results.count() == 20
    # Everything was there for them in both places; the nearer one has them all.
    assert {tuple(sent(each.shadow)) for each in results} in ({(("BER", 6),)}, {(("PAR", 6),)})


@pytest.mark.django_db
def test_the_same_rules_in_the_shadow_never_differ() -> None:
    active_like = world(name="Berlin", warehouses=())
    berlin = RuleSet.objects.get(name="Live").rules.get().warehouses.get()
    rule = active_like.rules.get()
    rule.warehouses.set([berlin])
    routed(30)  # more than Berlin has: the last ones wait

    run_outbox()

    assert ShadowResult.objects.count() == 30
    assert not ShadowResult.objects.filter(is_different=True).exists()
    owed = [each.active["owed"] for each in ShadowResult.objects.order_by("order")]
    assert owed == [each.shadow["owed"] for each in ShadowResult.objects.order_by("order")]


@pytest.mark.django_db
def test_without_a_shadow_nothing_is_written_down() -> None:
    stocked_world()
    [order] = take_some_orders(1)
    with CaptureQueriesContext(connection) as without:
        route_orders([order.pk], actor=SYSTEM)

    assert not ShadowBatch.objects.exists()
    assert not any("shadowbatch" in each["sql"] for each in without.captured_queries)


@pytest.mark.django_db
def test_what_was_seen_for_a_set_that_left_the_shadow_is_dropped() -> None:
    shadow = world()
    routed(1)
    end_shadow(rule_set_id=shadow.pk, actor=DESK)

    run_outbox()

    assert not ShadowBatch.objects.exists()
    assert not ShadowResult.objects.exists()


@pytest.mark.django_db
def test_old_results_are_forgotten() -> None:
    world()
    routed(2)
    run_outbox()
    first = ShadowResult.objects.order_by("pk")[0]
    ShadowResult.objects.filter(pk=first.pk).update(at=timezone.now() - timedelta(days=31))

    prune_trials(actor=SYSTEM)

    assert list(ShadowResult.objects.values_list("pk", flat=True)) == [first.pk + 1]


@pytest.mark.django_db
def test_the_page_of_the_shadow_says_how_much_differs(manager: Client) -> None:
    shadow = world()
    page = f"{LIST}{shadow.pk}/shadow/"
    assert "Nothing to compare yet" in manager.get(page).content.decode()
    [first, *_] = routed(3)
    run_outbox()

    shown = manager.get(page).content.decode()

    assert "3 of 3 decisions (100%) would have fallen otherwise." in shown
    assert "BER 6 units" in shown
    assert "PAR 6 units" in shown
    assert f'href="/admin/orders/order/{first.number}/"' in shown
    assert first.number not in manager.get(f"{page}?view=late").content.decode()
    assert "3 of 3 decisions would have" in manager.get(f"{LIST}{shadow.pk}/").content.decode()
    assert browser_of(make_person("warehouse")).get(page).status_code == 403


def test_what_the_planner_looked_at_survives_being_stored() -> None:
    day = date(2026, 3, 5)
    line = LineDemand(1, 7, 3, 11, 5, 2, 1.5, 0.25, 300, day, None, "a")
    demand = Demand(
        4, NOW, [line, replace(line, line_id=2, kit_id=None, promised_date=None, not_before=day)],
        {11: Position(52.5, 13.4), 12: None}, -1, False, True, 3, "b2b", frozenset({"DE", "AT"}),
        Decimal("99.90"), frozenset({"gift"}), day,
    )  # fmt: skip
    site = Site(
        1, "BER", 2, Position(1.0, 2.0), True, 5, True, day, 0.97, NOW, {7: NOW},
        Decimal("0.12"), Decimal("0.35"),
    )  # fmt: skip
    stock = Stock({7: {1: 4, 2: -1}}, {7: [(NOW, 2)]}, {7: 9}, {7: {1: 3}}, {7: {1: 6}})

    seen = recording.from_json(recording.to_json([demand], stock, [site, Site(2, "PAR")], NOW))

    assert seen == recording.Recorded(NOW, [demand], stock, [site, Site(2, "PAR")])


def test_an_outcome_survives_being_stored() -> None:
    parts = Sent(1, 12.5, 3, Decimal("4.47"), date(2026, 3, 5), ((1, 2), (4, 1)))
    outcome = Outcome(4, 2, date(2026, 3, 4), "Rule", [parts, Sent(2, None, 1, None, None, ())])
    held = replace(outcome, owed=2, missing=2, is_held=True)

    for each in (outcome, held):
        assert recording.outcome_from_json(recording.outcome_to_json(each)) == each
