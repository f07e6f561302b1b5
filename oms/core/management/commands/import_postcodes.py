from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from oms.core.place_files import BadRow, PlaceRow, UnreadableFile, read_places
from oms.core.place_tables import load_postcodes

PROGRESS_EVERY = 100_000
SHOWN_ROWS = 50


class Command(BaseCommand):
    help = (
        "Import postcodes with their coordinates: a GeoNames postal file such as allCountries.zip, "
        "or a csv file with the columns country, postcode, lat, lon, place."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument(
            "--dry-run", action="store_true", help="say what would change, change nothing"
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        self.good = self.bad = 0
        try:
            with transaction.atomic():
                changed = load_postcodes(self._good_rows(options["file"]))
                transaction.set_rollback(options["dry_run"])
        except UnreadableFile as error:
            raise CommandError(str(error)) from error
        change = "would be new or changed" if options["dry_run"] else "are new or changed"
        self.stderr.write(f"{self.good:,} lines read; {changed:,} postcodes {change}.")
        if self.bad:
            raise CommandError(f"{self.bad:,} lines were left out; they are named above.")

    def _good_rows(self, path: Path) -> Iterator[PlaceRow]:
        for row in read_places(path):
            if isinstance(row, BadRow):
                self._report(row)
                continue
            self.good += 1
            if not self.good % PROGRESS_EVERY:
                self.stderr.write(f"{self.good:,} lines read …")
            yield row

    def _report(self, row: BadRow) -> None:
        self.bad += 1
        if self.bad <= SHOWN_ROWS:
            self.stderr.write(f"Line {row.line}: {row.reason}.")
        elif self.bad == SHOWN_ROWS + 1:
            self.stderr.write("… more lines like these are counted, not shown.")
