"""What a file says, counted row by row: the figures that a report shows and a controller compares."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from channels.order_files import FileMapping, Row, RowKind
from channels.return_matching import Part


@dataclass(slots=True)
class Sum:
    """Lines, units and value, unrounded."""

    lines: int = 0
    units: int = 0
    value: Decimal = Decimal(0)

    def add(self, row: Row) -> None:
        self.lines += 1
        self.units += row.quantity
        self.value += row.value

    def as_dict(self) -> dict[str, Any]:
        return {"lines": self.lines, "units": self.units, "value": str(self.value.normalize() + 0)}


@dataclass(slots=True)
class Matches:
    """How the return lines with a customer found their sales."""

    full: int = 0
    in_part: int = 0
    units_left_over: int = 0
    not_at_all: int = 0
    units_not_at_all: int = 0
    several_invoices: int = 0
    anonymous: int = 0

    def add(self, row: Row, parts: Sequence[Part]) -> None:
        if not row.customer:
            self.anonymous += 1
            return
        unknown = sum(part.quantity for part in parts if not part.invoice)
        invoices = {part.invoice for part in parts if part.invoice}
        self.several_invoices += len(invoices) > 1
        if not unknown:
            self.full += 1
        elif invoices:
            self.in_part += 1
            self.units_left_over += unknown
        else:
            self.not_at_all += 1
            self.units_not_at_all += unknown

    def as_dict(self) -> dict[str, int]:
        return {name: getattr(self, name) for name in self.__slots__}


@dataclass(slots=True)
class FileFigures:
    """Figures over all readable rows of a file, whether they are imported now or were before."""

    mapping: FileMapping
    all: Sum = field(default_factory=Sum)
    clean: Sum = field(default_factory=Sum)
    cancellations: Sum = field(default_factory=Sum)
    clean_charges: Sum = field(default_factory=Sum)
    kinds: Counter[RowKind] = field(default_factory=Counter)
    matches: Matches = field(default_factory=Matches)
    invoices: int = 0
    cancellation_invoices: int = 0
    clean_invoices: int = 0
    found_only_invoices: int = 0
    write_offs: int = 0
    write_offs_without_text: int = 0
    at_price_zero: int = 0
    free_goods: int = 0
    anonymous_lines: int = 0
    repeats: int = 0
    customers: set[str] = field(default_factory=set)
    codes: set[str] = field(default_factory=set)
    countries: Counter[str] = field(default_factory=Counter)
    last: datetime | None = None

    def add_document(self, rows: Sequence[Row]) -> None:
        """Count the readable rows of one invoice."""
        self.invoices += 1
        seen = set()
        for row in rows:
            self._add_row(row)
            seen.add(row[4:])
        self.repeats += len(rows) - len(seen)
        is_cancellation = rows[0].invoice.startswith(self.mapping.cancellation_prefix)
        self.cancellation_invoices += is_cancellation
        self.clean_invoices += any(_is_clean(row) for row in rows)
        self.found_only_invoices += all(_is_found(row) for row in rows)

    def _add_row(self, row: Row) -> None:
        self.all.add(row)
        self.kinds[row.kind] += 1
        self.codes.add(row.sku)
        self.countries[row.country] += 1
        self.last = max(self.last or row.at, row.at)
        if row.customer:
            self.customers.add(row.customer)
        else:
            self.anonymous_lines += 1
        if _is_clean(row):
            self.clean.add(row)
            if row.kind is RowKind.CHARGE:
                self.clean_charges.add(row)
        elif row.kind in {RowKind.RETURN, RowKind.CREDIT}:
            self.cancellations.add(row)
        elif row.kind is not RowKind.BAD_DEBT:
            self._add_without_value(row)

    def _add_without_value(self, row: Row) -> None:
        if row.quantity < 0:
            self.write_offs += 1
            self.write_offs_without_text += not row.description
        else:
            self.at_price_zero += 1
            self.free_goods += bool(row.customer)

    def as_dict(self, zone: ZoneInfo) -> dict[str, Any]:
        """The figures as plain data, values as exact text."""
        last = self.last.astimezone(zone).strftime("%Y-%m-%d %H:%M:%S") if self.last else None
        return {
            "rows": self.all.lines,
            "sum_quantity": self.all.units,
            "sum_value": str(self.all.value.normalize() + 0),
            "invoices": self.invoices,
            "cancellation_invoices": self.cancellation_invoices,
            "cancellation_lines": self.cancellations.as_dict(),
            "write_off_lines": self.write_offs,
            "write_off_lines_without_text": self.write_offs_without_text,
            "clean_sales": {"invoices": self.clean_invoices, **self.clean.as_dict()},
            "clean_sales_that_are_charges": self.clean_charges.as_dict(),
            "returns": self.matches.as_dict(),
            "bad_debt_entries": self.kinds[RowKind.BAD_DEBT],
            "lines_at_price_zero": self.at_price_zero,
            "free_goods": self.free_goods,
            "invoices_with_stock_found_only": self.found_only_invoices,
            "anonymous_lines": self.anonymous_lines,
            "exact_repeats": self.repeats,
            "customers": len(self.customers),
            "stock_codes": len(self.codes),
            "skus": len({code.casefold() for code in self.codes}),
            "countries": len(self.countries),
            "last": last,
            "kinds": {kind.value: self.kinds[kind] for kind in RowKind},
        }


def _is_clean(row: Row) -> bool:
    return row.price > 0 and row.quantity > 0 and row.kind is not RowKind.BAD_DEBT


def _is_found(row: Row) -> bool:
    return row.quantity > 0 and not row.price and row.kind is not RowKind.BAD_DEBT
