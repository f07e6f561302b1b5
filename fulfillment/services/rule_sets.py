"""Rule sets: begun, tried in the shadow, activated, archived. What has decided is never edited."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import transaction

from fulfillment.exceptions import RuleRefused, Unknown
from fulfillment.models import RoutingRule, RuleSet, ShadowResult
from fulfillment.services.routing_rules import RuleDraft, draft_of, insert_rules, lock_rule_set
from oms.core import activity
from oms.core.actors import Actor
from oms.core.workflow import perform

USUAL = (RuleDraft(name="All orders"),)
"""What the house does without rules: as few shipments as possible, then the shortest way."""


@transaction.atomic
def create_rule_set(
    *, name: str, note: str = "", rules: Sequence[RuleDraft] = (), actor: Actor
) -> RuleSet:
    """Begin a draft with these rules (`USUAL`: what happens without rules), or an empty one.

    :raises RuleRefused: the name is empty, or a rule is no rule; nothing was written.
    """
    rule_set = RuleSet.objects.create(
        name=_clean_name(name), note=note.strip(), created_by=actor.label
    )
    insert_rules(rule_set, rules)
    activity.record(rule_set, "created", actor=actor, new=rule_set.name)
    return rule_set


@transaction.atomic
def copy_rule_set(*, rule_set_id: int, name: str = "", note: str = "", actor: Actor) -> RuleSet:
    """Begin a draft with the rules of another set, whatever state that is in.

    :raises Unknown: there is no such set.
    """
    try:
        source = RuleSet.objects.get(pk=rule_set_id)
    except RuleSet.DoesNotExist:
        raise Unknown("There is no such rule set.") from None
    rules = source.rules.order_by("position").prefetch_related(*RuleDraft.RELATED)
    return create_rule_set(
        name=name.strip() or f"{source.name[:90]} (copy)",
        note=note or source.note,
        rules=[draft_of(rule) for rule in rules],
        actor=actor,
    )


@transaction.atomic
def rename_rule_set(*, rule_set_id: int, name: str, note: str, actor: Actor) -> RuleSet:
    """Give a set, in whatever state, another name and note.

    :raises RuleRefused: the name is empty.
    """
    rule_set = lock_rule_set(rule_set_id)
    old, rule_set.name, rule_set.note = rule_set.name, _clean_name(name), note.strip()
    rule_set.save(update_fields=["name", "note"])
    if old != rule_set.name:
        activity.record(rule_set, "renamed", actor=actor, old=old, new=rule_set.name)
    return rule_set


@transaction.atomic
def activate_rule_set(*, rule_set_id: int, actor: Actor) -> RuleSet | None:
    """Let a set decide from now on; the one that did is archived, and given back.

    :raises RuleRefused: it has no rule that is enabled.
    :raises TransitionRefused: it is active already.
    """
    lock_rule_set(rule_set_id)
    others = RuleSet.objects.filter(status=RuleSet.Status.ACTIVE).exclude(pk=rule_set_id)
    keys = [rule_set_id, *others.values_list("pk", flat=True)]
    found = {each.pk: each for each in RuleSet.objects.lock_all(keys)}
    chosen = found.pop(rule_set_id)
    _refuse_without_rules(chosen)
    before = next(iter(found.values()), None)
    if before is not None:
        perform(before, "archive", actor=actor, update_fields=["archived_at", "is_shadow"])
    perform(
        chosen, "activate", actor=actor, update_fields=["activated_at", "archived_at", "is_shadow"]
    )
    return before


@transaction.atomic
def archive_rule_set(*, rule_set_id: int, actor: Actor) -> None:
    """Put a draft away.

    :raises RuleRefused: it is the active one.
    """
    rule_set = lock_rule_set(rule_set_id)
    if rule_set.status == RuleSet.Status.ACTIVE:
        raise RuleRefused(
            f"{rule_set} decides over orders now. Activate another set: that archives this one."
        )
    perform(rule_set, "archive", actor=actor, update_fields=["archived_at", "is_shadow"])


@transaction.atomic
def restore_rule_set(*, rule_set_id: int, actor: Actor) -> None:
    """Work again on a draft that was put away.

    :raises TransitionRefused: it is not archived, or it has decided over orders.
    """
    perform(lock_rule_set(rule_set_id), "restore", actor=actor, update_fields=["archived_at"])


@transaction.atomic
def start_shadow(*, rule_set_id: int, actor: Actor) -> None:
    """Let a draft decide beside the active set, in place of the one that did so before.

    What it decided earlier is forgotten: its rules may have changed since.

    :raises RuleRefused: it is no draft, or has no rule that is enabled.
    """
    lock_rule_set(rule_set_id)
    others = RuleSet.objects.filter(is_shadow=True).values_list("pk", flat=True)
    found = {each.pk: each for each in RuleSet.objects.lock_all([rule_set_id, *others])}
    chosen = found.pop(rule_set_id)
    if chosen.status != RuleSet.Status.DRAFT:
        raise RuleRefused(f"{chosen} is no draft: only a draft is tried in the shadow.")
    _refuse_without_rules(chosen)
    for before in found.values():
        _end_shadow(before, actor=actor)
    ShadowResult.objects.filter(rule_set=chosen).delete()
    RuleSet.objects.filter(pk=chosen.pk).update(is_shadow=True)
    activity.record(chosen, "shadow started", actor=actor)


@transaction.atomic
def end_shadow(*, rule_set_id: int, actor: Actor) -> None:
    """Stop the shadow; what it decided stays to be read.

    :raises RuleRefused: it runs in no shadow.
    """
    rule_set = lock_rule_set(rule_set_id)
    if not rule_set.is_shadow:
        raise RuleRefused(f"{rule_set} does not run in the shadow.")
    _end_shadow(rule_set, actor=actor)


def _end_shadow(rule_set: RuleSet, *, actor: Actor) -> None:
    RuleSet.objects.filter(pk=rule_set.pk).update(is_shadow=False)
    activity.record(rule_set, "shadow ended", actor=actor)


def _clean_name(name: str) -> str:
    if not (words := " ".join(name.split())):
        raise RuleRefused("A rule set needs a name.")
    return words[:100]


def _refuse_without_rules(rule_set: RuleSet) -> None:
    if not RoutingRule.objects.filter(rule_set=rule_set, is_enabled=True).exists():
        raise RuleRefused(f"{rule_set} has no rule that is enabled: it could decide nothing.")
