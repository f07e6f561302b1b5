"""The rules of a draft: added, changed, moved, switched off, removed. Places have no gaps."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from decimal import Decimal
from typing import Any, ClassVar

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import F

from fulfillment.exceptions import RuleRefused, Unknown
from fulfillment.models import Otherwise, RoutingRule, RuleSet, SplitPolicy
from fulfillment.models.rules import usual_preference
from oms.core import activity
from oms.core.actors import Actor


@dataclass(frozen=True, slots=True)
class RuleDraft:
    """What a rule says, as `RoutingRule` explains it; channels and warehouses by their keys."""

    RELATED: ClassVar[tuple[str, ...]] = ("channels", "warehouses", "excluded_warehouses")
    AMOUNTS: ClassVar[tuple[str, ...]] = (
        "value_from",
        "value_to",
        "min_reliability",
        "split_above",
    )

    name: str
    is_enabled: bool = True
    channels: Sequence[int] = ()
    profile: str = ""
    countries: Sequence[str] = ()
    value_from: Decimal | None = None
    value_to: Decimal | None = None
    priority_from: int | None = None
    tags: Sequence[str] = ()
    warehouses: Sequence[int] = ()
    excluded_warehouses: Sequence[int] = ()
    needs_capacity: bool = False
    needs_cut_off: bool = False
    keeps_safety_stock: bool = True
    keeps_share: bool = False
    min_reliability: Decimal | None = None
    max_distance_km: int | None = None
    preference: Sequence[str] = tuple(usual_preference())
    split: str = SplitPolicy.ALLOWED
    split_above: Decimal | None = None
    otherwise: str = Otherwise.BACKORDER
    cancel_after_days: int | None = None

    def columns(self) -> dict[str, Any]:
        """The values of the rule's own row; arrays as lists."""
        values = {name: value for name, value in asdict(self).items() if name not in self.RELATED}
        arrays = ("countries", "tags", "preference")
        return values | {name: list(values[name]) for name in arrays}

    def to_json(self) -> dict[str, Any]:
        """All of it as JSON can carry it: amounts as text."""
        amounts = {name: str(x) for name in self.AMOUNTS if (x := getattr(self, name)) is not None}
        return asdict(self) | amounts

    @classmethod
    def from_json(cls, facts: Mapping[str, Any]) -> RuleDraft:
        """What `to_json` made."""
        amounts = {name: Decimal(facts[name]) for name in cls.AMOUNTS if facts[name] is not None}
        return cls(**{**facts, **amounts})


def draft_of(rule: RoutingRule) -> RuleDraft:
    """What a rule of the database says."""
    facts: dict[str, Any] = {field.name: getattr(rule, field.name) for field in fields(RuleDraft)}
    for name in RuleDraft.RELATED:
        facts[name] = tuple(each.pk for each in facts[name].all())
    return RuleDraft(**facts)


def lock_rule_set(rule_set_id: int) -> RuleSet:
    """The set, locked: its lock guards its rules too.

    :raises Unknown: there is no such set.
    """
    try:
        return RuleSet.objects.lock(rule_set_id)
    except RuleSet.DoesNotExist:
        raise Unknown("There is no such rule set.") from None


@transaction.atomic
def add_rule(
    *, rule_set_id: int, draft: RuleDraft, position: int | None = None, actor: Actor
) -> RoutingRule:
    """Add a rule to a draft: last, or at a place (from 1), where the others make room.

    :raises RuleRefused: the set is no draft, runs in the shadow, or the rule is no rule.
    """
    rule_set = _lock_draft(rule_set_id)
    last = rule_set.rules.count() + 1
    place = last if position is None else min(max(position, 1), last)
    rule_set.rules.filter(position__gte=place).update(position=F("position") + 1)
    [rule] = insert_rules(rule_set, [draft], first=place)
    activity.record(rule_set, "rule added", actor=actor, new=rule.name)
    return rule


@transaction.atomic
def change_rule(*, rule_id: int, draft: RuleDraft, actor: Actor) -> RoutingRule:
    """Let a rule of a draft say something else; it keeps its place.

    :raises RuleRefused: see `add_rule`.
    :raises Unknown: there is no such rule.
    """
    rule = _lock_rule(rule_id)
    old = rule.name
    _fill(rule, draft)
    rule.save()
    _relate([rule], [draft])
    activity.record(rule.rule_set, "rule changed", actor=actor, old=old, new=rule.name)
    return rule


@transaction.atomic
def enable_rule(*, rule_id: int, is_enabled: bool, actor: Actor) -> RoutingRule:
    """Switch a rule of a draft on or off.

    :raises RuleRefused: the set is no draft, or runs in the shadow.
    """
    rule = _lock_rule(rule_id)
    if rule.is_enabled != is_enabled:
        rule.is_enabled = is_enabled
        rule.save(update_fields=["is_enabled"])
        verb = "rule enabled" if is_enabled else "rule disabled"
        activity.record(rule.rule_set, verb, actor=actor, new=rule.name)
    return rule


@transaction.atomic
def move_rule(*, rule_id: int, by: int, actor: Actor) -> int:
    """Move a rule of a draft by so many places (-1: up); where it stands now, from 1.

    :raises RuleRefused: it stands first or last already, or the set is no draft.
    """
    rule = _lock_rule(rule_id)
    last = rule.rule_set.rules.count()
    place = rule.position + by
    if not 1 <= place <= last:
        end = "first" if by < 0 else "last"
        raise RuleRefused(f"“{rule}” is the {end} rule already.")
    low, high = sorted((rule.position, place))
    between = rule.rule_set.rules.filter(position__range=(low, high)).exclude(pk=rule.pk)
    between.update(position=F("position") + (1 if by < 0 else -1))
    RoutingRule.objects.filter(pk=rule.pk).update(position=place)
    activity.record(
        rule.rule_set, "rule moved", actor=actor, new=f"{rule.name}: {rule.position} → {place}"
    )
    return place


@transaction.atomic
def remove_rule(*, rule_id: int, actor: Actor) -> tuple[RuleDraft, int]:
    """Take a rule out of a draft; what it said and where it stood, so that it can be added again.

    :raises RuleRefused: the set is no draft, or runs in the shadow.
    """
    rule = _lock_rule(rule_id)
    removed = draft_of(rule), rule.position
    rule.delete()
    rule.rule_set.rules.filter(position__gt=removed[1]).update(position=F("position") - 1)
    activity.record(rule.rule_set, "rule removed", actor=actor, old=rule.name)
    return removed


def insert_rules(
    rule_set: RuleSet, drafts: Sequence[RuleDraft], *, first: int = 1
) -> list[RoutingRule]:
    """Write rules of a locked or new set, one behind the other.

    :raises RuleRefused: one of them is no rule.
    """
    rules = [
        _fill(RoutingRule(rule_set=rule_set, position=place), draft)
        for place, draft in enumerate(drafts, start=first)
    ]
    RoutingRule.objects.bulk_create(rules)
    _relate(rules, drafts)
    return rules


def _lock_draft(rule_set_id: int) -> RuleSet:
    rule_set = lock_rule_set(rule_set_id)
    if rule_set.status != RuleSet.Status.DRAFT:
        raise RuleRefused(f"{rule_set} is {rule_set.status}: edit a copy.")
    if rule_set.is_shadow:
        raise RuleRefused(f"{rule_set} runs in the shadow: stop that before you change its rules.")
    return rule_set


def _lock_rule(rule_id: int) -> RoutingRule:
    """The rule with its draft, which is locked first."""
    found = RoutingRule.objects.filter(pk=rule_id)
    owner = found.values_list("rule_set_id", flat=True).first()
    if owner is not None:
        rule_set = _lock_draft(owner)
        if rule := found.first():  # somebody may have removed it while we waited
            rule.rule_set = rule_set
            return rule
    raise Unknown("There is no such rule (any more).")


def _fill(rule: RoutingRule, draft: RuleDraft) -> RoutingRule:
    for name, value in draft.columns().items():
        setattr(rule, name, value)
    if both := set(draft.warehouses) & set(draft.excluded_warehouses):
        raise RuleRefused(f"“{draft.name}” both allows and excludes {len(both)} of its warehouses.")
    if len(set(draft.preference)) != len(draft.preference):
        raise RuleRefused(f"“{draft.name}” names a preference twice.")
    try:
        rule.clean_fields(exclude=["rule_set"])
        rule.validate_constraints(exclude={"rule_set", "position"})
    except ValidationError as error:
        raise RuleRefused(f"“{draft.name}”: {' '.join(error.messages)}") from None
    return rule


def _relate(rules: Sequence[RoutingRule], drafts: Iterable[RuleDraft]) -> None:
    for rule, draft in zip(rules, drafts, strict=True):
        for name in RuleDraft.RELATED:
            getattr(rule, name).set(getattr(draft, name))
