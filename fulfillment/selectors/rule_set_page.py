"""The list of rule sets and the page of one, as plain data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Q
from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from fulfillment.models import ReplayRun, RoutingRule, RuleSet
from fulfillment.rule_order import unreachable
from fulfillment.selectors.rule_sets import rule_of, with_related
from fulfillment.selectors.rule_words import RuleWords, words_of
from oms.core import listing
from oms.core.listing import Listing, ListPage, Sort, View
from oms.core.models import Activity

NEWEST_RUNS = 5
NEWEST_ACTIVITIES = 30

RULE_SETS = Listing(
    name="rule_sets",
    views=(
        View(
            "current",
            gettext_lazy("Active and drafts"),
            lambda rows: rows.exclude(status=RuleSet.Status.ARCHIVED),
        ),
        View(
            "archived",
            gettext_lazy("Archived"),
            lambda rows: rows.filter(status=RuleSet.Status.ARCHIVED),
        ),
    ),
    sorts=(
        Sort("status", gettext_lazy("Status"), "status", descending=False),
        Sort("name", gettext_lazy("Name"), "name", descending=False),
        Sort("newest", gettext_lazy("Created"), "id"),
    ),
)
HEADS = (
    (gettext_lazy("Name"), "name", ""),
    (gettext_lazy("Status"), "status", ""),
    (gettext_lazy("Rules"), "", "num"),
    (gettext_lazy("Created"), "newest", ""),
    (gettext_lazy("By"), "", ""),
    (gettext_lazy("Activated"), "", ""),
)


def rule_set_list(params: QueryDict) -> ListPage:
    """The rule sets with how many of their rules are enabled."""
    rows = RuleSet.objects.annotate(enabled=Count("rules", filter=Q(rules__is_enabled=True)))
    return listing.load(RULE_SETS, params, rows, heads=HEADS)


@dataclass(frozen=True, slots=True)
class RuleRow:
    """A rule in its place; ``taken_by``: the earlier rule that leaves no order to it."""

    rule: RoutingRule
    words: RuleWords
    is_first: bool
    is_last: bool
    taken_by: RoutingRule | None

    @property
    def warning(self) -> str:
        """Why no order ever comes to it, as a sentence."""
        if self.taken_by is None:
            return ""
        return _("No order comes to this rule: rule %(place)d, “%(name)s”, takes them all.") % {
            "place": self.taken_by.position,
            "name": self.taken_by.name,
        }


@dataclass(frozen=True, slots=True)
class Happened:
    """One line of a set's history."""

    actor: str
    text: str
    at: Any


@dataclass(frozen=True, slots=True)
class RuleSetPage:
    rule_set: RuleSet
    rows: list[RuleRow]
    runs: list[ReplayRun]
    history: list[Happened]
    shadowed: int
    shadow_differs: int

    @property
    def is_editable(self) -> bool:
        return self.rule_set.status == RuleSet.Status.DRAFT and not self.rule_set.is_shadow

    @property
    def enabled(self) -> int:
        return sum(row.rule.is_enabled for row in self.rows)

    @property
    def warnings(self) -> list[RuleRow]:
        return [row for row in self.rows if row.taken_by]


def rule_set_page(rule_set_id: int) -> RuleSetPage:
    """What the page of a rule set shows, with a constant number of statements.

    :raises RuleSet.DoesNotExist: there is none.
    """
    rule_set = RuleSet.objects.get(pk=rule_set_id)
    rules = list(with_related(rule_set.rules.all()))
    runs = rule_set.replays.order_by("-id")[:NEWEST_RUNS]
    shadow = rule_set.shadow_results.aggregate(
        count=Count("pk"), different=Count("pk", filter=Q(is_different=True))
    )
    return RuleSetPage(
        rule_set,
        _rows(rules),
        list(runs),
        _history(rule_set),
        shadow["count"],
        shadow["different"],
    )


def _rows(rules: list[RoutingRule]) -> list[RuleRow]:
    by_key = {rule.pk: rule for rule in rules}
    pairs = unreachable([rule_of(rule) for rule in rules if rule.is_enabled])
    taken = {rule.id: by_key[taker.id] for rule, taker in pairs}
    return [
        RuleRow(rule, words_of(rule), rule is rules[0], rule is rules[-1], taken.get(rule.pk))
        for rule in rules
    ]


_VERBS = {
    "created": gettext_lazy("began the set"),
    "renamed": gettext_lazy("renamed it from “{old}”"),
    "rule added": gettext_lazy("added “{new}”"),
    "rule changed": gettext_lazy("changed “{new}”"),
    "rule enabled": gettext_lazy("switched “{new}” on"),
    "rule disabled": gettext_lazy("switched “{new}” off"),
    "rule moved": gettext_lazy("moved “{new}”"),
    "rule removed": gettext_lazy("removed “{old}”"),
    "activate": gettext_lazy("activated the set"),
    "archive": gettext_lazy("archived the set"),
    "restore": gettext_lazy("took the set back to work on it"),
    "shadow started": gettext_lazy("let it run in the shadow"),
    "shadow ended": gettext_lazy("ended the shadow"),
    "replayed": gettext_lazy("replayed it over {new}"),
}


def _history(rule_set: RuleSet) -> list[Happened]:
    rows = Activity.objects.filter(document_kind="ruleset", document_id=rule_set.pk)
    return [
        Happened(
            each.actor_label,
            str(_VERBS.get(each.verb, each.verb)).format(old=each.old, new=each.new),
            each.at,
        )
        for each in rows.order_by("-id")[:NEWEST_ACTIVITIES]
    ]
