"""Rule sets through HTTP: made, ordered, changed, tried and activated by their buttons."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from fulfillment.models import RoutingRule, RuleSet
from fulfillment.selectors.rule_words import words_of
from fulfillment.services.routing_rules import RuleDraft, draft_of
from fulfillment.services.rule_sets import activate_rule_set, create_rule_set, start_shadow
from tests.factories import DESK, make_channel, make_warehouse
from tests.people import allow, browser_of, key_on, make_person

pytestmark = pytest.mark.django_db
LIST = "/admin/fulfillment/ruleset/"


@pytest.fixture
def manager() -> Client:
    return browser_of(make_person("manager"))


def made(*names: str, name: str = "Spring") -> RuleSet:
    return create_rule_set(name=name, rules=[RuleDraft(name=each) for each in names], actor=DESK)


def page_of(rule_set: RuleSet) -> str:
    return f"{LIST}{rule_set.pk}/"


def press(client: Client, page: str, url: str, **data: Any) -> Any:
    return client.post(url, {"form_key": key_on(client, page), **data})


def names(rule_set: RuleSet) -> list[str]:
    return list(rule_set.rules.order_by("position").values_list("name", flat=True))


def filled(**changes: Any) -> dict[str, Any]:
    """The form of a rule as a browser sends it."""
    plain = {
        "name": "Austria", "is_enabled": "on", "countries": "Austria, de", "tags": "Gift, urgent",
        "value_from": "500", "keeps_safety_stock": "on", "pick_0": "landed_cost",
        "pick_2": "distance", "split": "never", "otherwise": "hold",
    }  # fmt: skip
    return plain | changes


def text_of(answer: Any) -> str:
    return " ".join(re.sub(r"<[^>]+>", "", answer.content.decode()).split())


def test_a_set_is_begun_from_the_list(manager: Client) -> None:
    assert "Begin a set" in text_of(manager.get(LIST))

    answer = press(manager, f"{LIST}add/", f"{LIST}add/", name="Spring", start="usual", note="")

    rule_set = RuleSet.objects.get()
    assert answer["Location"] == page_of(rule_set)
    assert names(rule_set) == ["All orders"]
    assert "Spring" in text_of(manager.get(LIST))
    copy = {"name": "Summer", "start": str(rule_set.pk)}
    press(manager, f"{LIST}add/", f"{LIST}add/", **copy)
    assert names(RuleSet.objects.get(name="Summer")) == ["All orders"]


def test_a_rule_is_added_in_plain_words_and_read_as_a_sentence(manager: Client) -> None:
    rule_set, hub, channel = made(), make_warehouse("HUB"), make_channel()
    url = f"{page_of(rule_set)}rule/add/"

    answer = press(manager, url, url, **filled(warehouses=hub.pk, channels=channel.pk))

    assert answer["Location"] == page_of(rule_set)
    rule = rule_set.rules.get()
    assert (rule.countries, rule.tags) == (["AT", "DE"], ["gift", "urgent"])
    assert rule.preference == ["landed_cost", "distance"]
    assert (
        "Orders of Sales desk to AT, DE of 500.00 or more tagged gift or urgent: from HUB; lowest"
        " cost, then shortest way; never split; else hold for a person."
    ) in text_of(manager.get(page_of(rule_set)))


@pytest.mark.parametrize(("days", "said"), [(1, "1 day"), (14, "14 days")])
def test_a_rule_says_after_how_many_days_it_cancels(days: int, said: str) -> None:
    draft = RuleDraft(name="Short", otherwise="cancel_date", cancel_after_days=days)
    rule_set = create_rule_set(name="Spring", rules=[draft], actor=DESK)

    words = words_of(rule_set.rules.get())

    assert words.otherwise == f"else backorder, canceled after {said}"


def test_what_is_wrong_in_a_rule_stands_beside_its_field(manager: Client) -> None:
    rule_set, hub = made(), make_warehouse("HUB")
    url = f"{page_of(rule_set)}rule/add/"
    wrong = filled(
        countries="Atlantis", value_to="400", pick_1="landed_cost", split="above_value",
        otherwise="cancel_date", warehouses=hub.pk, excluded_warehouses=hub.pk,
    )  # fmt: skip

    answer = press(manager, url, url, **wrong)

    assert answer.status_code == 422
    assert set(answer.context["form"].errors) == {
        "countries", "value_to", "pick_1", "split_above", "cancel_after_days", "excluded_warehouses",
    }  # fmt: skip
    shown = answer.content.decode()
    assert "“Atlantis” is no country" in shown
    assert 'value="Atlantis"' in shown
    assert not RoutingRule.objects.exists()


def test_the_form_of_a_rule_shows_what_it_says_and_saves_it_unchanged(manager: Client) -> None:
    rule_set = made("A")
    rule = rule_set.rules.get()
    url = f"{page_of(rule_set)}rule/{rule.pk}/"
    before = draft_of(rule)
    form = manager.get(url).context["form"]
    sent = {field.html_name: field.value() for field in form if field.value() not in (None, False)}

    press(manager, url, url, **sent)

    assert draft_of(rule_set.rules.get()) == before


def test_rules_move_by_buttons(manager: Client) -> None:
    rule_set = made("A", "B", "C")
    page, rule = page_of(rule_set), rule_set.rules.get(name="C")

    press(manager, page, f"{page}rule/{rule.pk}/up/")
    assert names(rule_set) == ["A", "C", "B"]
    answer = press(manager, page, f"{page}rule/{rule.pk}/down/")
    assert names(rule_set) == ["A", "B", "C"]
    assert answer["Location"] == f"{page}#rule-{rule.pk}-down"
    assert f'id="rule-{rule.pk}-down"' in manager.get(page).content.decode()
    answer = press(manager, page, f"{page}rule/{rule.pk}/down/")
    assert answer.status_code == 409
    assert "“C” is the last rule already." in answer.content.decode()


def test_a_rule_is_switched_off_and_on(manager: Client) -> None:
    rule_set = made("A")
    page, rule = page_of(rule_set), rule_set.rules.get()

    press(manager, page, f"{page}rule/{rule.pk}/switch/", turn="off")
    assert not rule_set.rules.get().is_enabled
    press(manager, page, f"{page}rule/{rule.pk}/switch/", turn="on")
    assert rule_set.rules.get().is_enabled


def test_a_removed_rule_comes_back_by_undo(manager: Client) -> None:
    rule_set = made("A", "B", "C")
    page, rule = page_of(rule_set), rule_set.rules.get(name="B")
    hub = make_warehouse("HUB")
    rule.warehouses.add(hub.pk)
    RoutingRule.objects.filter(pk=rule.pk).update(value_from="500.00", countries=["AT"])
    before = draft_of(rule_set.rules.get(name="B"))

    press(manager, page, f"{page}rule/{rule.pk}/remove/")
    assert names(rule_set) == ["A", "C"]
    undo = re.search(r'action="([^"]+/rule/restore/[^"]+)"', manager.get(page).content.decode())
    assert undo is not None
    assert press(manager, page, undo[1]).status_code == 302

    assert names(rule_set) == ["A", "B", "C"]
    assert draft_of(rule_set.rules.get(name="B")) == before
    assert press(manager, page, f"{page}rule/restore/forged/").status_code == 404


def test_a_set_is_activated_copied_and_archived_by_its_buttons(manager: Client) -> None:
    old, new = made("A", name="Old"), made("B", name="New")
    for rule_set in (old, new):
        page = page_of(rule_set)
        press(manager, page, f"{page}activate/")
    assert RuleSet.objects.get(status="active") == new
    assert RuleSet.objects.get(status="archived") == old

    page = page_of(new)
    answer = press(manager, page, f"{page}copy/")
    copy = RuleSet.objects.get(status="draft")
    assert answer["Location"] == page_of(copy)
    page = page_of(copy)
    press(manager, page, f"{page}shadow/start/")
    assert RuleSet.objects.get(is_shadow=True) == copy
    press(manager, page, f"{page}shadow/end/")
    press(manager, page, f"{page}rename/", name="Autumn", note="For the leaves.")
    press(manager, page, f"{page}archive/")
    press(manager, page, f"{page}restore/")
    found = RuleSet.objects.get(pk=copy.pk)
    assert (found.status, found.is_shadow, found.name) == ("draft", False, "Autumn")


def test_what_a_set_cannot_do_is_said_on_its_page(manager: Client) -> None:
    empty = made(name="Empty")
    page = page_of(empty)

    answer = press(manager, page, f"{page}activate/")

    assert answer.status_code == 409
    assert "Empty has no rule that is enabled" in answer.content.decode()
    assert RuleSet.objects.get().status == "draft"
    assert press(manager, page, f"{page}rename/", name="").status_code == 422


def test_a_rule_that_no_order_comes_to_is_warned_of(manager: Client) -> None:
    rule_set = made("Everything", "Never")

    shown = text_of(manager.get(page_of(rule_set)))

    assert "No order comes to this rule: rule 1, “Everything”, takes them all." in shown
    assert shown.count("Never reached") == 1


def test_an_active_set_and_one_in_the_shadow_offer_no_editing(manager: Client) -> None:
    active, shadow = made("A", name="Live"), made("A", name="Beside")
    activate_rule_set(rule_set_id=active.pk, actor=DESK)
    start_shadow(rule_set_id=shadow.pk, actor=DESK)

    for rule_set in (active, shadow):
        shown = manager.get(page_of(rule_set)).content.decode()
        assert "/rule/" not in shown
        rule = rule_set.rules.get()
        url = f"{page_of(rule_set)}rule/{rule.pk}/"
        assert press(manager, url, url, **filled()).status_code == 409
    assert set(RoutingRule.objects.values_list("name", flat=True)) == {"A"}


def test_each_page_costs_the_same_however_many_rules(manager: Client) -> None:
    few, many = made("A"), made(*"ABCDEFGH", name="Long")

    def statements(url: str) -> int:
        manager.get(url)
        with CaptureQueriesContext(connection) as captured:
            assert manager.get(url).status_code == 200
        return len(captured)

    assert statements(page_of(few)) == statements(page_of(many)) <= 16
    assert statements(LIST) <= 10


def test_people_see_and_press_what_they_may() -> None:
    rule_set = made("A")
    page = page_of(rule_set)
    reader, picker = make_person(username="reader"), browser_of(make_person("warehouse"))
    allow(reader, "fulfillment.view_ruleset")
    client = browser_of(reader)

    shown = client.get(page).content.decode()
    assert client.get(LIST).status_code == 200
    assert "/rule/" not in shown
    assert "activate/" not in shown
    assert picker.get(LIST).status_code == 403
    assert picker.get(page).status_code == 403
    posts = ("activate", "archive", "restore", "copy", "rename", "shadow/start", "shadow/end")
    rule = f"rule/{rule_set.rules.get().pk}"
    rules = tuple(f"{rule}/{each}" for each in ("up", "down", "switch", "remove"))
    for each in (*posts, *rules, "rule/add", rule):
        assert client.post(f"{page}{each}/", {"form_key": "k" * 20}).status_code == 403, each
    assert RuleSet.objects.count() == 1
    assert RuleSet.objects.get().status == "draft"


def test_the_way_there_stands_in_the_side_bar(manager: Client) -> None:
    assert f'href="{LIST}"' in manager.get("/admin/").content.decode()
    clerk = browser_of(make_person("sales_rep"))
    assert f'href="{LIST}"' not in clerk.get("/admin/").content.decode()
