"""What to order now, from whom: the low rules with their best supplier, grouped to orders."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from decimal import Decimal

from inventory.models import ReorderRule, Supplier, SupplierProduct, Warehouse
from inventory.reordering import cover_days, suggested_quantity
from inventory.selectors.positions import Position, positions
from oms.core.money import line_amount


@dataclass(frozen=True, slots=True)
class Suggestion:
    """``quantity`` base units of a rule's product, at the terms of the supplier chosen for it.

    Without ``terms`` nobody sells the product: choose a supplier for it.
    """

    rule: ReorderRule
    position: Position
    terms: SupplierProduct | None
    quantity: int

    @property
    def amount(self) -> Decimal:
        """What it costs, in the supplier's currency."""
        if self.terms is None:
            return Decimal(0)
        return line_amount(self.terms.price, self.quantity, self.terms.supplier.currency)

    @property
    def cover_days(self) -> int | None:
        demand = self.rule.daily_demand
        return cover_days(self.position.position, float(demand) if demand is not None else None)


@dataclass(frozen=True, slots=True)
class SuggestedOrder:
    """What would go on one purchase order: one supplier, one warehouse."""

    supplier: Supplier
    warehouse: Warehouse
    lines: list[Suggestion]

    @property
    def amount(self) -> Decimal:
        return sum((line.amount for line in self.lines), Decimal(0))

    @property
    def missing_amount(self) -> Decimal:
        """How much more the supplier wants an order to be worth."""
        return max(Decimal(0), self.supplier.min_order_amount - self.amount)


@dataclass(frozen=True, slots=True)
class Suggestions:
    """All that is low, and of it what nobody sells."""

    orders: list[SuggestedOrder]
    without_supplier: list[Suggestion]

    @property
    def count(self) -> int:
        return sum(len(order.lines) for order in self.orders) + len(self.without_supplier)


def suggestions(*, warehouse: str = "", product_ids: Collection[int] | None = None) -> Suggestions:
    """What to order now for a warehouse (its code; empty: for all); three statements."""
    found = [each for each in _suggestions(product_ids) if each.quantity]
    if warehouse:
        found = [each for each in found if each.rule.warehouse.code == warehouse]
    return Suggestions(_orders(found), [each for each in found if each.terms is None])


def suggestions_by_rule(product_ids: Collection[int]) -> dict[int, Suggestion]:
    """The suggestion (perhaps of 0 units) for every active rule of these products."""
    return {each.rule.pk: each for each in _suggestions(product_ids)}


def best_terms(product_ids: Collection[int]) -> dict[int, SupplierProduct]:
    """For each product the terms to buy at: the preferred supplier's, else the lowest price.

    Prices are compared as they are written; where suppliers have different currencies, prefer one.
    """
    rows = SupplierProduct.objects.filter(
        product__in=product_ids, is_active=True, supplier__is_active=True
    ).select_related("supplier")
    best: dict[int, SupplierProduct] = {}
    for row in rows.order_by("product_id", "-is_preferred", "price", "supplier__code"):
        best.setdefault(row.product_id, row)
    return best


def _suggestions(product_ids: Collection[int] | None) -> list[Suggestion]:
    now = positions(product_ids)
    rules = ReorderRule.objects.filter(pk__in=now).select_related("product", "warehouse")
    terms = best_terms({each.product_id for each in now.values()})
    ordered = rules.order_by("warehouse__priority", "warehouse__code", "product__sku")
    return [_suggest(rule, now[rule.pk], terms.get(rule.product_id)) for rule in ordered]


def _suggest(rule: ReorderRule, now: Position, terms: SupplierProduct | None) -> Suggestion:
    quantity = suggested_quantity(
        position=now.position + now.drafted,
        point=rule.point,
        target=rule.target,
        min_quantity=terms.min_quantity if terms else 1,
        pack_quantity=terms.pack_quantity if terms else 1,
    )
    return Suggestion(rule, now, terms, quantity)


def _orders(found: list[Suggestion]) -> list[SuggestedOrder]:
    by_order: dict[tuple[str, str], SuggestedOrder] = {}
    for each in found:
        if each.terms is None:
            continue
        supplier, warehouse = each.terms.supplier, each.rule.warehouse
        key = (supplier.code, warehouse.code)
        by_order.setdefault(key, SuggestedOrder(supplier, warehouse, [])).lines.append(each)
    return [by_order[key] for key in sorted(by_order)]
