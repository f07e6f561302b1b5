"""Past invoices become completed orders, settled returns, entries and adjustments: records only."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from django.db import connection

from channels.history_parts import WITHOUT_VALUE, HistoryParts, parts_of
from channels.order_documents import Document, Survey
from channels.order_files import FileMapping, Row, RowKind
from channels.return_matching import KnownSale, Part, ReturnMatcher
from channels.services import master_data
from channels.services.import_report import ImportReport
from inventory.services.history import PastAdjustment, keep_adjustments
from oms.core.actors import Actor
from oms.core.addresses import Address, country_code
from oms.core.money import round_amount
from orders.models import SalesChannel
from orders.services.history import (
    PastCharge,
    PastEntry,
    PastLine,
    PastOrder,
    keep_account_entries,
    keep_orders,
)
from returns.services.history import PastReturn, PastReturnLine, keep_returns

_ADJUSTMENTS = {RowKind.WRITE_OFF: "write_off", RowKind.FOUND: "found"}


@dataclass(slots=True)
class HistoryWriter:
    """Writes chunks of past invoices. Keeps what it knows of customers and products between them."""

    mapping: FileMapping
    channel: SalesChannel
    known: Survey
    actor: Actor
    matcher: ReturnMatcher = field(init=False)
    customers: dict[str, int] = field(default_factory=dict)
    products: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.matcher = ReturnMatcher(self.known.returned_pairs)
        load_known_sales(self.matcher, self.known, self.channel)

    def write(
        self, chunk: Sequence[Document], report: ImportReport, *, dry_run: bool
    ) -> Sequence[Document]:
        """Write a chunk inside the caller's transaction, or only count it."""
        parts = [parts_of(document, self.matcher) for document in chunk]
        for each in parts:
            report.imported.update(each.counts())
            report.skip(each.nothing, WITHOUT_VALUE)
        if dry_run:
            return chunk
        rows = [row for document in chunk for row in document.rows]
        report.imported["products"] += self._learn_products(rows)
        report.imported["customers"] += self._learn_customers(rows)
        keep_orders(
            [self._order(each) for each in parts if each.order],
            channel=self.channel,
            actor=self.actor,
        )
        keep_returns(
            [self._return(each) for each in parts if each.returned],
            channel=self.channel,
            actor=self.actor,
        )
        keep_account_entries(
            [self._entry(row) for each in parts for row in each.entries], channel=self.channel
        )
        keep_adjustments([self._adjustment(row) for each in parts for row in each.adjustments])
        return chunk

    def _learn_products(self, rows: Sequence[Row]) -> int:
        wanted = {
            row.sku_key: row.sku
            for row in reversed(rows)
            if row.sku_key not in self.products and row.sku_key not in self.mapping.charges
        }
        self.products |= master_data.known_products(wanted)
        missing = {key: sku for key, sku in wanted.items() if key not in self.products}
        self.products |= master_data.create_products(missing, self.known.names)
        return len(missing)

    def _learn_customers(self, rows: Sequence[Row]) -> int:
        wanted = {row.customer for row in rows} - self.customers.keys()
        self.customers |= master_data.known_customers(wanted, self.channel)
        missing = wanted - self.customers.keys()
        anonymous = self.mapping.anonymous_customer
        self.customers |= master_data.create_customers(missing, self.channel, anonymous)
        return len(missing)

    def _order(self, parts: HistoryParts) -> PastOrder:
        first = parts.order[0]
        return PastOrder(
            external_id=first.invoice,
            customer_id=self.customers[first.customer],
            ship_to=address_of(first),
            placed_at=min(row.at for row in parts.order),
            lines=[self._line(row) for row in parts.order if row.kind is not RowKind.CHARGE],
            charges=[
                PastCharge(
                    self.mapping.charges[row.sku_key], row.description or row.sku, self._net(row)
                )
                for row in parts.order
                if row.kind is RowKind.CHARGE
            ],
        )

    def _line(self, row: Row) -> PastLine:
        description = row.description or self.known.names.get(row.sku_key) or row.sku
        product = self.products[row.sku_key]
        return PastLine(row.ordinal, product, description, row.quantity, row.price, self._net(row))

    def _net(self, row: Row) -> Decimal:
        return round_amount(row.value, self.channel.currency)

    def _return(self, parts: HistoryParts) -> PastReturn:
        first = parts.returned[0][0]
        lines = [line for row, found in parts.returned for line in self._return_lines(row, found)]
        customer = self.customers[first.customer]
        return PastReturn(first.invoice, customer, first.at, lines)

    def _return_lines(self, row: Row, parts: Sequence[Part]) -> list[PastReturnLine]:
        """The last part takes what rounding left over, so that they add up to the row."""
        left = -self._net(row)
        lines = []
        for part in parts:
            share = round_amount(row.price * part.quantity, self.channel.currency)
            amount = left if part is parts[-1] else share
            left -= amount
            sale = (part.invoice, part.ordinal) if part.invoice else None
            product = self.products[row.sku_key]
            lines.append(PastReturnLine(row.ordinal, product, part.quantity, amount, sale))
        return lines

    def _entry(self, row: Row) -> PastEntry:
        return PastEntry(
            kind="bad_debt" if row.kind is RowKind.BAD_DEBT else "credit",
            external_id=f"{row.invoice}/{row.ordinal}",
            customer_id=self.customers[row.customer] if row.customer else None,
            description=row.description or row.sku,
            amount=self._net(row),
            at=row.at,
        )

    def _adjustment(self, row: Row) -> PastAdjustment:
        default = (
            self.mapping.found_reason
            if row.kind is RowKind.FOUND
            else self.mapping.write_off_reason
        )
        return PastAdjustment(
            product_id=self.products[row.sku_key],
            kind=_ADJUSTMENTS[row.kind],
            quantity=abs(row.quantity),
            reason=row.description or default,
            source=f"{self.channel.code}:{row.invoice}/{row.ordinal}",
            at=row.at,
        )


def address_of(row: Row) -> Address:
    """Where an invoice went: the file knows no more than the country."""
    name = f"Customer {row.customer}" if row.customer else ""
    return Address(name=name, country=country_code(row.country) or "", country_label=row.country)


def load_known_sales(matcher: ReturnMatcher, known: Survey, channel: SalesChannel) -> None:
    """Tell the matcher what earlier imports left: sales of pairs that this file takes back."""
    pairs: Counter[tuple[str, str]] = Counter(known.returned_pairs)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pair.customer, pair.sku, o.external_id, line.position, o.placed_at,"
            " line.shipped - line.returned"
            " FROM unnest(%s::text[], %s::text[]) AS pair (customer, sku)"
            " JOIN orders_customerreference ref"
            " ON ref.channel_id = %s AND ref.external_id = pair.customer"
            " JOIN inventory_product product ON lower(product.sku) = pair.sku"
            " JOIN orders_order o ON o.customer_id = ref.customer_id AND o.channel_id = %s"
            " AND o.is_history"
            " JOIN orders_orderline line ON line.order_id = o.id"
            " AND line.product_id = product.id AND line.shipped > line.returned"
            " ORDER BY o.placed_at, o.id, line.position",
            [[pair[0] for pair in pairs], [pair[1] for pair in pairs], channel.pk, channel.pk],
        )
        for customer, sku, invoice, position, at, left in cursor.fetchall():
            matcher.load((customer, sku), [KnownSale(invoice, position, at, left)])
