"""Which fact a row states, and which rows are refused. No database."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from channels.order_files import (
    Row,
    RowError,
    RowKind,
    RowParser,
    UnknownMapping,
    load_mapping,
    mapping_names,
)
from tests.channels.order_file import HEADER, row

MAPPING = load_mapping("online-retail")
PARSER = RowParser(MAPPING, HEADER.split(","))


def parse(line: str) -> Row:
    return PARSER.parse(line.split(","), line=2, ordinal=1)


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        (row(), RowKind.SALE),
        (row(sku="DCGS0003"), RowKind.SALE),
        (row(price="0.0"), RowKind.FREE),
        (row(sku="POST", price="18.0"), RowKind.CHARGE),
        (row(sku="gift_0001_20", price="16.6"), RowKind.CHARGE),
        (row(sku="GIFT_0001_20", price="16.6"), RowKind.CHARGE),
        (row("C500002", quantity=-2), RowKind.RETURN),
        (row("C500002", quantity=-2, customer=""), RowKind.RETURN),
        (row("C500002", "D", quantity=-1, price="27.5"), RowKind.CREDIT),
        (row("A563185", "B", quantity=1, price="11062.06", customer=""), RowKind.BAD_DEBT),
        (row("A563186", "B", quantity=1, price="-11062.06", customer=""), RowKind.BAD_DEBT),
        (row(quantity=-10, price="0.0", customer=""), RowKind.WRITE_OFF),
        (row(quantity=56, price="0.0", customer=""), RowKind.FOUND),
        (row(sku="POST", quantity=1000, price="0.0", customer=""), RowKind.NOTHING),
        (row(customer=""), RowKind.SALE),
    ],
)
def test_a_row_is_the_fact_that_its_number_code_quantity_and_price_say(
    line: str, kind: RowKind
) -> None:
    assert parse(line).kind is kind


def test_a_row_is_read_in_the_time_of_the_shop_and_kept_in_utc() -> None:
    summer = parse(row(at="2011-07-01 09:00:00"))
    winter = parse(row(at="2011-01-10 09:00:00"))

    assert summer.at == datetime(2011, 7, 1, 8, 0, tzinfo=UTC)
    assert winter.at == datetime(2011, 1, 10, 9, 0, tzinfo=UTC)


def test_numbers_and_codes_are_read_as_written() -> None:
    found = parse(row(sku="85123a", price="1.255", quantity="3"))

    assert (found.sku, found.sku_key, found.customer) == ("85123a", "85123a", "17850")
    assert (found.price, found.quantity, found.value) == (Decimal("1.255"), 3, Decimal("3.765"))
    assert parse(row(sku="85123A")).sku_key == found.sku_key


@pytest.mark.parametrize(
    ("line", "column", "reason"),
    [
        (row(quantity=0), "Quantity", "is zero."),
        (row(quantity="1.5"), "Quantity", "1.5 is not a whole number."),
        (row(quantity="six"), "Quantity", "'six' is not a number."),
        (row(quantity=""), "Quantity", "'' is not a number."),
        (row(quantity=3_000_000_000), "Quantity", "3000000000 is more than 2147483647."),
        (row(quantity=-3), "Quantity", "-3 is negative on a sale."),
        (row("C500002", quantity=3), "Quantity", "3 is positive on a cancellation."),
        (row(price="1.23456"), "UnitPrice", "1.23456 has more than 4 decimal places."),
        (row(price="-1"), "UnitPrice", "-1 is negative."),
        (row(price="NaN"), "UnitPrice", "'NaN' is not a price."),
        (row(price="99999999999"), "UnitPrice", "99999999999 is too large."),
        (row(at="yesterday"), "InvoiceDate", "'yesterday' is not a date and time."),
        (row(sku=""), "StockCode", "is empty."),
        (row(sku="X" * 65), "StockCode", "is longer than 64 characters."),
        (row(text="X" * 201), "Description", "is longer than 200 characters."),
        ("500001,22423", "", "The row has 2 columns, the header 8."),
    ],
)
def test_a_row_that_cannot_be_imported_names_column_and_reason(
    line: str, column: str, reason: str
) -> None:
    with pytest.raises(RowError) as refused:
        parse(line)

    assert (refused.value.column, refused.value.reason) == (column, reason)


def test_a_price_with_zeros_behind_the_fourth_place_is_fine() -> None:
    assert parse(row(price="1.2500000")).price == Decimal("1.25")


def test_a_missing_column_is_named() -> None:
    with pytest.raises(RowError, match="UnitPrice: this column is missing"):
        RowParser(MAPPING, HEADER.replace("UnitPrice", "Price").split(","))


def test_an_unknown_mapping_is_refused_with_those_that_exist() -> None:
    assert mapping_names() == ["online-retail"]
    with pytest.raises(UnknownMapping, match="There are: online-retail"):
        load_mapping("other")
