"""The real file: every figure equals what was counted independently."""

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from django.db.models import Sum

from channels.services.import_orders import ImportRequest, import_orders
from oms.core.actors import Actor
from orders.models import AccountEntry, Order, OrderLine
from returns.models import Return, ReturnLine
from tests.channels.real_file import FILE, needs_real_file, rows_between, truth, write_days

pytestmark = [pytest.mark.django_db, needs_real_file]
ACTOR = Actor(label="Importer", surface="command")


def test_a_week_of_the_real_file_adds_up_as_history(tmp_path: Path) -> None:
    days = (date(2011, 1, 4), date(2011, 1, 9))
    path = write_days(tmp_path / "week.csv", *days)
    rows = list(rows_between(*days))

    report = import_orders(
        ImportRequest(path=path, mapping="online-retail", mode="history"), actor=ACTOR
    )

    assert report.rejected == 0
    assert report.figures.all.lines == len(rows)
    value = sum(Decimal(row["UnitPrice"]) * int(row["Quantity"]) for row in rows)
    assert report.figures.all.value == value
    assert _value_in_the_books() == value


def _value_in_the_books() -> Decimal:
    sold = Order.objects.aggregate(sum=Sum("total_amount"))["sum"]
    back = Return.objects.aggregate(sum=Sum("credited_amount"))["sum"]
    entries = AccountEntry.objects.aggregate(sum=Sum("amount"))["sum"]
    return sold - back + entries


@pytest.mark.slow
def test_the_whole_real_file_equals_the_truth() -> None:
    report = import_orders(
        ImportRequest(path=FILE, mapping="online-retail", mode="history"), actor=ACTOR
    )

    found, wanted = report.as_dict()["file"], truth()
    for name in (
        "rows",
        "sum_quantity",
        "invoices",
        "cancellation_invoices",
        "write_off_lines",
        "customers",
        "stock_codes",
        "countries",
        "last",
    ):
        assert found[name] == wanted[name], name
    clean = wanted["clean_sales"]
    assert found["clean_sales"] == clean | {"value": "6293764.002"}
    lines, value = wanted["cancellation_lines_value"]
    assert found["cancellation_lines"]["lines"] == lines
    assert Decimal(found["cancellation_lines"]["value"]) == Decimal(str(value))
    assert found["sum_value"] == "5761931.382"
    assert found["clean_sales_that_are_charges"] == {
        "lines": 1547,
        "units": 3340,
        "value": "232714.922",
    }
    assert found["returns"] == {
        "full": 4424,
        "in_part": 25,
        "units_left_over": 290,
        "not_at_all": 879,
        "units_not_at_all": 17087,
        "several_invoices": 41,
        "anonymous": 126,
    }
    assert (found["bad_debt_entries"], found["lines_at_price_zero"]) == (3, 872)
    assert (found["free_goods"], found["invoices_with_stock_found_only"]) == (21, 483)
    assert (found["anonymous_lines"], found["exact_repeats"]) == (88652, 2483)
    assert (found["write_off_lines_without_text"], found["skus"]) == (730, 3680)
    assert report.rejected == 0
    assert report.seconds < 120
    # Two lines have three decimals; a line's amount is rounded to pence.
    assert _value_in_the_books() == Decimal("5761931.38")
    assert ReturnLine.objects.filter(order_line=None).count() == 879 + 25 + 126
    assert OrderLine.objects.aggregate(sum=Sum("shipped"))["sum"] == 3_323_095
