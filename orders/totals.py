"""The money of an order: lines, tax per line, charges, shares of a line. Pure arithmetic.

Amounts are rounded half up, per line, at the currency's exponent; a share of an amount is cumulative,
so that the shares of all units together are the amount to the last cent.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

from oms.core.money import apportion, line_amount, round_amount

ZERO = Decimal(0)
HUNDRED = Decimal(100)


class Amounts(NamedTuple):
    """A net amount and the tax on it."""

    net: Decimal
    tax: Decimal

    @property
    def total(self) -> Decimal:
        return self.net + self.tax


@dataclass(frozen=True, slots=True)
class OrderTotals:
    """What stands on the order: ``total = lines + charges + tax``."""

    lines: Decimal
    charges: Decimal
    tax: Decimal

    @property
    def total(self) -> Decimal:
        return self.lines + self.charges + self.tax


def line_amounts(
    *,
    unit_price: Decimal,
    quantity: int,
    discount: Decimal,
    tax_rate: Decimal,
    currency: str,
    includes_tax: bool = False,
) -> Amounts:
    """The amounts of a line: price times quantity, rounded once, less the discount.

    Where prices include tax, the tax is taken out of that amount; else it is added on top.
    """
    amount = line_amount(unit_price, quantity, currency) - discount
    if not tax_rate:
        return Amounts(amount, ZERO)
    if includes_tax:
        tax = round_amount(amount * tax_rate / (HUNDRED + tax_rate), currency)
        return Amounts(amount - tax, tax)
    return Amounts(amount, tax_on(amount, tax_rate, currency))


def tax_on(net: Decimal, tax_rate: Decimal, currency: str) -> Decimal:
    """The tax on a net amount (a charge may be negative; then its tax is too)."""
    return round_amount(net * tax_rate / HUNDRED, currency) if tax_rate else ZERO


def order_totals(lines: Iterable[Amounts], charges: Iterable[Amounts]) -> OrderTotals:
    """Add up lines (without kit components, whose shares stand in the kit's line) and charges."""
    lines_net = charges_net = tax = ZERO
    for net, line_tax in lines:
        lines_net += net
        tax += line_tax
    for net, charge_tax in charges:
        charges_net += net
        tax += charge_tax
    return OrderTotals(lines_net, charges_net, tax)


def share(amount: Decimal, units: int, of: int, currency: str) -> Decimal:
    """The part of an amount that ``units`` of its ``of`` units stand for."""
    if units == of:
        return amount
    return round_amount(amount * units / of, currency)


def next_share(amount: Decimal, before: int, units: int, of: int, currency: str) -> Decimal:
    """The part for ``units`` more when ``before`` units have had theirs: all parts add up to all."""
    return share(amount, before + units, of, currency) - share(amount, before, of, currency)


def component_shares(
    amounts: Amounts, weights: Sequence[Decimal | int], currency: str
) -> list[Amounts]:
    """Split a kit's amounts among its components."""
    nets = apportion(amounts.net, weights, currency)
    taxes = apportion(amounts.tax, weights, currency)
    return [Amounts(net, tax) for net, tax in zip(nets, taxes, strict=True)]
