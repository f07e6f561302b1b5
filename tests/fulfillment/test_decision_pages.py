"""Why this warehouse? The decisions of an order as tables, on its page and in full."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from fulfillment.models import RoutingDecision, Shipment
from fulfillment.selectors.decision import Cell, DecisionView, decisions_of
from fulfillment.services.route import route_orders
from fulfillment.services.routing_rules import RuleDraft
from fulfillment.services.rule_sets import activate_rule_set, create_rule_set
from oms.core.actors import SYSTEM
from orders.models import Order, OrderAddress
from tests.factories import (
    DESK,
    add_stock,
    line_draft,
    make_product,
    make_warehouse,
    take_order,
)
from tests.people import browser_of, make_person

pytestmark = pytest.mark.django_db


@pytest.fixture
def manager() -> Client:
    return browser_of(make_person("manager"))


def placed(units: int = 2) -> Order:
    """An order for the middle of Berlin."""
    order = take_order(line_draft("CUP", units))
    OrderAddress.objects.filter(pk=order.ship_to_id).update(latitude=52.52, longitude=13.40)
    return order


def routed() -> Order:
    """Two of a product; Berlin has five, Paris nine, Rome one, and Oslo is no candidate."""
    cup = make_product("CUP")
    for code, units, latitude, longitude in (
        ("BER", 5, 52.53, 13.38),
        ("PAR", 9, 48.86, 2.35),
        ("ROM", 1, 41.9, 12.5),
        ("OSL", 7, 59.9, 10.75),
    ):
        setup = make_warehouse(code, latitude=latitude, longitude=longitude)
        add_stock(setup, cup, units)
        if code == "OSL":
            north = setup
    rules = [
        RuleDraft(name="Gifts", tags=("gift",)),
        RuleDraft(
            name="South", excluded_warehouses=(north.pk,), preference=("distance",), split="never"
        ),
    ]
    made = create_rule_set(name="Spring", rules=rules, actor=DESK)
    activate_rule_set(rule_set_id=made.pk, actor=DESK)
    order = placed()
    route_orders([order.pk], actor=SYSTEM)
    return order


def only(order: Order) -> DecisionView:
    [view] = decisions_of(order.pk)
    return view


def text_of(answer: Any) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", answer.content.decode()).split())


def test_a_decision_names_its_rule_the_winner_and_why_the_others_lost() -> None:
    view = only(routed())

    assert view.rule == "South"
    assert view.sentence == (
        "All orders: from any warehouse but not OSL; shortest way; never split; else backorder"
    )
    assert view.tried == ["“Gifts” is for orders with other tags."]
    [leg] = view.legs
    assert leg.columns == ["Has", "Way", "Priority"]
    assert [(row.warehouse, row.is_chosen) for row in leg.rows] == [
        ("BER", True), ("PAR", False), ("ROM", False),
    ]  # fmt: skip
    berlin, paris, rome = leg.rows
    assert [cell.mark for cell in berlin.cells] == ["wins", "wins", ""]
    assert paris.cells[1] == Cell("Way", "877 km", "loses")
    assert (rome.cells[0], rome.text) == (Cell("Has", "1 of 2", "loses"), "has only 1 of 2 units")
    assert leg.out == [("OSL", "excluded by the rule")]


def test_the_order_page_says_it_briefly_and_leads_to_the_whole(manager: Client) -> None:
    order = routed()
    page = f"/admin/orders/order/{order.number}/"

    shown = manager.get(page)

    assert f'href="{page}routing/"' in shown.content.decode()
    assert "BER ships 2 of 2 units" in text_of(shown)
    full = text_of(manager.get(f"{page}routing/"))
    assert "Rule “South” of “Spring”" in full
    assert "loses on distance: 877 km against 2 km" in full
    assert "OSL excluded by the rule" in full
    shipment = Shipment.objects.get()
    link = f'href="{page}routing/"'
    assert link in manager.get(f"/admin/fulfillment/shipment/{shipment.number}/").content.decode()


def test_every_decision_is_kept_and_one_by_hand_says_why(manager: Client) -> None:
    order = routed()
    RoutingDecision.objects.create(
        order=order,
        plan={"shipments": []},
        trace={
            "units": 2,
            "rule": "By hand",
            "legs": [{"candidates": [{"site": "PAR", "units": 2, "ships": 2, "km": None}]}],
            "verdict": "Manager overruled the router.",
        },
        override_reason="The customer fetches it in Paris",
        actor_label="Manager",
    )

    newest, first = decisions_of(order.pk)

    assert (newest.is_by_hand, first.is_by_hand) == (True, False)
    shown = text_of(manager.get(f"/admin/orders/order/{order.number}/routing/"))
    assert "Decided by hand" in shown
    assert "Reason: The customer fetches it in Paris" in shown
    assert "Rule “South”" in shown
    assert "All 2 decisions" in text_of(manager.get(f"/admin/orders/order/{order.number}/"))


def test_a_trace_of_the_first_days_is_still_read(manager: Client) -> None:
    make_product("CUP")
    order = placed()
    old = {
        "units": 2,
        "legs": [
            {
                "candidates": [
                    {"warehouse": "BER", "km": 2.1, "units": 2, "covers": {"1": 2},
                     "verdict": "Chosen: ships 2 of 2 units."},
                    {"warehouse": "PAR", "km": None, "units": 0, "covers": {},
                     "verdict": "Has nothing of this."},
                    {"warehouse": "OLD", "verdict": "Not active."},
                ],
                "verdict": "BER is the nearest that ships all it can get.",
            }
        ],
        "verdict": "Ships from one warehouse.",
    }  # fmt: skip
    RoutingDecision.objects.create(order=order, plan={}, trace=old, actor_label="System")

    [leg] = only(order).legs

    assert [(row.warehouse, row.is_chosen) for row in leg.rows] == [
        ("BER", True), ("PAR", False), ("OLD", False),
    ]  # fmt: skip
    assert [cell.text for cell in leg.rows[0].cells] == ["2 of 2"]
    for url in ("", "routing/"):
        shown = text_of(manager.get(f"/admin/orders/order/{order.number}/{url}"))
        assert "Chosen: ships 2 of 2 units" in shown
        assert "Has nothing of this" in shown


def test_an_order_that_was_not_routed_says_so(manager: Client) -> None:
    make_product("CUP")
    order = placed()

    assert "No decision yet" in text_of(manager.get(f"/admin/orders/order/{order.number}/routing/"))


def test_it_costs_the_same_however_many_decisions(manager: Client) -> None:
    order = routed()
    url = f"/admin/orders/order/{order.number}/routing/"

    def statements() -> int:
        manager.get(url)
        with CaptureQueriesContext(connection) as captured:
            manager.get(url)
        return len(captured)

    few = statements()
    kept = RoutingDecision.objects.get()
    for _ in range(5):
        kept.pk = None
        kept.save()

    assert statements() == few <= 12


def test_orders_of_others_are_not_explained_to_everybody() -> None:
    order = routed()
    url = f"/admin/orders/order/{order.number}/routing/"

    assert browser_of(make_person("sales_rep")).get(url).status_code == 404
    assert browser_of(make_person()).get(url).status_code == 403
