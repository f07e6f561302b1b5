"""Import a file of orders, as history or live."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from channels.exceptions import ImportRefused
from channels.order_files import mapping_names
from channels.services.import_orders import ImportRequest, import_orders
from channels.services.import_report import ImportReport
from oms.core.actors import Actor

BAR = 30
ACTOR = Actor(label="Order file", surface="command")


class Command(BaseCommand):
    help = "Import an order file (.csv, .csv.gz, .csv.xz). Running it again imports nothing twice."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--mapping", required=True, help=", ".join(mapping_names()))
        mode = parser.add_mutually_exclusive_group(required=True)
        mode.add_argument(
            "--history", action="store_const", const="history", dest="mode",
            help="Keep completed orders, returns and adjustments as records; no stock moves.",
        )  # fmt: skip
        mode.add_argument(
            "--live", action="store_const", const="live", dest="mode",
            help="Place the orders for the full flow.",
        )  # fmt: skip
        parser.add_argument(
            "--dry-run", action="store_true", help="Check and count, write nothing."
        )
        parser.add_argument("--limit", type=int, help="Stop after so many orders.")
        parser.add_argument(
            "--create-products", action="store_true", help="Live: make products for unknown SKUs."
        )
        parser.add_argument(
            "--rejects",
            type=Path,
            help="Where rejected rows go (default: <file>.rejected.csv here).",
        )
        parser.add_argument("--json", action="store_true", help="Print the report as JSON.")

    def handle(self, *_args: Any, **options: Any) -> None:
        path: Path = options["file"]
        if options["limit"] is not None and options["limit"] < 1:
            raise CommandError("--limit counts orders: give a number above zero.")
        request = ImportRequest(
            path=path,
            mapping=options["mapping"],
            mode=options["mode"],
            dry_run=options["dry_run"],
            limit=options["limit"],
            create_products=options["create_products"],
            rejects=options["rejects"] or Path(f"{path.name}.rejected.csv"),
        )
        try:
            report = import_orders(request, actor=ACTOR, on_progress=self._show_progress)
        except ImportRefused as error:
            raise CommandError(str(error)) from error
        if sys.stderr.isatty():
            self.stderr.write("\r\033[K", ending="")
        self.stdout.write(
            json.dumps(report.as_dict(), indent=1) if options["json"] else text_of(report)
        )
        if report.rejected:
            raise CommandError(
                f"{report.rejected} rows were rejected; see {report.rejects.path}.", returncode=3
            )

    def _show_progress(self, done: int, total: int) -> None:
        if not sys.stderr.isatty():
            return
        filled = BAR * done // total
        bar = "#" * filled + "." * (BAR - filled)
        self.stderr.write(f"\r[{bar}] {100 * done // total:3} % of {total:,} rows", ending="")
        self.stderr.flush()


def text_of(report: ImportReport) -> str:
    """The report for people."""
    data = report.as_dict()
    lines = ["The file", *_indented(data["file"])]
    lines += ["", "Imported", *(_indented(data["imported"]) or ["  nothing new"])]
    if data["already_there"]:
        lines.append(f"  {data['already_there']:,} rows were imported before")
    if data["skipped"]:
        lines += ["", "Left out"]
        lines += [f"  {each['rows']:,} rows: {each['reason']}" for each in data["skipped"]]
        lines += [f"    first lines: {_numbers(each['lines'])}" for each in data["skipped"]]
    if data["rejected"]["rows"]:
        lines += ["", f"Rejected: {data['rejected']['rows']:,} rows"]
        lines += [f"  {each}" for each in data["rejected"]["first"]]
    lines += ["", f"{data['seconds']} s, {data['peak_mb']} MB at most"]
    return "\n".join(lines)


def _indented(values: dict[str, Any], depth: int = 1) -> list[str]:
    lines = []
    for name, value in values.items():
        label = "  " * depth + name.replace("_", " ")
        if isinstance(value, dict):
            lines += [label, *_indented(value, depth + 1)]
        else:
            shown = f"{value:,}" if isinstance(value, int) else value
            lines.append(f"{label:<44} {shown}")
    return lines


def _numbers(lines: list[int]) -> str:
    return ", ".join(str(line) for line in lines[:5]) + (" …" if len(lines) > 5 else "")
