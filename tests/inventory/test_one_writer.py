"""Levels, movements, bin contents and allocations have one writer: the ledger."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
APPS = ["oms", "inventory", "orders", "fulfillment", "returns", "channels", "reports", "bench"]
WRITERS = {
    "inventory/services/ledger.py",
    "inventory/services/ledger_statement.py",
    "inventory/services/bins.py",
    "inventory/services/settlement.py",
}
TABLES = "stocklevel|stockmovement|bincontent|allocation"
MODELS = "StockLevel|StockMovement|BinContent|Allocation"
SQL = re.compile(rf"(INSERT INTO|UPDATE|DELETE FROM|COPY)\s+inventory_({TABLES})\b", re.IGNORECASE)
ORM = re.compile(
    rf"\b({MODELS})\.objects[\w.()=, ]*\.(create|bulk_create|get_or_create|update_or_create|update"
    rf"|delete|bulk_update)\(|bulk\.insert\(\s*({MODELS})\b|\b({MODELS})\([^)]*\)\.save\("
)


def offenders() -> list[str]:
    found = []
    for app in APPS:
        for path in (ROOT / app).rglob("*.py"):
            name = path.relative_to(ROOT).as_posix()
            if name in WRITERS or "migrations" in path.parts:
                continue
            text = path.read_text()
            found += [f"{name}: {hit[0]}" for hit in (*SQL.finditer(text), *ORM.finditer(text))]
    return found


def test_nobody_but_the_ledger_writes_stock() -> None:
    assert offenders() == []


def test_the_search_would_find_a_writer() -> None:
    assert SQL.search("update inventory_stocklevel set on_hand = 1")
    assert ORM.search("StockLevel.objects.filter(pk=1).update(on_hand=1)")
    assert ORM.search("bulk.insert(Allocation, columns, rows)")
