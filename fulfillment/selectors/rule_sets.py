"""Rule sets as the planner reads them."""

from __future__ import annotations

from django.db.models import QuerySet

from fulfillment import rules
from fulfillment.models import RoutingRule, RuleSet

RELATED = ("channels", "warehouses", "excluded_warehouses")


def rules_of(rule_set: RuleSet) -> rules.RuleSet:
    """The enabled rules of a set in their order: four statements."""
    enabled = with_related(rule_set.rules.filter(is_enabled=True))
    return rules.RuleSet(rule_set.pk, rule_set.name, tuple(rule_of(rule) for rule in enabled))


def active_rules() -> rules.RuleSet:
    """The rules that decide now; none: the house's own rule decides everything."""
    active = RuleSet.objects.filter(status=RuleSet.Status.ACTIVE).first()
    return rules_of(active) if active else rules.NO_RULES


def with_related(found: QuerySet[RoutingRule]) -> QuerySet[RoutingRule]:
    """Rules in their order, with the channels and warehouses that they name."""
    return found.order_by("position").prefetch_related(*RELATED)


def rule_of(rule: RoutingRule) -> rules.Rule:
    """A rule of the database as plain data."""
    return rules.Rule(
        id=rule.pk,
        name=rule.name,
        orders=_orders(rule),
        sites=_sites(rule),
        preference=tuple(rules.Criterion(each) for each in rule.preference),
        split=rules.SplitPolicy(rule.split),
        split_above=rule.split_above,
        otherwise=rules.Otherwise(rule.otherwise),
        cancel_after_days=rule.cancel_after_days,
    )


def _orders(rule: RoutingRule) -> rules.OrderFilter:
    return rules.OrderFilter(
        channels=frozenset(each.pk for each in rule.channels.all()),
        profile=rule.profile,
        countries=frozenset(rule.countries),
        value_from=rule.value_from,
        value_to=rule.value_to,
        priority_from=rule.priority_from,
        tags=frozenset(rule.tags),
    )


def _sites(rule: RoutingRule) -> rules.SiteFilter:
    percent = rule.min_reliability
    return rules.SiteFilter(
        allowed=frozenset(each.pk for each in rule.warehouses.all()),
        excluded=frozenset(each.pk for each in rule.excluded_warehouses.all()),
        needs_capacity=rule.needs_capacity,
        needs_cut_off=rule.needs_cut_off,
        keeps_safety_stock=rule.keeps_safety_stock,
        keeps_share=rule.keeps_share,
        min_reliability=None if percent is None else float(percent) / 100,
        max_distance_km=rule.max_distance_km,
    )
