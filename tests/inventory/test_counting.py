from datetime import date
from decimal import Decimal

from inventory.counting import NO_TOLERANCE, Limits, due_date, is_due, value_of


def test_a_difference_is_too_large_by_units_or_by_value() -> None:
    limits = Limits(units=2, amount=Decimal(20))

    assert not limits.is_exceeded(-2, Decimal(10))
    assert limits.is_exceeded(3, None)
    assert limits.is_exceeded(-1, Decimal("20.01"))


def test_without_limits_any_difference_passes_and_without_tolerance_none() -> None:
    assert not Limits().is_exceeded(-1_000, Decimal(1_000))
    assert NO_TOLERANCE.is_exceeded(1, None)
    assert not NO_TOLERANCE.is_exceeded(0, Decimal(5))


def test_what_units_are_worth() -> None:
    assert value_of(3, Decimal("1.2345")) == Decimal("3.7035")
    assert value_of(3, None) == 0


def test_the_class_says_how_often_a_product_is_counted() -> None:
    last = date(2026, 1, 1)

    assert due_date("A", last) == date(2026, 1, 31)
    assert due_date("B", last) == date(2026, 4, 1)
    assert due_date("C", last) == due_date("", last) == date(2026, 6, 30)
    assert is_due("A", last, date(2026, 1, 31))
    assert not is_due("A", last, date(2026, 1, 30))
    assert is_due("C", None, date(2026, 1, 1))
