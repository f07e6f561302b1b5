"""The real invoice file that tests read where it is there; it is no part of the repository."""

from __future__ import annotations

import csv
import json
import lzma
import os
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

DATA = Path(os.environ.get("OMS_TEST_DATA") or Path(__file__).parents[3] / "shared" / "data")
FOLDER = DATA / "online_retail"
FILE = FOLDER / "online_retail_part1_2010-12_2011-08.csv.xz"

needs_real_file = pytest.mark.skipif(
    not FILE.exists(),
    reason=f"The real order file is not in {FOLDER}; OMS_TEST_DATA names another.",
)


def truth() -> dict[str, Any]:
    """The figures that were counted independently of this product."""
    return dict(json.loads((FOLDER / "truth_part1.json").read_text()))


def rows_between(first: date, last: date) -> Iterator[dict[str, str]]:
    """The rows of some days."""
    with lzma.open(FILE, "rt", newline="") as stream:
        for row in csv.DictReader(stream):
            day = row["InvoiceDate"][:10]
            if day > last.isoformat():
                return
            if day >= first.isoformat():
                yield row


def write_days(path: Path, first: date, last: date) -> Path:
    """A file with the rows of some days."""
    rows = list(rows_between(first, last))
    with path.open("w", newline="") as stream:
        writer = csv.DictWriter(stream, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    return path
