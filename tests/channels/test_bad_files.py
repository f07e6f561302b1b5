"""Every kind of bad input in one live file: named with line and column, and the rest goes in."""

from __future__ import annotations

import json
import resource
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from inventory.models import Product, Reservation
from oms.core import invariants
from oms.core.models import OutboxEvent
from orders.models import Customer, ExternalReference, Order, OrderLine
from tests.channels.order_file import row, write

pytestmark = pytest.mark.django_db

GOOD = [row("600001", quantity=2), row("600099", quantity=3)]
BAD: list[tuple[str, str | bytes, str]] = [
    (
        "an unknown SKU",
        row("600002", "NO-SUCH"),
        "column StockCode: There is no product with the SKU 'NO-SUCH'.",
    ),
    ("a quantity of zero", row("600003", quantity=0), "column Quantity: is zero."),
    (
        "a negative quantity on a sale",
        row("600004", quantity=-4),
        "column Quantity: -4 is negative on a sale.",
    ),
    (
        "a fractional quantity",
        row("600005", quantity="1.5"),
        "column Quantity: 1.5 is not a whole number.",
    ),
    (
        "a price with five decimals",
        row("600006", price="1.23456"),
        "column UnitPrice: 1.23456 has more than 4 decimal places.",
    ),
    ("bad encoding", row("600007", text="\x00clair").encode().replace(b"\0", b"\xe9"), "UTF-8"),
    ("NUL bytes", row("600008", text="CAKE\x00STAND"), "NUL"),
    ("a missing field", "600009,22423,CAKE STAND,6", "The row has 4 columns, the header 8."),
    (
        "a quantity beyond the books",
        row("600010", quantity="99999999999"),
        "column Quantity: 99999999999 is more than 2147483647.",
    ),
    ("a date that is none", row("600011", at="yesterday"), "column InvoiceDate: 'yesterday'"),
]


def counts() -> list[int]:
    models: list[Any] = [Order, OrderLine, Reservation, ExternalReference, Customer, OutboxEvent]
    return [model.objects.count() for model in models]


def run(
    path: Path, capsys: pytest.CaptureFixture[str], *options: str
) -> tuple[int, dict[str, Any]]:
    """Call the command; its exit code and its report."""
    rejects = path.with_suffix(".rejected.csv")
    code = 0
    try:
        call_command(
            "import_orders",
            str(path),
            "--mapping=online-retail",
            "--live",
            "--json",
            f"--rejects={rejects}",
            *options,
        )
    except CommandError as error:
        code = error.returncode
    return code, json.loads(capsys.readouterr().out)


@pytest.mark.parametrize(("bad", "problem"), [each[1:] for each in BAD], ids=[x[0] for x in BAD])
def test_a_bad_row_is_named_with_its_line_and_the_rest_is_placed(
    bad: str | bytes, problem: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Product.objects.create(sku="22423", name="Cake stand")
    path = write(tmp_path / "orders.csv", [GOOD[0], bad, GOOD[1]])

    code, report = run(path, capsys)

    assert code == 3
    assert report["rejected"]["rows"] == 1
    [sentence] = report["rejected"]["first"]
    assert sentence.startswith("Line 3")
    assert problem in sentence
    assert list(Order.objects.order_by("pk").values_list("external_id", "units")) == [
        ("600001", 2),
        ("600099", 3),
    ]
    assert counts() == [2, 2, 2, 2, 1, 2]
    assert path.with_suffix(".rejected.csv").read_bytes().count(b"\n") == 2
    assert invariants.violations() == []


def test_all_of_them_in_one_file_cost_themselves_alone_and_a_second_run_adds_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Product.objects.create(sku="22423", name="Cake stand")
    path = write(tmp_path / "orders.csv", [GOOD[0], *(bad for _, bad, _ in BAD), GOOD[1]])

    code, report = run(path, capsys)

    assert code == 3
    assert report["rejected"]["rows"] == len(BAD)
    assert Order.objects.count() == 2
    before = counts()
    code, report = run(path, capsys)
    assert code == 3
    assert counts() == before
    assert report["already_there"] == 2


def test_an_external_id_that_another_source_brought_is_refused_and_the_rest_is_placed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Product.objects.create(sku="22423", name="Cake stand")
    run(write(tmp_path / "first.csv", [GOOD[0]]), capsys)
    before = Order.objects.values_list("number", "units", "external_id").get()
    other = write(tmp_path / "second.csv", [row("600001", quantity=9), GOOD[1]])

    code, report = run(other, capsys)

    assert code == 3
    assert report["rejected"]["first"] == [
        "Line 2, column InvoiceNo: 600001 was imported before, with other contents."
    ]
    first = Order.objects.order_by("pk").values_list("number", "units", "external_id")[0]
    assert first == before
    assert Order.objects.count() == 2


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_a_line_of_a_gigabyte_is_refused_in_little_memory(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Product.objects.create(sku="22423", name="Cake stand")
    path = write(tmp_path / "orders.csv", [GOOD[0]])
    with path.open("ab") as stream:
        stream.write(b"600002,22423,")
        for _ in range(1_024):
            stream.write(b"x" * 1_048_576)
        stream.write(b",6,2010-12-01 08:26:00,2.55,17850.0,United Kingdom\n")
        stream.write(GOOD[1].encode() + b"\n")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

    code, report = run(path, capsys)

    assert code == 3
    assert report["rejected"]["rows"] == 1
    assert report["rejected"]["first"][0].startswith("Line 3")
    assert Order.objects.count() == 2
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100 * 1_024
