"""From a checked draft to the rows of an order: kits explode, amounts are fixed. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from oms.core.addresses import Address
from orders.drafts import (
    ChargeDraft,
    LineDraft,
    OrderDraft,
    Party,
    ProductFacts,
    Products,
    product_of,
)
from orders.totals import (
    ZERO,
    Amounts,
    OrderTotals,
    component_shares,
    line_amounts,
    order_totals,
    tax_on,
)

PRICE = Decimal("0.0001")


class LineRow(NamedTuple):
    """One order line. ``parent`` is the index of the kit's line in the same order."""

    kind: str
    parent: int | None
    product_id: int
    sku: str
    description: str
    sets: int | None
    ordered: int
    unit_price: Decimal
    price_source: str
    discount: Decimal
    amounts: Amounts
    tax_rate: Decimal
    ship_to: Address | None
    requested_date: date | None
    external_id: str


class ChargeRow(NamedTuple):
    kind: str
    description: str
    amounts: Amounts
    tax_rate: Decimal


@dataclass(frozen=True, slots=True)
class Assembled:
    """An order ready to be written."""

    draft: OrderDraft
    party: Party
    lines: Sequence[LineRow]
    charges: Sequence[ChargeRow]
    totals: OrderTotals
    addresses: Sequence[Address]
    """The ship-to first, then the bill-to and those of lines where they differ."""

    @property
    def settlement(self) -> str:
        return self.draft.settlement or self.party.settlement

    @property
    def units(self) -> int:
        return sum(line.ordered for line in self.lines)

    @property
    def line_count(self) -> int:
        return sum(line.kind != "component" for line in self.lines)


def assemble(draft: OrderDraft, party: Party, products: Products) -> Assembled:
    """Work out lines, charges and totals; what the channel's total leaves unexplained is a charge."""
    lines: list[LineRow] = []
    for line in draft.lines:
        product = product_of(line, products)
        if product is None:
            raise LookupError(f"The SKU {line.sku!r} was not checked before.")
        lines += _rows_of(line, product, draft, party, at=len(lines))
    charges = [_charge_row(charge, draft.currency) for charge in draft.charges]
    totals = _totals(lines, charges)
    difference = ZERO if draft.total_amount is None else draft.total_amount - totals.total
    if difference:
        charges.append(ChargeRow("difference", "", Amounts(difference, ZERO), ZERO))
        totals = _totals(lines, charges)
    return Assembled(draft, party, lines, charges, totals, _addresses(draft, lines))


def _addresses(draft: OrderDraft, lines: Sequence[LineRow]) -> list[Address]:
    others = [draft.bill_to, *(line.ship_to for line in lines)]
    return list(dict.fromkeys([draft.ship_to, *filter(None, others)]))


def _totals(lines: Sequence[LineRow], charges: Sequence[ChargeRow]) -> OrderTotals:
    return order_totals(
        (line.amounts for line in lines if line.kind != "component"),
        (charge.amounts for charge in charges),
    )


def _charge_row(charge: ChargeDraft, currency: str) -> ChargeRow:
    tax = tax_on(charge.net_amount, charge.tax_rate, currency)
    amounts = Amounts(charge.net_amount, tax)
    return ChargeRow(charge.kind, charge.description, amounts, charge.tax_rate)


def _rows_of(
    line: LineDraft, product: ProductFacts, draft: OrderDraft, party: Party, *, at: int
) -> Iterator[LineRow]:
    amounts = line_amounts(
        unit_price=line.unit_price,
        quantity=line.quantity,
        discount=line.discount_amount,
        tax_rate=line.tax_rate,
        currency=draft.currency,
        includes_tax=party.prices_include_tax,
    )
    own = LineRow(
        kind="kit" if product.is_kit else "product",
        parent=None,
        product_id=product.id,
        sku=product.sku,
        description=line.description or product.name,
        sets=line.quantity if product.is_kit else None,
        ordered=0 if product.is_kit else line.quantity,
        unit_price=line.unit_price,
        price_source=line.price_source,
        discount=line.discount_amount,
        amounts=amounts,
        tax_rate=line.tax_rate,
        ship_to=line.ship_to if line.ship_to != draft.ship_to else None,
        requested_date=line.requested_date,
        external_id=line.external_id,
    )
    yield own
    if product.is_kit:
        yield from _component_rows(own, product, draft.currency, at=at)


def _component_rows(
    kit: LineRow, product: ProductFacts, currency: str, *, at: int
) -> Iterator[LineRow]:
    shares = component_shares(kit.amounts, _weights(product), currency)
    for component, amounts in zip(product.components, shares, strict=True):
        ordered = (kit.sets or 0) * component.quantity
        yield kit._replace(
            kind="component",
            parent=at,
            product_id=component.product_id,
            sku=component.sku,
            description=component.name,
            sets=None,
            ordered=ordered,
            unit_price=(amounts.net / ordered).quantize(PRICE),
            price_source="kit",
            discount=ZERO,
            amounts=amounts,
            external_id="",
        )


def _weights(kit: ProductFacts) -> list[Decimal | int]:
    """Components share the price by what they cost; where a cost is missing, by their number."""
    if all(component.cost for component in kit.components):
        return [(part.cost or ZERO) * part.quantity for part in kit.components]
    return [part.quantity for part in kit.components]
