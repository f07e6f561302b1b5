"""Rule sets and their rules through the services: only drafts are edited, one set decides."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from fulfillment.exceptions import RuleRefused, Unknown
from fulfillment.models import RoutingRule, RuleSet, ShadowResult
from fulfillment.services.routing_rules import (
    RuleDraft,
    add_rule,
    change_rule,
    draft_of,
    enable_rule,
    move_rule,
    remove_rule,
)
from fulfillment.services.rule_sets import (
    USUAL,
    activate_rule_set,
    archive_rule_set,
    copy_rule_set,
    create_rule_set,
    end_shadow,
    rename_rule_set,
    restore_rule_set,
    start_shadow,
)
from oms.core.exceptions import Refusal, TransitionRefused
from oms.core.models import Activity
from tests.factories import DESK, make_channel, make_warehouse, take_order

pytestmark = pytest.mark.django_db


def draft_set(*names: str, **facts: Any) -> RuleSet:
    rules = [RuleDraft(name=name) for name in names]
    return create_rule_set(name=facts.pop("name", "Spring"), rules=rules, actor=DESK, **facts)


def places(rule_set: RuleSet) -> list[tuple[int, str]]:
    return list(rule_set.rules.order_by("position").values_list("position", "name"))


def rule(rule_set: RuleSet, name: str) -> RoutingRule:
    return rule_set.rules.get(name=name)


def status(rule_set: RuleSet) -> str:
    return str(RuleSet.objects.get(pk=rule_set.pk).status)


def everything() -> list[Any]:
    """All that a refusal must leave as it was."""
    return [
        list(RuleSet.objects.order_by("pk").values()),
        list(RoutingRule.objects.order_by("pk").values()),
        Activity.objects.count(),
    ]


def test_a_set_begins_empty_or_with_what_happens_without_rules() -> None:
    empty = create_rule_set(name="  Spring   sale ", actor=DESK)
    usual = create_rule_set(name="Usual", note="As before.", rules=USUAL, actor=DESK)

    assert (empty.name, status(empty), places(empty)) == ("Spring sale", "draft", [])
    assert places(usual) == [(1, "All orders")]
    assert usual.created_by == DESK.label
    assert usual.rules.get().preference == ["fewest_splits", "distance", "warehouse_priority"]


def test_a_copy_says_the_same_and_leaves_its_source_alone() -> None:
    hub, far = make_warehouse("HUB"), make_warehouse("FAR")
    said = RuleDraft(
        name="Dear orders",
        channels=(make_channel().pk,),
        profile="b2b",
        countries=("DE", "AT"),
        value_from=Decimal("500.00"),
        warehouses=(hub.pk,),
        excluded_warehouses=(far.pk,),
        preference=("landed_cost", "distance"),
        split="above_value",
        split_above=Decimal("1000.00"),
        otherwise="cancel_date",
        cancel_after_days=14,
    )
    source = create_rule_set(name="First", rules=[said], actor=DESK)
    activate_rule_set(rule_set_id=source.pk, actor=DESK)

    copy = copy_rule_set(rule_set_id=source.pk, actor=DESK)
    again = draft_of(copy.rules.get())
    remove_rule(rule_id=copy.rules.get().pk, actor=DESK)

    assert (copy.name, status(copy)) == ("First (copy)", "draft")
    assert again.columns() == said.columns()
    assert (again.channels, again.warehouses) == (said.channels, said.warehouses)
    assert again.excluded_warehouses == said.excluded_warehouses
    assert places(source) == [(1, "Dear orders")]


def test_rules_are_added_moved_and_removed_without_gaps() -> None:
    rules = draft_set("A", "B", "C")

    add_rule(rule_set_id=rules.pk, draft=RuleDraft(name="D"), actor=DESK)
    add_rule(rule_set_id=rules.pk, draft=RuleDraft(name="First"), position=1, actor=DESK)
    assert places(rules) == [(1, "First"), (2, "A"), (3, "B"), (4, "C"), (5, "D")]

    assert move_rule(rule_id=rule(rules, "D").pk, by=-1, actor=DESK) == 4
    assert move_rule(rule_id=rule(rules, "First").pk, by=2, actor=DESK) == 3
    assert places(rules) == [(1, "A"), (2, "B"), (3, "First"), (4, "D"), (5, "C")]

    draft, place = remove_rule(rule_id=rule(rules, "B").pk, actor=DESK)
    assert places(rules) == [(1, "A"), (2, "First"), (3, "D"), (4, "C")]
    add_rule(rule_set_id=rules.pk, draft=draft, position=place, actor=DESK)
    assert places(rules) == [(1, "A"), (2, "B"), (3, "First"), (4, "D"), (5, "C")]


def test_a_rule_is_changed_in_its_place_and_switched_off() -> None:
    rules = draft_set("A", "B")

    change_rule(
        rule_id=rule(rules, "A").pk, draft=RuleDraft(name="Austria", countries=["AT"]), actor=DESK
    )
    enable_rule(rule_id=rule(rules, "B").pk, is_enabled=False, actor=DESK)

    assert places(rules) == [(1, "Austria"), (2, "B")]
    assert rule(rules, "Austria").countries == ["AT"]
    assert not rule(rules, "B").is_enabled
    verbs = Activity.objects.filter(document_kind="ruleset").order_by("pk")
    assert [each.verb for each in verbs] == ["created", "rule changed", "rule disabled"]


def test_activating_archives_the_set_that_decided() -> None:
    old, new = draft_set("A", name="Old"), draft_set("B", name="New")
    assert activate_rule_set(rule_set_id=old.pk, actor=DESK) is None
    start_shadow(rule_set_id=new.pk, actor=DESK)

    before = activate_rule_set(rule_set_id=new.pk, actor=DESK)

    assert before == old
    assert (status(old), status(new)) == ("archived", "active")
    old, new = RuleSet.objects.get(pk=old.pk), RuleSet.objects.get(pk=new.pk)
    assert old.archived_at is not None
    assert new.activated_at is not None
    assert not new.is_shadow

    activate_rule_set(rule_set_id=old.pk, actor=DESK)
    assert (status(old), status(new)) == ("active", "archived")
    assert RuleSet.objects.get(pk=old.pk).archived_at is None


def test_a_draft_that_was_put_away_comes_back() -> None:
    rules = draft_set("A")
    archive_rule_set(rule_set_id=rules.pk, actor=DESK)
    assert status(rules) == "archived"

    restore_rule_set(rule_set_id=rules.pk, actor=DESK)

    assert status(rules) == "draft"
    assert RuleSet.objects.get(pk=rules.pk).archived_at is None


def test_one_draft_runs_in_the_shadow_and_forgets_what_it_decided_before() -> None:
    first, second = draft_set("A", name="First"), draft_set("B", name="Second")
    order = take_order()
    start_shadow(rule_set_id=first.pk, actor=DESK)
    ShadowResult.objects.create(
        rule_set=first, order=order, is_different=True, active={}, shadow={}
    )

    start_shadow(rule_set_id=second.pk, actor=DESK)
    assert list(RuleSet.objects.filter(is_shadow=True)) == [second]
    assert ShadowResult.objects.count() == 1

    start_shadow(rule_set_id=first.pk, actor=DESK)
    assert ShadowResult.objects.count() == 0
    end_shadow(rule_set_id=first.pk, actor=DESK)
    assert not RuleSet.objects.filter(is_shadow=True).exists()


def test_the_name_of_any_set_may_change() -> None:
    rules = draft_set("A")
    activate_rule_set(rule_set_id=rules.pk, actor=DESK)

    rename_rule_set(rule_set_id=rules.pk, name="Peak season", note="From November.", actor=DESK)

    found = RuleSet.objects.get(pk=rules.pk)
    assert (found.name, found.note) == ("Peak season", "From November.")


@pytest.mark.parametrize(
    ("facts", "sentence"),
    [
        ({"value_from": 500, "value_to": 400}, "“Value below” lies above “value from”."),
        ({"split": "above_value"}, "Say above which value orders may be split."),
        ({"otherwise": "cancel_date"}, "Say after how many days the rest is canceled."),
        ({"preference": ()}, "cannot be blank"),
        ({"preference": ("distance", "distance")}, "names a preference twice"),
        ({"preference": ("luck",)}, "luck"),
        ({"profile": "b2x"}, "b2x"),
        ({"warehouses": (1, 2), "excluded_warehouses": (2,)}, "both allows and excludes"),
        ({"min_reliability": Decimal(101)}, "100"),
    ],
)
def test_what_is_no_rule_is_refused(facts: dict[str, Any], sentence: str) -> None:
    rules = draft_set("A")
    before = everything()

    with pytest.raises(RuleRefused, match=sentence):
        add_rule(rule_set_id=rules.pk, draft=RuleDraft(name="B", **facts), actor=DESK)
    with pytest.raises(RuleRefused, match=sentence):
        change_rule(rule_id=rule(rules, "A").pk, draft=RuleDraft(name="B", **facts), actor=DESK)

    assert everything() == before


def test_only_drafts_out_of_the_shadow_are_edited() -> None:
    active, shadow = draft_set("A", "B", name="Live"), draft_set("A", "B", name="Beside")
    activate_rule_set(rule_set_id=active.pk, actor=DESK)
    start_shadow(rule_set_id=shadow.pk, actor=DESK)
    before = everything()

    for rules, sentence in ((active, "edit a copy"), (shadow, "stop that before")):
        key = rule(rules, "B").pk
        with pytest.raises(RuleRefused, match=sentence):
            add_rule(rule_set_id=rules.pk, draft=RuleDraft(name="C"), actor=DESK)
        with pytest.raises(RuleRefused, match=sentence):
            change_rule(rule_id=key, draft=RuleDraft(name="C"), actor=DESK)
        with pytest.raises(RuleRefused, match=sentence):
            enable_rule(rule_id=key, is_enabled=False, actor=DESK)
        with pytest.raises(RuleRefused, match=sentence):
            move_rule(rule_id=key, by=-1, actor=DESK)
        with pytest.raises(RuleRefused, match=sentence):
            remove_rule(rule_id=key, actor=DESK)

    assert everything() == before


def test_the_first_rule_goes_no_higher_and_the_last_no_lower() -> None:
    rules = draft_set("A", "B")
    before = everything()

    with pytest.raises(RuleRefused, match="“A” is the first rule already"):
        move_rule(rule_id=rule(rules, "A").pk, by=-1, actor=DESK)
    with pytest.raises(RuleRefused, match="“B” is the last rule already"):
        move_rule(rule_id=rule(rules, "B").pk, by=1, actor=DESK)

    assert everything() == before


def test_a_set_without_an_enabled_rule_neither_decides_nor_runs_beside() -> None:
    rules = draft_set("A")
    enable_rule(rule_id=rule(rules, "A").pk, is_enabled=False, actor=DESK)
    before = everything()

    with pytest.raises(RuleRefused, match="no rule that is enabled"):
        activate_rule_set(rule_set_id=rules.pk, actor=DESK)
    with pytest.raises(RuleRefused, match="no rule that is enabled"):
        start_shadow(rule_set_id=rules.pk, actor=DESK)

    assert everything() == before


def test_states_are_not_skipped() -> None:
    active, decided, draft = (draft_set("A", name=name) for name in ("Now", "Before", "Draft"))
    activate_rule_set(rule_set_id=decided.pk, actor=DESK)
    activate_rule_set(rule_set_id=active.pk, actor=DESK)
    before = everything()

    with pytest.raises(RuleRefused, match="decides over orders now"):
        archive_rule_set(rule_set_id=active.pk, actor=DESK)
    with pytest.raises(TransitionRefused, match="cannot activate"):
        activate_rule_set(rule_set_id=active.pk, actor=DESK)
    with pytest.raises(TransitionRefused, match="has decided over orders"):
        restore_rule_set(rule_set_id=decided.pk, actor=DESK)
    with pytest.raises(TransitionRefused, match="cannot restore"):
        restore_rule_set(rule_set_id=draft.pk, actor=DESK)
    with pytest.raises(RuleRefused, match="only a draft"):
        start_shadow(rule_set_id=active.pk, actor=DESK)
    with pytest.raises(RuleRefused, match="does not run in the shadow"):
        end_shadow(rule_set_id=draft.pk, actor=DESK)
    with pytest.raises(RuleRefused, match="needs a name"):
        rename_rule_set(rule_set_id=draft.pk, name="  ", note="", actor=DESK)
    with pytest.raises(RuleRefused, match="needs a name"):
        create_rule_set(name="", actor=DESK)

    assert everything() == before


def test_what_is_not_there_is_said_to_be_missing() -> None:
    for work in (
        lambda: activate_rule_set(rule_set_id=0, actor=DESK),
        lambda: copy_rule_set(rule_set_id=0, actor=DESK),
        lambda: remove_rule(rule_id=0, actor=DESK),
    ):
        with pytest.raises(Unknown):
            work()
    assert issubclass(Unknown, Refusal)
