from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oms.core.money import (
    CURRENCIES,
    AmountField,
    PriceField,
    UnknownCurrency,
    apportion,
    exponent,
    line_amount,
    round_amount,
)

CODES = [code for code, _ in CURRENCIES]


def test_every_currency_fits_the_amount_field() -> None:
    assert len(CODES) == len(set(CODES))
    assert max(exponent(code) for code in CODES) == AmountField().decimal_places == 3
    assert PriceField().decimal_places == 4


@pytest.mark.parametrize(
    ("currency", "places"), [("JPY", 0), ("EUR", 2), ("USD", 2), ("KWD", 3), ("HUF", 2), ("ISK", 0)]
)
def test_exponents_follow_iso_4217(currency: str, places: int) -> None:
    assert exponent(currency) == places


@pytest.mark.parametrize(
    ("value", "currency", "rounded"),
    [
        ("2.005", "EUR", "2.01"),
        ("2.0049", "EUR", "2.00"),
        ("-2.005", "EUR", "-2.01"),
        ("1.5", "JPY", "2"),
        ("0.0005", "KWD", "0.001"),
    ],
)
def test_amounts_round_half_away_from_zero(value: str, currency: str, rounded: str) -> None:
    assert str(round_amount(Decimal(value), currency)) == rounded


def test_a_line_is_rounded_once() -> None:
    assert line_amount(Decimal("0.1250"), 3, "EUR") == Decimal("0.38")
    assert line_amount(Decimal("0.333"), Decimal("1.5"), "EUR") == Decimal("0.50")


def test_an_unknown_currency_is_refused_by_name() -> None:
    with pytest.raises(UnknownCurrency, match="'EURO' is not a currency code"):
        round_amount(Decimal(1), "EURO")
    with pytest.raises(UnknownCurrency):
        exponent("eur")


@pytest.mark.parametrize("value", ["NaN", "Infinity"])
def test_what_is_no_number_is_no_amount(value: str) -> None:
    with pytest.raises(ValueError, match="not an amount of money"):
        round_amount(Decimal(value), "EUR")


def test_a_float_is_not_money() -> None:
    with pytest.raises(TypeError, match="Money is Decimal, not float"):
        round_amount(1.1, "EUR")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("total", "weights", "parts"),
    [
        ("10.00", [1, 1, 1], ["3.33", "3.33", "3.34"]),
        ("-10.00", [1, 1, 1], ["-3.33", "-3.33", "-3.34"]),
        ("0.05", [1] * 10, ["0.00"] * 5 + ["0.01"] * 5),
        ("10.00", [2, 0, 1], ["6.67", "0.00", "3.33"]),
        ("9.00", [0, 0], ["4.50", "4.50"]),
        ("0.00", [], []),
        ("1.00", ["19.99", "0.01"], ["1.00", "0.00"]),
        ("100.00", ["1e3", "1e3"], ["50.00", "50.00"]),
    ],
)
def test_a_total_is_apportioned_to_the_cent(
    total: str, weights: list[int | str], parts: list[str]
) -> None:
    split = apportion(Decimal(total), [Decimal(weight) for weight in weights], "EUR")

    assert [str(part) for part in split] == parts


def test_yen_are_apportioned_in_whole_yen() -> None:
    assert apportion(Decimal(100), [1, 1, 1], "JPY") == [Decimal(33), Decimal(33), Decimal(34)]


def test_apportioning_refuses_what_cannot_add_up() -> None:
    with pytest.raises(ValueError, match="too many decimal places"):
        apportion(Decimal("0.001"), [1], "EUR")
    with pytest.raises(ValueError, match="among no parts"):
        apportion(Decimal("1.00"), [], "EUR")
    with pytest.raises(ValueError, match="zero or more"):
        apportion(Decimal("1.00"), [1, -1], "EUR")


@given(
    cents=st.integers(-(10**11), 10**11),
    weights=st.lists(st.decimals(0, 10**9, places=4), min_size=1, max_size=60),
    currency=st.sampled_from(["EUR", "JPY", "KWD"]),
)
def test_no_cent_is_lost_and_no_part_is_a_unit_off(
    cents: int, weights: list[Decimal], currency: str
) -> None:
    unit = Decimal(1).scaleb(-exponent(currency))
    total = cents * unit

    parts = apportion(total, weights, currency)

    assert sum(parts) == total
    assert all(part * total >= 0 for part in parts)
    whole = sum(weights)
    if whole:
        assert all(
            abs(part - total * weight / whole) <= unit
            for part, weight in zip(parts, weights, strict=True)
        )
