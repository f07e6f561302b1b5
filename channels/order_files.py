"""What a row of an order file says and which kind of business fact it is.

Pure rules: a mapping (data, from ``channels/mappings/``) and the text of one row go in, a checked row
goes out. Reading the file is in ``order_lines``, writing to the database in ``services``.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from enum import StrEnum
from functools import cached_property, lru_cache
from pathlib import Path
from typing import NamedTuple
from zoneinfo import ZoneInfo

MAPPINGS = Path(__file__).with_name("mappings")

_FIELDS = ("invoice", "sku", "description", "quantity", "at", "price", "customer", "country")
_MAX_LENGTH = {"invoice": 100, "sku": 64, "description": 200, "customer": 128, "country": 100}
_INTEGER = re.compile(r"([+-]?\d{1,18})(?:\.0*)?", re.ASCII)
_DECIMAL = re.compile(r"[+-]?(\d+)(?:\.(\d*))?", re.ASCII)
_MAX_QUANTITY = 2**31 - 1
_MAX_PRICE_DIGITS = 10
_PRICE_PLACES = 4


class UnknownMapping(LookupError):
    """There is no mapping of that name."""


class RowError(ValueError):
    """A row cannot be imported; ``column`` is named as in the file."""

    def __init__(self, column: str, reason: str) -> None:
        self.column = column
        self.reason = reason
        super().__init__(f"{column}: {reason}" if column else reason)


class RowKind(StrEnum):
    """The business fact behind a row."""

    SALE = "sale"
    FREE = "free goods"
    CHARGE = "charge"
    RETURN = "return"
    CREDIT = "credited charge"
    BAD_DEBT = "bad debt"
    WRITE_OFF = "write-off"
    FOUND = "stock found"
    NOTHING = "charge without value"


ORDER_KINDS = frozenset({RowKind.SALE, RowKind.FREE, RowKind.CHARGE})


@dataclass(frozen=True)
class FileMapping:
    """How a file's columns and codes read. ``columns`` is our field → the file's header."""

    name: str
    channel: str
    channel_name: str
    currency: str
    time_zone: str
    anonymous_customer: str
    cancellation_prefix: str
    ledger_prefix: str
    write_off_reason: str
    found_reason: str
    columns: Mapping[str, str]
    charges: Mapping[str, str]

    @cached_property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)

    def positions(self, header: Sequence[str]) -> dict[str, int]:
        """Where each of our fields stands in a header.

        :raises RowError: a column is missing or stands there twice.
        """
        names = [name.strip() for name in header]
        for field in _FIELDS:
            found = names.count(self.columns[field])
            if found != 1:
                problem = "is missing" if not found else "stands in the header twice"
                raise RowError(self.columns[field], f"this column {problem}; the file has: "
                               f"{', '.join(names)[:200]}.")  # fmt: skip
        return {field: names.index(self.columns[field]) for field in _FIELDS}


def mapping_names() -> list[str]:
    """The mappings that exist, as they are named on the command line."""
    return sorted(path.stem.replace("_", "-") for path in MAPPINGS.glob("*.toml"))


def load_mapping(name: str) -> FileMapping:
    """The mapping of that name.

    :raises UnknownMapping: there is none.
    """
    if name not in mapping_names():
        known = ", ".join(mapping_names())
        raise UnknownMapping(f"There is no mapping called {name}. There are: {known}.")
    data = tomllib.loads((MAPPINGS / f"{name.replace('-', '_')}.toml").read_text())
    data["charges"] = {code.casefold(): kind for code, kind in data["charges"].items()}
    return FileMapping(name=name, **data)


class Row(NamedTuple):
    """One checked row. ``line`` is where it stands in the file, ``ordinal`` its place in the invoice."""

    line: int
    ordinal: int
    kind: RowKind
    invoice: str
    sku: str
    sku_key: str
    description: str
    quantity: int
    at: datetime
    price: Decimal
    customer: str
    country: str

    @property
    def value(self) -> Decimal:
        return self.price * self.quantity


class RowParser:
    """Checks the text of rows; made once per file because a header's order is the file's own."""

    def __init__(self, mapping: FileMapping, header: Sequence[str]) -> None:
        self.mapping = mapping
        self.width = len(header)
        self.at = mapping.positions(header)
        self._prices = lru_cache(maxsize=10_000)(self._price)
        self._moments = lru_cache(maxsize=100)(self._moment)
        self._codes = lru_cache(maxsize=50_000)(str.casefold)

    def invoice_of(self, fields: Sequence[str]) -> str:
        """The invoice a row belongs to, or nothing where it cannot be told."""
        place = self.at["invoice"]
        return fields[place].strip() if len(fields) > place else ""

    def parse(self, fields: Sequence[str], line: int, ordinal: int) -> Row:
        """The checked row.

        :raises RowError: something in it cannot be imported.
        """
        if len(fields) != self.width:
            raise RowError("", f"The row has {len(fields)} columns, the header {self.width}.")
        at = self.at
        invoice = fields[at["invoice"]].strip()
        sku = fields[at["sku"]].strip()
        description = fields[at["description"]].strip()
        customer = fields[at["customer"]].strip().removesuffix(".0")
        country = fields[at["country"]].strip()
        self._check_texts(invoice, sku, description, customer, country)
        quantity = self._quantity(fields[at["quantity"]])
        price = self._prices(fields[at["price"]])
        moment = self._moments(fields[at["at"]])
        key = self._codes(sku)
        kind = self.kind(invoice, key, quantity, price, bool(customer))
        return Row(line, ordinal, kind, invoice, sku, key, description, quantity, moment, price,
                   customer, country)  # fmt: skip

    def kind(
        self, invoice: str, sku_key: str, quantity: int, price: Decimal, has_customer: bool
    ) -> RowKind:
        """Which fact a row states.

        :raises RowError: quantity and price do not fit any.
        """
        is_charge = sku_key in self.mapping.charges
        if invoice.startswith(self.mapping.ledger_prefix):
            return RowKind.BAD_DEBT
        if price < 0:
            raise self._error("price", f"{price} is negative.")
        if invoice.startswith(self.mapping.cancellation_prefix):
            if quantity > 0:
                raise self._error("quantity", f"{quantity} is positive on a cancellation.")
            return RowKind.CREDIT if is_charge else RowKind.RETURN
        if quantity < 0:
            if price or has_customer:
                raise self._error("quantity", f"{quantity} is negative on a sale.")
            return RowKind.NOTHING if is_charge else RowKind.WRITE_OFF
        if price or has_customer:
            return RowKind.CHARGE if is_charge else RowKind.SALE if price else RowKind.FREE
        return RowKind.NOTHING if is_charge else RowKind.FOUND

    def _error(self, field: str, reason: str) -> RowError:
        return RowError(self.mapping.columns[field], reason)

    def _check_texts(self, *texts: str) -> None:
        for field, text in zip(_MAX_LENGTH, texts, strict=True):
            if len(text) > _MAX_LENGTH[field]:
                raise self._error(field, f"is longer than {_MAX_LENGTH[field]} characters.")
            if not text and field in {"invoice", "sku"}:
                raise self._error(field, "is empty.")

    def _quantity(self, text: str) -> int:
        found = _INTEGER.fullmatch(text.strip())
        if not found:
            if _DECIMAL.fullmatch(text.strip()):
                raise self._error("quantity", f"{text.strip()[:30]} is not a whole number.")
            raise self._error("quantity", f"{text.strip()[:30]!r} is not a number.")
        quantity = int(found[1])
        if quantity == 0:
            raise self._error("quantity", "is zero.")
        if abs(quantity) > _MAX_QUANTITY:
            raise self._error("quantity", f"{quantity} is more than {_MAX_QUANTITY}.")
        return quantity

    def _price(self, text: str) -> Decimal:
        found = _DECIMAL.fullmatch(text.strip())
        if not found:
            raise self._error("price", f"{text.strip()[:30]!r} is not a price.")
        whole, places = found[1].lstrip("0"), (found[2] or "").rstrip("0")
        if len(places) > _PRICE_PLACES:
            raise self._error("price", f"{text.strip()[:30]} has more than 4 decimal places.")
        if len(whole) > _MAX_PRICE_DIGITS:
            raise self._error("price", f"{text.strip()[:30]} is too large.")
        return Decimal(text.strip())

    def _moment(self, text: str) -> datetime:
        try:
            local = datetime.fromisoformat(text.strip())
        except ValueError:
            raise self._error("at", f"{text.strip()[:30]!r} is not a date and time.") from None
        if local.tzinfo is None:
            local = local.replace(tzinfo=self.mapping.zone)
        try:
            return local.astimezone(UTC)
        except OverflowError:
            raise self._error("at", f"{text.strip()[:30]} is out of range.") from None
