"""Cancellations take back the newest sales first. No database."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from channels.order_files import Row, RowKind
from channels.return_matching import KnownSale, Part, ReturnMatcher

START = datetime(2011, 1, 1, tzinfo=UTC)


def sold(invoice: str, quantity: int, day: int, *, customer: str = "1", sku: str = "a") -> Row:
    at = START + timedelta(days=day)
    kind = RowKind.SALE if quantity > 0 else RowKind.RETURN
    return Row(2, 1, kind, invoice, sku, sku, "", quantity, at, Decimal(1), customer, "")


def matcher_with(*sales: Row) -> ReturnMatcher:
    matcher = ReturnMatcher({("1", "a")})
    matcher.remember(sales)
    return matcher


def test_the_newest_sale_gives_first_and_the_rest_comes_from_the_one_before() -> None:
    matcher = matcher_with(sold("1", 5, 1), sold("2", 3, 2))

    assert matcher.match(sold("C3", -4, 3)) == [Part(3, "2", 1), Part(1, "1", 1)]
    assert matcher.match(sold("C4", -4, 4)) == [Part(4, "1", 1)]


def test_what_no_sale_covers_is_left_over_without_an_invoice() -> None:
    matcher = matcher_with(sold("1", 2, 1))

    assert matcher.match(sold("C2", -5, 2)) == [Part(2, "1", 1), Part(3)]
    assert matcher.match(sold("C3", -1, 3)) == [Part(1)]


def test_other_customers_other_products_and_later_sales_do_not_count() -> None:
    matcher = ReturnMatcher({("1", "a"), ("2", "a"), ("1", "b")})
    matcher.remember([sold("1", 9, 1, customer="2"), sold("2", 9, 1, sku="b"), sold("3", 9, 8)])

    assert matcher.match(sold("C4", -1, 2)) == [Part(1)]


def test_nobody_knows_what_an_anonymous_buyer_bought() -> None:
    matcher = ReturnMatcher({("", "a")})
    matcher.remember([sold("1", 9, 1, customer="")])

    assert matcher.match(sold("C2", -1, 2, customer="")) == [Part(1)]


def test_sales_of_earlier_imports_count_and_are_used_up() -> None:
    matcher = ReturnMatcher({("1", "a")})
    matcher.load(("1", "a"), [KnownSale("old", 7, START, 2)])

    assert matcher.match(sold("C1", -3, 1)) == [Part(2, "old", 7), Part(1)]
