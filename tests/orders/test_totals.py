"""Rounding: what always holds for the money of an order."""

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from orders.totals import (
    Amounts,
    component_shares,
    line_amounts,
    next_share,
    order_totals,
    share,
    tax_on,
)

PLACES = {"EUR": 2, "JPY": 0, "KWD": 3}
currencies = st.sampled_from(sorted(PLACES))
prices = st.decimals(0, 99_999, places=4)
rates = st.decimals(0, 100, places=3)
quantities = st.integers(1, 10_000)


def is_amount(value: Decimal, currency: str) -> bool:
    return value == round(value, PLACES[currency])


@given(prices, quantities, rates, currencies, st.booleans())
def test_line_amounts_stand_at_the_currencys_places_and_are_off_by_half_a_unit_at_most(
    price: Decimal, quantity: int, rate: Decimal, currency: str, includes_tax: bool
) -> None:
    amounts = line_amounts(
        unit_price=price,
        quantity=quantity,
        discount=Decimal(0),
        tax_rate=rate,
        currency=currency,
        includes_tax=includes_tax,
    )

    half = Decimal(1).scaleb(-PLACES[currency]) / 2
    assert is_amount(amounts.net, currency)
    assert is_amount(amounts.tax, currency)
    said = amounts.total if includes_tax else amounts.net
    assert abs(said - price * quantity) <= half
    assert abs(amounts.tax - amounts.net * rate / 100) <= half * (1 + rate / 100)


@given(st.decimals(0, 99_999, places=2), st.lists(st.integers(1, 50), min_size=1, max_size=8))
def test_the_parts_of_a_line_add_up_to_its_amount(amount: Decimal, parts: list[int]) -> None:
    of = sum(parts)
    before, paid = 0, []

    for units in parts:
        paid.append(next_share(amount, before, units, of, "EUR"))
        before += units

    assert sum(paid) == amount
    assert all(part >= 0 for part in paid)


@given(st.decimals(0, 99_999, places=2), st.integers(1, 100), st.integers(0, 100))
def test_a_share_is_never_more_than_the_amount(amount: Decimal, of: int, units: int) -> None:
    part = share(amount, min(units, of), of, "EUR")

    assert 0 <= part <= amount


@given(
    st.decimals(0, 99_999, places=2),
    st.decimals(0, 9_999, places=2),
    st.lists(st.integers(1, 100), min_size=1, max_size=6),
)
def test_the_shares_of_a_kits_components_add_up_to_its_price(
    net: Decimal, tax: Decimal, weights: list[int]
) -> None:
    shares = component_shares(Amounts(net, tax), weights, "EUR")

    assert sum(part.net for part in shares) == net
    assert sum(part.tax for part in shares) == tax


def test_half_a_cent_is_rounded_up_at_the_line() -> None:
    amounts = line_amounts(
        unit_price=Decimal("0.1250"),
        quantity=1,
        discount=Decimal(0),
        tax_rate=Decimal(19),
        currency="EUR",
    )

    assert amounts == Amounts(Decimal("0.13"), Decimal("0.02"))


def test_the_tax_on_a_discount_is_negative() -> None:
    assert tax_on(Decimal("-10.00"), Decimal(19), "EUR") == Decimal("-1.90")


def test_an_order_is_the_sum_of_lines_and_charges() -> None:
    totals = order_totals(
        [Amounts(Decimal("10.00"), Decimal("1.90")), Amounts(Decimal("5.00"), Decimal(0))],
        [Amounts(Decimal("-1.00"), Decimal("-0.19"))],
    )

    assert (totals.lines, totals.charges, totals.tax, totals.total) == (
        *(Decimal("15.00"), Decimal("-1.00")),
        *(Decimal("1.71"), Decimal("15.71")),
    )
