"""Which sales a cancellation takes back: the same customer's sales of the same product, newest first.

Pure. A sale is known by its invoice and ordinal, so that nothing here needs the database.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from channels.order_files import Row, RowKind

Pair = tuple[str, str]
"""Customer and product, as the file names them (the product folded)."""


class Part(NamedTuple):
    """Units of one return row and the sale they came from; without invoice the sale is not known."""

    quantity: int
    invoice: str = ""
    ordinal: int = 0


@dataclass(slots=True)
class KnownSale:
    """A sale row and how many of its units have not come back yet."""

    invoice: str
    ordinal: int
    at: datetime
    left: int


class ReturnMatcher:
    """Remembers the sales of the pairs that come back at all, and takes units from them."""

    def __init__(self, pairs: Collection[Pair]) -> None:
        self._pairs = frozenset(pairs)
        self._sales: dict[Pair, list[KnownSale]] = defaultdict(list)

    def load(self, pair: Pair, sales: Iterable[KnownSale]) -> None:
        """Sales from earlier imports, oldest first."""
        self._sales[pair].extend(sales)

    def remember(self, rows: Iterable[Row]) -> None:
        """Sales of this file that can be taken back from now on."""
        for row in rows:
            pair = (row.customer, row.sku_key)
            if row.kind in {RowKind.SALE, RowKind.FREE} and pair in self._pairs:
                sale = KnownSale(row.invoice, row.ordinal, row.at, row.quantity)
                self._sales[pair].append(sale)

    def match(self, row: Row) -> list[Part]:
        """Where the units of a return row came from; what is left over comes last."""
        wanted = -row.quantity
        parts = []
        sales = self._sales.get((row.customer, row.sku_key), []) if row.customer else []
        for sale in reversed(sales):
            taken = min(wanted, sale.left) if sale.at <= row.at else 0
            if taken:
                sale.left -= taken
                wanted -= taken
                parts.append(Part(taken, sale.invoice, sale.ordinal))
            if not wanted:
                return parts
        return [*parts, Part(wanted)]
