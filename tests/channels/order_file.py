"""Small handwritten order files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

HEADER = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country"


def row(
    invoice: str = "500001",
    sku: str = "22423",
    *,
    text: str = "CAKE STAND",
    quantity: str | int = 6,
    at: str = "2010-12-01 08:26:00",
    price: str = "2.55",
    customer: str = "17850.0",
    country: str = "United Kingdom",
) -> str:
    """One line of a file."""
    return f"{invoice},{sku},{text},{quantity},{at},{price},{customer},{country}"


def write(path: Path, rows: Sequence[str | bytes], *, header: str = HEADER) -> Path:
    """Write a file of these lines below the header."""
    lines = [line if isinstance(line, bytes) else line.encode() for line in (header, *rows)]
    path.write_bytes(b"\n".join(lines) + b"\n")
    return path
