"""Routing rules as sentences that people read."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from fulfillment.models import Criterion, Otherwise, RoutingRule, SplitPolicy


@dataclass(frozen=True, slots=True)
class RuleWords:
    """What a rule says: which orders, from where, in which preference, split how, and what else."""

    orders: str
    sites: str
    preference: str
    split: str
    otherwise: str

    @property
    def then(self) -> str:
        """All that follows the orders."""
        return "; ".join((self.sites, self.preference, self.split, self.otherwise))

    def __str__(self) -> str:
        return f"{self.orders}: {self.then}"


def words_of(rule: RoutingRule) -> RuleWords:
    """The rule in words; it needs its channels and warehouses loaded (`rule_sets.with_related`)."""
    return RuleWords(
        orders=_orders(rule),
        sites=_sites(rule),
        preference=preference_words(rule.preference),
        split=_split(rule),
        otherwise=_otherwise(rule),
    )


def preference_words(criteria: list[str]) -> str:
    """Criteria in their order: “fewest shipments, then shortest way”."""
    names = [_small(str(Criterion(each).label)) for each in criteria]
    return _(", then ").join(names)


def _orders(rule: RoutingRule) -> str:
    channels = ", ".join(each.name for each in rule.channels.all())
    parts = [
        _("of %s") % channels if channels else "",
        _("to %s") % ", ".join(rule.countries) if rule.countries else "",
        _value(rule.value_from, rule.value_to),
        _("with priority %d or more") % rule.priority_from
        if rule.priority_from is not None
        else "",
        _("tagged %s") % _(" or ").join(rule.tags) if rule.tags else "",
    ]
    said = " ".join(part for part in parts if part)
    who = {"b2b": _("B2B orders"), "b2c": _("B2C orders")}.get(rule.profile)
    who = who or (_("Orders") if said else _("All orders"))
    return f"{who} {said}".strip()


def _value(low: Decimal | None, high: Decimal | None) -> str:
    if low is not None and high is not None:
        return _("from %(low)s to below %(high)s") % {"low": _amount(low), "high": _amount(high)}
    if low is not None:
        return _("of %s or more") % _amount(low)
    return _("below %s") % _amount(high) if high is not None else ""


def _sites(rule: RoutingRule) -> str:
    allowed = ", ".join(each.code for each in rule.warehouses.all())
    excluded = ", ".join(each.code for each in rule.excluded_warehouses.all())
    parts = [
        _("from %s") % allowed if allowed else _("from any warehouse"),
        _("but not %s") % excluded if excluded else "",
        _("with capacity left today") if rule.needs_capacity else "",
        _("before today’s cut-off") if rule.needs_cut_off else "",
        _("at most %s km away") % number_format(rule.max_distance_km, 0, force_grouping=True)
        if rule.max_distance_km is not None
        else "",
        _("at least %s%% reliable") % number_format(rule.min_reliability.normalize(), None)
        if rule.min_reliability is not None
        else "",
        _("within the channel’s share") if rule.keeps_share else "",
        "" if rule.keeps_safety_stock else _("down to the last unit"),
    ]
    return " ".join(part for part in parts if part)


def _split(rule: RoutingRule) -> str:
    if rule.split == SplitPolicy.ABOVE_VALUE and rule.split_above is not None:
        return _("split only above %s") % _amount(rule.split_above)
    return {
        SplitPolicy.NEVER: _("never split"),
        SplitPolicy.GROUPS_TOGETHER: _("split, but kits and groups stay together"),
    }.get(SplitPolicy(rule.split), _("split where needed"))


def _otherwise(rule: RoutingRule) -> str:
    if rule.otherwise == Otherwise.CANCEL_DATE:
        days = rule.cancel_after_days or 0
        words = ngettext(
            "else backorder, canceled after %d day", "else backorder, canceled after %d days", days
        )
        return words % days
    return {
        Otherwise.NEXT_RULE: _("else the next rule"),
        Otherwise.HOLD: _("else hold for a person"),
    }.get(Otherwise(rule.otherwise), _("else backorder"))


def _amount(value: Decimal) -> str:
    return number_format(value, 2, use_l10n=True, force_grouping=True)


def _small(label: str) -> str:
    return label[:1].lower() + label[1:]
