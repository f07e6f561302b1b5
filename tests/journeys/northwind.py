"""The trading company Northwind, read from its published SQL; it is no part of the repository."""

from __future__ import annotations

import json
import lzma
import re
from collections import defaultdict
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pytest

from tests.channels.real_file import DATA

FOLDER = DATA / "northwind"
FILE = FOLDER / "northwind.sql.xz"
_INSERT = re.compile(r"INSERT INTO (\w+) VALUES \((.*)\);")
_VALUE = re.compile(r"'((?:[^']|'')*)'|([^,\s]+)")

needs_northwind = pytest.mark.skipif(
    not FILE.exists(), reason=f"Northwind is not in {FOLDER}; OMS_TEST_DATA names another."
)

Row = list[str | None]


@dataclass(frozen=True)
class Goods:
    """A product as Northwind keeps it: what is there, what is on order, when to order again."""

    number: int
    name: str
    supplier: int
    price: Decimal
    in_stock: int
    on_order: int
    reorder_level: int
    is_discontinued: bool

    @property
    def sku(self) -> str:
        return f"NW-{self.number}"


def truth() -> dict[str, Any]:
    """The figures that were counted independently of this product."""
    return dict(json.loads((FOLDER / "truth.json").read_text()))


def tables() -> dict[str, list[Row]]:
    """The rows of each table as text; NULL is None."""
    found: dict[str, list[Row]] = defaultdict(list)
    with lzma.open(FILE, "rt", encoding="utf-8") as stream:
        for line in stream:
            if insert := _INSERT.match(line):
                found[insert[1]].append([_value(each) for each in _VALUE.finditer(insert[2])])
    return found


def _value(found: re.Match[str]) -> str | None:
    if found[1] is not None:
        return found[1].replace("''", "'")
    return None if found[2] == "NULL" else found[2]


def goods(rows: list[Row]) -> list[Goods]:
    """The rows of the table of products."""
    return [
        Goods(
            int(row[0] or 0),
            row[1] or "",
            int(row[2] or 0),
            Decimal(row[5] or 0).quantize(Decimal("0.01")),
            int(row[6] or 0),
            int(row[7] or 0),
            int(row[8] or 0),
            row[9] == "1",
        )
        for row in rows
    ]


def open_orders(found: dict[str, list[Row]]) -> dict[int, list[tuple[int, int]]]:
    """The orders that have not been shipped: (product, quantity) by order."""
    waiting: dict[int, list[tuple[int, int]]] = {
        int(row[0] or 0): [] for row in found["orders"] if row[5] is None
    }
    for row in found["order_details"]:
        if int(row[0] or 0) in waiting:
            waiting[int(row[0] or 0)].append((int(row[1] or 0), int(row[3] or 0)))
    return waiting
