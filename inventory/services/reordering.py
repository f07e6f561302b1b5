"""Reorder rules: made for many products at once, computed every night, and turned into draft orders."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db import transaction
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from inventory.exceptions import PurchaseRefused
from inventory.models import Product, PurchaseOrder, ReorderRule, Supplier
from inventory.reordering import Computed, compute
from inventory.selectors.demand import shipped_days
from inventory.selectors.suggestions import SuggestedOrder, best_terms, suggestions
from inventory.services.purchasing import WantedLine, add_units, create_purchase_order
from oms.core import bulk
from oms.core.actors import Actor

DAYS = 90


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleTerms:
    """What new rules begin with; computed ones get their point and target from the demand."""

    method: str = ReorderRule.Method.COMPUTED
    point: int = 0
    target: int = 0
    service_percent: Decimal = Decimal(95)
    cover_days: int = 30


@transaction.atomic
def create_rules(
    *, warehouse_id: int, product_ids: Collection[int], terms: RuleTerms, actor: Actor, today: date
) -> int:
    """Watch these products at a warehouse; those that have a rule there keep it. How many are new.

    :raises PurchaseRefused: the target lies below the point.
    """
    if terms.target < terms.point:
        raise PurchaseRefused(_("The target lies at or above the reorder point."))
    stocked = Product.objects.active().filter(pk__in=product_ids, is_kit=False)
    made = bulk.insert(
        ReorderRule,
        ["product", "warehouse", "method", "point", "target", "service_percent", "cover_days"],
        [
            (key, warehouse_id, terms.method, terms.point, terms.target, terms.service_percent,
             terms.cover_days)
            for key in stocked.order_by("pk").values_list("pk", flat=True)
        ],
        returning=["id"],
        on_conflict_do_nothing=True,
    )  # fmt: skip
    compute_rules(rule_ids=[pk for (pk,) in made], today=today, actor=actor)
    return len(made)


@transaction.atomic
def compute_rules(
    *,
    today: date,
    actor: Actor,  # noqa: ARG001 - every service says who acts
    rule_ids: Collection[int] | None = None,
) -> int:
    """Set point and target of the computed rules (None: of all) from what was shipped in the 90
    days before today and the lead time of the supplier; how many were set.

    A rule keeps its numbers while its product is too young to compute, or nobody sells it.
    """
    rules = ReorderRule.objects.active().filter(method=ReorderRule.Method.COMPUTED)
    if rule_ids is not None:
        rules = rules.filter(pk__in=rule_ids)
    wanted = rules.lock_all(rules.values_list("pk", flat=True))
    if not wanted:
        return 0
    days = shipped_days([(r.warehouse_id, r.product_id) for r in wanted], until=today, days=DAYS)
    lead_times = {
        key: terms.supplier.lead_time_days if terms.lead_time_days is None else terms.lead_time_days
        for key, terms in best_terms({rule.product_id for rule in wanted}).items()
    }
    found: dict[int, Computed] = {}
    for rule in wanted:
        lead_time = lead_times.get(rule.product_id)
        computed = None if lead_time is None else compute(
            days[rule.warehouse_id, rule.product_id],
            lead_time_days=lead_time,
            service_percent=float(rule.service_percent),
            cover_days=rule.cover_days,
        )  # fmt: skip
        if computed is not None:
            found[rule.pk] = computed
    _write([rule for rule in wanted if rule.pk in found], found)
    return len(found)


def _write(rules: Sequence[ReorderRule], found: dict[int, Computed]) -> None:
    for rule in rules:
        computed = found[rule.pk]
        rule.point, rule.target = computed.point, computed.target
        rule.daily_demand = Decimal(computed.daily_demand).quantize(Decimal("0.001"))
    ReorderRule.objects.bulk_update(rules, ["point", "target", "daily_demand"], batch_size=1_000)
    ReorderRule.objects.filter(pk__in=found).update(computed_at=Now())


@transaction.atomic
def draft_suggestions(
    *,
    actor: Actor,
    warehouse: str = "",
    supplier: str = "",
    product_ids: Collection[int] | None = None,
) -> list[PurchaseOrder]:
    """Put what is suggested on drafts: one for each supplier and warehouse (their codes narrow it).

    What stands on a draft counts as ordered, so that a second call finds nothing to do; a supplier's
    suggested draft that was not sent yet is added to.
    """
    # Whoever drafts for a supplier holds his row: two people at once do not order twice.
    first = suggestions(warehouse=warehouse, product_ids=product_ids).orders
    Supplier.objects.lock_all(order.supplier.pk for order in first)
    wanted = suggestions(warehouse=warehouse, product_ids=product_ids).orders
    drafts = _open_drafts([order.supplier.pk for order in wanted])
    return [
        _draft(order, drafts.get((order.supplier.pk, order.warehouse.pk)), actor)
        for order in wanted
        if not supplier or order.supplier.code == supplier
    ]


def _open_drafts(supplier_ids: Sequence[int]) -> dict[tuple[int, int], int]:
    rows = PurchaseOrder.objects.filter(
        supplier__in=supplier_ids,
        status=PurchaseOrder.Status.DRAFT,
        origin=PurchaseOrder.Origin.SUGGESTION,
    )
    keys = rows.order_by("-pk").values_list("supplier_id", "warehouse_id", "pk")
    return {(supplier_id, warehouse_id): pk for supplier_id, warehouse_id, pk in keys}


def _draft(order: SuggestedOrder, draft_id: int | None, actor: Actor) -> PurchaseOrder:
    lines = [WantedLine(each.rule.product_id, each.quantity) for each in order.lines]
    if draft_id is not None:
        return add_units(order_id=draft_id, lines=lines, actor=actor).order
    return create_purchase_order(
        supplier_id=order.supplier.pk,
        warehouse_id=order.warehouse.pk,
        lines=lines,
        origin=PurchaseOrder.Origin.SUGGESTION,
        actor=actor,
    ).order
