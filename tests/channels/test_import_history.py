"""Every kind of row as a record of the past; nothing twice, nothing half."""

import csv
import os
import signal
import subprocess
import sys
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import psycopg2
import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from channels.exceptions import ImportIsRunning, ImportRefused
from channels.models import ImportedDocument, ImportRun
from channels.services import import_orders as service
from channels.services.import_orders import ImportRequest, import_orders
from inventory.models import AdjustmentRecord, Product, StockMovement
from oms.core.actors import Actor
from orders.models import AccountEntry, Charge, Customer, Order, OrderLine, SearchTerm
from returns.models import Return, ReturnLine
from tests.channels.order_file import HEADER, row, write

ACTOR = Actor(label="Importer", surface="command")
ALL_KINDS = [
    row("500001", "22423", quantity=6, price="2.55"),
    row("500001", "POST", text="POSTAGE", quantity=1, price="18.0"),
    row("500002", "85123A", text="HEART", quantity=4, price="1.255", at="2010-12-02 10:00:00"),
    row("500002", "85123a", text="HEART", quantity=2, price="0.0", at="2010-12-02 10:01:00"),
    row("500003", "22423", quantity=3, customer="", country="Channel Islands"),
    row("C500004", "22423", quantity=-2, at="2010-12-03 09:00:00"),
    row("C500004", "85123A", quantity=-9, price="1.255", at="2010-12-03 09:00:00"),
    row("C500004", "D", text="Discount", quantity=-1, price="5.0", at="2010-12-03 09:00:00"),
    row("A500005", "B", text="Adjust bad debt", quantity=1, price="-110.5", customer=""),
    row("500006", "22423", text="", quantity=-10, price="0.0", customer=""),
    row("500007", "22423", text="found in aisle", quantity=5, price="0.0", customer=""),
    row("500008", "POST", text="", quantity=1000, price="0.0", customer=""),
]


def run(path: Path, **changes: Any) -> service.ImportReport:
    facts = {"mapping": "online-retail", "mode": "history", "rejects": path.with_suffix(".bad")}
    return import_orders(ImportRequest(path=path, **(facts | changes)), actor=ACTOR)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return write(tmp_path / "orders.csv", ALL_KINDS)


@pytest.mark.django_db
def test_sales_become_completed_orders_with_their_dates_and_no_stock_moves(file: Path) -> None:
    run(file)

    order = Order.objects.get(external_id="500001")
    line = order.lines.get()
    assert (order.status, order.fulfillment_status, order.payment_status) == (
        "completed", "shipped", "paid",
    )  # fmt: skip
    assert order.is_history
    assert order.placed_at == order.created_at == datetime(2010, 12, 1, 8, 26, tzinfo=UTC)
    assert (order.lines_amount, order.charges_amount) == (Decimal("15.30"), Decimal("18.00"))
    assert (order.total_amount, order.units, order.line_count) == (Decimal("33.30"), 6, 1)
    assert (line.position, line.ordered, line.shipped, line.returned) == (1, 6, 6, 2)
    assert (order.ship_to.country, order.customer.name) == ("GB", "Customer 17850")
    assert not StockMovement.objects.exists()


@pytest.mark.django_db
def test_charges_free_goods_and_spellings_of_one_sku(file: Path) -> None:
    run(file)

    charge = Charge.objects.get()
    lines = OrderLine.objects.filter(order__external_id="500002").order_by("position")
    assert (charge.kind, charge.description, charge.net_amount) == ("carriage", "POSTAGE", 18)
    assert list(lines.values_list("ordered", "net_amount")) == [
        (4, Decimal("5.02")),
        (2, Decimal("0.00")),
    ]
    assert Product.objects.count() == 2
    assert Product.objects.get(sku="85123A").name == "HEART"


@pytest.mark.django_db
def test_buyers_without_a_number_are_the_anonymous_customer_and_odd_countries_keep_their_label(
    file: Path,
) -> None:
    run(file)

    order = Order.objects.get(external_id="500003")
    assert order.customer.is_anonymous
    assert order.customer.name == "Counter sales"
    assert (order.ship_to.country, order.ship_to.country_label) == ("", "Channel Islands")
    assert Customer.objects.count() == 2


@pytest.mark.django_db
def test_cancellations_become_settled_returns_of_the_newest_sales(file: Path) -> None:
    run(file)

    found = Return.objects.get()
    lines = ReturnLine.objects.order_by("pk").values_list(
        "ordinal", "quantity", "amount", "order__external_id", "order_line__position"
    )
    assert (found.external_id, found.status, found.is_history) == ("C500004", "settled", True)
    assert list(lines) == [
        (1, 2, Decimal("5.10"), "500001", 1),
        (2, 2, Decimal("2.51"), "500002", 2),
        (2, 4, Decimal("5.02"), "500002", 1),
        (2, 3, Decimal("3.77"), None, None),
    ]
    assert found.credited_amount == Decimal("16.40")
    returned = OrderLine.objects.filter(returned__gt=0).order_by("pk")
    assert list(returned.values_list("returned", flat=True)) == [2, 4, 2]


@pytest.mark.django_db
def test_credited_charges_and_bad_debt_become_entries_of_the_books(file: Path) -> None:
    run(file)

    entries = AccountEntry.objects.order_by("pk")
    assert list(entries.values_list("kind", "external_id", "amount", "customer__name")) == [
        ("credit", "C500004/3", Decimal("-5.00"), "Customer 17850"),
        ("bad_debt", "A500005/1", Decimal("-110.50"), None),
    ]


@pytest.mark.django_db
def test_write_offs_and_stock_found_become_past_adjustments(file: Path) -> None:
    run(file)

    records = AdjustmentRecord.objects.order_by("source")
    assert list(records.values_list("kind", "quantity", "reason", "source")) == [
        ("write_off", 10, "Written off, no reason given", "online-retail:500006/1"),
        ("found", 5, "found in aisle", "online-retail:500007/1"),
    ]


@pytest.mark.django_db
def test_the_report_counts_what_was_written_and_what_was_left_out(file: Path) -> None:
    report = run(file).as_dict()

    imported = report["imported"]
    assert (imported["orders"], imported["order_lines"], imported["charges"]) == (3, 4, 1)
    assert (imported["returns"], imported["return_lines_without_sale"]) == (1, 1)
    assert (imported["account_entries"], imported["adjustments"]) == (2, 2)
    assert (imported["products"], imported["customers"]) == (2, 2)
    assert [(each["rows"], each["lines"]) for each in report["skipped"]] == [(1, [13])]
    assert report["file"]["clean_sales"] == {
        "invoices": 3, "lines": 4, "units": 14, "value": "45.97",
    }  # fmt: skip
    assert report["rejected"]["rows"] == 0


@pytest.mark.django_db
def test_orders_are_found_by_number_and_by_the_outside_number(file: Path) -> None:
    run(file)

    order = Order.objects.get(external_id="500001")
    terms = SearchTerm.objects.filter(order=order).order_by("kind")
    assert list(terms.values_list("kind", "term")) == [
        ("external", "500001"),
        ("number", order.number),
    ]


def counts() -> list[int]:
    models = (Order, OrderLine, Charge, Return, ReturnLine, AccountEntry, AdjustmentRecord)
    return [model.objects.count() for model in (*models, Product, Customer, ImportRun)]


@pytest.mark.django_db
def test_running_it_twice_imports_nothing_twice(file: Path) -> None:
    run(file)
    before = counts()

    again = run(file)

    assert counts() == before
    assert again.imported["orders"] == 0
    assert again.already_there == 12
    assert again.rejected == 0


@pytest.mark.django_db
def test_a_dry_run_counts_the_same_and_writes_nothing(file: Path) -> None:
    report = run(file, dry_run=True)

    assert (report.imported["orders"], report.imported["returns"]) == (3, 1)
    assert counts() == [0] * 10


@pytest.mark.django_db
def test_a_limit_counts_orders_and_a_later_run_brings_the_rest(file: Path) -> None:
    assert run(file, limit=2).stopped_after == 2
    assert list(Order.objects.order_by("pk").values_list("external_id", flat=True)) == [
        "500001", "500002",
    ]  # fmt: skip
    assert ImportRun.objects.get().finished_at is None

    run(file)

    assert Order.objects.count() == 3
    assert ReturnLine.objects.filter(order_line=None).count() == 1
    assert ImportRun.objects.get().finished_at is not None


@pytest.mark.django_db
def test_rows_of_an_invoice_may_stand_apart_and_carry_two_minutes(tmp_path: Path) -> None:
    path = write(
        tmp_path / "orders.csv",
        [
            row("500001", at="2010-12-01 08:26:00"),
            row("500002"),
            row("500001", "22424", at="2010-12-01 08:27:00"),
            row("500001", at="2010-12-01 08:26:00"),
        ],
    )

    report = run(path)

    order = Order.objects.get(external_id="500001")
    assert (order.line_count, order.units) == (3, 18)
    assert report.figures.repeats == 1
    assert order.placed_at.minute == 26


@pytest.mark.django_db
def test_a_bad_row_costs_its_invoice_and_the_rest_is_imported(tmp_path: Path) -> None:
    path = write(
        tmp_path / "orders.csv",
        [row("500001"), row("500001", quantity="1.5"), row("500002"), b"\xff\xfe,x"],
    )

    report = run(path)

    assert list(Order.objects.values_list("external_id", flat=True)) == ["500002"]
    assert report.first_problems == [
        "Line 3, column Quantity: 1.5 is not a whole number.",
        "Line 5, column InvoiceNo: is not UTF-8 (byte 0xFF).",
    ]
    with path.with_suffix(".bad").open(newline="", errors="surrogateescape") as stream:
        rejected = list(csv.reader(stream))
    assert rejected[0] == [*HEADER.split(","), "line", "column", "reason"]
    assert [each[-3:] for each in rejected[1:]] == [
        ["2", "", "Left out because line 3 of the same invoice was rejected."],
        ["3", "Quantity", "1.5 is not a whole number."],
        ["5", "InvoiceNo", "is not UTF-8 (byte 0xFF)."],
    ]


@pytest.mark.django_db
def test_an_invoice_number_that_says_something_else_now_is_refused(
    file: Path, tmp_path: Path
) -> None:
    run(file)
    before = counts()
    other = write(tmp_path / "other.csv", [row("500001", quantity=7), row("500009")])

    report = run(other)

    assert report.first_problems == [
        "Line 2, column InvoiceNo: 500001 was imported before, with other contents."
    ]
    assert Order.objects.get(external_id="500001").units == 6
    assert counts()[0] == before[0] + 1


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("", "The file is empty."),
        (HEADER + "\n", "The file has a header and no rows."),
        (
            HEADER.replace("UnitPrice", "Price") + "\n1\n",
            "column UnitPrice: this column is missing",
        ),
    ],
)
def test_a_file_without_use_is_refused_and_nothing_is_written(
    tmp_path: Path, content: str, sentence: str
) -> None:
    path = tmp_path / "orders.csv"
    path.write_text(content)

    with pytest.raises(ImportRefused, match=sentence):
        run(path)

    assert counts() == [0] * 10


@pytest.mark.django_db
def test_the_command_fails_when_rows_were_rejected_and_names_the_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write(tmp_path / "orders.csv", [row("500001", price="1.23456"), row("500002")])
    bad = tmp_path / "bad.csv"

    with pytest.raises(CommandError, match=r"1 rows were rejected; see .*bad.csv") as failed:
        call_command(
            "import_orders",
            str(path),
            "--mapping=online-retail",
            "--history",
            "--json",
            f"--rejects={bad}",
        )

    assert failed.value.returncode == 3
    assert '"first": [\n   "Line 2, column UnitPrice: 1.23456 has more' in capsys.readouterr().out
    assert list(Order.objects.values_list("external_id", flat=True)) == ["500002"]
    assert bad.exists()


@pytest.mark.django_db
def test_two_imports_at_once_into_one_channel_are_refused_with_a_sentence(file: Path) -> None:
    settings = connection.get_connection_params()
    keep = {key: settings[key] for key in ("dbname", "user", "host", "port") if settings.get(key)}
    other = psycopg2.connect(**keep)
    try:
        with other.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(hashtextextended('import:online-retail', 0))")
        with pytest.raises(ImportIsRunning, match="Another import into Online retail is running"):
            run(file)
        assert not Order.objects.exists()
    finally:
        other.close()

    run(file)
    assert Order.objects.count() == 3


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("point", ["import.before_chunk_commit", "import.after_chunk_commit"])
def test_an_import_that_is_killed_goes_on_where_it_stopped(tmp_path: Path, point: str) -> None:
    rows = [row(str(500_000 + n), quantity=n % 7 + 1) for n in range(1, 801)]
    rows += [row(f"C{600_000 + n}", quantity=-1, at="2010-12-05 10:00:00") for n in range(100)]
    path = write(tmp_path / "orders.csv", rows)
    settings = connection.get_connection_params()
    host = settings.get("host") or "localhost"
    server = (
        f"@/{settings['dbname']}?host={host}"
        if host.startswith("/")
        else (f"@{host}:{settings.get('port') or 5432}/{settings['dbname']}")
    )
    command = [sys.executable, "manage.py", "import_orders", str(path), "--mapping"]
    command += ["online-retail", "--history", "--rejects", str(tmp_path / "bad.csv")]
    killed = subprocess.run(
        command,
        env=os.environ
        | {
            "OMS_FAILPOINT": point,
            "DATABASE_URL": f"postgres://{settings['user']}{server}",
            "SECRET_KEY": "only for tests, and never anywhere else",
        },
        cwd=Path(service.__file__).parents[2],
        capture_output=True,
        check=False,
    )
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    committed = ImportedDocument.objects.count()
    assert committed == (0 if point == "import.before_chunk_commit" else 500)
    assert Order.objects.count() == committed

    report = run(path)

    assert report.already_there == committed
    assert Order.objects.count() == 800
    assert Return.objects.count() == 100
    assert not ReturnLine.objects.filter(order_line=None).exists()
    assert ImportRun.objects.get().counts["orders"] == 800
