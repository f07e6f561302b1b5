"""The pages of routing in a real browser: rules, a replay, the shadow, and why this warehouse."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.core.management import call_command
from playwright.sync_api import Page, expect

from fulfillment.models import RuleSet
from fulfillment.services.replay import run_replay, start_replay
from fulfillment.services.route import route_orders
from fulfillment.services.routing_rules import RuleDraft
from fulfillment.services.rule_sets import activate_rule_set, create_rule_set, start_shadow
from oms.core.actors import SYSTEM
from oms.core.models import User
from oms.core.progress import JobHandle
from tests.browser.conftest import OpenPage, overflow, take_picture
from tests.factories import DESK, add_stock, line_draft, make_product, make_warehouse, take_order
from tests.people import make_person
from tests.relay import run_outbox

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

LOOKS = [(1360, "light"), (1360, "dark"), (360, "light"), (360, "dark")]
SETS = "/admin/fulfillment/ruleset/"


@pytest.fixture
def manager(transactional_db: None) -> User:
    call_command("setup_roles")
    return make_person("manager")


@pytest.fixture
def pages(transactional_db: None) -> dict[str, str]:
    """An order that two sets decide differently: live, in a replay and in the shadow."""
    cup = make_product("CUP")
    for code, latitude, longitude in (("BER", 52.53, 13.38), ("PAR", 48.86, 2.35)):
        add_stock(make_warehouse(code, latitude=latitude, longitude=longitude), cup, 9)
    usual = create_rule_set(name="Usual", rules=[RuleDraft(name="All")], actor=DESK)
    deep = RuleDraft(name="Deepest stock", preference=("stock_depth", "distance"), split="never")
    tried = create_rule_set(name="Deep", rules=[deep, RuleDraft(name="Never")], actor=DESK)
    activate_rule_set(rule_set_id=usual.pk, actor=DESK)
    start_shadow(rule_set_id=tried.pk, actor=DESK)
    order = take_order(line_draft(cup, 2))
    route_orders([order.pk], actor=SYSTEM)
    run_outbox()
    run = start_replay(rule_set_id=tried.pk, days=7, actor=DESK)
    run_replay(JobHandle("JB-1", {"run": run.pk}, DESK))
    draft = create_rule_set(name="Draft", rules=[deep, RuleDraft(name="Rest")], actor=DESK)
    rule = draft.rules.order_by("position")[0]
    return {
        "rule_sets": SETS,
        "rule_set": f"{SETS}{draft.pk}/",
        "rule": f"{SETS}{draft.pk}/rule/{rule.pk}/",
        "replay": f"{SETS}{tried.pk}/replay/{run.pk}/",
        "shadow": f"{SETS}{tried.pk}/shadow/",
        "routing": f"/admin/orders/order/{order.number}/routing/",
        "warehouses": f"/admin/orders/order/{order.number}/warehouses/",
        "reliability": "/admin/fulfillment/reliability/",
    }


@pytest.mark.parametrize(("width", "scheme"), LOOKS)
def test_no_page_of_routing_has_a_fault(
    open_page: OpenPage,
    manager: User,
    pages: dict[str, str],
    axe: Callable[[Page], list[str]],
    width: int,
    scheme: str,
) -> None:
    page = open_page(pages["rule_sets"], user=manager, width=width, scheme=scheme)
    faults = {}
    for name, url in pages.items():
        answer = page.goto(url)
        assert answer is not None
        assert answer.status == 200, name
        take_picture(page, f"{name}_{width}_{scheme}")
        if (found := axe(page)) or overflow(page) > 0:
            faults[name] = (found, overflow(page))

    assert faults == {}


def test_a_rule_is_moved_and_taken_back_from_the_keyboard(
    open_page: OpenPage, manager: User, pages: dict[str, str]
) -> None:
    page = open_page(pages["rule_set"], user=manager)
    page.get_by_role("button", name="Move “Deepest stock” down").focus()

    page.keyboard.press("Enter")

    expect(page.locator("h3").first).to_have_text("Rest")
    draft = RuleSet.objects.get(name="Draft")
    names = draft.rules.order_by("position").values_list("name", flat=True)
    assert list(names) == ["Rest", "Deepest stock"]
