"""Routing by the active rule set: what it looks at in the database, and what it leaves there."""

from __future__ import annotations

from datetime import time, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from fulfillment.models import RoutingDecision, RuleSet, Shipment, SiteDay, SiteExclusion, SiteScore
from fulfillment.services.cancel import cancel_order
from fulfillment.services.route import route_order, route_orders
from fulfillment.services.routing_rules import RuleDraft
from fulfillment.services.rule_sets import activate_rule_set, create_rule_set
from inventory.models import Reservation, StockLevel
from oms.core import invariants
from oms.core.models import Case
from orders.models import ChannelShare, Order
from tests.factories import (
    DESK,
    PARIS,
    add_stock,
    line_draft,
    lines_of,
    make_customer,
    make_kit,
    make_product,
    make_warehouse,
    take_order,
)
from tests.fulfillment.rates import make_service
from tests.relay import run_outbox

pytestmark = pytest.mark.django_db


def decide_by(*rules: RuleDraft) -> RuleSet:
    """Activate a set of these rules."""
    rule_set = create_rule_set(name="Live", rules=rules, actor=DESK)
    activate_rule_set(rule_set_id=rule_set.pk, actor=DESK)
    return rule_set


def route(order: Order) -> list[Shipment]:
    """Route an order; its shipments."""
    outcome = route_order(order_id=order.pk, actor=DESK)
    return list(Shipment.objects.filter(pk__in=outcome.shipment_ids).order_by("pk"))


def counters(order: Order) -> list[tuple[int, int, int]]:
    """Open, allocated, backordered of each line."""
    return [(x.open, x.allocated, x.backordered) for x in lines_of(order) if x.kind != "kit"]


def two_sites(**facts: Any) -> tuple[Any, Any]:
    """Berlin, next to the customer, and Lyon."""
    return make_warehouse("BER", **facts), make_warehouse("LYS", latitude=45.76, longitude=4.83)


def test_the_active_rules_decide_and_the_decision_names_them() -> None:
    berlin, lyon = two_sites()
    mug = make_product()
    add_stock(berlin, mug, 9)
    add_stock(lyon, mug, 9)
    rule_set = decide_by(
        RuleDraft("Urgent", priority_from=5),
        RuleDraft("Tagged", tags=["fair"], warehouses=[lyon.pk]),
        RuleDraft("Rest"),
    )

    [tagged] = route(take_order(line_draft(mug, 1), tags=("fair",)))
    [plain] = route(take_order(line_draft(mug, 1)))

    assert (tagged.warehouse_id, plain.warehouse_id) == (lyon.pk, berlin.pk)
    decisions = list(RoutingDecision.objects.order_by("pk").values_list("rule_set", "rule_name"))
    assert decisions == [(rule_set.pk, "Tagged"), (rule_set.pk, "Rest")]
    first = RoutingDecision.objects.order_by("pk")[0]
    assert first.trace["tried"] == [["Urgent", "priority"]]
    assert first.trace["legs"][0]["out"] == [["BER", "not_allowed"]]


def test_a_set_that_is_activated_later_decides_from_then_on() -> None:
    berlin, lyon = two_sites()
    mug = make_product()
    add_stock(berlin, mug, 9)
    add_stock(lyon, mug, 9)
    decide_by(RuleDraft("Berlin", warehouses=[berlin.pk]))
    [first] = route(take_order(line_draft(mug, 1)))
    decide_by(RuleDraft("Lyon", warehouses=[lyon.pk]))

    [second] = route(take_order(line_draft(mug, 1)))

    assert (first.warehouse_id, second.warehouse_id) == (berlin.pk, lyon.pk)


def test_country_profile_channel_and_value_come_from_the_order() -> None:
    berlin, lyon = two_sites()
    mug = make_product()
    add_stock(berlin, mug, 9)
    add_stock(lyon, mug, 9)
    customer = make_customer(kind="b2c")
    order = take_order(line_draft(mug, 2, "50.00"), customer=customer, ship_to=PARIS)
    decide_by(
        RuleDraft("Germany", countries=["DE"]),
        RuleDraft("Business", profile="b2b"),
        RuleDraft("Dear", value_from=Decimal("100.01")),
        RuleDraft("Cheap", value_to=Decimal(100)),
        RuleDraft("This", channels=[order.channel_id], countries=["FR"], profile="b2c"),
    )

    route(order)

    decision = RoutingDecision.objects.get()
    assert decision.rule_name == "This"
    assert [why for _, why in decision.trace["tried"]] == ["country", "profile", "value_from", "value_to"]  # fmt: skip


def test_the_carrier_service_stands_on_the_shipment() -> None:
    berlin, _ = two_sites()
    box = make_product(weight_kg=Decimal(3))
    add_stock(berlin, box, 9)
    service = make_service(rates=[("5", "4.90"), ("31.5", "9.90")])

    [shipment] = route(take_order(line_draft(box, 2)))

    assert (shipment.service_id, shipment.freight_amount) == (service.pk, Decimal("9.90"))
    assert shipment.freight_currency == "EUR"
    assert shipment.ships_on is not None
    assert shipment.arrives_on is not None
    assert shipment.arrives_on > shipment.ships_on
    [planned] = RoutingDecision.objects.get().plan["shipments"]
    assert (planned["service"], planned["cost"]) == ("Post Parcel", "9.90")


def test_the_lowest_cost_decides_where_the_rule_says_so() -> None:
    berlin, lyon = two_sites()
    box = make_product(weight_kg=Decimal(3))
    add_stock(berlin, box, 9)
    add_stock(lyon, box, 9)
    dear, cheap = make_service("dear"), make_service("cheap", rates=[("31.5", "2.00")])
    dear.warehouses.add(berlin.warehouse)
    cheap.warehouses.add(lyon.warehouse)
    decide_by(RuleDraft("Cheap", preference=["landed_cost"]))

    [shipment] = route(take_order(line_draft(box, 1)))

    assert (shipment.warehouse_id, shipment.service_id) == (lyon.pk, cheap.pk)
    candidates = RoutingDecision.objects.get().trace["legs"][0]["candidates"]
    assert candidates[1]["lost"] == ["landed_cost", "5.37", "2.47"]


def test_an_excluded_warehouse_gets_nothing_until_then() -> None:
    berlin, lyon = two_sites()
    mug, tea = make_product(), make_product()
    for setup in (berlin, lyon):
        add_stock(setup, mug, 9)
        add_stock(setup, tea, 9)
    now = timezone.now()
    facts = {"warehouse": berlin.warehouse, "reason": "Not found", "actor_label": "Picker 1"}
    SiteExclusion.objects.create(product=mug, until_at=now + timedelta(hours=2), **facts)
    SiteExclusion.objects.create(until_at=now - timedelta(minutes=1), **facts)

    [of_mug] = route(take_order(line_draft(mug, 1)))
    [of_tea] = route(take_order(line_draft(tea, 1)))

    assert (of_mug.warehouse_id, of_tea.warehouse_id) == (lyon.pk, berlin.pk)


def test_an_unreliable_or_closed_warehouse_is_left_out_where_the_rule_asks() -> None:
    berlin, lyon = two_sites(cut_off=time(0, 0))
    mug = make_product()
    add_stock(berlin, mug, 9)
    add_stock(lyon, mug, 9)
    SiteScore.objects.create(warehouse=lyon.warehouse, score=Decimal("80.0"))
    decide_by(
        RuleDraft("Reliable", tags=["sure"], min_reliability=Decimal(90)),
        RuleDraft("Today", needs_cut_off=True),
    )

    [sure] = route(take_order(line_draft(mug, 1), tags=("sure",)))
    route(take_order(line_draft(mug, 1)))

    assert sure.warehouse_id == berlin.pk
    assert ["BER", "cut_off"] in RoutingDecision.objects.latest("pk").trace["legs"][0]["out"]


def test_safety_stock_and_shares_bind_as_the_rule_says() -> None:
    berlin, _ = two_sites()
    mug = make_product()
    add_stock(berlin, mug, 10)
    StockLevel.objects.update(safety_stock=4)
    early = take_order(line_draft(mug, 9), tags=("all",))
    shared = take_order(line_draft(mug, 9))
    ChannelShare.objects.create(channel=shared.channel, percent=50)
    decide_by(
        RuleDraft("All", tags=["all"], keeps_safety_stock=False),
        RuleDraft("Share", keeps_share=True),
    )

    route(shared)
    assert counters(shared) == [(0, 0, 9)]  # an earlier order claims what is free
    route(early)

    assert counters(early) == [(0, 9, 0)]
    assert invariants.violations() == []


def test_a_share_lets_others_have_the_rest() -> None:
    berlin, _ = two_sites()
    mug = make_product()
    add_stock(berlin, mug, 10)
    order = take_order(line_draft(mug, 9))
    ChannelShare.objects.create(channel=order.channel, product=mug, percent=30)
    decide_by(RuleDraft("Share", keeps_share=True))

    route(order)

    assert counters(order) == [(0, 3, 6)]


# --- Capacity ----------------------------------------------------------------------------------


def planned(setup: Any) -> list[int]:
    return list(SiteDay.objects.filter(warehouse=setup.pk).values_list("planned", flat=True))


def test_capacity_is_counted_and_passed_on_to_the_next_warehouse() -> None:
    berlin, lyon = two_sites(daily_capacity=2)
    mug = make_product()
    add_stock(berlin, mug, 9)
    add_stock(lyon, mug, 9)
    decide_by(RuleDraft("Capacity", needs_capacity=True))
    orders = [take_order(line_draft(mug, 1)) for _ in range(3)]

    route_orders([order.pk for order in orders], actor=DESK)

    shipments = list(Shipment.objects.order_by("pk").values_list("warehouse_id", flat=True))
    assert shipments == [berlin.pk, berlin.pk, lyon.pk]
    assert (planned(berlin), planned(lyon)) == ([2], [])
    [last] = route(take_order(line_draft(mug, 1)))
    assert last.warehouse_id == lyon.pk
    out = RoutingDecision.objects.latest("pk").trace["legs"][0]["out"]
    assert out == [["BER", "capacity"]]
    assert invariants.violations() == []


def test_a_rule_that_does_not_ask_for_capacity_counts_and_goes_beyond() -> None:
    berlin, _ = two_sites(daily_capacity=1)
    mug = make_product()
    add_stock(berlin, mug, 9)
    decide_by(RuleDraft("Any"))

    for _ in range(2):
        route(take_order(line_draft(mug, 1)))

    assert planned(berlin) == [2]


def test_a_canceled_shipment_gives_its_place_back_once() -> None:
    berlin, _ = two_sites(daily_capacity=1)
    mug = make_product()
    add_stock(berlin, mug, 9)
    decide_by(RuleDraft("Capacity", needs_capacity=True))
    first, second = take_order(line_draft(mug, 1)), take_order(line_draft(mug, 1))
    route(first)
    assert route(second) == []
    assert counters(second) == [(0, 0, 1)]

    cancel_order(order_id=first.pk, reason="no longer wanted", actor=DESK)
    run_outbox()

    assert planned(berlin) in ([0], [1])  # the second order may have been filled already
    route_orders([second.pk], actor=DESK)
    assert planned(berlin) == [1]
    assert counters(second) == [(0, 1, 0)]
    assert invariants.violations() == []


# --- What else ---------------------------------------------------------------------------------


def test_what_a_rule_holds_is_a_case_for_a_person() -> None:
    berlin, _ = two_sites()
    mug = make_product()
    add_stock(berlin, mug, 2)
    decide_by(RuleDraft("Hold", otherwise="hold"))
    order = take_order(line_draft(mug, 5))

    route(order)

    assert counters(order) == [(3, 2, 0)]
    case = Case.objects.get()
    assert case.dedupe_key == f"route:{order.pk}"
    assert case.sentence.endswith("3 units stay open: the rule “Hold” leaves them to a person.")
    assert invariants.violations() == []


def test_what_may_wait_for_some_days_only_has_its_day_on_the_order() -> None:
    berlin, _ = two_sites()
    mug = make_product()
    add_stock(berlin, mug, 2)
    decide_by(RuleDraft("Patient", otherwise="cancel_date", cancel_after_days=14))
    waiting = take_order(line_draft(mug, 3))

    route(waiting)

    day = timezone.localdate(waiting.placed_at) + timedelta(days=14)
    waiting.refresh_from_db(fields=["cancel_by_date"])
    assert waiting.cancel_by_date == day
    assert counters(waiting) == [(0, 2, 1)]
    add_stock(berlin, mug, 1)
    route(waiting)
    waiting.refresh_from_db(fields=["cancel_by_date"])
    assert waiting.cancel_by_date == day


def test_a_pre_order_is_backordered_until_its_day() -> None:
    berlin, _ = two_sites()
    book = make_product(preorder_date=timezone.localdate() + timedelta(days=1))
    add_stock(berlin, book, 5)
    order = take_order(line_draft(book, 2), customer=make_customer(allows_backorder=False))

    route(order)
    assert counters(order) == [(0, 0, 2)]
    book.preorder_date = timezone.localdate()
    book.save()
    route(order)

    assert counters(order) == [(0, 2, 0)]
    assert invariants.violations() == []


def test_a_level_with_a_cap_owes_by_name_and_no_more() -> None:
    berlin, lyon = two_sites()
    mug = make_product()
    add_stock(berlin, mug, 1)
    add_stock(lyon, mug, 1)
    StockLevel.objects.filter(warehouse=berlin.pk).update(backorder_cap=3)
    StockLevel.objects.filter(warehouse=lyon.pk).update(backorder_cap=2)
    orders = [take_order(line_draft(mug, units)) for units in (4, 3, 2)]

    for order in orders:
        route(order)

    assert [counters(order) for order in orders] == [[(0, 2, 2)], [(1, 0, 2)], [(1, 0, 1)]]
    owed = Reservation.objects.filter(kind="backorder").order_by("demand_id")
    assert list(owed.values_list("warehouse", "quantity")) == [
        (berlin.pk, 2),
        (lyon.pk, 2),
        (berlin.pk, 1),
    ]
    assert invariants.violations() == []


def test_all_sets_of_a_kit_stay_together_where_the_rule_keeps_groups_together() -> None:
    berlin, lyon = two_sites()
    cup, lid = make_product(), make_product()
    for product in (cup, lid):
        add_stock(berlin, product, 1)
        add_stock(lyon, product, 2)
    decide_by(RuleDraft("Together", split="groups_together", preference=["distance"]))

    [shipment] = route(take_order(line_draft(make_kit(of=[(cup, 1), (lid, 1)]), 2)))

    assert (shipment.warehouse_id, shipment.units) == (lyon.pk, 4)


def test_products_of_one_group_leave_together_where_the_rule_keeps_groups_together() -> None:
    berlin, lyon = two_sites()
    desk, legs = make_product(ship_group="desk"), make_product(ship_group="desk")
    lamp, kit = make_product(), make_kit(of=[(make_product("FOOT"), 1)], ship_group="desk")
    for product, sites in ((desk, [berlin, lyon]), (legs, [lyon]), (lamp, [berlin])):
        for site in sites:
            add_stock(site, product, 5)
    add_stock(berlin, kit.components.get().component, 5)
    decide_by(RuleDraft("Together", split="groups_together", preference=["distance"]))

    of_two, with_kit = (
        take_order(line_draft(desk, 1), line_draft(legs, 1), line_draft(lamp, 1)),
        take_order(line_draft(desk, 1), line_draft(kit, 1)),
    )

    assert [(x.warehouse_id, x.units) for x in route(of_two)] == [(berlin.pk, 1), (lyon.pk, 2)]
    assert [(x.warehouse_id, x.units) for x in route(with_kit)] == [(berlin.pk, 2)]
